// When a prefix limit warns, once each time, and when it ends the session.

import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { PrefixLimit } from '../../src/bgp/prefix-limit.js';
import { NEIGHBOR_DEFAULTS } from '../../src/bgp/session/options.js';

afterEach(() => {
  vi.useRealTimers();
});

/** A limit with these counts behind it, and what it has said and done. */
function limited(action: 'end' | 'warn', counts: number[], restartSeconds = 60) {
  vi.useFakeTimers();
  const happened: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void happened.push(JSON.parse(line).msg) });
  const end = (most: number) => void happened.push(`end at ${most}`);
  const limit = new PrefixLimit(log, { end, comeBack: () => void happened.push('back') });
  const maxPrefix = { limit: 10, warningPercent: 75, action, restartSeconds };
  const options = { ...NEIGHBOR_DEFAULTS, address: 'n', as: 1, import: 'accept', export: 'accept', maxPrefix };
  for (const count of counts) limit.check(options, count);
  return { limit, happened };
}

const run = (action: 'end' | 'warn', counts: number[]) => limited(action, counts).happened;

const WARNING = (count: number) => `n sent ${count} of at most 10 prefixes`;

test('a warning once, and again after it was better', () => {
  expect(run('end', [7, 8, 9, 8, 7, 8])).toEqual([WARNING(8), WARNING(8)]);
});

test('past the limit the session ends', () => {
  expect(run('end', [8, 11])).toEqual([WARNING(8), 'n sent more than 10 prefixes; back in 60 s', 'end at 10']);
});

test('… or goes on', () => {
  const past = 'n sent more than 10 prefixes; the session goes on, as configured';
  expect(run('warn', [11, 12, 10, 11])).toEqual([past, past]);
});

test('and comes back when the time is over, once, unless that was called off', () => {
  const { happened } = limited('end', [11, 12]);
  const ended = happened.length;
  vi.advanceTimersByTime(59_999);
  expect(happened).toHaveLength(ended);
  vi.advanceTimersByTime(60_000);
  expect(happened.slice(ended)).toEqual(['back']);

  const stopped = limited('end', [11]);
  stopped.limit.stop();
  vi.advanceTimersByTime(120_000);
  expect(stopped.happened).not.toContain('back');

  const byHand = limited('end', [11], 0);
  vi.advanceTimersByTime(120_000);
  expect(byHand.happened.at(-1)).toBe('end at 10');
});
