// What people do with browsers: pressing twice, going back, two tabs, wrong PINs, no scripts, only a keyboard.
// tap: seconds 240
import { act, afterDownload, apply, collect, context, equal, has, login, look, mail, newPage, ok, pickupPath, portal, ready, run, sql, submitOf, test, unfold, until } from './lib.mjs';

const state = {};
async function somebody(options = {}) {
  if (!state.cookies) {
    const page = await newPage();
    await login(page, 'student');
    state.cookies = (await page.context().storageState()).cookies;
  }
  const made = await context(options);
  await made.addCookies(state.cookies);
  return newPage(made);
}
const count = (where) => Number(sql(`select count(*) from request where ${where}`));

test('pressing the button twice makes one request', async () => {
  const page = await somebody();
  const before = Number(sql('select coalesce(max(number), 0) from request'));
  await page.goto(portal('/certificates'));
  const form = page.locator('form[action="/certificates"]').filter({ has: page.locator('[name=type][value=client]') }).first();
  await submitOf(form).click();
  const confirm = page.locator('form[action="/certificates"]').filter({ has: page.locator('[name=confirm]') }).first();
  await submitOf(confirm).dblclick({ noWaitAfter: true }).catch(() => {});
  await page.waitForURL(/accepted/);
  const number = Number(/certificates\/(\d+)\//.exec(page.url())[1]);
  ok(number > before);
  equal(count(`number > ${before} and person = (select person from request where number = ${number})`), 1);
});

test('back and again leads to the same request', async () => {
  const page = await somebody();
  const number = await apply(page, 'client', 25, '');
  const person = `person = (select person from request where number = ${number})`;
  const before = count(person);
  // The page before was the answer to a form and is not kept: the browser asks whether to send the form again. Yes.
  await page.goBack().catch((why) => has(why.message, 'ERR_CACHE_MISS'));
  const confirm = page.locator('form[action="/certificates"]').filter({ has: page.locator('[name=confirm]') }).first();
  const accepted = () => /accepted$/.test(page.url());
  await until('the confirmation or what it led to', async () => {
    if (accepted() || (await confirm.count())) return true;
    await page.reload().catch(() => {});
    await page.waitForLoadState('load').catch(() => {});
    return accepted() || confirm.count();
  });
  if (!accepted()) {
    await submitOf(confirm).click();
    await page.waitForURL(/accepted/);
  }
  equal(new URL(page.url()).pathname, `/certificates/${number}/accepted`);
  equal(count(person), before);
});

test('two tabs make two requests, each its own', async () => {
  const first = await somebody();
  const second = await newPage(first.context());
  await first.goto(portal('/certificates'));
  await second.goto(portal('/certificates'));
  const numbers = [await apply(first, 'client', 13, ''), await apply(second, 'client', 13, '')];
  ok(numbers[0] !== numbers[1]);
});

test('a form of an ended login is refused with a page, and works after a new login', async () => {
  const page = await newPage();
  await login(page, 'researcher2');
  const other = await newPage(page.context());
  await other.goto(portal('/certificates'));
  const out = other.locator('form[action$="/logout"]').first();
  await unfold(out);
  await submitOf(out).click();
  await other.waitForLoadState('load');
  await page.locator('form[action="/certificates"]').filter({ has: page.locator('[name=type][value=client]') }).first().evaluate((f) => f.submit());
  await page.waitForLoadState('load');
  const text = await page.innerText('body');
  ok(text.length > 50, 'a page');
  ok(!page.url().includes('/accepted'));
});

test('five wrong PINs lock the pickup, and a new PIN opens it', async () => {
  const page = await somebody();
  const number = await apply(page, 'client', 13, '');
  const pin = await ready(page, number);
  const where = await pickupPath(number);
  await page.goto(portal(where));
  for (let n = 1; n <= 6; n++) {
    await page.fill('[name=pin]', 'wrongwrongwrong0');
    await submitOf(page.locator(`form[action="${where}"]`)).click();
    await page.waitForLoadState('load');
    if (n === 1) await look(page, 'pickup-wrong');
    if (n < 5) has(await page.innerText('main'), String(5 - n));
    if (!(await page.locator('[name=pin]').count())) break;
  }
  await look(page, 'pickup-locked');
  equal(sql(`select tries from pickup where request = ${number}`), '5');
  await mail(number, 'pickup-locked');
  await page.goto(portal(`/certificates/${number}`));
  await look(page, 'detail-locked');
  const form = page.locator(`form[action="/certificates/${number}/pin"]`).first();
  await unfold(form);
  await submitOf(form).click();
  await page.waitForLoadState('load');
  const fresh = await until('a new PIN', async () => {
    const seen = await ready(page, number);
    return seen !== pin && seen;
  });
  await collect(page, where, fresh);
});

test('without scripts the whole way works: apply, collect, renew, revoke', async () => {
  const made = await context({ scripts: false, language: 'ja' });
  const page = await newPage(made);
  await login(page, 'researcher2', true);
  const number = await apply(page, 'client', 13, 'no scripts', true);
  await look(page, 'accepted-noscript');
  const pin = await ready(page, number);
  await look(page, 'detail-noscript');
  const where = await pickupPath(number);
  await collect(page, where, pin, true);
  await submitOf(await afterDownload(page, where, pin)).click();
  await page.waitForLoadState('load');
  await act(page, number, 'renew');
  const second = await ready(page, number, 'renew_ready');
  await collect(page, await pickupPath(number, 2), second);
  await act(page, number, 'revoke', async (form) => {
    const choice = form.locator('select[name=reason]');
    if (await choice.count()) await choice.selectOption('superseded');
    else if (await form.locator('input[type=radio][name=reason]').count())
      await form.locator('input[type=radio][name=reason][value=superseded]').check();
  });
  await until('revoked', async () => {
    await page.goto(portal(`/certificates/${number}`));
    return (await page.getAttribute('#state', 'data-state')) === 'revoked';
  });
});

test('a keyboard is enough to apply, and focus is seen', async () => {
  const page = await somebody();
  await page.goto(portal('/certificates'));
  const button = submitOf(page.locator('form[action="/certificates"]').filter({ has: page.locator('[name=type][value=client]') }).first());
  for (let n = 0; n < 80; n++) {
    await page.keyboard.press('Tab');
    if (await button.evaluate((b) => b === document.activeElement)) break;
  }
  ok(await button.evaluate((b) => b === document.activeElement), 'the button is reached by Tab');
  ok(await button.evaluate((b) => { const s = getComputedStyle(b); return s.outlineStyle !== 'none' || s.boxShadow !== 'none'; }), 'focus is seen');
  await page.keyboard.press('Enter');
  await page.locator('[name=confirm]').first().waitFor({ state: 'attached' });
});

test('the discovery searches while one types, and remembers the last choice', async () => {
  const page = await newPage();
  await page.goto(portal('/discovery'));
  const box = page.locator('input[name=q]');
  await box.fill('minato');
  await until('only one is left', async () => {
    const seen = await page.locator('a[href*="/login?idp="]:visible').count();
    return seen === 1;
  }, 5);
  await login(page, 'researcher2');
  const again = await newPage(page.context());
  await again.goto(portal('/discovery'));
  has(await again.locator('a[href*="/login?idp="]').first().getAttribute('href'), 'idp2');
});

test('the language switch stays on the page and is remembered', async () => {
  const page = await newPage({ language: 'en' });
  await page.goto(portal('/discovery'));
  await page.locator('a[href^="/language/ja"]').first().click();
  await page.waitForLoadState('load');
  equal(new URL(page.url()).pathname, '/discovery');
  equal(await page.getAttribute('html', 'lang'), 'ja');
  await page.goto(portal('/'));
  equal(await page.getAttribute('html', 'lang'), 'ja');
});

test('logging out ends at a page that says so', async () => {
  const page = await newPage();
  await login(page, 'researcher2');
  const form = page.locator('form[action$="/logout"]').first();
  await unfold(form);
  await submitOf(form).click();
  await page.waitForURL((url) => url.hostname === 'localhost' && url.pathname !== '/certificates');
  await until('logged out', async () => (await page.context().request.get(portal('/certificates'), { maxRedirects: 0 })).status() === 303);
});

await run();
