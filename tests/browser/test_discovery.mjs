// Choosing the institution as people do: typing, only with a keyboard, on a phone, without scripts, among 6,000, and at the
// federation's own service.
// tap: alone
// tap: seconds 300
import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { atTheIdp, context, demo, equal, has, login, look, newPage, ok, portal, root, run, test, until } from './lib.mjs';

const helper = (name, ...words) => {
  const env = { ...process.env, DEMO_ENV: demo.file };
  return execFileSync('/usr/bin/python3', [path.join(root, 'tests/lib', name), ...words], { env, encoding: 'utf8' });
};
const shown = (page) => page.locator('#results a.idp .idp-name').allInnerTexts();
const count = (page) => page.innerText('#count');
const heard = (page) => page.textContent('#heard');
// Other tests may have left IdPs of their own.
let others = 0;
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.querySelector('.idp-name').innerText.trim());
// Waits until what is shown answers the words in the box.
const answered = (page, words) => page.waitForURL((url) => (url.searchParams.get('q') ?? '') === words);

test('6,000 institutions are searched while one types, in both languages, on a desk and a phone', async () => {
  const before = await newPage();
  await before.goto(portal('/discovery'));
  others = await before.locator('#results a.idp').count();
  ok(others >= 2 && others < 100, `${others} institutions`);
  helper('crowd.py', 'add');
  for (const [language, view, scheme, words] of [['ja', 'desktop', 'light', 'かがみ'], ['en', 'desktop', 'dark', 'kagami'],
    ['ja', 'phone', 'dark', 'カガミ'], ['en', 'phone', 'light', 'mirror']]) {
    const page = await newPage({ language, view, scheme });
    await page.goto(portal('/discovery'));
    equal(await focused(page), 'q', 'the search box has the focus');
    equal(await page.locator('a.idp').count(), 100);
    has(await count(page), String(6000 + others));
    await look(page, 'discovery-many');
    await page.locator('#q').pressSequentially(words, { delay: 30 });
    await answered(page, words);
    equal(await shown(page), [language === 'ja' ? 'かがみ大学' : 'Kagami University']);
    await until('it is said', async () => /1/.test(await heard(page)));
    await look(page, 'discovery-found');
    await page.fill('#q', 'nobody has this name');
    await until('nothing is left', async () => (await page.locator('a.idp').count()) === 0);
    await until('that is said', async () => (await heard(page)).includes('nobody has this name'));
    await look(page, 'discovery-nothing');
    await page.fill('#q', '');
    await until('all are back', async () => (await page.locator('a.idp').count()) === 100);
    ok(!page.url().includes('q='), page.url());
  }
});

test('each letter asks, only the last answer counts', async () => {
  const page = await newPage();
  // The answer to the first letters comes last.
  await page.route('**/discovery?q=**', async (route) => {
    if (!route.request().url().includes('q=kagami')) await new Promise((go) => { setTimeout(go, 1500); });
    await route.continue().catch(() => {});
  });
  await page.goto(portal('/discovery'));
  await page.locator('#q').pressSequentially('ka', { delay: 10 });
  await page.waitForTimeout(250);
  await page.locator('#q').pressSequentially('gami', { delay: 10 });
  await answered(page, 'kagami');
  await page.waitForTimeout(2000);
  equal(await shown(page), ['Kagami University']);
  equal(await page.inputValue('#q'), 'kagami');
});

test('up, down, Home, End, Enter and Escape are enough', async () => {
  const page = await newPage();
  await page.goto(portal('/discovery'));
  await page.keyboard.type('kita');
  await answered(page, 'kita');
  const names = await shown(page);
  ok(names.length > 50);
  await page.keyboard.press('ArrowDown');
  equal(await focused(page), names[0]);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  equal(await focused(page), names[2]);
  await page.keyboard.press('ArrowUp');
  equal(await focused(page), names[1]);
  await page.keyboard.press('End');
  equal(await focused(page), names.at(-1));
  await page.keyboard.press('ArrowDown');
  equal(await focused(page), names.at(-1), 'the end is the end');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowUp');
  equal(await focused(page), 'q', 'above the first is the box');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Escape');
  equal(await focused(page), 'q');
  equal(await page.inputValue('#q'), 'kita', 'the words are still there');
  await page.keyboard.press('Escape');
  equal(await page.inputValue('#q'), '');
  await answered(page, '');
  await page.keyboard.press('Enter');
  equal(new URL(page.url()).pathname, '/discovery', 'nothing chosen, nothing opened');
  await page.keyboard.type('minato');
  await answered(page, 'minato');
  ok(await page.locator('a.idp').first().evaluate((link) => link.classList.contains('marked')), 'what Enter opens is marked');
  await page.keyboard.press('Enter');
  await page.waitForURL(/idp2\.localhost/);
});

test('Enter before the answer is there opens nothing that was not asked for', async () => {
  const page = await newPage();
  await page.goto(portal('/discovery?q=kagami'));
  await page.route('**/discovery?q=minato**', async (route) => {
    if (route.request().resourceType() === 'fetch') await new Promise((go) => { setTimeout(go, 3000); });
    await route.continue().catch(() => {});
  });
  await page.fill('#q', 'minato');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=minato/);
  equal(await shown(page), ['Minato Institute']);
});

test('what a Japanese input method is still composing is searched, and its Enter opens nothing', async () => {
  const page = await newPage({ language: 'ja' });
  await page.goto(portal('/discovery'));
  const session = await page.context().newCDPSession(page);
  await session.send('Input.imeSetComposition', { text: 'かがm', selectionStart: 3, selectionEnd: 3 });
  await session.send('Input.imeSetComposition', { text: 'かがみ', selectionStart: 3, selectionEnd: 3 });
  await answered(page, 'かがみ');
  equal(await shown(page), ['かがみ大学']);
  await page.locator('#q').dispatchEvent('keydown', { key: 'Enter', isComposing: true });
  await session.send('Input.insertText', { text: '鏡' });
  await answered(page, '鏡');
  equal(new URL(page.url()).pathname, '/discovery');
});

test('without scripts the form searches, and the links log in', async () => {
  const made = await context({ scripts: false });
  const page = await newPage(made);
  await page.goto(portal('/discovery'));
  equal(await page.locator('a.idp').count(), 100);
  ok(await page.locator('#q-keys').isHidden(), 'no word about keys that do nothing');
  has(await page.innerText('#more'), String(5900 + others));
  await page.fill('#q', 'ﾐﾅﾄ');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=/);
  equal(await shown(page), ['Minato Institute']);
  await look(page, 'discovery-no-scripts');
  await page.locator('#show-all').click();
  equal(await page.locator('a.idp').count(), 100);
  await page.goto(portal('/discovery?q=minato'));
  await page.locator('a.idp').click();
  await atTheIdp(page, 'researcher2');
  equal(new URL(page.url()).pathname, '/certificates');
});

test('the crowd leaves', async () => { helper('crowd.py', 'remove'); });

test('the last choice is on the front page and first in the list, with its logo', async () => {
  const page = await newPage({ language: 'ja', view: 'phone' });
  await login(page, 'researcher');
  const again = await newPage(page.context());
  await again.context().clearCookies({ name: /session/ });
  await again.goto(portal('/'));
  has(await again.innerText('.button.main'), 'かがみ大学で続ける');
  await look(again, 'front-again');
  await again.locator('.actions .button:not(.main)').click();
  await again.waitForURL(/discovery/);
  has((await shown(again))[0], 'かがみ大学で続ける');
  await look(again, 'discovery-again');
  for (const picture of await again.locator('.logo img').all()) {
    await picture.scrollIntoViewIfNeeded();
    ok((await picture.getAttribute('src')).startsWith('/logo/'));
    await until('the logo is drawn', () => picture.evaluate((img) => img.complete && img.naturalWidth > 0));
  }
  await again.locator('a.idp').first().click();
  await again.waitForURL(/idp1\.localhost|\/certificates$/);
});

test('at the federation\'s service: there, back, and where one wanted to go; or back with empty hands', async () => {
  const service = spawn('/usr/bin/python3', [path.join(root, 'tests/lib/discovery_service.py'), '--use'],
    { env: { ...process.env, DEMO_ENV: demo.file }, stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = new Promise((done) => { service.once('exit', done); });
  try {
    const url = String(await new Promise((done) => { service.stdout.once('data', done); })).trim();
    const page = await newPage();
    await page.goto(portal('/account'));
    await page.waitForURL((where) => String(where).startsWith(url));
    await page.getByText('Kagami').click();
    await atTheIdp(page, 'researcher');
    equal(new URL(page.url()).pathname, '/account');
    const other = await newPage();
    await other.goto(portal('/'));
    await other.locator('.button.main').click();
    await other.waitForURL((where) => String(where).startsWith(url));
    await other.getByText('None of these').click();
    await other.waitForURL(/\/discovery\?/);
    await look(other, 'discovery-none');
    await other.fill('#q', 'minato');
    await answered(other, 'minato');
    ok(await other.locator('#none').isVisible(), 'the word about it stays');
    await other.locator('a.idp').click();
    await other.waitForURL(/idp2\.localhost/);
    await other.goto(portal('/login?idp=https%3A%2F%2Fnowhere.example'));
    await look(other, 'discovery-unknown');
  } finally {
    service.stdin.end();
    await gone;
  }
});

await run();
