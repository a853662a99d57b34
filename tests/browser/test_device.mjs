// A certificate for the device: the code that takes the page to a phone, every device's choices and steps, in a real browser.
// tap: seconds 300
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { apply, axe, context, equal, has, login, look, newPage, ok, pickupPath, portal, ready, run, submitOf, test } from './lib.mjs';

const CLIENT = ['ios', 'android', 'android-older', 'windows', 'macos', 'firefox', 'linux', 'curl'];
const SMIME = CLIENT.map((d) => (d === 'firefox' ? 'thunderbird' : d));

// What a phone's camera would read of the code on the screen.
async function read(page) {
  await page.locator('#phone').evaluate((d) => { d.open = true; });
  const file = `/tmp/inkan-qr-${process.pid}.png`;
  await page.locator('#phone .qr').screenshot({ path: file });
  try {
    return execFileSync('zbarimg', ['-q', '--raw', '-Sdisable', '-Sqrcode.enable', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } finally {
    fs.unlinkSync(file);
  }
}

async function fresh(page, type) {
  const number = await apply(page, type, 13, 'タブレット');
  const pin = await ready(page, number);
  return { number, pin, where: await pickupPath(number) };
}

async function enter(page, where, pin) {
  await page.goto(portal(where));
  await page.fill('[name=pin]', pin);
  await submitOf(page.locator(`form[action="${where}"]`)).click();
}

// Words of drawings that stand out of their frame.
const outside = (page) => page.evaluate(() => [...document.querySelectorAll('svg.drawing text')].filter((t) => {
  const box = t.getBBox();
  return box.x < 20 || box.x + box.width > 188;
}).map((t) => t.textContent));

for (const [language, view, scheme] of [['ja', 'desktop', 'light'], ['en', 'phone', 'dark']])
  test(`the code leads to the same page on a phone, with a login and a PIN of its own (${language}, ${view}, ${scheme})`, async () => {
    const page = await newPage({ language, view, scheme });
    await login(page, 'researcher');
    const { where, pin, number } = await fresh(page, 'client');
    equal(await read(page), portal(`/certificates/${number}`), 'the page with the PIN');
    await look(page, 'detail-code');
    await page.goto(portal(where));
    equal(await read(page), portal(where), 'step 1');
    await enter(page, where, pin);
    equal(await read(page), portal(where), 'step 2');
    await look(page, 'pickup-2-code');
    ok(!(await page.locator('#phone').innerText()).includes(pin), 'no PIN beside it');
    const phone = await context({ language, view: 'phone', scheme });
    await phone.setExtraHTTPHeaders({ 'User-Agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Mobile/15E148' });
    const there = await newPage(phone);
    await there.goto(portal(where));
    ok(!there.url().includes('/pickup/'), 'nothing to see without a login');
    await login(there, 'researcher');
    await there.goto(portal(where));
    equal(await there.locator('#phone').count(), 0, 'no code on the phone itself');
    await enter(there, where, pin);
    equal(await there.locator('[name=device]:checked').getAttribute('value'), 'ios');
  });

for (const [type, devices, language, view, scheme] of [['client', CLIENT, 'ja', 'phone', 'dark'], ['smime', SMIME, 'en', 'desktop', 'light']])
  test(`every device: its file, its steps, its drawings (${type}, ${language}, ${view}, ${scheme})`, async () => {
    const page = await newPage({ language, view, scheme });
    await login(page, 'researcher');
    const { where, pin, number } = await fresh(page, type);
    await enter(page, where, pin);
    const form = page.locator(`form[action="${where}/download"]`).first();
    equal(await form.locator('[name=device]').evaluateAll((all) => all.map((i) => i.value)), devices);
    const profile = form.locator('[name=format][value=mobileconfig]');
    for (const device of devices) {
      await form.locator(`[name=device][value=${device}]`).check();
      equal(await profile.isVisible(), ['ios', 'macos'].includes(device), `profile for ${device}`);
    }
    await form.locator('[name=device][value=macos]').check();
    await look(page, `pickup-2-${type}`);
    const [download] = await Promise.all([page.waitForEvent('download', { timeout: 60000 }), profile.click()]);
    equal(download.suggestedFilename(), `inkan-${number}.mobileconfig`);
    for (const device of devices) {
      const host = new URL(portal('/')).hostname;
      const cookie = (await page.context().cookies()).find((c) => c.name.startsWith('__Host-inkan-device'));
      await page.context().addCookies([{ ...cookie, value: device, domain: host }]);
      await enter(page, where, pin);
      const system = device.replace('-older', '');
      equal(await page.locator('.systems details[open]').evaluateAll((all) => all.map((d) => d.id)), [`on-${system}`]);
    }
    await look(page, `pickup-3-${type}`);
    await page.evaluate(() => document.querySelectorAll('main details').forEach((d) => { d.open = true; }));
    equal(await outside(page), [], 'words out of their frame');
    await axe(page, 'all steps open');
    const pictures = page.locator('svg.drawing');
    ok(await pictures.count() > 20, 'drawings');
    for (const label of await pictures.evaluateAll((all) => all.map((p) => p.getAttribute('aria-label')))) has(label, language === 'ja' ? '図' : 'Drawing');
  });

run();
