// Three IdPs of two products in a real browser: in, out from here, out from there, in again; stepping up at the second product.
// tap: seconds 180
import { execFileSync, spawn } from 'node:child_process';
import { demo, equal, has, look, newPage, ok, portal, root, run, sql, submitOf, test, unfold, until } from './lib.mjs';

// --- the IdPs ----------------------------------------------------------------------------------------------------------------

const port = Number(new URL(demo.PORTAL_URL).port) + 16;
const pysaml2 = spawn('/usr/bin/python3', ['tests/lib/pysaml2_idp.py', '--port', String(port)],
  { cwd: root, stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, DEMO_ENV: demo.file } });
process.on('exit', () => pysaml2.kill());
const third = await new Promise((resolve, reject) => {
  let said = '';
  pysaml2.stdout.on('data', (text) => {
    said += text;
    const found = /ready (\S+)\n/.exec(said);
    if (found) resolve(found[1]);
  });
  pysaml2.once('exit', () => reject(new Error('the pysaml2 IdP did not start')));
});

const simplesamlphp = (entity) => ({
  entity,
  // Its front page shows whether somebody is logged in there; a logout that begins there comes back to it.
  out: async (page) => {
    const base = entity.replace(/\/metadata\.php$/, '');
    await page.goto(`${base}/initSLO.php?RelayState=${encodeURIComponent(entity.replace(/saml2\/.*/, ''))}`);
    await page.waitForURL((url) => url.hostname !== 'localhost');
  },
});
const idps = {
  'SimpleSAMLphp, encrypted': { ...simplesamlphp(demo.IDP1), account: 'student', person: 'Taro Yamada' },
  'SimpleSAMLphp, clear': { ...simplesamlphp(demo.IDP2), account: 'researcher2', person: 'Minoru Minato' },
  'pysaml2': {
    entity: third, account: 'researcher3', person: 'Hoshiko Tanabe',
    out: async (page, binding = 'redirect') => {
      await page.goto(`${new URL(third).origin}/logout?binding=${binding}`);
      await page.locator('#result[data-relay-state=same]').waitFor();
    },
  },
};

// --- steps -------------------------------------------------------------------------------------------------------------------

const start = (idp) => portal(`/login?idp=${encodeURIComponent(idp.entity)}`);

async function password(page, idp) {
  await page.fill('input[name=username]', idp.account);
  await page.fill('input[name=password]', 'demo');
  await page.press('input[name=password]', 'Enter');
}

async function logIn(page, idp) {
  await page.goto(start(idp));
  await password(page, idp);
  await page.waitForURL(portal('/certificates'));
  page.complaints.splice(0); // the IdP's pages are not ours
  has(await page.textContent('#person'), idp.person);
}

async function isOut(page) {
  await page.goto(portal('/certificates'));
  return new URL(page.url()).pathname !== '/certificates';
}

async function asksForPassword(page, idp) {
  await page.goto(start(idp));
  await page.locator('input[name=password]').waitFor();
}

const session = async (page) => (await page.context().cookies()).find((c) => c.name.includes('session'));

// --- tests -------------------------------------------------------------------------------------------------------------------

for (const [product, idp] of Object.entries(idps)) {
  test(`${product}: in, in again without a password, out from here, which ends both sessions`, async () => {
    const page = await newPage();
    await logIn(page, idp);
    const first = await session(page);
    await page.goto(start(idp));
    await page.waitForURL(portal('/certificates'));
    has(await page.textContent('#person'), idp.person);
    const second = await session(page);
    ok(first.value !== second.value, 'the same session id');
    const form = page.locator('form[action$="/logout"]').first();
    await unfold(form);
    await submitOf(form).click();
    // The page goes on to the IdP by itself, and the IdP comes back.
    await page.waitForURL((url) => url.pathname === '/saml/slo' && url.hostname === 'localhost');
    has(await page.textContent('main'), /logged out|You have left/);
    if (product === 'pysaml2') await look(page, 'logged-out-everywhere');
    await asksForPassword(page, idp);
    for (const cookie of [first, second]) {
      await page.context().addCookies([cookie]);
      ok(await isOut(page), 'a session lives on');
    }
  });

  for (const binding of product === 'pysaml2' ? ['redirect', 'post'] : ['redirect']) {
    test(`${product}: out from there, by ${binding}, ends the session here and no other`, async () => {
      const [page, elsewhere] = [await newPage(), await newPage()];
      await logIn(page, idp);
      await logIn(elsewhere, idp);
      await idp.out(page, binding);
      ok(await isOut(page), 'still in');
      await asksForPassword(page, idp);
      ok(!(await isOut(elsewhere)), 'another login at the same IdP ended too');
    });
  }
}

test('pysaml2: steps up for a profile that asks for two factors', async () => {
  execFileSync('/usr/bin/python3', ['-c', 'import stage; stage.demanding_profile()'],
    { env: { ...process.env, DEMO_ENV: demo.file, PYTHONPATH: `${root}/tests/lib` } });
  const idp = idps.pysaml2;
  const page = await newPage();
  await logIn(page, idp);
  await page.goto(portal('/login?step-up=client-14&return=/account'));
  await page.fill('input[name=code]', '123456');
  await password(page, idp);
  await page.waitForURL(portal('/account'));
  equal(sql(`select context from session where idp = '${idp.entity}' order by created_at desc limit 1`), 'https://refeds.org/profile/mfa');
});

test('one after the other in one browser: each its own person', async () => {
  const page = await newPage();
  for (const idp of Object.values(idps)) {
    await page.goto(start(idp));
    await password(page, idp);
    await page.waitForURL(portal('/certificates'));
    has(await page.textContent('#person'), idp.person);
  }
  // The IdPs that were left behind have no session here any more: their logout ends nothing of the last one's.
  await idps['SimpleSAMLphp, clear'].out(page);
  ok(!(await isOut(page)), 'the logout of another IdP ended the session');
  await until('the last one is still there', async () => (await page.textContent('#person')).includes('Hoshiko'));
});

await run();
