// Scans of UPDATEs made by hand, for tests of what the scan finds and what it makes of errors.

import { expect } from 'vitest';
import type { ScanContext } from '../../../src/bgp/wire/context.js';
import { scanUpdate, UpdateScan } from '../../../src/bgp/wire/update-scan.js';
import { AS_PATH, NEXT_HOP, NLRI, ORIGIN, updateBody } from './octets.js';

export const INTERNAL: ScanContext = { as4: true, addPath: 0, internal: true, families: 3 };
export const EXTERNAL: ScanContext = { ...INTERNAL, internal: false };
export const TWO_OCTET: ScanContext = { ...INTERNAL, as4: false };
export const AS_PATH_2 = '40 02 04 02 01 fd e9';
export const GOOD = `${ORIGIN} ${AS_PATH} ${NEXT_HOP}`;

export function scan(body: Uint8Array, ctx = INTERNAL): UpdateScan {
  const out = new UpdateScan();
  scanUpdate(body, 0, body.length, ctx, out);
  return out;
}

/** A route with these attributes and one NLRI. */
export function route(attributes: string, ctx = INTERNAL): UpdateScan {
  return scan(updateBody({ attributes, nlri: NLRI }), ctx);
}

/** Expects one error of this class in a route, and says whether the attribute is gone. */
export function expectError(out: UpdateScan, errorClass: string, code: number): void {
  expect(out.errors.map(error => [error.class, error.code])).toEqual([[errorClass, code]]);
  expect(out.treatAsWithdraw).toBe(errorClass === 'treat-as-withdraw');
}
