// The portal works without this module; it only makes some things quicker.
// Each block is one hook, found by a data attribute. Nothing here decides
// anything: the server checks every form again.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// What a screen reader should say, without moving the focus.
const live = document.createElement("p");
live.className = "sr";
live.setAttribute("role", "status");
document.body.append(live);
const say = (words) => { live.textContent = ""; setTimeout(() => { live.textContent = words; }, 50); };

const clock = (s) => {
  const two = (n) => String(n).padStart(2, "0");
  const h = Math.floor(s / 3600), m = Math.floor(s % 3600 / 60);
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
};

// Counts whole seconds by the wall clock: a sleeping tab does not lose time.
const countDown = (seconds, each, end) => {
  const until = Date.now() + seconds * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    each(left);
    if (left > 0) setTimeout(tick, 1000); else end();
  };
  tick();
};

// The error summary is read first.
document.querySelector(".summary")?.focus();

// Copy: the label says so for two seconds.
const wireCopy = (root) => all("button[data-copy]", root).forEach((button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  const label = button.querySelector("span:not(.sr)") ?? button;
  button.addEventListener("click", async () => {
    const words = label.textContent;
    try { await navigator.clipboard.writeText(button.dataset.copy); } catch { return; }
    label.textContent = button.dataset.copied ?? words;
    say(label.textContent);
    setTimeout(() => { label.textContent = words; }, 2000);
  });
});

// Recovery codes: as a file, or on paper.
all("[data-script]").forEach((part) => { part.hidden = false; });
all("button[data-download]").forEach((button) => button.addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([button.dataset.text], { type: "text/plain" }));
  link.download = button.dataset.download;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}));
all("button[data-print]").forEach((button) => button.addEventListener("click", () => print()));

// Show and hide a password.
all(".join > button[aria-controls][aria-pressed]").forEach((button) => {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const label = button.querySelector("span:not(.sr)");
  button.hidden = false;
  const set = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    label.textContent = shown ? button.dataset.hide : button.dataset.show;
  };
  button.addEventListener("click", () => set(input.type === "password"));
  input.form?.addEventListener("submit", () => set(false)); // so that password managers know it
});

// A code is sent at its sixth digit, once; paste and auto-fill count too.
all("input[data-code]").forEach((input) => {
  let sent = false;
  input.addEventListener("input", () => {
    const digits = input.value.replace(/\D/g, "").slice(0, 6);
    if (input.value !== digits) input.value = digits;
    if (digits.length < 6 || sent) return;
    sent = true;
    input.form.requestSubmit();
  });
});

// Ask for a new code only after the wait; the server enforces it anyway.
all("button[data-wait]").forEach((button) => {
  const seconds = Number(button.dataset.wait), label = button.querySelector("span") ?? button;
  if (!seconds) return;
  button.disabled = true;
  countDown(seconds, (left) => { label.textContent = `${button.dataset.in} ${clock(left)}`; label.className = "tn"; }, () => {
    button.disabled = false;
    label.textContent = button.dataset.ready;
    say(button.dataset.ready);
  });
});
all("[data-countdown]").forEach((part) => countDown(Number(part.dataset.countdown), (left) => { part.textContent = clock(left); }, () => say(part.textContent)));

// Puts the elements of an answered fragment in the place of those with the same id.
const replace = (html) => {
  const answer = new DOMParser().parseFromString(html, "text/html");
  all("body > [id], [id][data-poll]", answer).forEach((fresh) => {
    const old = document.getElementById(fresh.id);
    if (!old || old.outerHTML === fresh.outerHTML) return;
    old.replaceWith(document.adoptNode(fresh));
  });
};

// A form with data-live asks the server, while its owner types, what the rules
// say: the same rules that the server applies when it is sent.
all("form[data-live]").forEach((form) => {
  let timer, turn = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++turn;
      try {
        const answer = await fetch(form.dataset.live, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        if (answer.ok && mine === turn) replace(await answer.text());
      } catch { /* the server checks when the form is sent */ }
    }, 250);
  });
});

// A waiting page looks by itself, and follows where the server leads. It stops
// when nobody was there for a quarter of an hour: looking keeps a session alive.
all("[data-poll]").forEach((part) => {
  const patience = 60;
  let left = patience;
  ["pointerdown", "keydown", "scroll", "visibilitychange"].forEach((sign) => addEventListener(sign, () => { left = patience; }, { capture: true, passive: true }));
  const look = async () => {
    if (!document.hidden && left-- > 0) {
      try {
        const answer = await fetch(part.dataset.poll, { headers: { Accept: "text/html" } });
        if (answer.redirected) { location.assign(answer.url); return; }
        if (answer.ok) replace(await answer.text());
      } catch { /* try again later */ }
    }
    setTimeout(look, 15000);
  };
  setTimeout(look, 15000);
});

// Passkeys: a form with data-passkey asks the server for options, the browser
// for a passkey, and sends its answer in the field "passkey".
const bytes = (words) => Uint8Array.from(atob(words.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const letters = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const told = (form) => form.querySelector("[name=passkey]");
let asking; // a browser asks for one passkey at a time
const passkey = async (form, more) => {
  asking?.abort();
  const mine = asking = new AbortController();
  const answer = await fetch(form.dataset.ask, { method: "POST", signal: mine.signal });
  if (answer.redirected) { location.reload(); return; } // the page knows who has to sign in
  if (!answer.ok) throw new Error(String(answer.status));
  const publicKey = await answer.json();
  publicKey.challenge = bytes(publicKey.challenge);
  if (publicKey.user) publicKey.user.id = bytes(publicKey.user.id);
  [publicKey.allowCredentials, publicKey.excludeCredentials].forEach((list) => list?.forEach((one) => { one.id = bytes(one.id); }));
  const made = await navigator.credentials[form.dataset.passkey]({ publicKey, signal: mine.signal, ...more });
  if (mine !== asking) return; // it has been asked again meanwhile
  const response = { transports: made.response.getTransports?.() };
  ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"].forEach((part) => {
    if (made.response[part]) response[part] = letters(made.response[part]);
  });
  told(form).value = JSON.stringify({ id: made.id, rawId: letters(made.rawId), type: made.type, response });
  form.requestSubmit();
};
if (window.PublicKeyCredential) {
  all("[data-without-passkey]").forEach((part) => { part.hidden = true; });
  all("form[data-passkey]").forEach((form) => {
    const error = form.querySelector(".err"), data = form.dataset;
    const offer = () => { if (!document.hidden) passkey(form, { mediation: "conditional" }).catch(() => {}); };
    let busy = false, auto = false;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (told(form).value || all("[required]", form).some((field) => !field.value)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (busy) return;
      busy = true;
      error.hidden = true;
      try { await passkey(form); } catch (problem) {
        error.lastElementChild.textContent = { NotAllowedError: data.stopped, InvalidStateError: data.again }[problem.name] ?? data.failed;
        error.hidden = false;
        if (auto) offer();
      }
      busy = false;
    });
    addEventListener("pageshow", () => { told(form).value = ""; });
    if ("auto" in data) PublicKeyCredential.isConditionalMediationAvailable?.().then((yes) => {
      auto = yes;
      if (!yes) return;
      offer();
      setInterval(() => { if (!busy) offer(); }, 240000); // what was asked for is good for five minutes
    });
  });
}

// A menu entry or a second press must not send a form twice.
all("form[method=post]").forEach((form) => form.addEventListener("submit", (event) => {
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  setTimeout(() => { delete form.dataset.sent; }, 3000);
}));
addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

wireCopy(document);
