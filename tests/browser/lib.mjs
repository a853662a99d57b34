// What the browser tests share: TAP, the demo's environment, a browser, the steps that a person makes, the checks of each page.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
export const root = path.dirname(path.dirname(here));
const build = path.resolve(root, process.env.BUILD || 'build');
export const screenshots = path.join(build, 'screenshots');
const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// --- the demo -------------------------------------------------------------------------------------------------------------

export const demo = (() => {
  const folder = process.env.DEMO_DIR || path.join(build, 'test-demo');
  const env = { file: process.env.DEMO_ENV || path.join(folder, 'demo.env') };
  for (const line of fs.readFileSync(env.file, 'utf8').split('\n')) {
    const found = /^(?:export\s+)?(\w+)=(?:'(.*)'|"(.*)"|(.*))$/.exec(line.trim());
    if (found) env[found[1]] = found[2] ?? found[3] ?? found[4];
  }
  return env;
})();

export function sql(query) {
  const env = { ...process.env, PGHOST: demo.PGHOST, PGPORT: demo.PGPORT, PGDATABASE: demo.PGDATABASE, PGUSER: demo.PGUSER };
  return execFileSync('psql', ['-qXAt', '-c', query], { env, encoding: 'utf8' }).trim();
}

// --- TAP --------------------------------------------------------------------------------------------------------------------

const tests = [];
export const test = (name, work) => tests.push({ name, work });

export class Skip extends Error {}

export function equal(seen, wanted, what = 'differs') {
  if (JSON.stringify(seen) !== JSON.stringify(wanted))
    throw new Error(`${what}\n  seen:   ${JSON.stringify(seen)}\n  wanted: ${JSON.stringify(wanted)}`);
}
export function ok(condition, what = 'not so') {
  if (!condition) throw new Error(typeof what === 'function' ? what() : what);
}
export function has(text, part, what = 'lacks something') {
  const found = part instanceof RegExp ? part.test(text) : text.includes(part);
  if (!found) throw new Error(`${what}\n  seen:   ${String(text).slice(0, 1200)}\n  wanted: with ${part}`);
}
export async function until(what, work, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await work();
    if (value) return value;
    if (Date.now() > end) throw new Error(`after ${seconds} s still not: ${what}`);
    await new Promise((go) => setTimeout(go, 100));
  }
}

export async function run() {
  console.log(`1..${tests.length}`);
  let failed = 0;
  for (const [index, { name, work }] of tests.entries()) {
    const began = Date.now();
    try {
      await work();
      console.log(`ok ${index + 1} - ${name}`);
    } catch (why) {
      if (why instanceof Skip) {
        console.log(`ok ${index + 1} - ${name} # SKIP ${why.message}`);
      } else {
        failed++;
        console.log(`not ok ${index + 1} - ${name}`);
        for (const line of String(why.stack || why).split('\n').slice(0, 40)) console.log('# ' + line);
        for (const context of contexts) for (const page of context.pages()) {
          console.log(`# page: ${page.url()}`);
          await shot(page, `failed-${index + 1}`).catch(() => {});
        }
      }
    }
    console.log(`# ${((Date.now() - began) / 1000).toFixed(1)} s`);
    for (const context of contexts.splice(0)) await context.close().catch(() => {});
  }
  if (browser) await browser.close();
  process.exit(failed ? 1 : 0);
}

// --- the browser ---------------------------------------------------------------------------------------------------------------

let browser;
const contexts = [];

export const views = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1280, height: 900 },
};

// The demo's https comes from a CA of its own; that it is the right one is checked by the tests that use TLS_CA.
export async function context({ language = 'en', view = 'desktop', scheme = 'light', scripts = true, certificates } = {}) {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--font-render-hinting=none'],
  });
  const made = await browser.newContext({
    locale: language === 'ja' ? 'ja-JP' : 'en-GB', timezoneId: 'Asia/Tokyo', viewport: views[view], colorScheme: scheme,
    isMobile: view === 'phone', hasTouch: view === 'phone', javaScriptEnabled: scripts, ignoreHTTPSErrors: true, acceptDownloads: true,
    reducedMotion: 'reduce', clientCertificates: certificates,
  });
  made.setDefaultTimeout(15000);
  made.inkan = { language, view, scheme, scripts };
  contexts.push(made);
  return made;
}

// A page whose console and network are watched: what it complains of is a failure (see complaints).
export async function newPage(options = {}) {
  const made = options.newPage ? options : await context(options);
  const page = await made.newPage();
  page.complaints = [];
  page.on('pageerror', (why) => page.complaints.push(`script: ${why.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) page.complaints.push(`console: ${message.text()}`);
  });
  page.on('response', (answer) => {
    if (answer.status() >= 500) page.complaints.push(`${answer.status()} ${answer.url()}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (/^https?:$/.test(url.protocol) && !/(^|\.)localhost$|^127\.0\.0\.1$/.test(url.hostname)) page.complaints.push(`foreign: ${url}`);
  });
  return page;
}

// --- the checks of each page -------------------------------------------------------------------------------------------------

export async function shot(page, name) {
  const { language, view, scheme } = page.context().inkan;
  fs.mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: path.join(screenshots, `${name}-${language}-${view}-${scheme}.png`), fullPage: true });
}

// Looks at the page as NAME: screenshot, language, title, axe, nothing wider than the screen, no raw message key, no complaint.
export async function look(page, name) {
  const { language, scripts } = page.context().inkan;
  await page.waitForLoadState('load');
  await shot(page, name);
  equal(await page.getAttribute('html', 'lang'), language, `language of ${name}`);
  ok((await page.title()).trim().length > 3, `title of ${name}`);
  // Evaluated from outside: works in pages whose own scripts are off or forbidden, and the page's policy stays in force.
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth).catch(() => 0);
  ok(wide <= 1, `${name} is ${wide} pixels wider than the screen`);
  const text = await page.innerText('body');
  ok(!/\?\?\?|\bundefined\b|\bNaN\b|\{\$?[a-z]+\}/.test(text), () => `${name} shows what nobody should see: ${text.slice(0, 300)}`);
  const letters = (text.match(/[\u3040-\u30ff\u4e00-\u9fff]/g) || []).length;
  if (language === 'ja') ok(letters > 20, `${name} is hardly in Japanese`);
  else if (!name.startsWith('refused-login')) /* its text to copy is in both languages */ ok(letters < 60, `${name} has ${letters} Japanese letters in English`);
  if (scripts) await axe(page, name);
  equal(page.complaints.splice(0), [], `complaints of ${name}`);
}

export async function axe(page, name) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const bad = found.violations.filter((v) => ['serious', 'critical'].includes(v.impact));
  equal(bad.map((v) => `${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(' ')).slice(0, 4).join('; ')})`), [], `axe on ${name}`);
}

// --- what a person does ----------------------------------------------------------------------------------------------------------

export const portal = (where) => demo.PORTAL_URL + where;

// From the portal's front page through the discovery and the IdP; ends on the dashboard.
export async function login(page, account = 'researcher', looks = false) {
  await page.goto(portal('/'));
  if (looks) await look(page, 'front');
  await page.locator('main a[href^="/login"], main a[href^="/discovery"], main form[action^="/login"] button').first().click();
  if (page.url().includes('/discovery')) {
    if (looks) await look(page, 'discovery');
    await page.locator(`a[href*="${account.endsWith('2') ? 'idp2' : 'idp1'}.localhost"]`).first().click();
  }
  await atTheIdp(page, account);
}

export async function atTheIdp(page, account, password = 'demo') {
  await page.waitForURL(/idp\d\.localhost|localhost:\d+\/certificates/);
  if (await page.locator('input[name=username]').count()) {
    await page.fill('input[name=username]', account);
    await page.fill('input[name=password]', password);
    await page.press('input[name=password]', 'Enter');
  }
  // Without scripts somebody has to send the IdP's page with the response on (its button is hidden by its own style).
  if (!page.context().inkan.scripts) {
    await page.locator('form [name=SAMLResponse]').waitFor({ state: 'attached' });
    await page.locator('form').first().evaluate((form) => HTMLFormElement.prototype.submit.call(form));
  }
  await page.waitForURL((url) => url.hostname === 'localhost');
  page.complaints.splice(0); // the IdP's pages are not ours
}

// Applies by the dashboard's own form; gives the number.
export async function apply(page, type, months, memo, looks = false, before = async () => {}) {
  await page.goto(portal('/certificates'));
  const form = page.locator('form[action="/certificates"]').filter({ has: page.locator(`[name=type][value=${type}]`) }).first();
  const choice = form.locator('select[name=months]');
  if (await choice.count()) await choice.selectOption(String(months));
  else await form.locator(`input[name=months][value="${months}"]`).check();
  await before(form);
  const note = form.locator('[name=memo]:not([type=hidden])');
  if (memo && await note.count()) await note.fill(memo);
  await form.locator('[type=submit], button:not([type])').first().click();
  await page.locator('form [name=confirm][value="1"]').first().waitFor({ state: 'attached' });
  if (looks) await look(page, 'apply-confirm-' + type);
  const confirm = page.locator('form[action="/certificates"]').filter({ has: page.locator('[name=confirm]') }).first();
  await confirm.locator('[type=submit], button:not([type])').first().click();
  await page.waitForURL(/\/certificates\/\d+\/accepted/);
  return Number(/certificates\/(\d+)\//.exec(page.url())[1]);
}

export async function ready(page, number, state = 'ready') {
  return until(`request ${number} is ${state}`, async () => {
    await page.goto(portal(`/certificates/${number}`));
    return (await page.getAttribute('#state', 'data-state')) === state && pinOn(page);
  });
}

export async function pinOn(page) {
  const found = /(?<![A-Za-z0-9])[A-Za-z0-9]{16}(?![A-Za-z0-9])/.exec(await page.locator('#pin').evaluate((n) => n.textContent));
  return found && found[0];
}

function decode(text) {
  const [head, ...rest] = text.split(/\r?\n\r?\n/);
  const headers = head.replace(/\r?\n[ \t]+/g, ' ');
  const header = (name) => (new RegExp(`^${name}: *(.*)$`, 'mi').exec(headers) || [])[1] || '';
  let subject = header('Subject').replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?b\?([^?]*)\?=/gi, (_, b) => Buffer.from(b, 'base64').toString('latin1'))
    .replace(/=\?utf-8\?q\?([^?]*)\?=/gi, (_, t) => t.replace(/_/g, ' ').replace(/=([0-9a-f]{2})/gi, (__, h) => String.fromCharCode(parseInt(h, 16))));
  subject = Buffer.from(subject, 'latin1').toString('utf8');
  let body = rest.join('\n\n');
  const encoding = header('Content-Transfer-Encoding').toLowerCase();
  if (encoding === 'base64') body = Buffer.from(body, 'base64').toString('utf8');
  else if (encoding === 'quoted-printable')
    body = Buffer.from(body.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, h) => String.fromCharCode(parseInt(h, 16))), 'latin1').toString('utf8');
  return { event: header('X-Inkan-Event'), subject, to: header('To'), id: header('Message-ID'), body };
}

export function mails(number, event) {
  const folder = path.join(demo.MAILDIR, 'new');
  return fs.readdirSync(folder).sort().map((name) => decode(fs.readFileSync(path.join(folder, name), 'latin1')))
    .map((m) => ({ ...m }))
    .filter((m) => m.subject.startsWith(`[Inkan #${number}]`) && (!event || m.event === event));
}

export const mail = (number, event, count = 1) =>
  until(`mail ${event} of request ${number}`, () => { const found = mails(number, event); return found.length >= count && found[found.length - 1]; });

export async function pickupPath(number, count = 1) {
  return new URL(/https:\/\/\S+\/pickup\/[A-Za-z0-9_-]{43}/.exec((await mail(number, 'ready', count)).body)[0]).pathname;
}

// What is folded up is opened, as a person would before pressing.
export const unfold = (form) => form.evaluate((n) => { for (let e = n; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true; });
export const submitOf = (form) => form.locator('[type=submit], button:not([type])').first();

// From the mail's link to the saved file; gives the file's path.
export async function collect(page, where, pin, looks = false) {
  await page.goto(portal(where));
  if (looks) await look(page, 'pickup-1');
  await page.fill('[name=pin]', pin);
  await submitOf(page.locator(`form[action="${where}"]`)).click();
  const form = page.locator(`form[action="${where}/download"]`);
  await form.waitFor();
  if (looks) await look(page, 'pickup-2');
  const [download] = await Promise.all([page.waitForEvent('download', { timeout: 60000 }), submitOf(form).click()]);
  const file = path.join(build, 'tests', `${process.pid}-${Date.now()}.p12`);
  await download.saveAs(file);
  has(download.suggestedFilename(), /\.p12$/);
  return file;
}

// The page after a download: where 'I have it' is.
export async function afterDownload(page, where, pin) {
  const done = page.locator(`form[action="${where}/done"]`);
  if (!(await done.count()) || !(await done.first().isVisible())) {
    await page.goto(portal(where));
    await page.fill('[name=pin]', pin);
    await submitOf(page.locator(`form[action="${where}"]`)).click();
  }
  await done.first().waitFor();
  return done.first();
}

// renew or revoke from the detail, through the confirmation (a page, or a dialog where a script asks).
export async function act(page, number, what, fill = async () => {}, looks = false) {
  await page.goto(portal(`/certificates/${number}`));
  const where = `/certificates/${number}/${what}`;
  const form = page.locator(`form[action="${where}"]`).first();
  await unfold(form);
  await fill(form);
  await submitOf(form).click();
  const confirm = page.locator(`form[action="${where}"]`).filter({ has: page.locator('[name=confirm][value="1"]') }).first();
  await confirm.waitFor();
  if (looks) await look(page, `${what}-confirm`);
  await fill(confirm);
  await submitOf(confirm).click();
  await page.waitForURL((url) => url.pathname !== where);
}
