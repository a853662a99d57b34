// The part of the pickup that makes the key in the browser. A key is kept in this browser (IndexedDB) before its request is sent,
// and until the person says 'I have it': whatever answer is lost, the same request gets the same certificate again. No words
// here: what is said stands in the page, hidden.
import { keyOf, makeFile, makeKey, makeRequest, publicKey, readChain, same } from './keyfile.mjs';

const KEPT_MOST = 60 * 86400 * 1000; // no pickup waits so long

// --- what is kept: { id, pickup, kind, pair, request, made } ---

const settled = (asked) => new Promise((done, failed) => {
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => failed(asked.error);
});

async function store(mode, work) {
  const opening = indexedDB.open('inkan-ownkey', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('keys', { keyPath: 'id', autoIncrement: true }).createIndex('pickup', 'pickup');
  const db = await settled(opening);
  try {
    const transaction = db.transaction('keys', mode, { durability: 'strict' });
    const over = new Promise((done, failed) => { transaction.oncomplete = done; transaction.onabort = () => failed(transaction.error); });
    const result = await work(transaction.objectStore('keys'));
    await over;
    return result;
  } finally {
    db.close();
  }
}

// The URL is as secret as the mail that it came with, so only its hash stays.
const pickupId = async (action) => [...new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(action)))]
  .map((byte) => byte.toString(16).padStart(2, '0')).join('');

const keptFor = (pickup) => store('readonly', (keys) => settled(keys.index('pickup').getAll(pickup)));
const keep = (record) => store('readwrite', (keys) => settled(keys.add(record)));
const forget = (which) => store('readwrite', async (keys) => {
  for (const record of await settled(keys.getAll())) if (which(record)) keys.delete(record.id);
});

// --- what the page shows ---

const say = (section, ...words) => {
  for (const node of section.querySelectorAll('[data-say]')) node.hidden = !words.includes(node.dataset.say);
};

// Another page was the answer: wrong PIN, locked, ended, refused. It takes the place of this one.
const show = (html) => {
  const page = new DOMParser().parseFromString(html, 'text/html');
  document.title = page.title;
  document.querySelector('main').replaceWith(page.querySelector('main'));
  document.querySelector('.problem')?.focus();
  scrollTo(0, 0);
  begin();
};

const save = (bytes, name) => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/x-pkcs12' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
};

// --- the way from the button to the file ---

// The chain in PEM; null where no answer came or another page did.
async function ask(section, form, more) {
  const { csrf, pin } = form.elements;
  let answer, text;
  try {
    answer = await fetch(`${section.dataset.action}/download`, { method: 'POST', credentials: 'same-origin',
      body: new URLSearchParams({ csrf: csrf.value, pin: pin.value, ...more }) });
    text = await answer.text();
  } catch {
    say(section, 'away');
    return null;
  }
  if (answer.headers.get('Content-Type')?.startsWith('application/pem-certificate-chain')) return text;
  if (answer.status >= 500) say(section, 'away');
  else if (answer.ok) document.getElementById('file')?.submit(); // collected the usual way, in another window
  else show(text);
  return null;
}

// As the service reads it: full-width characters are the same, blanks none.
const pinOf = (form) => form.elements.pin.value.normalize('NFKC').replace(/\s/g, '');

async function finish(section, form, pickup, text) {
  const chain = readChain(text), wanted = keyOf(chain[0]);
  for (const { pair } of await keptFor(pickup)) {
    if (!same(await publicKey(pair), wanted)) continue;
    say(section, 'file');
    const { number, name } = section.dataset;
    save(await makeFile(pair, chain, name, form.querySelector('[autocomplete=new-password]').value || pinOf(form)), `inkan-${number}.p12`);
    say(section, 'done');
    document.getElementById('after')?.classList.add('lit');
    return;
  }
  say(section, 'other');
}

async function requestFor(section, pickup, kind) {
  const found = (await keptFor(pickup)).findLast((record) => record.kind === kind);
  if (found) return found.request;
  say(section, 'key');
  const pair = await makeKey(kind), request = await makeRequest(pair);
  await keep({ pickup, kind, pair, request, made: Date.now() });
  return request;
}

async function go(section, form, pickup) {
  const [password, again] = form.querySelectorAll('[autocomplete=new-password]');
  if (password.value !== again.value) { say(section, 'differ'); return; }
  const kind = form.querySelector('select')?.value;
  const more = kind ? { csr: await requestFor(section, pickup, kind), key_origin: 'browser' } : {};
  say(section, 'send');
  const text = await ask(section, form, more);
  if (text) await finish(section, form, pickup, text);
}

function offer(section, pickup, kept) {
  const form = section.querySelector('form'), button = form.querySelector('[type=submit]'), kinds = form.querySelector('select');
  if (kinds && kept.length) {
    kinds.value = kept.at(-1).kind;
    say(section, 'kept');
  }
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      await go(section, form, pickup);
    } catch (why) {
      console.warn(why); // what to do about it is in the page
      say(section, 'failed');
    }
    button.disabled = false;
  });
  section.hidden = false;
}

async function begin() {
  const section = document.querySelector('[data-ownkey]');
  if (!section || !isSecureContext || !crypto.subtle || !globalThis.indexedDB || !Array.prototype.findLast) return;
  const pickup = await pickupId(section.dataset.action), what = section.dataset.ownkey;
  await forget((record) => record.made < Date.now() - KEPT_MOST || (what === 'forget' && record.pickup === pickup));
  if (what === 'forget') return;
  const kept = await keptFor(pickup);
  if (what === 'again' && kept.length === 0) return;
  document.getElementById('browser-elsewhere')?.remove();
  offer(section, pickup, kept);
}

begin().catch((why) => console.warn(why)); // a browser that keeps nothing: the choice is not shown
