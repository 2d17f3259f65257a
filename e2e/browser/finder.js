// What a person sees, for browser.go: every function answers {Problem, X, Y, Value, Kind}.
() => {
  const squeeze = s => (s || '').replace(/\s+/g, ' ').trim();
  const bare = s => squeeze(s).replace(/ \(optional\)$/, '');
  const shown = e => !!e && e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden';

  // The words of a label without the hint or error that may stand inside it.
  const words = label => {
    const copy = label.cloneNode(true);
    copy.querySelectorAll('.hint, .err, select, input, textarea').forEach(e => e.remove());
    return bare(copy.textContent);
  };
  const nameOf = e => {
    if (!e) return '';
    if (e.getAttribute('aria-labelledby')) return squeeze(e.getAttribute('aria-labelledby').split(' ').map(id => (document.getElementById(id) || {}).textContent || '').join(' '));
    if (e.getAttribute('aria-label')) return squeeze(e.getAttribute('aria-label'));
    if (e.labels && e.labels.length) return words(e.labels[0]);
    return bare(e.innerText || e.textContent || e.value || '');
  };
  const controls = () => [...document.querySelectorAll('input:not([type=hidden]), select, textarea')].filter(e => !e.closest('[aria-hidden=true]'));
  const names = list => list.map(e => JSON.stringify(nameOf(e))).join(', ') || 'none';

  // best prefers the exact name, then the one that begins with the words; two
  // equally good ones are a mistake of the page or of the test.
  const best = (what, label, list) => {
    const exact = list.filter(e => nameOf(e) === label);
    const begun = list.filter(e => nameOf(e).startsWith(label));
    const found = exact.length ? exact : begun;
    if (found.length === 1) return [found[0]];
    if (found.length === 0) return [null, `no ${what} is called ${JSON.stringify(label)}; there are: ${names(list)}`];
    return [null, `${found.length} ${what}s are called ${JSON.stringify(label)}`];
  };

  const spot = (e, clicked) => {
    e.scrollIntoView({block: 'center', inline: 'nearest', behavior: 'instant'});
    const r = e.getClientRects()[0];
    if (!r) return {Problem: `${JSON.stringify(nameOf(e))} is not visible`};
    const x = r.left + Math.min(r.width / 2, 60), y = r.top + r.height / 2;
    const top = document.elementFromPoint(x, y);
    if (clicked && !(top && (e.contains(top) || top.contains(e) || (top.closest('label') && top.closest('label').control === e) || (e.labels && [...e.labels].some(l => l.contains(top))))))
      return {Problem: `${JSON.stringify(nameOf(e))} is covered by ${top ? top.outerHTML.slice(0, 120) : 'nothing that can be clicked'}`};
    return {X: x, Y: y};
  };

  return {
    field(label, focus) {
      const [e, problem] = best('field', label, controls().filter(e => !['checkbox', 'radio'].includes(e.type) && shown(e)));
      if (problem) return {Problem: problem};
      if (focus) {
        e.scrollIntoView({block: 'center', behavior: 'instant'});
        e.focus();
        if (e.select) e.select();
        if (document.activeElement !== e) return {Problem: `${JSON.stringify(label)} takes no focus`};
      }
      return {Value: e.value};
    },
    choice(label) {
      const list = controls().filter(e => ['checkbox', 'radio'].includes(e.type) && (shown(e) || [...e.labels].some(shown)));
      const [e, problem] = best('box or radio button', label, list);
      if (problem) return {Problem: problem};
      const s = spot(shown(e) ? e : [...e.labels].find(shown), true);
      return {...s, Value: e.checked ? 'on' : 'off'};
    },
    option(label, option) {
      const [e, problem] = best('list', label, controls().filter(e => e.tagName === 'SELECT' && shown(e)));
      if (problem) return {Problem: problem};
      const all = [...e.options];
      const o = all.find(o => squeeze(o.textContent) === option) || all.find(o => squeeze(o.textContent).startsWith(option));
      if (!o) return {Problem: `${JSON.stringify(label)} offers no ${JSON.stringify(option)}, but: ${all.slice(0, 20).map(o => squeeze(o.textContent)).join(', ')}`};
      e.focus();
      e.value = o.value;
      e.dispatchEvent(new Event('input', {bubbles: true}));
      e.dispatchEvent(new Event('change', {bubbles: true}));
      return {Value: o.value};
    },
    pressable(label) {
      const list = [...document.querySelectorAll('a[href], button, summary, input[type=submit]')].filter(shown);
      const [e, problem] = best('button or link', label, list);
      if (problem) return {Problem: problem};
      if (e.disabled) return {Problem: `${JSON.stringify(label)} is disabled`};
      return spot(e, true);
    },
    count(label) {
      return {X: [...document.querySelectorAll('a[href], button, summary, input[type=submit]')].filter(e => shown(e) && nameOf(e).startsWith(label)).length};
    },
    // Whether what has the focus is what these words name; X is 1 then.
    focused(label) {
      const e = document.activeElement;
      if (!e || e === document.body) return {Value: ''};
      const pressables = [...document.querySelectorAll('a[href], button, summary, input[type=submit]')].filter(shown);
      const meant = [controls().filter(shown), pressables].map(list => best('', label, list)[0]);
      const on = ['checkbox', 'radio'].includes(e.type) || e.closest('.otp') ? (e.closest('.choice, .otp') || e) : e;
      const ring = x => { const c = getComputedStyle(x); return (c.outlineStyle !== 'none' && parseFloat(c.outlineWidth) > 0) || c.boxShadow !== 'none'; };
      const inside = e.closest('.otp') ? [...e.closest('.otp').querySelectorAll('*')] : [];
      const seen = [e, on, ...inside].some(ring);
      return {X: meant.includes(e) ? 1 : 0, Value: nameOf(e), Kind: seen ? e.tagName : 'invisible'};
    },
    sideways() {
      const room = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= room) return '';
      const guilty = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > room + 1)
        .filter(e => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(p).overflowX)) return false; return true; });
      return `${document.documentElement.scrollWidth} px on ${room} px: ` + guilty.slice(0, 3).map(e => e.outerHTML.slice(0, 100)).join(' … ');
    },
  };
}
