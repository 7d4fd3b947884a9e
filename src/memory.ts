// The memory of large tables: how the C library and the kernel hand it out, and that it is given back.
//
// Routes are columns of typed arrays, memory outside V8's heap, which comes from the C library. By itself that would, once
// it has freed a large block, take others of that size from its heap, where it has to clear them first: a quarter of a second
// in one go for the columns of a table. So the limit for mappings of their own is fixed (mallopt(3)), above the size of what
// is soon used again, such as buffers of messages; and their memory stays in the heap until the table is gone, for every page that
// is given back and taken again costs more than what is written to it.
//
// V8 frees what nobody uses any more when its heap has grown, and a daemon whose routes are no objects hardly grows it:
// without being asked, the memory of a withdrawn table stays, and that of columns that gave way to others.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ColumnPlacer } from './bgp/rib/columns.js';
import { LARGE_PAGE_BYTES, LargePages } from './large-pages.js';
import { openLibc } from './libc.js';

/** What follows from the end of a table (withdrawals that wait, kernel routes) has ended, too. */
const LATER_MS = 1000;
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;
/** New columns may have as much of old ones behind them; those of a family's first table are less. */
const COLLECT_AFTER_BYTES = 1 << 28;
const MMAP_THRESHOLD_BYTES = 1 << 20;
const TRIM_THRESHOLD_BYTES = 1 << 26;

/** Of columns placed since garbage was collected. */
let placedBytes = 0;
let gc: (() => void) | undefined;
let due: NodeJS.Timeout | undefined;

/** Places columns in large pages, where these are worth it; what that needs is loaded with the first column. */
export function largePages(now = () => performance.now()): ColumnPlacer {
  let pages: LargePages | undefined;
  return {
    spare: LARGE_PAGE_BYTES,
    place(memory, whole) {
      pages ??= prepare(now);
      placedBytes += memory.byteLength;
      if (placedBytes > COLLECT_AFTER_BYTES) collectGarbage();
      return pages.place(memory, whole);
    },
  };
}

function prepare(now: () => number): LargePages {
  ofGlibc('int mallopt(int, int)', M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
  ofGlibc('int mallopt(int, int)', M_TRIM_THRESHOLD, TRIM_THRESHOLD_BYTES);
  return new LargePages(now);
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
