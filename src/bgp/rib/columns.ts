// Growing a column: typed arrays that keep what they hold.
//
// Small columns double. Past a 512th of a full table a column is given room for all of it at once: memory that nobody has
// touched costs nothing but addresses, while every doubling touches all of it again, and the first touch of a page is
// dear (a fifth of a table's loading time goes to it on a virtual machine).

type Column = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array;

/** Routes of a full table, and then some. */
export const MANY_ROUTES = 1 << 21;
/** Their sets of attributes. */
export const MANY_SETS = 1 << 18;

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
  const bigger = new (column.constructor as new (length: number) => T)(length);
  bigger.set(used === column.length ? column : column.subarray(0, used));
  return bigger;
}
