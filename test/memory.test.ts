// What a large table leaves behind: typed arrays that nobody uses, of which V8 takes no notice by itself.

import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { returnMemory } from '../src/memory.js';

const MiB = 1 << 20;

afterEach(() => {
  vi.useRealTimers();
});

it('returns the memory of columns nobody uses, a little later and once', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const held = () => process.memoryUsage().arrayBuffers;
  const before = held();
  let columns: Uint8Array[] = Array.from({ length: 8 }, () => new Uint8Array(8 * MiB));
  expect(columns.length).toBe(8);
  columns = [];
  returnMemory();
  vi.advanceTimersByTime(500);
  returnMemory();
  vi.advanceTimersByTime(999);
  expect(vi.getTimerCount()).toBe(1);
  expect(held() - before).toBeGreaterThan(60 * MiB);
  vi.advanceTimersByTime(1);
  expect(vi.getTimerCount()).toBe(0);
  // The arrays' memory is freed beside the loop.
  for (let i = 0; i < 1000 && held() - before > MiB; i++) await turn();
  expect(held() - before).toBeLessThan(MiB);
});
