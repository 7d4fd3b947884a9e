// Compiled code that is kept, in processes of their own: V8 remembers in one process what it has compiled.

import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const SCRIPT = `(function (exports, require, module, __filename, __dirname) {
${Array.from({ length: 200 }, (_, i) => `function sum${i}(a, b) { return a + b + ${i} - ${i}; }`).join('\n')}
exports.sum = sum0(40, 2);
exports.sums = () => [${Array.from({ length: 200 }, (_, i) => `sum${i}`)}].map(it => it(40, 2));
exports.place = [__filename, __dirname, module.exports === exports, require('./beside.cjs')];
})
`;
/** Loads the script; the ten seconds pass at once. Says whether V8 was given compiled code and refused it. */
const LOADER = `
import vm from 'node:vm';
import { syncBuiltinESMExports } from 'node:module';
const loads = [];
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    loads.push({ given: options.cachedData !== undefined, refused: this.cachedDataRejected === true });
  }
};
syncBuiltinESMExports();
let kept = false;
globalThis.setTimeout = (act, ms) => {
  if (ms !== 10_000) throw new Error('waits ' + ms);
  kept = true;
  return setImmediate(act);
};
const { loadScript } = await import('./dist/code-cache.js');
const { sum, sums, place } = loadScript(process.argv[2], process.argv[3]);
console.log(JSON.stringify({ ...loads[0], kept, sum, sums: new Set(sums()).size, place }));
`;

let directory: string;
let cache: string;
let script: string;
const file = () => join(cache, 'script.cjs.code');

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tsbgp-code-'));
  const build = await rolldown({ input: join(ROOT, 'src/code-cache.ts'), platform: 'node' });
  await build.write({ file: join(directory, 'dist/code-cache.js'), format: 'esm' });
  await build.close();
  copyFileSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
  script = join(directory, 'script.cjs');
  writeFileSync(script, SCRIPT);
  writeFileSync(join(directory, 'beside.cjs'), 'module.exports = 7;');
  writeFileSync(join(directory, 'loader.mjs'), LOADER);
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  cache = mkdtempSync(join(directory, 'cache-'));
});

interface Load {
  given: boolean;
  refused: boolean;
  /** It will keep what it compiled. */
  kept: boolean;
  sum: number;
  sums: number;
  place: unknown[];
}

/** Loads the script in a new process, which ends when there is nothing more to do. */
async function load(place = cache, node = process.execPath): Promise<Load> {
  const { stdout } = await promisify(execFile)(node, ['loader.mjs', script, place], { cwd: directory });
  const outcome: Load = JSON.parse(stdout);
  expect(outcome).toMatchObject({ sum: 42, sums: 1, place: [script, directory, true, 7] });
  return outcome;
}

const slow = { given: false, refused: false, kept: true };
const fast = { given: true, refused: false, kept: false };

test('the second start takes what the first one kept', async () => {
  expect(await load()).toMatchObject(slow);
  expect(readdirSync(cache)).toEqual(['script.cjs.code']);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  const bytes = readFileSync(file());
  expect(await load()).toMatchObject(fast);
  expect(readFileSync(file())).toEqual(bytes);
});

test('broken files are not taken, and replaced', async () => {
  await load();
  const whole = readFileSync(file());
  const flipped = (at: number) => {
    const bytes = Buffer.from(whole);
    bytes[at] ^= 1;
    return bytes;
  };
  const broken = [
    ...[0, 8, 9, whole.length >> 1, whole.length - 1].map(flipped),
    ...[0, 3, 8, 100, whole.length - 1].map(length => whole.subarray(0, length)),
    Buffer.concat([whole, whole]),
    Buffer.alloc(whole.length),
  ];
  for (const bytes of broken) {
    writeFileSync(file(), bytes);
    expect(await load()).toMatchObject(slow);
    expect(await load()).toMatchObject(fast);
  }
});

test('another script of the same length and time, and another Node.js, are not given it', async () => {
  await load();
  const { atime, mtime } = statSync(script);
  const other = SCRIPT.replace('a + b + 0 - 0', 'b + a + 0 - 0');
  writeFileSync(script, other);
  utimesSync(script, atime, mtime);
  expect(await load()).toMatchObject(slow);
  expect(await load()).toMatchObject(fast);
  const node = join(directory, 'node');
  copyFileSync(process.execPath, node);
  expect(await load(cache, node)).toMatchObject(slow);
});

test('without a directory, or without the right to write, a start is a slow one', async () => {
  expect(await load('')).toMatchObject({ ...slow, kept: false });
  const missing = join(cache, 'missing');
  expect(await load(missing)).toMatchObject(slow);
  expect(existsSync(missing)).toBe(false);
  mkdirSync(file());
  expect(await load()).toMatchObject(slow);
});
