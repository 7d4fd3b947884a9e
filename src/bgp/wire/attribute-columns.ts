// The attribute table as columns for the hot path: typed arrays indexed by type code, derived from ATTRIBUTES.

import { ATTRIBUTES, ERROR_CLASSES, flagsOf } from './attribute-table.js';
import type { ScanContext } from './context.js';

/** Value of FLAGS for a type code without a row. */
export const NO_ROW = 0xff;

/** Optional and Transitive bits, or NO_ROW. */
export const FLAGS = new Uint8Array(256).fill(NO_ROW);
export const MIN_LENGTH = new Uint16Array(256);
export const MAX_LENGTH = new Uint16Array(256);
export const LENGTH_MULTIPLE = new Uint16Array(256).fill(1);
/** What a bad length or bad contents cost: an index of ERROR_CLASSES, DISCARD the weakest. */
export const DISCARD = ERROR_CLASSES.indexOf('attribute-discard');
export const ERROR_CLASS = new Uint8Array(256);
/** Discarded unseen from: nobody (0), DISCARD_EXTERNAL, DISCARD_AS4. */
export const DISCARD_FROM = new Uint8Array(256);
export const DISCARD_EXTERNAL = 1;
export const DISCARD_AS4 = 2;

export type Validate = (buf: Uint8Array, start: number, end: number, ctx: ScanContext) => string | null;
/** Check of the contents, where there is one. */
export const VALIDATE: (Validate | null)[] = new Array(256).fill(null);

for (const row of ATTRIBUTES) {
  if (!row) continue;
  FLAGS[row.code] = flagsOf(row);
  MIN_LENGTH[row.code] = row.length.min;
  MAX_LENGTH[row.code] = row.length.max;
  LENGTH_MULTIPLE[row.code] = row.length.multiple;
  ERROR_CLASS[row.code] = ERROR_CLASSES.indexOf(row.errorClass);
  DISCARD_FROM[row.code] =
    row.discardFrom === 'external' ? DISCARD_EXTERNAL : row.discardFrom === 'as4' ? DISCARD_AS4 : 0;
  VALIDATE[row.code] = row.validate ?? null;
}
