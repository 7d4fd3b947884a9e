// Gives memory back to the system when a large table has been emptied.
//
// Routes are columns of typed arrays, memory outside V8's heap. V8 frees what nobody uses any more when its heap has grown,
// and a daemon whose routes are no objects hardly grows it: without being asked, the memory of a withdrawn table stays.
// The C library must have a mapping for each large block, or it could not unmap them: once it has freed one, it takes others of
// that size from its heap, unless the limit is fixed (mallopt(3), M_MMAP_THRESHOLD).

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openLibc } from './libc.js';

/** What follows from the end of a table (withdrawals that wait, kernel routes) has ended, too. */
const LATER_MS = 1000;
const M_MMAP_THRESHOLD = -3;
const MMAP_THRESHOLD_BYTES = 1 << 17;

let collect: (() => void) | undefined;
let due: NodeJS.Timeout | undefined;

/** To be called when a large table has become empty; several calls in a short time are one. */
export function returnMemory(): void {
  due?.refresh();
  due ??= setTimeout(() => {
    due = undefined;
    collect ??= prepare();
    collect();
  }, LATER_MS).unref();
}

function prepare(): () => void {
  openLibc().library.func('int mallopt(int, int)')(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
