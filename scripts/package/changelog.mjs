// Debian's changelog, made of CHANGELOG.md: one entry, that of the version packaged, by the maintainer of packaging/debian/control.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../setup.mjs';

/**
 * @param {string} version
 * @param {number} epoch date of the entry, seconds since 1970
 */
export function changelog(version, epoch) {
  const [, newest = ''] = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8').split(/^## .*\n/m);
  const changes = newest.trim().split(/^- /m).slice(1).map(entry);
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  const control = readFileSync(join(ROOT, 'packaging/debian/control'), 'utf8');
  const maintainer = /^Maintainer: (.*)$/m.exec(control)?.[1];
  return `tsbgp (${version}) unstable; urgency=medium\n\n${changes.join('\n')}\n\n -- ${maintainer}  ${date}\n`;
}

/**
 * A change as an item of lines below 80 columns.
 * @param {string} text
 */
function entry(text) {
  const lines = ['  *'];
  for (const word of text.trim().split(/\s+/)) {
    if (`${lines.at(-1)} ${word}`.length >= 80) lines.push('   ');
    lines.push(`${lines.pop()} ${word}`);
  }
  return lines.join('\n');
}
