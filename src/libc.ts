// The C library, for what Node has no words for: opened by whoever needs it first.

import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';

/** koffi, which is dear to load, and the C library of this process. */
export interface Libc {
  koffi: typeof import('koffi');
  library: ReturnType<typeof import('koffi').load>;
  /** errno of the last call that failed, by name. */
  lastError(): string;
}

let libc: Libc | undefined;

export function openLibc(): Libc {
  if (libc !== undefined) return libc;
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  libc = { koffi, library: koffi.load(null), lastError: () => getSystemErrorName(-koffi.errno()) };
  return libc;
}
