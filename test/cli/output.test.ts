// Tables and times, and the reference page and completion files made from the command table.

import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { COMMANDS, OPTIONS } from '../../src/cli/commands.js';
import { BASH_SCRIPT, ZSH_SCRIPT } from '../../src/cli/completion-scripts.js';
import { formatDuration, formatTable, printTable } from '../../src/cli/output.js';
import { cliReference } from '../../src/cli/reference.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('tables', () => {
  const columns = [{ title: 'Name', width: 6 }, { title: 'N', right: true }, { title: 'Note' }];

  /** What printTable writes for so many rows. */
  async function printed(count: number, name = (i: number) => `r${i}`): Promise<string[]> {
    const written: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation(text => {
      written.push(String(text));
      return true;
    });
    async function* rows() {
      for (let i = 0; i < count; i++) yield [name(i), String(i), ''];
    }
    expect(await printTable(columns, rows())).toBe(count);
    vi.restoreAllMocks();
    return written.join('').split('\n');
  }

  test('are as wide as their cells, and no line ends in spaces', () => {
    expect(
      formatTable(columns, [
        ['a', '1000', 'x'],
        ['longer-name', '2', ''],
      ]),
    ).toBe('Name           N Note\na           1000 x\nlonger-name    2\n');
  });

  test.each([1, 499, 500, 501, 1234])('of %i rows are printed whole, once each', async count => {
    const lines = await printed(count);
    expect(lines[0]).toMatch(/^Name +N Note$/);
    expect(lines.slice(1, -1).map(line => line.trim().split(/ +/)[1])).toEqual(
      Array.from({ length: count }, (_, i) => String(i)),
    );
  });

  test('without rows are nothing at all', async () => {
    expect(await printed(0)).toEqual(['']);
  });

  test('a wide cell that comes late sticks out', async () => {
    const lines = await printed(600, i => (i === 599 ? 'x'.repeat(30) : 'r'));
    expect(lines[600]).toBe(`${'x'.repeat(30)} 599`);
  });
});

test.each([
  [0, '00:00:00'],
  [59_999, '00:00:59'],
  [3_725_000, '01:02:05'],
  [86_400_000, '1d 00:00:00'],
  [3 * 86_400_000 + 1000, '3d 00:00:01'],
  [-5, '00:00:00'],
])('%i ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('the reference page has every command, option and example', () => {
  const page = cliReference();
  for (const { usage, aliasOf, examples = [] } of COMMANDS) {
    expect(page).toContain(
      aliasOf === undefined ? `### \`tsbgp ${usage}\`\n` : `\`tsbgp ${usage.replaceAll('|', '\\|')}\``,
    );
    for (const [line] of examples) expect(page).toContain(`\n${line}\n`);
  }
  for (const { name } of OPTIONS) expect(page).toContain(`--${name}`);
  expect(page).not.toContain('undefined');
});

test('the completion files of the package are what the program prints', () => {
  const directory = new URL('../../packaging/completions/', import.meta.url);
  expect(readFileSync(new URL('tsbgp.bash', directory), 'utf8')).toBe(BASH_SCRIPT);
  expect(readFileSync(new URL('_tsbgp', directory), 'utf8')).toBe(ZSH_SCRIPT);
});
