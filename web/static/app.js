// Makes pages that work without it more comfortable. No words here: what a script shows is in the page already, hidden.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

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

// Own passwords made visible
for (const label of all('[data-reveal]')) {
  label.hidden = false;
  label.querySelector('input').addEventListener('change', (event) => {
    for (const id of label.dataset.reveal.split(' ')) document.getElementById(id).type = event.target.checked ? 'text' : 'password';
  });
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

// Search as you type: up and down walk through what is left, Enter takes the first.
for (const input of all('[data-filter]')) {
  const list = document.getElementById(input.dataset.filter);
  if (!list) continue;
  const none = document.getElementById(`${list.id}-none`);
  const items = all('li', list).map((item) => ({ item, link: item.querySelector('a'), words: item.dataset.search.normalize('NFKC').toLowerCase() }));
  const left = () => items.filter(({ item }) => !item.hidden);
  input.addEventListener('input', () => {
    const wanted = input.value.normalize('NFKC').toLowerCase().split(/\s+/).filter(Boolean);
    for (const { item, words } of items) item.hidden = !wanted.every((word) => words.includes(word));
    none.hidden = left().length > 0;
  });
  input.addEventListener('keydown', (event) => {
    const first = left()[0];
    if (!first || event.isComposing) return;
    if (event.key === 'ArrowDown') { event.preventDefault(); first.link.focus(); }
    if (event.key === 'Enter' && input.value) { event.preventDefault(); first.link.click(); }
  });
  list.addEventListener('keydown', (event) => {
    const links = left().map(({ link }) => link);
    const at = links.indexOf(document.activeElement);
    if (at < 0 || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
    event.preventDefault();
    (links[at + (event.key === 'ArrowDown' ? 1 : -1)] ?? (event.key === 'ArrowUp' ? input : links[at])).focus();
  });
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
