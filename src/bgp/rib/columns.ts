// Growing a column: typed arrays that keep what they hold.
//
// Small columns double. Past a 512th of a full table a column is given room for all of it at once: memory that nobody has
// touched costs nothing but addresses, while every doubling touches all of it again. The first touch of a page is dear (on a
// virtual machine a third of a table's loading time went to it), so whoever knows the machine may choose where such a column
// begins, and have it in large pages (see src/memory.ts).
//
// That memory is a SharedArrayBuffer's, which nobody shares: what V8 knows as an ArrayBuffer's it counts as if all of it were
// in use, and collects garbage for each of the columns that are made for a full table. So who places them counts.

type Column = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array;
interface ColumnType<T extends Column> {
  new (length: number): T;
  new (memory: SharedArrayBuffer, offset: number, length: number): T;
}

/** Routes of a full table, and then some. */
export const MANY_ROUTES = 1 << 21;
/** Their sets of attributes. */
export const MANY_SETS = 1 << 18;

/** Says where large columns begin. */
export interface ColumnPlacer {
  /** Octets that a large column's memory has more than the column. */
  readonly spare: number;
  /**
   * The octet of new memory where its column is to begin, a multiple of 8 and at most `spare`; `whole`: all of it will soon
   * be in use. The column may be in place of another: whoever places them sees to it that the garbage collector comes.
   */
  place(memory: SharedArrayBuffer, whole: boolean): number;
}

/** A column of so many octets is a large one. */
const LARGE_BYTES = 1 << 21;
let placer: ColumnPlacer | null = null;

/** Has `by` place the large columns that are made from now on. */
export function placeLargeColumns(by: ColumnPlacer | null): void {
  placer = by;
}

/** Is a column that has had so many elements in use worth giving back when nothing is in it any more? */
export function isLarge(used: number): boolean {
  return used > 1 << 16;
}

/** How many elements a column is to have room for so that it holds `needed`; `many` is what a full table is to it. */
export function roomFor(needed: number, many: number): number {
  if (needed > many / 512 && needed <= many) return many;
  let room = 32;
  while (room < needed) room *= 2;
  return room;
}

/** A copy of `column` with room for `length` elements, of which the first `used` are kept. */
export function grown<T extends Column>(column: T, length: number, used = column.length): T {
  const type = column.constructor as ColumnType<T>;
  const bytes = length * column.BYTES_PER_ELEMENT;
  const bigger = placer === null || bytes < LARGE_BYTES ? new type(length) : placed(placer, type, bytes, length);
  bigger.set(used === column.length ? column : column.subarray(0, used));
  return bigger;
}

function placed<T extends Column>(by: ColumnPlacer, type: ColumnType<T>, bytes: number, length: number): T {
  const memory = new SharedArrayBuffer(bytes + by.spare);
  return new type(memory, by.place(memory, false), length);
}

/** A large page. */
const BLOCK_BYTES = 1 << 21;

/** Cuts large blocks into pieces, for what is not grown but added to: no page of a block stays unused for long. */
export class Pieces {
  private block: SharedArrayBuffer | null = null;
  private at = 0;
  private end = 0;

  /** So many octets, all 0: a power of two. */
  take(bytes: number): Uint8Array {
    if (placer === null) return new Uint8Array(bytes);
    if (this.block === null || this.at + bytes > this.end) {
      const size = Math.max(bytes, BLOCK_BYTES);
      this.block = new SharedArrayBuffer(size + placer.spare);
      this.at = placer.place(this.block, true);
      this.end = this.at + size;
    }
    const piece = new Uint8Array(this.block, this.at, bytes);
    this.at += bytes;
    return piece;
  }

  /** So many numbers. */
  takeInts(length: number): Int32Array {
    const { buffer, byteOffset } = this.take(length * Int32Array.BYTES_PER_ELEMENT);
    return new Int32Array(buffer, byteOffset, length);
  }
}
