// debian/copyright: tsbgp and every npm package that is in it, in dist or beside it, each with its holders and its licence, each text once.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, SetupError } from '../setup.mjs';

/** Debian's names for licences that have another one. */
const DEBIAN_NAMES = /** @type {Record<string, string>} */ ({ MIT: 'Expat' });

/**
 * @param {string[]} bundled paths of the packages that are in dist
 * @param {{ path: string }[]} packages that are in node_modules
 * @param {string} elsewhere where packages are that the checkout has not
 */
export function copyright(bundled, packages, elsewhere) {
  /** @type {Map<string, { name: string, text: string }>} */
  const texts = new Map();
  const nameOf = (/** @type {{ license: string, text: string }} */ { license, text }) => {
    const key = `${license} ${text.replace(/\W+/g, ' ').toLowerCase().trim()}`;
    if (!texts.has(key)) {
      const others = [...texts.values()].filter(
        ({ name }) => name === license || name.startsWith(`${license}-variant`),
      );
      texts.set(key, { name: others.length === 0 ? license : `${license}-variant-${others.length}`, text });
    }
    return /** @type {{ name: string }} */ (texts.get(key)).name;
  };
  const stanza = (/** @type {string} */ files, /** @type {string[]} */ directories) => {
    const all = directories.map(licenceOf);
    const holders = all.flatMap(it => it.holders.map(holder => (all.length > 1 ? `${it.name}: ${holder}` : holder)));
    const names = [...new Set(all.map(nameOf))];
    return `Files: ${files}\nCopyright: ${[...new Set(holders)].join('\n           ')}\nLicense: ${names.join(' and ')}\n`;
  };
  const stanzas = [
    stanza('*', [ROOT]),
    stanza('usr/lib/tsbgp/dist/*', [ROOT, ...bundled.map(path => join(ROOT, path))]),
    ...packages.map(({ path }) => {
      const directory = existsSync(join(ROOT, path)) ? join(ROOT, path) : join(elsewhere, path);
      return stanza(`usr/lib/tsbgp/${path}/*`, [directory]);
    }),
  ];
  const licences = [...texts.values()].map(({ name, text }) => `License: ${name}\n${indented(text)}\n`);
  const header = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: tsbgp\n';
  return [header, ...stanzas, ...licences].join('\n');
}

/**
 * Name, holders and text of a package's licence.
 * @param {string} directory
 * @returns {{ name: string, license: string, holders: string[], text: string }}
 */
function licenceOf(directory) {
  const { name, license, author, contributors } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const file = readdirSync(directory).find(it => /^licen[cs]e/i.test(it));
  const debianName = DEBIAN_NAMES[license] ?? license;
  const whole = file === undefined ? '' : readFileSync(join(directory, file), 'utf8').replaceAll('\r', '');
  const isHolder = (/** @type {string} */ line) => /^\W*(copyright\b|\(c\))/i.test(line) && /\d{4}|\(c\)|©/i.test(line);
  const lines = whole.split('\n');
  const people = [author, ...(contributors ?? [])].filter(Boolean).map(it => it.name ?? it);
  const holders = lines
    .filter(isHolder)
    .map(line => line.replace(/^[\s*]*(copyright[\s:]*)?((\(c\)|©)\s*)?/i, '').trim());
  if (license === undefined) throw new SetupError(`${name} names no licence`);
  const text = lines
    .filter(line => !isHolder(line))
    .join('\n')
    .trim();
  return {
    name,
    license: debianName,
    holders: holders.length > 0 ? holders : people.length > 0 ? people : [`the authors of ${name}`],
    text: text === '' ? plainText(debianName) : text,
  };
}

/**
 * The text of a licence that a package names without bringing it.
 * @param {string} name
 * @returns {string}
 */
function plainText(name) {
  if (name !== 'Expat') throw new SetupError(`a package has the licence ${name} and no text of it`);
  return licenceOf(ROOT).text;
}

/** @param {string} text */
function indented(text) {
  return text
    .split('\n')
    .map(line => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n');
}
