// Makes pages that work without it more comfortable. No words here: what a script shows is in the page already, hidden.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// A page that is come back to is asked for again: what it showed may be over, and so may the session.
addEventListener('pageshow', (event) => {
  const came = performance.getEntriesByType('navigation')[0]?.type;
  if (document.querySelector('[data-fresh]') && (event.persisted || came === 'back_forward')) location.reload();
});

// Copying
const offerCopies = (root) => {
  for (const button of navigator.clipboard ? all('[data-copy]', root) : []) {
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = words; }, 2500);
    });
  }
};
offerCopies(document);

// A card that is meant for paper
for (const button of all('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => print());
}

// Own passwords made visible
for (const label of all('[data-reveal]')) {
  label.hidden = false;
  label.querySelector('input').addEventListener('change', (event) => {
    for (const id of label.dataset.reveal.split(' ')) document.getElementById(id).type = event.target.checked ? 'text' : 'password';
  });
}

// A file is read into the field that the form sends: text as it is, DER as base64.
for (const part of all('[data-reads]')) {
  const field = document.getElementById(part.dataset.reads), long = part.querySelector('[role=alert]');
  part.hidden = false;
  part.querySelector('input').addEventListener('change', async ({ target }) => {
    const file = target.files[0];
    long.hidden = !file || file.size <= field.maxLength;
    if (!file || !long.hidden) return;
    const bytes = new Uint8Array(await file.arrayBuffer());
    field.value = bytes[0] === 0x30 ? btoa(String.fromCharCode(...bytes)).replace(/.{64}/g, '$&\n') : new TextDecoder().decode(bytes);
  });
}

// A script that few need is fetched where it is: at once, or when what it belongs to is unfolded.
for (const part of all('[data-script^="/static/"]')) {
  const load = () => { document.head.append(Object.assign(document.createElement('script'), { src: part.dataset.script })); };
  if (part.tagName !== 'DETAILS' || part.open) load(); else part.addEventListener('toggle', load, { once: true });
}

// The account menu closes by Escape and by a click elsewhere.
for (const menu of all('[data-menu]')) {
  document.addEventListener('click', (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !menu.open) return;
    menu.open = false;
    menu.querySelector('summary').focus();
  });
}

// Search as you type: the same page is asked for with the words, and what it found takes the place of what is shown. Up and down
// walk through the links, Enter opens the marked one; Escape leads back to the field, and empties it.
for (const input of all('[data-search]')) {
  const results = document.getElementById(input.dataset.search), heard = document.getElementById('heard'), form = input.form;
  const links = () => all('a.idp', results);
  let shown = input.value.trim(), wanted = shown, pause, speech, asked;
  if (matchMedia('(hover: hover)').matches) document.getElementById('q-keys').hidden = false;

  const mark = () => { if (shown) links()[0]?.classList.add('marked'); };
  // Said when the typing pauses, and only if it differs: a screen reader would otherwise speak over its own echo of the keys.
  const say = () => {
    clearTimeout(speech);
    speech = setTimeout(() => {
      const words = [...results.querySelectorAll('#count, #more, .nothing strong')].map((node) => node.textContent.trim()).join(' ');
      if (heard.textContent !== words) heard.textContent = words;
    }, 600);
  };
  const show = (page, words) => {
    results.replaceChildren(...page.getElementById(results.id).childNodes);
    results.classList.remove('stale');
    document.querySelector('.languages')?.replaceWith(page.querySelector('.languages'));
    shown = words;
    mark();
    say();
  };
  const ask = async () => {
    asked?.abort();
    const control = asked = new AbortController(), words = wanted;
    const url = new URL(form.action);
    for (const [name, value] of new FormData(form)) if (value) url.searchParams.set(name, name === input.name ? words : value);
    if (!words) url.searchParams.delete(input.name);
    const slow = setTimeout(() => results.classList.add('stale'), 300);
    try {
      const answer = await fetch(url, { credentials: 'same-origin', signal: control.signal });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      if (control.signal.aborted) return;
      show(page, words);
      history.replaceState(null, '', url);
    } catch { /* typed on, or the network is away: the form itself still works */ } finally { clearTimeout(slow); }
  };
  input.addEventListener('input', () => {
    const words = input.value.trim();
    if (words === wanted) return;
    wanted = words;
    clearTimeout(pause);
    pause = setTimeout(ask, 120);
  });
  const leave = (event) => {
    event.preventDefault();
    if (document.activeElement === input && input.value) { input.value = ''; input.dispatchEvent(new Event('input')); }
    input.focus();
  };
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return; // a Japanese input method is still choosing its characters
    if (event.key === 'ArrowDown' && links().length) { event.preventDefault(); links()[0].focus(); }
    if (event.key === 'Escape') leave(event);
    if (event.key !== 'Enter') return;
    event.preventDefault();
    if (!input.value.trim()) return;
    if (shown === input.value.trim()) links()[0]?.click(); else form.requestSubmit(); // what is shown is not yet what was typed
  });
  results.addEventListener('keydown', (event) => {
    const list = links(), at = list.indexOf(document.activeElement);
    if (at < 0) return;
    const to = { ArrowDown: list[at + 1] ?? list[at], ArrowUp: list[at - 1] ?? input, Home: list[0], End: list.at(-1) }[event.key];
    if (event.key === 'Escape') leave(event);
    if (!to) return;
    event.preventDefault();
    to.focus();
  });
  // Somebody typed before this script was there, or the browser brought an old value back.
  if (input.value.trim() !== new URLSearchParams(location.search).get(input.name)?.trim()) input.dispatchEvent(new Event('input'));
  mark();
}

// Progress: the page is asked for again until it says that all is done; what fails is tried again, more slowly.
const replaceProgress = (page) => {
  const now = document.getElementById('progress'), then = page.getElementById('progress');
  if (!then) { location.reload(); return true; }
  // The sentence's element stays, so that a screen reader hears the change.
  const kept = now.querySelector('[role=status]'), news = then.querySelector('[role=status]').textContent;
  if (kept.textContent !== news) kept.textContent = news;
  if (now.querySelector('ol').innerHTML !== then.querySelector('ol').innerHTML || now.children.length !== then.children.length) {
    then.querySelector('[role=status]').replaceWith(kept);
    if (now.querySelector('details')?.open) then.querySelector('details')?.setAttribute('open', '');
    now.replaceWith(then);
    offerCopies(then);
  }
  return !then.dataset.poll;
};
const follow = async (wait) => {
  await new Promise((done) => { setTimeout(done, wait); });
  try {
    const answer = await fetch(location.href, { credentials: 'same-origin' });
    if (answer.redirected || (answer.status >= 400 && answer.status < 500)) { location.reload(); return; }
    if (answer.ok && replaceProgress(new DOMParser().parseFromString(await answer.text(), 'text/html'))) {
      document.getElementById('progress-refresh')?.remove();
      return;
    }
  } catch { /* the network is away */ }
  follow(Math.min(wait * 1.3, 10000));
};
if (document.querySelector('#progress[data-poll]')) follow(400);

// After the download has begun, what comes next is lit.
for (const form of all('form[data-download]')) {
  form.addEventListener('submit', () => setTimeout(() => document.getElementById(form.dataset.download)?.classList.add('lit'), 600));
}

// A message for another site is passed on at once.
document.querySelector('form[data-submit=now]')?.submit();

// After a refused form the summary is read first.
document.querySelector('.problem')?.focus();
