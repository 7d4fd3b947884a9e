// Who becomes a neighbor by itself, and for how long.

import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DynamicNeighbors, LINGER_MS } from '../../src/bgp/dynamic-neighbors.js';
import { NEIGHBOR_DEFAULTS, type NeighborOptions } from '../../src/bgp/session/options.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const range = (address: string, over: Partial<NeighborOptions> = {}): NeighborOptions => ({
  ...NEIGHBOR_DEFAULTS,
  address,
  as: 65001,
  import: 'accept',
  export: 'accept',
  ...over,
});

function bed() {
  const removed: string[] = [];
  const dynamic = new DynamicNeighbors<{ options: NeighborOptions; shutdown: boolean; needed: boolean }>(
    options => ({ options, shutdown: false, needed: false }),
    neighbor => {
      removed.push(neighbor.options.address);
      dynamic.replaced(neighbor);
    },
    pino({ level: 'silent' }),
  );
  return { dynamic, removed };
}

test('the longest prefix decides, its options are the neighbor’s', () => {
  const { dynamic } = bed();
  dynamic.set(range('10.0.0.0/8', { as: 65008 }));
  dynamic.set(range('10.1.0.0/16', { as: 65016 }));
  dynamic.set(range('2001:db8::/32', { as: 65032 }));
  dynamic.set(range('10.2.0.0/16', { shutdown: true }));
  expect(dynamic.admit('10.1.0.7')?.options).toMatchObject({
    address: '10.1.0.7',
    range: '10.1.0.0/16',
    passive: true,
  });
  expect(['10.9.0.7', '10.1.0.8', '2001:db8::7'].map(it => dynamic.admit(it)?.options.as)).toEqual([
    65008, 65016, 65032,
  ]);
  expect(['11.0.0.1', '2001:db9::1', '10.2.0.1'].map(it => dynamic.admit(it))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('no more than the limit, until one has gone', () => {
  const { dynamic } = bed();
  dynamic.set(range('10.0.0.0/8', { limit: 2 }));
  const first = dynamic.admit('10.0.0.1');
  expect(dynamic.admit('10.0.0.2')).toBeDefined();
  expect(dynamic.admit('10.0.0.3')).toBeUndefined();
  if (first) dynamic.replaced(first);
  expect(dynamic.admit('10.0.0.3')).toBeDefined();
  expect(dynamic.admit('10.0.0.4')).toBeUndefined();
});

test('one that is not needed any more goes, one that was shut down by hand stays', () => {
  const { dynamic, removed } = bed();
  dynamic.set(range('10.0.0.0/8'));
  const [needed, ended, down] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(address => dynamic.admit(address));
  Object.assign(needed as object, { needed: true });
  Object.assign(down as object, { shutdown: true });
  vi.advanceTimersByTime(LINGER_MS - 1);
  if (ended) dynamic.changed(ended);
  vi.advanceTimersByTime(LINGER_MS - 1);
  expect(removed).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(removed).toEqual(['10.0.0.2']);
  Object.assign(needed as object, { needed: false });
  vi.advanceTimersByTime(LINGER_MS * 2);
  expect(removed).toEqual(['10.0.0.2', '10.0.0.1']);
});

test('other options are for the neighbors there are, too; without the prefix they go', () => {
  const { dynamic, removed } = bed();
  dynamic.set(range('10.0.0.0/8'));
  dynamic.admit('10.0.0.1');
  expect(dynamic.set(range('10.0.0.0/8', { holdTimeSeconds: 9 }))).toMatchObject([
    { address: '10.0.0.1', holdTimeSeconds: 9, passive: true, range: '10.0.0.0/8' },
  ]);
  dynamic.delete('10.0.0.0/8');
  expect(removed).toEqual(['10.0.0.1']);
  expect(dynamic.has('10.0.0.0/8')).toBe(false);
});
