// Pictures of every page, for people to look at, and what axe finds in it.
//
//   RENDER_DIR=out build/tests/test_web_pages        writes the pages as HTML
//   node tests/web/shots.mjs out [WORD...]           writes out/PAGE.LANGUAGE.WIDTH.SCHEME.png, prints findings of axe
//
// With WORDs only pages whose name contains one. BROWSER_TOOLS: the folder whose node_modules has playwright-core and axe-core
// (default tests/browser). SHOTS=none: only axe. VIEWS=1280-light,390-dark: only these. Exit status 1 where axe finds something serious or critical.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import url from 'node:url';

const root = path.resolve(path.dirname(url.fileURLToPath(import.meta.url)), '../..');
const need = createRequire(path.join(process.env.BROWSER_TOOLS || path.join(root, 'tests/browser'), 'package.json'));
const { chromium } = need('playwright-core');
const axe = fs.readFileSync(need.resolve('axe-core/axe.min.js'), 'utf8');

const [folder, ...words] = process.argv.slice(2);
const types = { '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml' };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self' https:; base-uri 'none'";
const origin = 'http://inkan.test';

const answer = async (route) => {
  if (!route.request().url().startsWith(origin)) return route.fulfill({ status: 204 }); // a page that passes on stays
  const where = new URL(route.request().url()).pathname;
  const found = where.match(/^\/static\/(.+)-[0-9a-f]{12}(\.\w+)$/);
  if (found) {
    const file = ['web/static', 'build/ownkey'].map((place) => path.join(root, place, found[1] + found[2])).find(fs.existsSync);
    return file ? route.fulfill({ body: fs.readFileSync(file), contentType: types[found[2]] }) : route.fulfill({ status: 404, body: '' });
  }
  if (where.startsWith('/logo/')) { // any picture will do
    return route.fulfill({ body: fs.readFileSync(path.join(root, 'web/static/seal.svg')), contentType: types['.svg'] });
  }
  const file = path.join(folder, path.basename(where));
  if (!fs.existsSync(file)) return route.fulfill({ status: 404, body: '' });
  return route.fulfill({ body: fs.readFileSync(file), contentType: 'text/html; charset=utf-8', headers: { 'Content-Security-Policy': policy } });
};

// Left by their script before they have loaded.
const leaves = (name) => /^(pass-on|logged-out-form)/.test(name);
const views = (process.env.VIEWS || '1280-light,1280-dark,390-light,390-dark').split(',').map((view) => view.split('-'));
const pages = fs.readdirSync(folder).filter((name) => name.endsWith('.html') && (!words.length || words.some((w) => name.includes(w)))).sort();
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
let serious = 0;
for (const [width, scheme] of views) {
  const context = await browser.newContext({ viewport: { width: Number(width), height: 900 }, colorScheme: scheme, reducedMotion: 'reduce', bypassCSP: false });
  await context.route('**/*', answer);
  for (const name of pages) {
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => { if (message.type() === 'error' && !/404/.test(message.text())) complaints.push(message.text()); });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${origin}/${name}`, { waitUntil: leaves(name) ? 'commit' : 'load' });
    if (leaves(name)) await page.waitForTimeout(500);
    if (process.env.OPEN) await page.evaluate(() => document.querySelectorAll('main details').forEach((d) => { d.open = true; }));
    if (process.env.SHOTS !== 'none') {
      await page.screenshot({ path: path.join(folder, `${name.replace('.html', '')}.${width}.${scheme}.png`), fullPage: true });
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) complaints.push(`${wide} px wider than the window`);
    const session = await context.newCDPSession(page); // axe is no part of the page: its world is not bound by the policy
    const { frameTree } = await session.send('Page.getFrameTree');
    const { executionContextId } = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
    await session.send('Runtime.evaluate', { expression: axe, contextId: executionContextId });
    const { result } = await session.send('Runtime.evaluate', {
      expression: "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((r) => JSON.stringify(r.violations))",
      contextId: executionContextId, awaitPromise: true, returnByValue: true,
    });
    for (const finding of JSON.parse(result.value ?? '[]')) {
      const bad = ['serious', 'critical'].includes(finding.impact);
      serious += bad;
      complaints.push(`${finding.impact}: ${finding.id}: ${finding.nodes.map((n) => n.html.slice(0, 120)).slice(0, 3).join(' | ')} ${bad ? finding.nodes[0].failureSummary : ''}`);
    }
    if (!result.value) { serious += 1; complaints.push(`axe did not run: ${result.description}`); }
    for (const complaint of complaints) console.log(`${name} ${width} ${scheme}: ${complaint}`);
    serious += complaints.some((c) => /wider|Policy|Error/.test(c));
    await page.close();
  }
  await context.close();
}
await browser.close();
console.log(`${pages.length} pages, ${serious} serious findings`);
process.exit(serious ? 1 : 0);
