// Where the columns of a large table begin, and in which pages they are.
//
// Columns for a full table are in large pages where the kernel has them (madvise(2), MADV_HUGEPAGE), from the first boundary on:
// a small table does not pay for them. The kernel clears a large page when it is touched, which may take milliseconds; so
// each column begins at another place before its boundary, and a table that grows does not come to them all at once. What is
// whole from the beginning (hash slots, attributes) begins at a boundary.
//
// A virtual machine whose host takes free memory back has to get a large page from there each time, while small ones are at
// hand. So the first large pages are timed, and none are asked for any more when two have been too dear.

import { openLibc } from './libc.js';

export const LARGE_PAGE_BYTES = 1 << 21;
const PAGE_BYTES = 1 << 12;
const MADV_HUGEPAGE = 14;
const MADV_NOHUGEPAGE = 15;
/** Where columns begin after a boundary: in the second half of the page, a 32nd of it from any other. */
const BEGINNINGS = Array.from({ length: 16 }, (_, i) => (LARGE_PAGE_BYTES / 32) * (16 + ((i * 7) % 16)));
/** Columns whose first pages, small and large, are touched and timed, … */
const TRIALS = 2;
/** … and so many blocks of those that are whole. */
const BLOCK_TRIALS = 32;
/** Small pages that are touched for it: there are so many in each column before the boundary. */
const SMALL_PAGES = 16;
/** So many that were too dear are no accident. */
const DEAR = 2;
/** A large page, which is sooner looked up later on, may cost so many times what as many small ones do. */
const WORTH = 2;

/** Places columns; see ColumnPlacer. */
export class LargePages {
  private readonly now: () => number;
  private readonly madvise: (address: number, bytes: number, advice: number) => number;
  private readonly addressOf: (octets: Uint8Array) => number;
  private columns = 0;
  private blocks = 0;
  /** What a large page may cost; 0 before small ones have been timed. */
  private limit = 0;
  private dear = 0;
  /** What was asked to be in large pages, as long as these are timed. Some of it may have been given back. */
  private asked: { address: number; bytes: number }[] = [];

  /** `now` tells milliseconds. */
  constructor(now: () => number) {
    this.now = now;
    const { library } = openLibc();
    this.madvise = library.func('int madvise(uintptr_t, size_t, int)');
    // Its result is the address of what it was given, of which it clears nothing.
    const memset = library.func('uintptr_t memset(void *, int, size_t)');
    this.addressOf = octets => Number(memset(octets, 0, 0));
  }

  /** The octet of the memory where its column is to begin. */
  place(memory: SharedArrayBuffer, whole: boolean): number {
    const octets = new Uint8Array(memory);
    const address = this.addressOf(octets);
    const beginning = whole ? 0 : BEGINNINGS[this.columns++ % BEGINNINGS.length];
    const first = roundUp(address - beginning, LARGE_PAGE_BYTES) + beginning - address;
    const boundary = roundUp(address + first, LARGE_PAGE_BYTES) - address;
    this.ask(address + boundary, address + memory.byteLength);
    const isTrial = whole ? this.limit > 0 && ++this.blocks <= BLOCK_TRIALS : this.columns <= TRIALS;
    if (this.dear === DEAR || !isTrial) return first;
    if (!whole) {
      // Where large pages need no asking, it would be part of one.
      this.madvise(roundUp(address, PAGE_BYTES), boundary - PAGE_BYTES, MADV_NOHUGEPAGE);
      const small = this.touch(octets, first, SMALL_PAGES);
      this.limit = (WORTH * small * LARGE_PAGE_BYTES) / PAGE_BYTES / SMALL_PAGES;
    }
    if (this.touch(octets, boundary, 1) > this.limit && ++this.dear === DEAR) this.giveUp();
    else if (this.blocks === BLOCK_TRIALS) this.asked = [];
    return first;
  }

  /** A kernel without large pages refuses: then there are small ones. */
  private ask(address: number, end: number): void {
    const bytes = end - (end % PAGE_BYTES) - address;
    this.madvise(address, bytes, this.dear < DEAR ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    if (this.dear < DEAR && this.blocks < BLOCK_TRIALS) this.asked.push({ address, bytes });
  }

  private giveUp(): void {
    for (const { address, bytes } of this.asked) this.madvise(address, bytes, MADV_NOHUGEPAGE);
    this.asked = [];
  }

  /** Touches so many small pages one after the other; returns how long that took, in milliseconds. */
  private touch(octets: Uint8Array, from: number, pages: number): number {
    const begin = this.now();
    for (let i = 0; i < pages; i++) octets[from + i * PAGE_BYTES] = 0;
    return this.now() - begin;
  }
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
