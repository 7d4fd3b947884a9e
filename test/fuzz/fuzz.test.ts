// Mutated messages: a bounded run with fixed seeds and one random seed, which a failure names. `npm run fuzz` goes on for
// longer: TSBGP_FUZZ_SECONDS and TSBGP_FUZZ_SEED are how it says so.

import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bgp/wire/bytes.js';
import { checkDecoding } from './decoder.fuzz.js';
import { fuzzSpeaker } from './live.fuzz.js';
import { mutant } from './mutator.js';

const seconds = Number(process.env.TSBGP_FUZZ_SECONDS ?? 0);
const given = process.env.TSBGP_FUZZ_SEED;
const SEEDS = given === undefined ? [1, 2, Math.floor(Math.random() * 2 ** 31)] : [Number(given)];
/** Of a bounded run, per seed. */
const INPUTS = 4000;
const CONNECTIONS = 150;
/** Time is looked at after so many. */
const ROUND = 500;
const HEAP_BOUND_BYTES = 16 * 2 ** 20;
/** The tests of other files have the processor too. */
const LOOP_DELAY_BOUND_MS = 2000;

const secondsPerTest = seconds / SEEDS.length / 2;
const timeout = 30_000 + secondsPerTest * 1000;
const deadline = () => performance.now() + secondsPerTest * 1000;

describe.each(SEEDS)('seed %i', seed => {
  it('the codec answers or refuses, and its answers agree', { timeout }, () => {
    const start = performance.now();
    const end = deadline();
    let index = 0;
    for (; index < INPUTS || index % ROUND !== 0 || performance.now() < end; index++) {
      const bytes = mutant(seed, index);
      try {
        checkDecoding(bytes);
      } catch (cause) {
        throw new Error(`message ${index} of seed ${seed}, ${toHex(bytes)}: ${cause}`, { cause });
      }
    }
    if (seconds > 0) console.log(`codec: ${index} messages, ${rate(index, start)}`);
  });

  it('the speaker closes as it should, and a healthy session beside it lives on', { timeout }, async () => {
    const start = performance.now();
    const end = deadline();
    const report = await fuzzSpeaker(seed, done => done >= CONNECTIONS && performance.now() >= end);
    expect(report.heapGrowthBytes).toBeLessThan(HEAP_BOUND_BYTES);
    expect(report.maxLoopDelayMs).toBeLessThan(LOOP_DELAY_BOUND_MS);
    expect(report.established).toBeGreaterThan(CONNECTIONS / 2);
    expect(report.notifications.size).toBeGreaterThan(2);
    if (seconds > 0) {
      const { messages, connections, notifications, heapGrowthBytes, maxLoopDelayMs } = report;
      console.log(
        `speaker: ${messages} messages on ${connections} connections, ${rate(messages, start)}, heap +${(heapGrowthBytes / 2 ** 20).toFixed(1)} MiB, longest turn ${maxLoopDelayMs.toFixed(0)} ms; NOTIFICATIONs: ${[...notifications].map(([name, n]) => `${name} ×${n}`).join(', ')}`,
      );
    }
  });
});

const rate = (n: number, start: number) => `${Math.round((n / (performance.now() - start)) * 1000)} per second`;
