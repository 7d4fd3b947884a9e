// The memory of large tables: how the C library and the kernel hand it out, and that it is given back.
//
// Routes are columns of typed arrays, memory outside V8's heap, which comes from the C library. By itself that would, once
// it has freed a large block, take others of that size from its heap, where it has to clear them first: a quarter of a second
// in one go for the columns of a table. So the limit for mappings of their own is fixed (mallopt(3)), above the size of what
// is soon used again, such as buffers of messages; and their memory stays in the heap until the table is gone, for every page that
// is given back and taken again costs more than what is written to it.
//
// Columns for a full table are in large pages where the kernel has them (madvise(2), MADV_HUGEPAGE), from the first boundary on:
// a small table does not pay for them. The kernel clears a large page when it is touched, which may take milliseconds; so
// each column begins at another place before its boundary, and a table that grows does not come to them all at once. What is
// whole from the beginning (hash slots, attributes) begins at a boundary. On a virtual machine whose host takes free memory
// back, a large page has to come from there each time, while small ones are at hand: so the first ones are timed.
//
// V8 frees what nobody uses any more when its heap has grown, and a daemon whose routes are no objects hardly grows it:
// without being asked, the memory of a withdrawn table stays, and that of columns that gave way to others.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ColumnPlacer } from './bgp/rib/columns.js';
import { openLibc } from './libc.js';

/** What follows from the end of a table (withdrawals that wait, kernel routes) has ended, too. */
const LATER_MS = 1000;
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;
const MADV_HUGEPAGE = 14;
const MADV_NOHUGEPAGE = 15;
/** New columns may have as much of old ones behind them; those of a family's first table are less. */
const COLLECT_AFTER_BYTES = 1 << 28;
const MMAP_THRESHOLD_BYTES = 1 << 20;
const TRIM_THRESHOLD_BYTES = 1 << 26;
const PAGE_BYTES = 1 << 12;
const LARGE_PAGE_BYTES = 1 << 21;
/** Columns whose first large page is timed … */
const TRIALS = 2;
/** … against so many small ones. */
const SMALL_PAGES = 16;
/** Large pages, which are soon looked up, may cost so many times what as many small ones do. */
const WORTH = 2;
/** Where columns begin after a boundary: in the second half of the page, a 32nd of it from any other. */
const BEGINNINGS = Array.from({ length: 16 }, (_, i) => (LARGE_PAGE_BYTES / 32) * (16 + ((i * 7) % 16)));

/** Of columns placed since garbage was collected. */
let placedBytes = 0;
let gc: (() => void) | undefined;
let due: NodeJS.Timeout | undefined;

/** Places columns in large pages, where these are worth it; what that needs is loaded with the first column. */
export function largePages(now = () => performance.now()): ColumnPlacer {
  let place: ColumnPlacer['place'] | undefined;
  return {
    spare: LARGE_PAGE_BYTES,
    place(memory, whole) {
      place ??= prepare(now);
      placedBytes += memory.byteLength;
      if (placedBytes > COLLECT_AFTER_BYTES) collectGarbage();
      return place(memory, whole);
    },
  };
}

function prepare(now: () => number): ColumnPlacer['place'] {
  const { library } = openLibc();
  ofGlibc('int mallopt(int, int)', M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
  ofGlibc('int mallopt(int, int)', M_TRIM_THRESHOLD, TRIM_THRESHOLD_BYTES);
  const madvise = library.func('int madvise(uintptr_t, size_t, int)');
  // Its result is the address of what it was given, of which it clears nothing.
  const addressOf = library.func('uintptr_t memset(void *, int, size_t)');
  let placed = 0;
  let worth = true;
  return (memory, whole) => {
    const octets = new Uint8Array(memory);
    const begin = Number(addressOf(octets, 0, 0));
    const end = begin + memory.byteLength;
    const beginning = whole ? 0 : BEGINNINGS[placed++ % BEGINNINGS.length];
    const first = roundUp(begin - beginning, LARGE_PAGE_BYTES) + beginning;
    const large = roundUp(first, LARGE_PAGE_BYTES);
    // A kernel without large pages refuses: then the column has small ones.
    const advise = () => madvise(large, end - (end % PAGE_BYTES) - large, worth ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    advise();
    if (!whole && worth && placed <= TRIALS && areDear(octets, first - begin, large - begin, now)) {
      worth = false;
      advise();
    }
    return first - begin;
  };
}

/** Touches the small pages from `small` on, which the column is about to fill, and the large page at `large`. */
function areDear(octets: Uint8Array, small: number, large: number, now: () => number): boolean {
  const begin = now();
  for (let i = 0; i < SMALL_PAGES; i++) octets[small + i * PAGE_BYTES] = 0;
  const middle = now();
  octets[large] = 0;
  const as = LARGE_PAGE_BYTES / PAGE_BYTES / SMALL_PAGES;
  return now() - middle > WORTH * as * (middle - begin);
}

/** To be called when a large table has become empty; several calls in a short time are one. */
export function returnMemory(): void {
  due?.refresh();
  due ??= setTimeout(() => {
    due = undefined;
    collectGarbage();
    // V8 frees beside the loop.
    setTimeout(trim, LATER_MS).unref();
  }, LATER_MS).unref();
}

function collectGarbage(): void {
  placedBytes = 0;
  if (gc === undefined) {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as () => void;
    // V8 takes code that it compiled with other flags for another's.
    setFlagsFromString('--no-expose-gc');
  }
  gc();
}

function trim(): void {
  ofGlibc('int malloc_trim(size_t)', 0);
}

/** Calls what other C libraries do not have, and nothing there. */
function ofGlibc(prototype: string, ...values: number[]): void {
  let call: (...values: number[]) => void;
  try {
    call = openLibc().library.func(prototype);
  } catch {
    return;
  }
  call(...values);
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
