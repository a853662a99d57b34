// Certificates that ask for another kind of login: the way to the IdP and back, and what is said where it leads nowhere.
// tap: alone
// tap: seconds 300
import { execFileSync } from 'node:child_process';
import { act, apply, atTheIdp, collect, context, demo, equal, has, login, look, newPage, ok, pickupPath, portal, ready, run, sql, submitOf, test, until } from './lib.mjs';

const MFA = 'https://refeds.org/profile/mfa';
const ask = (profile, ...options) => execFileSync('sh', ['-c', '$INKAN profile set "$@"', 'sh', profile, ...options],
  { env: { ...process.env, INKAN: demo.INKAN } });
const free = (profile) => ask(profile, '--contexts', '', '--assurance', '');

// Sends the dashboard's form, without the second question.
async function wish(page, type, months, memo) {
  await page.goto(portal('/certificates'));
  const form = page.locator('form[action="/certificates"]').filter({ has: page.locator(`[name=type][value=${type}]`) }).first();
  const choice = form.locator('select[name=months]');
  if (await choice.count()) await choice.selectOption(String(months));
  else await form.locator(`input[name=months][value="${months}"]`).check();
  const note = form.locator('[name=memo]:not([type=hidden])');
  if (memo && await note.count()) await note.fill(memo);
  await submitOf(form).click();
  await page.waitForLoadState('load');
}

const goOn = (page) => page.locator('main a.button.main');

async function secondFactor(page, code = '123456') {
  await page.waitForURL(/idp\d\.localhost.*second-factor/);
  await page.fill('input[name=code]', code);
  await page.press('input[name=code]', 'Enter');
}

async function confirmed(page) {
  const confirm = page.locator('form[action="/certificates"]').filter({ has: page.locator('[name=confirm]') }).first();
  await confirm.waitFor();
  const memo = await confirm.locator('[name=memo]').inputValue();
  await submitOf(confirm).click();
  await page.waitForURL(/\/certificates\/\d+\/accepted/);
  return { number: Number(/certificates\/(\d+)\//.exec(page.url())[1]), memo };
}

for (const [language, view, scheme] of [['ja', 'desktop', 'light'], ['en', 'phone', 'dark']])
  test(`two factors are asked for, and the wish survives the way (${language}, ${view}, ${scheme})`, async () => {
    const page = await newPage({ language, view, scheme });
    await login(page, 'researcher');
    const before = (await page.context().cookies()).find((c) => c.name.startsWith('__Host-inkan-session'));
    ask('smime-13', '--contexts', 'refeds-mfa,gakunin-aal2');
    await wish(page, 'smime', 13, '研究室のノートPC & <b>');
    await look(page, 'step-up');
    await goOn(page).click();
    await secondFactor(page, '000000');
    await secondFactor(page);
    await page.waitForURL(portal('/certificates/apply'));
    page.complaints.splice(0);
    await look(page, 'apply-after-step-up');
    const after = (await page.context().cookies()).find((c) => c.name === before.name);
    ok(after.value !== before.value, 'the session has a new id');
    const { number, memo } = await confirmed(page);
    equal(memo, '研究室のノートPC & <b>');
    await page.goto(portal(`/certificates/${number}`));
    has(await page.innerText('#login'), MFA);
    await look(page, 'detail-with-login');
    equal(sql(`select type, months, memo, context, authn_at > now() - interval '5 minutes', assurance::text from request where number = ${number}`),
      `smime|13|研究室のノートPC & <b>|${MFA}|t|{https://refeds.org/assurance,https://refeds.org/assurance/IAP/medium}`);
    // The old session is over, also for who has kept its cookie.
    const thief = await context({ language });
    await thief.addCookies([{ ...before }]);
    const left = await newPage(thief);
    await left.goto(portal('/certificates'));
    equal(new URL(left.url()).pathname, '/discovery', 'the session before the step is over');
    // The stronger login lasts: no second asking.
    await apply(page, 'smime', 13, '');
    free('smime-13');
  });

for (const options of [{ language: 'ja', view: 'phone', scheme: 'dark' }, { language: 'en' }])
  test(`what an institution has to send, and what it sent (${options.language})`, async () => {
    const page = await newPage(options);
    await page.goto(portal('/login/needs'));
    await look(page, 'needs');
    await login(page, 'twomails');
    await page.locator('details[data-menu] summary').click();
    await page.locator('details[data-menu] a[href="/account"]').click();
    const full = page.locator('.masked').first().locator('> .value');
    ok(!(await full.isVisible()), 'shortened at first');
    await look(page, 'account');
    await page.locator('.masked summary').first().click();
    has(await full.innerText(), 'twomails@kagami.example');
  });

test('where nothing is asked nothing changes', async () => {
  const page = await newPage();
  await login(page, 'researcher');
  const number = await apply(page, 'client', 13, '');
  equal(sql(`select context from request where number = ${number}`), 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport');
});

test('who has no second factor is told so, and stays logged in', async () => {
  ask('client-13', '--contexts', 'refeds-mfa');
  for (const options of [{ language: 'en', view: 'desktop' }, { language: 'ja', view: 'phone', scheme: 'dark' }]) {
    const page = await newPage(options);
    await login(page, 'student');
    await wish(page, 'client', 13, '');
    await goOn(page).click();
    await page.waitForURL(portal('/saml/acs'));
    page.complaints.splice(0);
    has(await page.innerText('main'), MFA);
    has(await page.innerText('#forward-text'), MFA);
    await look(page, 'refused-login-no-context');
    await goOn(page).click();
    await page.waitForURL(portal('/certificates'));
    ok(await page.locator('#person').count(), 'still logged in');
  }
  equal(sql("select count(*) from request r join person p on p.id = r.person where p.identifier = 'student@kagami.example' and r.type = 'client'"
    + " and r.months = 13 and r.applied_at > now() - interval '1 minute'"), '0');
  free('client-13');
});

test('an IdP that logs in another way than it was asked is refused, and the page says so', async () => {
  ask('client-13', '--contexts', 'refeds-mfa');
  for (const options of [{ language: 'ja' }, { language: 'en', view: 'phone', scheme: 'dark' }]) {
    const page = await newPage(options);
    await login(page, 'twomails');
    await wish(page, 'client', 13, '');
    await goOn(page).click();
    await page.waitForURL(portal('/saml/acs'));
    page.complaints.splice(0);
    has(await page.innerText('main'), MFA);
    await look(page, 'refused-login-context');
  }
  free('client-13');
});

test('another person who comes back is not logged in by it', async () => {
  ask('client-13', '--contexts', 'refeds-mfa');
  const page = await newPage();
  await login(page, 'researcher');
  await wish(page, 'client', 13, '');
  await page.context().clearCookies({ domain: 'idp1.localhost' });
  await goOn(page).click();
  await page.fill('input[name=username]', 'desk');
  await page.fill('input[name=password]', 'demo');
  await page.press('input[name=password]', 'Enter');
  await secondFactor(page);
  await page.waitForURL(portal('/saml/acs'));
  page.complaints.splice(0);
  await look(page, 'refused-login-person');
  await page.goto(portal('/certificates'));
  has(await page.innerText('#person'), 'Hanako');
  free('client-13');
});

test('a renewal asks too, and comes back to its page', async () => {
  const page = await newPage({ language: 'ja' });
  await login(page, 'researcher');
  const number = await apply(page, 'client', 25, 'step-up');
  await collect(page, await pickupPath(number), await ready(page, number));
  ask('client-25', '--contexts', 'refeds-mfa');
  await page.goto(portal(`/certificates/${number}`));
  await submitOf(page.locator(`form[action="/certificates/${number}/renew"]`).first()).click();
  await page.waitForLoadState('load');
  page.complaints.splice(0);
  await look(page, 'step-up-renewal');
  await goOn(page).click();
  await secondFactor(page);
  await page.waitForURL(new RegExp(`/certificates/${number}\\?done=stepped-up$`));
  page.complaints.splice(0);
  await look(page, 'detail-stepped-up');
  await act(page, number, 'renew');
  await page.waitForURL(/accepted/);
  await until('the renewal is under way', () => sql(`select cycle, context from request where number = ${number}`) === `2|${MFA}`);
  equal(sql(`select detail ->> 'context' from event where request = ${number} and what = 'renew'`), MFA);
  free('client-25');
});

test('a value that the IdP does not send is explained, not asked for', async () => {
  ask('client-13', '--assurance', 'iap-high|gakunin-ial2');
  for (const options of [{ language: 'ja', view: 'phone' }, { language: 'en', scheme: 'dark' }]) {
    const page = await newPage(options);
    await login(page, 'student');
    await wish(page, 'client', 13, '');
    page.complaints.splice(0);
    equal(await page.locator('main a[href^="/login"]').count(), 0);
    has(await page.innerText('#forward-text'), 'https://www.gakunin.jp/profile/IAL2');
    await look(page, 'refused-login-assurance');
  }
  ask('client-13', '--assurance', 'iap-medium');
  const page = await newPage();
  await login(page, 'researcher');
  await apply(page, 'client', 13, '');
  free('client-13');
});

test('it works without scripts', async () => {
  ask('client-13', '--contexts', 'refeds-mfa');
  const page = await newPage({ scripts: false });
  await login(page, 'researcher');
  await wish(page, 'client', 13, 'no scripts');
  await goOn(page).click();
  await secondFactor(page);
  await atTheIdp(page, 'researcher').catch(() => {});
  await page.waitForURL(portal('/certificates/apply'));
  equal((await confirmed(page)).memo, 'no scripts');
  free('client-13');
});

for (const profile of ['client-13', 'client-25', 'smime-13']) free(profile); // of a run that was cut short
run();
