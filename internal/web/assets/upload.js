// A file goes up in parts, so that a cut costs one part and not the whole. What
// has arrived stands on the server: choosing the same file again goes on there.
// Without this module the form sends the file as one; the server is the same.

const form = document.querySelector("form[data-upload]");
const part = form?.querySelector("[data-progress]");
const bar = part?.querySelector("progress"), line = part?.querySelector("[role=status]");
const words = form?.dataset ?? {};
const tries = 6; // of one part, with ever longer waits: about a minute

const size = (bytes) => new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1, style: "unit", unit: "megabyte" }).format(bytes / 1e6);
const tell = (sentence, places = {}) => { line.textContent = sentence.replace(/\{(\w+)\}/g, (_, name) => places[name]); };
const wait = (seconds) => new Promise((go) => setTimeout(go, seconds * 1000));

// What the server refuses is said in its own words; trying again is of no use.
class Refused extends Error {}

const ask = async (path, body) => {
  const answer = await fetch(path, { method: "POST", body, headers: { Accept: "application/json" } });
  if (answer.redirected) { location.reload(); return new Promise(() => {}); } // the session is over: its page says so
  if (answer.status >= 500) throw new Error(String(answer.status));
  const told = answer.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json() : {};
  if (!answer.ok) throw new Refused(told.errors?.join(" ") ?? words.failed);
  return told;
};

// Tries what may fail because of the line, and says that it waits.
const patiently = async (path, body) => {
  for (let turn = 1; ; turn++) {
    try { return await ask(path, body()); } catch (problem) {
      if (problem instanceof Refused || turn === tries) throw problem;
      tell(words.waiting, { n: 2 ** turn });
      await wait(2 ** turn);
    }
  }
};

const send = async (file) => {
  const about = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  about.set("name", file.name);
  about.set("size", file.size);
  const upload = await patiently(words.upload, () => about);
  const all = Math.ceil(file.size / upload.part), there = new Set(upload.there);
  const show = (sentence) => {
    const done = Math.min(there.size * upload.part, file.size);
    bar.value = 100 * done / file.size;
    tell(sentence, { done: size(done), all: size(file.size) });
  };
  show(there.size ? words.goingOn : words.sending);
  for (let n = 0; n < all; n++) {
    if (there.has(n)) continue;
    await patiently(`${upload.path}/parts/${n}`, () => file.slice(n * upload.part, (n + 1) * upload.part));
    there.add(n);
    show(words.sending);
  }
  bar.removeAttribute("value");
  tell(words.checking);
  const done = await patiently(`${upload.path}/finish`, () => new URLSearchParams());
  location.assign(done.next);
};

form?.addEventListener("submit", async (event) => {
  const file = form.elements.file.files[0];
  if (!file?.size || !form.elements.kind.value) return; // the server says what is missing
  event.preventDefault();
  event.stopImmediatePropagation();
  const button = form.querySelector("button");
  button.disabled = true;
  part.hidden = false;
  try { await send(file); } catch (problem) {
    tell(problem instanceof Refused ? problem.message : words.stopped);
    bar.value = 0;
    button.disabled = false;
  }
});
