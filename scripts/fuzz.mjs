// npm run fuzz: mutated BGP messages against the codec and a speaker, for as long as asked (test/fuzz). Options: see USAGE.
//
// A failure names the message, its seed and its octets; the same seed gives the same messages again.

import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { ROOT, runMain, SetupError } from './setup.mjs';

const USAGE = `usage: npm run fuzz [-- OPTION]
  --seconds N   go on for so long in all (60)
  --seed S      a whole number; a random one is chosen and printed otherwise`;

await runMain(() => {
  const { seconds, seed } = readArguments();
  console.log(`seed ${seed}, ${seconds} s`);
  const env = { ...process.env, TSBGP_FUZZ_SECONDS: String(seconds), TSBGP_FUZZ_SEED: String(seed) };
  const args = ['run', 'test/fuzz', '--disable-console-intercept'];
  const { status, error } = spawnSync('node_modules/.bin/vitest', args, { cwd: ROOT, env, stdio: 'inherit' });
  if (error) throw new SetupError(`vitest cannot be run (${error.message}): npm ci`);
  process.exitCode = status ?? 1;
});

/** @returns {{ seconds: number, seed: number }} */
function readArguments() {
  try {
    const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } });
    return {
      seconds: wholeNumber('--seconds', values.seconds ?? '60'),
      seed: wholeNumber('--seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 31))),
    };
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

/**
 * @param {string} option
 * @param {string} text
 */
function wholeNumber(option, text) {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${option} takes a whole number, not "${text}"`);
  return Number(text);
}
