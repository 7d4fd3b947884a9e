// Sweeps, slice by slice, while other things happen.

import { expect, test } from 'vitest';
import { addSource, announce, newRib, settle } from './tables.js';

const PREFIXES = Array.from({ length: 10 }, (_, i) => `10.0.${i}.0/24`);

test('what becomes stale while a sweep goes on stays, what was stale before goes', () => {
  const rib = newRib();
  const source = addSource(rib, '10.9.0.2', 'external');
  const [table] = rib.families;
  for (const prefix of PREFIXES) announce(rib, source, prefix, {});
  table.markStale(source);
  for (const prefix of PREFIXES.slice(5)) announce(rib, source, prefix, {});
  table.sweep(source);
  rib.work(1);
  table.markStale(source);
  settle(rib);
  expect(table.counts(source)).toEqual({ received: 5, accepted: 5, stale: 5 });
  table.sweep(source);
  settle(rib);
  expect(table.counts(source)).toEqual({ received: 0, accepted: 0, stale: 0 });
});

test('what is told again while a sweep goes on stays', () => {
  const rib = newRib();
  const source = addSource(rib, '10.9.0.2', 'external');
  const [table] = rib.families;
  for (const prefix of PREFIXES) announce(rib, source, prefix, {});
  table.markStale(source);
  table.sweep(source);
  announce(rib, source, PREFIXES[9], {});
  settle(rib);
  expect(table.counts(source)).toEqual({ received: 1, accepted: 1, stale: 0 });
});
