// Keys made in the browser: the whole way to the file, what leaves the browser on it, and every mishap on the way.
// tap: seconds 300
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Skip, apply, context, demo, equal, has, login, look, newPage, ok, pickupPath, portal, ready, root, run, sql, submitOf, test, until } from './lib.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'inkan-browser-key-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true }));
const tool = (...words) => execFileSync(words[0], words.slice(1), { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
const bundle = path.join(root, process.env.BUILD || 'build', 'ownkey/ownkey.js');
const withBundle = (name, work) => test(name, async () => {
  if (!fs.existsSync(bundle)) throw new Skip('make could not build ownkey.js: npm\'s registry was not there');
  await work();
});

// A person at step 2, the part for keys of one's own unfolded. requests: everything that the browser sent since.
async function person(options = {}) {
  const page = await newPage(options);
  page.requests = [];
  page.on('request', (request) => page.requests.push(`${request.url()}\n${decodeURIComponent((request.postData() || '').replaceAll('+', ' '))}`));
  await login(page, options.account || 'researcher');
  return page;
}
async function enter(page, where, pin) {
  await page.goto(portal(where));
  await page.fill('[name=pin]', pin);
  await submitOf(page.locator(`form[action="${where}"]`).first()).click();
  await page.locator('#ownkey, #browser-key, .pickup-own').first().waitFor({ state: 'attached' });
}
async function step2(page, options = {}) {
  const number = await apply(page, 'client', 52, options.memo || '');
  const pin = await ready(page, number), where = await pickupPath(number);
  await enter(page, where, pin);
  await page.locator('#ownkey > summary').click();
  return { number, pin, where };
}
const button = (page) => page.locator('#browser-key [type=submit]');
async function saved(page, press = () => button(page).click()) {
  const [download] = await Promise.all([page.waitForEvent('download', { timeout: 60000 }), press()]);
  const file = path.join(folder, download.suggestedFilename());
  await download.saveAs(file);
  return file;
}
const collected = (number) => sql(`select state from request where number = ${number}`);
const certificates = (number) => sql(`select count(*) from certificate where request = ${number}`);
const keptKeys = (page) => page.evaluate(() => new Promise((done) => {
  const opening = indexedDB.open('inkan-ownkey', 1);
  opening.onsuccess = () => {
    const all = opening.result.transaction('keys').objectStore('keys').getAll();
    all.onsuccess = () => { done(all.result.map((record) => record.kind)); opening.result.close(); };
  };
}));

// Is any long piece of BYTES in TEXT, in base64 or in hexadecimal? Base64 of the middle depends on where it begins: three ways.
function holds(text, bytes) {
  const flat = text.replace(/\s/g, '');
  const middle = bytes.subarray(Math.floor(bytes.length / 2) - 12, Math.floor(bytes.length / 2) + 12);
  return [0, 1, 2].some((skip) => flat.includes(middle.subarray(skip, skip + 18).toString('base64'))) || flat.includes(middle.toString('hex'));
}
const numberIn = (key, name) => Buffer.from(new RegExp(`^${name}:\\n((?: +[0-9a-f:]+\\n)+)`, 'm').exec(key)[1].replace(/[\s:]/g, ''), 'hex');

async function wholeWay(page, kind, looks) {
  const { number, pin, where } = await step2(page, { memo: '研究室 PC' });
  await button(page).waitFor();
  if (looks) await look(page, 'ownkey-choose');
  page.requests.length = 0;
  await page.selectOption('#browser-kind', kind);
  const file = await saved(page);
  equal(path.basename(file), `inkan-${number}.p12`);
  await page.locator('[data-say=done]').waitFor();
  if (looks) await look(page, 'ownkey-made');
  equal(sql(`select key_kind, key_origin from certificate where request = ${number}`), `${kind}|browser`);

  // What left the browser: one request, of which only the public half is of the key.
  const key = tool('sh', '-c', `openssl pkcs12 -in ${file} -passin pass:${pin} -nodes -nocerts | openssl pkey -noout -text`).toString();
  const [secrets, open] = kind.startsWith('rsa') ? [['privateExponent', 'prime1', 'prime2', 'exponent1', 'exponent2', 'coefficient'], 'modulus'] : [['priv'], 'pub'];
  equal(page.requests.filter((text) => text.includes('CERTIFICATE REQUEST')).length, 1, 'one request was sent');
  ok(page.requests.some((text) => holds(text, numberIn(key, open))), 'the public half is found in what was sent');
  for (const name of secrets) ok(!page.requests.some((text) => holds(text, numberIn(key, name))), `${name} has left the browser`);

  // Programs that nobody here wrote (openssl above), and the server that asks for it.
  has(tool('certtool', '--p12-info', '--inder', '--infile', file, '--password', pin).toString(), 'BEGIN CERTIFICATE');
  fs.mkdirSync(path.join(folder, `nss-${kind}`));
  tool('certutil', '-N', '-d', `sql:nss-${kind}`, '--empty-password');
  tool('pk12util', '-i', file, '-d', `sql:nss-${kind}`, '-W', pin);
  has(tool('certutil', '-L', '-d', `sql:nss-${kind}`).toString(), `Client #${number} 研究室 PC`);
  if (kind === 'rsa2048' || kind === 'p384') has(tool('keytool', '-list', '-storetype', 'PKCS12', '-keystore', file, '-storepass', pin).toString(), 'PrivateKeyEntry');
  has(tool('curl', '-sS', '--cacert', demo.TLS_CA, '--cert-type', 'P12', '--cert', `${file}:${pin}`, `${demo.CLIENT_URL}/check`).toString(), 'Kagami');

  // Step 3, and the end: the key goes.
  await submitOf(page.locator('#file')).click();
  await button(page).waitFor();
  if (looks) await look(page, 'ownkey-install');
  equal(await keptKeys(page), [kind]);
  await submitOf(page.locator(`form[action="${where}/done"]`)).click();
  await page.waitForURL(portal(`${where}/done`));
  await until('the key is gone', async () => (await keptKeys(page)).length === 0);
}

withBundle('RSA 2048: from the mail\'s link to a file that every program reads, and the key never leaves the browser', async () => {
  await wholeWay(await person({ language: 'ja', view: 'phone', scheme: 'dark' }), 'rsa2048', true);
});

withBundle('and so with P-384, RSA 3072, RSA 4096 and P-256', async () => {
  const page = await person({ language: 'en' });
  for (const kind of ['p384', 'rsa3072', 'rsa4096', 'p256']) await wholeWay(page, kind, kind === 'p384');
});

withBundle('an answer that is lost costs nothing: the same key, the same certificate, also after the page was left', async () => {
  const page = await person(), { number, pin, where } = await step2(page);
  await button(page).waitFor();
  await page.selectOption('#browser-kind', 'p256');
  const sent = [];
  // First the line is down; then the server does its work, and its answer is lost.
  await page.route(`**${where}/download`, async (route) => {
    sent.push(new URLSearchParams(route.request().postData()).get('csr'));
    if (sent.length > 1) await route.fetch({ maxRedirects: 0 });
    await route.abort();
  });
  await button(page).click();
  await page.locator('[data-say=away]').waitFor();
  equal(collected(number), 'ready');
  equal(await keptKeys(page), ['p256'], 'the key is kept before its request is sent');
  await enter(page, where, pin);
  await page.locator('#ownkey > summary').click();
  await page.locator('[data-say=kept]').waitFor();
  equal(await page.inputValue('#browser-kind'), 'p256');
  await button(page).click();
  await page.locator('[data-say=away]').waitFor();
  await until('it is collected', () => collected(number) === 'collected');
  equal(sent.length, 2);
  equal(sent[1], sent[0], 'the same request');
  // On the page that was open all the time, with another kind chosen: the certificate is for the first key, and so is the file.
  await page.unroute(`**${where}/download`);
  await page.selectOption('#browser-kind', 'p384');
  const first = await saved(page);
  const open = (file, word) => tool('sh', '-c', `openssl pkcs12 -in ${file} -passin pass:'${word}' -nodes -clcerts`).toString();
  has(open(first, pin), 'PRIVATE KEY');
  // Come back from the mail: the file is made again, under a password of one's own.
  await enter(page, where, pin);
  await button(page).waitFor();
  equal(await page.locator('#browser-elsewhere').count(), 0);
  await page.fill('#browser-password', 'my own words');
  await page.fill('#browser-password-again', 'mine own words');
  await button(page).click();
  await page.locator('[data-say=differ]').waitFor();
  await page.fill('#browser-password-again', 'my own words');
  const again = open(await saved(page), 'my own words');
  const certificate = (text) => /-----BEGIN CERTIFICATE-----[^-]+/.exec(text)[0], key = (text) => /-----BEGIN PRIVATE KEY-----[^-]+/.exec(text)[0];
  equal(certificates(number), '1');
  // In another browser there is no key, and the page says where it is.
  const other = await person({ language: 'ja' });
  await enter(other, where, pin);
  await other.locator('#browser-elsewhere').waitFor();
  equal(await other.locator('#browser-key').isVisible(), false);
  await look(other, 'ownkey-elsewhere');
  ok(certificate(again).length > 500 && key(again).length > 100);
});

withBundle('a wrong PIN leads to the page that asks for it, and spends neither key nor certificate', async () => {
  const page = await person(), { number, pin, where } = await step2(page);
  await button(page).waitFor();
  await page.selectOption('#browser-kind', 'p256');
  await page.locator('#browser-key [name=pin]').evaluate((input) => { input.value = '0000000000000000'; });
  await button(page).click();
  await page.locator('.problem').waitFor();
  equal(certificates(number), '0');
  await page.fill('#pin', pin);
  await submitOf(page.locator(`form[action="${where}"]`)).click();
  await page.locator('#ownkey > summary').click();
  await button(page).waitFor();
  equal(path.basename(await saved(page)), `inkan-${number}.p12`);
  equal(await keptKeys(page), ['p256'], 'no second key');
});

test('without scripts, and where the bundle does not come, the choice is absent; a request is pasted all the same', async () => {
  tool('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'pasted.key', '-subj', '/CN=x', '-out', 'pasted.pem');
  const page = await person({ scripts: false }), { number } = await step2(page);
  equal(await page.locator('#browser-key').isVisible(), false);
  equal(await page.locator('#csr-file').isVisible(), false);
  await page.fill('#csr', fs.readFileSync(path.join(folder, 'pasted.pem'), 'utf8'));
  const file = await saved(page, () => submitOf(page.locator('form:has(#csr)')).click());
  equal(path.basename(file), `inkan-${number}.pem`);
  equal(sql(`select key_origin from certificate where request = ${number}`), 'csr');
  const bare = await person({ language: 'en' });
  await bare.route('**/static/ownkey-*.js', (route) => route.abort());
  await step2(bare);
  await bare.locator('#csr').waitFor();
  equal(await bare.locator('#browser-key').isVisible(), false);
});

test('a request is read from a file, PEM or DER; one that is too long is told so before it is sent', async () => {
  tool('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'der.key', '-subj', '/CN=x', '-outform', 'DER', '-out', 'request.der');
  tool('openssl', 'req', '-in', 'request.der', '-inform', 'DER', '-out', 'request.pem');
  fs.writeFileSync(path.join(folder, 'long.pem'), 'x'.repeat(16385));
  const page = await person({ language: 'en' }), { number, pin, where } = await step2(page);
  const choose = (name) => page.setInputFiles('#csr-file', path.join(folder, name));
  await choose('long.pem');
  await page.locator('[data-reads] [role=alert]').waitFor();
  await choose('request.pem');
  await until('it is in the field', async () => (await page.inputValue('#csr')).includes('BEGIN CERTIFICATE REQUEST'));
  await choose('request.der');
  await until('it is in the field', async () => (await page.inputValue('#csr')).startsWith('MI'));
  await page.locator('details:has(#make-p256) > summary').last().click();
  await look(page, 'ownkey-csr');
  const file = await saved(page, () => submitOf(page.locator('form:has(#csr)')).click());
  equal(tool('openssl', 'x509', '-in', file, '-noout', '-pubkey').toString(), tool('openssl', 'pkey', '-in', 'der.key', '-pubout').toString());
  await enter(page, where, pin);
  has(await page.innerText('#together-command'), `-in inkan-${number}.pem`);
  await look(page, 'ownkey-together');
});

await run();
