// Where the columns of a large table are, and what it leaves behind: typed arrays that nobody uses, of which V8 takes no notice
// by itself.

import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { grown, MANY_ROUTES, Pieces, placeLargeColumns } from '../src/bgp/rib/columns.js';
import { openLibc } from '../src/libc.js';
import { largePages, returnMemory } from '../src/memory.js';

const MiB = 1 << 20;

afterEach(() => {
  vi.useRealTimers();
});

/** As a clock tells what large pages cost, one after the other, where sixteen small ones cost 1. */
function placeColumns(...large: number[]): void {
  const times = large.flatMap((cost, i) => (i < 2 ? [0, 1, 0, cost] : [0, cost]));
  placeLargeColumns(largePages(() => times.shift() ?? Number.NaN));
  onTestFinished(() => placeLargeColumns(null));
}

it('returns the memory of columns nobody uses, a little later and once', async () => {
  placeColumns();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const held = () => process.memoryUsage().arrayBuffers;
  const before = held();
  let columns = Array.from({ length: 8 }, () => grown(new Uint8Array(1), 8 * MiB));
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
  const small = Int32Array.of(1, 2, 3);
  const columns = Array.from({ length: 16 }, () => grown(small, MANY_ROUTES));
  const places = columns.map(column => addressOf(column) % large);
  expect(new Set(places).size).toBe(16);
  for (const [i, column] of columns.entries()) {
    expect(column.length).toBe(MANY_ROUTES);
    expect(Array.from(column.subarray(0, 4))).toEqual([1, 2, 3, 0]);
    // In the second half of a large page; from the next one on the kernel was asked for large ones (madvise(2): hg).
    expect(places[i]).toBeGreaterThanOrEqual(large / 2);
    expect(mappingOf(addressOf(column) + large - places[i]).flags).toContain('hg');
  }
  // What is timed as small pages is small, whatever the machine does by itself.
  expect(mappingOf(addressOf(columns[0])).flags).toContain('nh');
});

it.each([
  { costs: [64, 64, 64], advice: 'hg' },
  { costs: [65, 64, 64], advice: 'hg' },
  { costs: [65, 65], advice: 'nh' },
  { costs: [64, 65, 65], advice: 'nh' },
])('does without large pages where two are dear: %o', ({ costs, advice }) => {
  const large = 1 << 21;
  placeColumns(...costs);
  const columns = Array.from({ length: 3 }, () => grown(new Uint8Array(1), 8 * MiB));
  const arrays = [...columns, new Pieces().take(large)];
  for (const array of arrays) {
    const at = addressOf(array);
    expect(mappingOf(Math.ceil(at / large) * large).flags).toContain(advice);
  }
});

it('cuts pieces of large pages, which are theirs alone and zero', () => {
  const large = 1 << 21;
  placeColumns();
  const pieces = new Pieces();
  const first = Array.from({ length: 4 }, () => pieces.take(large / 4));
  expect(first.map(piece => addressOf(piece) % large)).toEqual([0, 1, 2, 3].map(quarter => (quarter * large) / 4));
  expect(mappingOf(addressOf(first[0])).flags).toContain('hg');
  for (const [i, piece] of first.entries()) expect(piece.fill(i + 1).length).toBe(large / 4);
  expect(first.every((piece, i) => piece.every(octet => octet === i + 1))).toBe(true);
  // One for which there is no room begins another block, and so does one that is larger than a block.
  const small = pieces.takeInts(1024);
  expect(addressOf(small) % large).toBe(0);
  expect(small.length).toBe(1024);
  expect(small.every(number => number === 0)).toBe(true);
  const whole = pieces.takeInts(large);
  expect(whole.length).toBe(large);
  expect(addressOf(whole) % large).toBe(0);
});

it('has columns collected that gave way to others, for V8 takes no notice of them', async () => {
  placeColumns();
  const held = () => process.memoryUsage().arrayBuffers;
  const before = held();
  let column = grown(new Uint8Array(1), 8 * MiB);
  // A gigabyte of them, of which a quarter may be left behind; their memory is freed beside the loop.
  for (let i = 0; i < 100; i++) {
    column = grown(column.fill(i), column.length);
    await turn();
    expect(held() - before).toBeLessThan(400 * MiB);
  }
  expect(column[0]).toBe(99);
});

it('keeps large blocks out of the heap of the C library, where they would have to be cleared', async () => {
  placeColumns();
  grown(new Uint8Array(1), MANY_ROUTES);
  const held = process.memoryUsage().arrayBuffers;
  let block: Uint8Array | undefined = new Uint8Array(16 * MiB);
  expect(block.length).toBe(16 * MiB);
  block = undefined;
  // One that has been freed is what makes the C library take the next of its size from its heap.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  returnMemory();
  vi.advanceTimersByTime(1000);
  for (let i = 0; i < 1000 && process.memoryUsage().arrayBuffers - held > MiB; i++) await turn();
  const next = new Uint8Array(12 * MiB);
  expect(mappingOf(addressOf(next)).name).not.toBe('[heap]');
});

it('leaves small columns alone', () => {
  placeColumns();
  expect(grown(new Uint8Array(1), 1 << 20).buffer.byteLength).toBe(1 << 20);
});

function addressOf(array: ArrayBufferView): number {
  return Number(openLibc().library.func('uintptr_t memset(void *, int, size_t)')(array, 0, 0));
}

/** The mapping of this process with the address (proc_pid_smaps(5)). */
function mappingOf(address: number): { name: string; flags: string[] } {
  let name: string | undefined;
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ *(.*)$/.exec(line);
    if (range) {
      const within = address >= Number.parseInt(range[1], 16) && address < Number.parseInt(range[2], 16);
      name = within ? range[3] : undefined;
    } else if (name !== undefined && line.startsWith('VmFlags:')) return { name, flags: line.split(' ').slice(1) };
  }
  throw new RangeError(`nothing is mapped at ${address}`);
}
