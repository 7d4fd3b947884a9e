// Messages made by hand: octets from hexadecimal text, UPDATE bodies from their fields, and the errors they cause.

import { WireError } from '../../../src/bgp/wire/notification.js';

/** Octets of hexadecimal digits; white space is for the reader. */
export function octets(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  return Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16));
}

/** Attributes of a good IPv4 route. */
export const ORIGIN = '40 01 01 00';
export const AS_PATH = '40 02 06 02 01 00 00 fd e9';
export const NEXT_HOP = '40 03 04 ac 12 08 65';
/** 10.233.1.0/24 */
export const NLRI = '18 0a e9 01';
/** MP_REACH_NLRI for 2001:db8:1::/48 by 2001:db8::1. */
export const MP_REACH = `80 0e 1c 00 02 01 10 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01 00 30 20 01 0d b8 00 01`;

/** An UPDATE body; fields are hexadecimal. */
export function updateBody(fields: { withdrawn?: string; attributes?: string; nlri?: string }): Uint8Array {
  const withdrawn = octets(fields.withdrawn ?? '');
  const attributes = octets(fields.attributes ?? '');
  const nlri = octets(fields.nlri ?? '');
  return Uint8Array.from([
    withdrawn.length >> 8,
    withdrawn.length & 0xff,
    ...withdrawn,
    attributes.length >> 8,
    attributes.length & 0xff,
    ...attributes,
    ...nlri,
  ]);
}

/** A whole message: header and body. */
export function message(type: number, body: Uint8Array): Uint8Array {
  const length = 19 + body.length;
  return Uint8Array.from([...new Array(16).fill(0xff), length >> 8, length & 0xff, type, ...body]);
}

/** What `work` throws, when that is a WireError. */
export function wireError(work: () => unknown): WireError {
  try {
    work();
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
