// Where the columns of a large table are, and what it leaves behind: typed arrays that nobody uses, of which V8 takes no notice
// by itself.

import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { grown, MANY_ROUTES, placeLargeColumns } from '../src/bgp/rib/columns.js';
import { openLibc } from '../src/libc.js';
import { placeColumns, returnMemory } from '../src/memory.js';

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
  // The arrays' memory is freed beside the loop.
  for (let i = 0; i < 1000 && held() - before > MiB; i++) await turn();
  expect(held() - before).toBeLessThan(MiB);
  // What is left is the C library's own.
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1000);
  expect(vi.getTimerCount()).toBe(0);
});

it('places large columns in large pages, each at another place before a boundary', () => {
  const large = 1 << 21;
  placeColumns();
  onTestFinished(() => placeLargeColumns(null));
  const small = Int32Array.of(1, 2, 3);
  const columns = Array.from({ length: 16 }, () => grown(small, MANY_ROUTES));
  const addressOf = openLibc().library.func('uintptr_t memset(void *, int, size_t)');
  const places = columns.map(column => Number(addressOf(column, 0, 0)) % large);
  expect(new Set(places).size).toBe(16);
  for (const [i, column] of columns.entries()) {
    expect(column.length).toBe(MANY_ROUTES);
    expect(Array.from(column.subarray(0, 4))).toEqual([1, 2, 3, 0]);
    // In the second half of a large page; the next one begins the part that the kernel was asked to have in large ones.
    expect(places[i]).toBeGreaterThanOrEqual(large / 2);
    expect(isAdvised(Number(addressOf(column, 0, 0)) + large - places[i])).toBe(true);
  }
});

it('leaves small columns alone', () => {
  placeColumns();
  onTestFinished(() => placeLargeColumns(null));
  expect(grown(new Uint8Array(1), 1 << 20).buffer.byteLength).toBe(1 << 20);
});

/** Is there a mapping with the address whose flags have hg, the advice MADV_HUGEPAGE (proc_pid_smaps(5))? */
function isAdvised(address: number): boolean {
  let within = false;
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line);
    if (range) within = address >= Number.parseInt(range[1], 16) && address < Number.parseInt(range[2], 16);
    else if (within && line.startsWith('VmFlags:')) return line.split(' ').includes('hg');
  }
  return false;
}
