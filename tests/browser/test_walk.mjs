// The whole way of a researcher in a real browser, in both languages, on phone and desktop, light and dark.
// tap: seconds 420
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { act, afterDownload, apply, collect, context, demo, equal, has, login, look, mail, mails, newPage, ok, pickupPath, portal, ready, run, sql, submitOf, test, until } from './lib.mjs';

const openssl = (...words) => execFileSync('openssl', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const walks = [
  { language: 'en', view: 'desktop', scheme: 'light', account: 'researcher' },
  { language: 'ja', view: 'phone', scheme: 'dark', account: 'researcher2' },
  { language: 'ja', view: 'desktop', scheme: 'light', account: 'student' },
  { language: 'en', view: 'phone', scheme: 'dark', account: 'student' },
];
const last = (serial) => serial.replace(/[^0-9a-f]/g, '');

async function useIt(walk, p12, passphrase, name) {
  const made = await context({ ...walk, certificates: [{ origin: demo.CLIENT_URL, pfxPath: p12, passphrase }] });
  const page = await newPage(made);
  await page.goto(demo.CLIENT_URL + '/check');
  await look(page, name);
  const text = await page.innerText('main');
  await made.close();
  return text;
}

for (const walk of walks) {
  const title = `${walk.language}, ${walk.view}, ${walk.scheme}`;
  const have = {};

  test(`${title}: front, discovery, login, apply for a client certificate of 52 months, PIN within seconds`, async () => {
    const page = await newPage(walk);
    await login(page, walk.account, true);
    equal(new URL(page.url()).pathname, '/certificates');
    if (!(await page.locator('tr[data-request]').count())) await look(page, 'dashboard-empty');
    have.number = await apply(page, 'client', 52, 'laptop', true);
    equal(sql(`select memo from request where number = ${have.number}`), 'laptop');
    await look(page, 'accepted');
    const began = Date.now();
    // The page refreshes itself: nobody presses anything.
    await until('the progress shows that the PIN is there', async () =>
      (await page.content()).includes('ready') || sql(`select state from request where number = ${have.number}`) === 'ready');
    have.pin = await ready(page, have.number);
    ok(Date.now() - began < 10000, 'the PIN took long');
    await look(page, 'detail-ready');
    have.state = await page.context().storageState();
  });

  test(`${title}: mail, pickup, file, 'I have it'`, async () => {
    const made = await context(walk);
    await made.addCookies(have.state.cookies);
    const page = await newPage(made);
    have.where = await pickupPath(have.number);
    has((await mail(have.number, 'pin')).body, have.pin);
    have.p12 = await collect(page, have.where, have.pin, true);
    const done = await afterDownload(page, have.where, have.pin);
    await look(page, 'pickup-3');
    await submitOf(done).click();
    await page.waitForLoadState('load');
    await look(page, 'pickup-done');
    openssl('pkcs12', '-in', have.p12, '-passin', `pass:${have.pin}`, '-noout');
    await page.goto(portal(`/certificates/${have.number}`));
    equal(await page.getAttribute('#state', 'data-state'), 'collected');
    have.serial = (await page.innerText('#serial')).trim();
    has(have.serial, /^[0-9a-f]{38,40}$/);
    await look(page, 'detail-collected');
    await page.goto(portal('/certificates'));
    equal(await page.getAttribute(`tr[data-request="${have.number}"]`, 'data-state'), 'collected');
    await look(page, 'dashboard');
    await page.goto(portal('/ca'));
    await look(page, 'ca');
    await mail(have.number, 'collected');
  });

  test(`${title}: the certificate works where it is asked for`, async () => {
    const cn = sql(`select common_name from request where number = ${have.number}`);
    const text = await useIt(walk, have.p12, have.pin, 'check-works');
    has(text, cn);
    const nobody = await newPage(walk);
    await nobody.goto(demo.CLIENT_URL + '/check');
    await look(nobody, 'check-none');
    ok(!(await nobody.innerText('main')).includes(cn));
    have.cn = cn;
    have.works = text;
  });

  test(`${title}: renewed, collected again, then revoked: CRL, OCSP, page and mails say so`, async () => {
    const made = await context(walk);
    await made.addCookies(have.state.cookies);
    const page = await newPage(made);
    await act(page, have.number, 'renew', undefined, true);
    const pin = await ready(page, have.number, 'renew_ready');
    await look(page, 'detail-renew-ready');
    equal((await page.innerText('#serial')).trim(), have.serial, 'the old serial is shown until then');
    const p12 = await collect(page, await pickupPath(have.number, 2), pin);
    await page.goto(portal(`/certificates/${have.number}`));
    const renewed = (await page.innerText('#serial')).trim();
    ok(renewed !== have.serial, 'a new serial');
    has(await useIt(walk, p12, pin, 'check-renewed'), have.cn);

    await act(page, have.number, 'revoke', async (form) => {
      const reason = form.locator('select[name=reason]');
      if (await reason.count()) return reason.selectOption('keyCompromise');
      const choice = form.locator('input[type=radio][name=reason][value=keyCompromise]');
      if (await choice.count()) await choice.check();
    }, true);
    await until('revoked', async () => {
      await page.goto(portal(`/certificates/${have.number}`));
      return (await page.getAttribute('#state', 'data-state')) === 'revoked';
    });
    await look(page, 'detail-revoked');
    await page.goto(portal('/certificates?all=1'));
    equal(await page.getAttribute(`tr[data-request="${have.number}"]`, 'data-state'), 'revoked');
    await look(page, 'dashboard-all');

    const file = `/tmp/inkan-walk-${process.pid}`;
    const crl = await page.request.get(demo.PUBLISH_URL + '/crl/client-0.crl');
    fs.writeFileSync(`${file}.crl`, await crl.body());
    const text = openssl('crl', '-inform', 'DER', '-in', `${file}.crl`, '-noout', '-text').toLowerCase();
    for (const serial of [have.serial, renewed]) has(text, serial.replace(/^00/, ''), 'in the CRL');
    const issuer = await page.request.get(demo.PUBLISH_URL + '/ca/client.cer');
    fs.writeFileSync(`${file}.cer`, await issuer.body());
    openssl('x509', '-inform', 'DER', '-in', `${file}.cer`, '-out', `${file}.pem`);
    has(openssl('ocsp', '-issuer', `${file}.pem`, '-serial', '0x' + last(renewed), '-url', demo.PUBLISH_URL + '/ocsp', '-CAfile', demo.CA_CHAIN), ': revoked');
    for (const end of ['crl', 'cer', 'pem']) fs.unlinkSync(`${file}.${end}`);
    const gone = await useIt(walk, p12, pin, 'check-revoked');
    ok(gone !== have.works, 'it works no more');

    await mail(have.number, 'revoked');
    const seen = mails(have.number).map((m) => m.event).sort();
    equal(seen, ['collected', 'collected', 'pin', 'pin', 'ready', 'ready', 'revoked']);
    equal(new Set(mails(have.number).map((m) => m.id)).size, 7, 'Message-IDs');
    fs.unlinkSync(p12);
    fs.unlinkSync(have.p12);
  });
}

test('an S/MIME certificate for one of several addresses', async () => {
  const page = await newPage({ language: 'en' });
  await login(page, 'twomails');
  await look(page, 'dashboard-two-mails');
  let chosen;
  const number = await apply(page, 'smime', 25, '', true, async (form) => {
    const addresses = await form.locator('select[name=mail] option').allTextContents();
    equal(addresses.length, 2);
    chosen = await form.locator('select[name=mail] option').last().getAttribute('value') ?? addresses[1];
    await form.locator('select[name=mail]').selectOption({ index: 1 });
  });
  equal(sql(`select mail from request where number = ${number}`), chosen);
  await ready(page, number);
  has((await mail(number, 'ready')).to, chosen);
});

for (const language of ['en', 'ja'])
  test(`${language}: a login without mail address gets a page that names the attribute, the IdP and whom to ask`, async () => {
    const page = await newPage({ language });
    await login(page, 'noattr');
    await look(page, 'refused-login');
    const text = await page.innerText('main');
    has(text, 'mail');
    has(text, language === 'ja' ? /鏡|Kagami/ : 'Kagami');
    await page.goto(portal('/certificates'));
    ok(!page.url().startsWith(portal('/certificates')), 'nobody is logged in half');
  });

test('pages that say no are pages too', async () => {
  for (const walk of [{ language: 'en' }, { language: 'ja', view: 'phone', scheme: 'dark' }]) {
    const page = await newPage(walk);
    await page.goto(portal('/nothing/here'));
    await look(page, 'error-404');
    await page.goto(portal('/logout'));
    await look(page, 'error-405');
    await page.goto(portal('/login?idp=https%3A%2F%2Fnobody.example'));
    await look(page, 'error-404-idp');
    await page.goto(portal('/discovery?q=zzzz'));
    await look(page, 'discovery-nothing');
  }
});

await run();
