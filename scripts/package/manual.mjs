// Manual pages: tsbgp(1) and tsbgp.yml(5) from the tables that docs/cli.md and docs/config.md come from, tsbgp-daemon(8)
// from packaging/tsbgp-daemon.md. A small Markdown reader writes man(7): headings, paragraphs, lists, code, tables. Of a
// table, the first column becomes the term, the others its description.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../setup.mjs';

/**
 * @param {string} version
 * @param {number} epoch date of the pages, seconds since 1970
 * @returns {Promise<{ name: string, section: number, text: string }[]>}
 */
export async function manualPages(version, epoch) {
  const { cliReference } = await import('../../dist/cli/reference.js');
  const { configReference } = await import('../../dist/config/reference.js');
  const date = new Date(epoch * 1000).toISOString().slice(0, 10);
  /** @type {[name: string, section: number, summary: string, synopsis: string, markdown: string][]} */
  const pages = [
    ['tsbgp', 1, 'control a BGP speaker', '`tsbgp` COMMAND [OPTION...]', cliReference()],
    ['tsbgp.yml', 5, 'configuration of the BGP speaker tsbgp', '`/etc/tsbgp/tsbgp.yml`', configReference()],
    [
      'tsbgp-daemon',
      8,
      'BGP speaker with kernel routes',
      '`tsbgp daemon` [`--config` FILE] [`--log-level` LEVEL]',
      readFileSync(join(ROOT, 'packaging/tsbgp-daemon.md'), 'utf8'),
    ],
  ];
  return pages.map(([name, section, summary, synopsis, markdown]) => {
    const others = pages.filter(page => page[0] !== name).map(page => `\`${page[0]}\`(${page[1]})`);
    const text = [
      `.TH ${name.toUpperCase()} ${section} ${date} "tsbgp ${version}" tsbgp`,
      `.SH NAME\n${plain(name)} \\- ${plain(summary)}`,
      `.SH SYNOPSIS\n${inline(synopsis)}`,
      `.SH DESCRIPTION\n${roff(markdown)}`,
      `.SH SEE ALSO\n${inline(others.join(', '))}`,
    ];
    return { name, section, text: `${text.join('\n')}\n` };
  });
}

/**
 * man(7) of a Markdown page; its title is left out.
 * @param {string} markdown
 */
export function roff(markdown) {
  const [first, ...fenced] = markdown.split(/^```\w*\n/m);
  const blocks = [prose(first)];
  for (const [i, part] of fenced.entries()) {
    blocks.push(i % 2 === 0 ? `.PP\n.EX\n${part.trimEnd().split('\n').map(plain).join('\n')}\n.EE` : prose(part));
  }
  return blocks.filter(Boolean).join('\n');
}

/** @param {string} markdown without code between fences */
function prose(markdown) {
  return markdown
    .split(/\n{2,}|\n(?=- )/)
    .map(block => block.trim())
    .filter(Boolean)
    .map(block => {
      const [, hashes, title] = /^(#+) (.*)/.exec(block) ?? [];
      if (hashes === '#') return '';
      if (hashes === '##') return `.SH ${plain(title.toUpperCase())}`;
      if (hashes !== undefined) return `.SS ${inline(title)}`;
      if (block.startsWith('|')) return table(block);
      if (block.startsWith('- ')) return `.IP \\(bu 2\n${inline(block.slice(2))}`;
      return `.PP\n${inline(block)}`;
    })
    .filter(Boolean)
    .join('\n');
}

/** @param {string} block */
function table(block) {
  const rows = block.split('\n').slice(2);
  const cells = rows.map(row =>
    row
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map(cell => cell.replaceAll('\\|', '|').trim()),
  );
  return cells.map(([term, ...rest]) => `.TP\n${inline(term)}\n${rest.map(inline).join('\n.br\n')}`).join('\n');
}

/**
 * Bold for code and emphasis, the text of links.
 * @param {string} text
 */
function inline(text) {
  return text
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .split('`')
    .map((part, i) => (i % 2 === 1 ? `\\fB${escaped(part)}\\fR` : escaped(part.replaceAll('**', ''))))
    .join('')
    .replace(/^(?=[.'])/, '\\&');
}

/** @param {string} text */
const plain = text => escaped(text).replace(/^(?=[.'])/, '\\&');

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('…', '...').replaceAll("'", '\\(aq');
}
