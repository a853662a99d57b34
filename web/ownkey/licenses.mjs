// Whose code is in the bundle, and under which terms: written beside it and at its end. Run in the folder of the build.
import fs from 'node:fs';

const { inputs } = JSON.parse(fs.readFileSync('meta.json', 'utf8'));
const packages = new Set(Object.keys(inputs).map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]).filter(Boolean));
const texts = [...packages].sort().map((name) => {
  const folder = `node_modules/${name}`, { version } = JSON.parse(fs.readFileSync(`${folder}/package.json`, 'utf8'));
  const file = fs.readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  return `${name} ${version}\n\n${fs.readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
});
const all = `ownkey.js contains parts of these packages:\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
fs.writeFileSync('ownkey-licenses.txt', all);
fs.writeFileSync('ownkey.js', `${fs.readFileSync('bundle.js', 'utf8')}\n/*\n${all.replaceAll('*/', '* /')}*/\n`);
