// Somebody calls: a laptop is gone. The officer finds the person in one search and revokes what was on it; the CRL has it, the
// owner has the mail, and officers of another institution see nothing of it.
// tap: seconds 240
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { apply, collect, demo, equal, has, login, look, mail, newPage, ok, pickupPath, portal, ready, run, sql, submitOf, test, until } from './lib.mjs';

const have = {};
// The name of the lost device is this run's own, so that what other tests made stays.
const laptop = `lost laptop ${process.pid}`;

// The serials of a CRL, as openssl reads it.
async function revokedSerials(name) {
  const file = path.join(os.tmpdir(), `inkan-desk-${process.pid}.crl`);
  fs.writeFileSync(file, Buffer.from(await (await fetch(`${demo.PUBLISH_URL}/crl/${name}.crl`)).arrayBuffer()));
  const text = execFileSync('openssl', ['crl', '-inform', 'DER', '-in', file, '-noout', '-text'], { encoding: 'utf8' });
  fs.rmSync(file);
  return [...text.matchAll(/Serial Number: ([0-9A-F]+)/g)].map((m) => m[1].toLowerCase());
}

test('a researcher has a certificate on a laptop, a request that waits, and one on a phone', async () => {
  const page = await newPage({ language: 'en' });
  await login(page, 'researcher');
  have.name = (await page.innerText('#person .latin')).trim();
  have.native = (await page.locator('#person .native').count()) ? (await page.innerText('#person .native')).trim() : '';
  have.lost = await apply(page, 'client', 13, laptop);
  await collect(page, await pickupPath(have.lost), await ready(page, have.lost));
  have.serial = sql(`select serial from certificate where request = ${have.lost}`);
  have.waiting = await apply(page, 'client', 13, laptop);
  have.kept = await apply(page, 'client', 13, `phone ${process.pid}`);
  await ready(page, have.waiting);
});

for (const [language, view, scheme] of [['ja', 'desktop', 'light'], ['en', 'phone', 'dark']]) {
  test(`${language}, ${view}, ${scheme}: the pages of the desk`, async () => {
    const page = await newPage({ language, view, scheme });
    await login(page, 'desk');
    await page.goto(portal('/helpdesk'));
    equal(await page.evaluate(() => document.activeElement.id), 'q', 'where one types');
    await look(page, 'desk-start');
    const pages = [['desk-find', `/helpdesk/find?q=${encodeURIComponent(have.native || have.name)}`], ['desk-list', '/helpdesk/find?state=ready'],
      ['desk-nothing', '/helpdesk/find?q=nobody-of-this-name'], ['desk-request', `/helpdesk/requests/${have.lost}`],
      ['desk-person', `/helpdesk/people/${sql(`select person from request where number = ${have.lost}`)}`]];
    // On the phone the ones that differ most: each look costs a second or two.
    for (const [name, where] of view === 'phone' ? pages.filter(([name]) => /find|person/.test(name)) : pages) {
      await page.goto(portal(where));
      await look(page, name);
    }
    await page.locator('.desk-device', { hasText: laptop }).getByRole('button').click();
    await look(page, 'desk-confirm');
    equal(await page.locator('main form').count(), 1);
    if (view === 'phone') return;
    await page.goto(portal(`/helpdesk/requests/${have.waiting}`));
    await submitOf(page.locator('form[action$="/pin"]')).click();
    await look(page, 'desk-act');
  });
}

test('the owner can do the same alone', async () => {
  const page = await newPage({ language: 'ja', view: 'phone' });
  await login(page, 'researcher');
  await page.goto(portal(`/certificates/${have.lost}`));
  await submitOf(page.locator(`form[action="/certificates/${have.lost}/lost"]`)).click();
  await look(page, 'lost-confirm');
  equal(await page.locator('main form').count(), 1);
});

test('each of these finds the person or the certificate', async () => {
  const page = await newPage({ language: 'en' });
  await login(page, 'desk');
  have.desk = await page.context().storageState();
  const sql1 = (column) => sql(`select ${column} from person p join request r on r.person = p.id where r.number = ${have.lost}`);
  have.person = sql1('p.id');
  const fingerprint = sql(`select encode(fingerprint, 'hex') from certificate where request = ${have.lost}`);
  const words = [have.name, have.name.split(' ').reverse().join(' '), have.name.toUpperCase().slice(0, 4), sql1('p.mails[1]'), sql1('p.identifier')];
  if (have.native) words.push(have.native, have.native.replace(/\s/g, ''), have.native.split(/\s/).pop());
  for (const q of words) {
    await page.goto(portal(`/helpdesk/find?q=${encodeURIComponent(q)}`));
    ok(await page.locator(`[data-person="${have.person}"]`).count(), `found by "${q}"`);
  }
  const sha1 = createHash('sha1').update(Buffer.from(sql(`select encode(der, 'hex') from certificate where request = ${have.lost}`), 'hex')).digest('hex');
  await until('the worker has its SHA-1', async () => sql(`select count(*) from certificate_sha1 where request = ${have.lost}`) === '1');
  const pairs = have.serial.match(/../g);
  for (const q of [`#${have.lost}`, String(have.lost), `申請${have.lost}`, have.serial, pairs.join(':'), pairs.join(' ').toUpperCase(), BigInt('0x' + have.serial).toString(),
    fingerprint, fingerprint.toUpperCase().match(/../g).join(':'), sha1, sha1.toUpperCase().match(/../g).join(' '), laptop.slice(0, 7), `ｌｏｓｔ　ｌａｐｔｏｐ ${process.pid}`]) {
    await page.goto(portal(`/helpdesk/find?q=${encodeURIComponent(q)}`));
    ok(await page.locator(`tr[data-request="${have.lost}"]`).count(), `found by "${q}"`);
  }
});

test('the laptop is revoked in two clicks: the CRL has it, the owner has the mails, the phone works on', async () => {
  const page = await newPage({ language: 'en' });
  await page.context().addCookies(have.desk.cookies);
  await page.goto(portal('/helpdesk'));
  await page.fill('#q', have.name);
  await page.press('#q', 'Enter');
  await page.locator(`[data-person="${have.person}"] a`).click();
  await page.locator('.desk-device', { hasText: laptop }).getByRole('button').click();
  has(await page.innerText('main'), 'To be revoked: 1. Requests to be withdrawn: 1.');
  await page.fill('#note', 'called, birthday asked');
  await submitOf(page.locator('main form')).click();
  await page.waitForURL(/done=desk-revoke/);
  await look(page, 'desk-person-done');
  await until('the CRL has the serial', async () => (await revokedSerials('client')).includes(have.serial));
  has((await mail(have.lost, 'revoked')).body, have.serial);
  await mail(have.waiting, 'lapsed');
  ok(['ready', 'applied'].includes(sql(`select state from request where number = ${have.kept}`)), 'the phone');
  const desk = sql("select p.id from person p join event e on e.actor = 'officer:' || p.id where e.what = 'officer-login' order by e.id desc limit 1");
  equal(sql(`select actor || ' ' || (detail ->> 'reason') || ' ' || (detail ->> 'note') || ' ' || (address <> '')::text from event where request = ${have.lost} and what = 'revoke'`),
    `officer:${desk} keyCompromise called, birthday asked true`);
  await page.goto(portal(`/helpdesk/requests/${have.lost}`));
  has(await page.innerText('.history'), 'called, birthday asked');
});

test('the officer of another institution sees nothing of it', async () => {
  const page = await newPage({ language: 'en' });
  await login(page, 'desk2');
  for (const q of [have.name, have.serial, `#${have.lost}`, laptop]) {
    await page.goto(portal(`/helpdesk/find?q=${encodeURIComponent(q)}`));
    equal(await page.locator(`tr[data-request="${have.lost}"], [data-person="${have.person}"]`).count(), 0, q);
  }
  for (const where of [`/helpdesk/people/${have.person}`, `/helpdesk/requests/${have.lost}`])
    equal((await page.goto(portal(where))).status(), 404, where);
});

await run();
