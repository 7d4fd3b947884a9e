// When a prefix limit warns, once each time, and when it ends the session.

import { pino } from 'pino';
import { expect, test } from 'vitest';
import { PrefixLimit } from '../../src/bgp/prefix-limit.js';
import { NEIGHBOR_DEFAULTS } from '../../src/bgp/session/options.js';

/** The lines and ends of a run through these counts. */
function run(action: 'end' | 'warn', counts: number[]): string[] {
  const happened: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void happened.push(JSON.parse(line).msg) });
  const limit = new PrefixLimit(log, () => happened.push('end'));
  const maxPrefix = { limit: 10, warningPercent: 75, action, restartSeconds: 60 };
  const options = { ...NEIGHBOR_DEFAULTS, address: 'n', as: 1, import: 'accept', export: 'accept', maxPrefix };
  for (const count of counts) limit.check(options, count);
  return happened;
}

const WARNING = (count: number) => `n sent ${count} of at most 10 prefixes`;

test('a warning once, and again after it was better', () => {
  expect(run('end', [7, 8, 9, 8, 7, 8])).toEqual([WARNING(8), WARNING(8)]);
});

test('past the limit the session ends', () => {
  expect(run('end', [8, 11])).toEqual([WARNING(8), 'n sent more than 10 prefixes; back in 60 s', 'end']);
});

test('… or goes on', () => {
  const past = 'n sent more than 10 prefixes; the session goes on, as configured';
  expect(run('warn', [11, 12, 10, 11])).toEqual([past, past]);
});
