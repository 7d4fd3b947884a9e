// Network Layer Reachability Information: lists of <length, prefix>, with a path identifier before each where ADD-PATH was
// negotiated (RFC 4271 §4.3, RFC 4760 §5, RFC 7911 §3).

import { pushU32, readU32 } from './bytes.js';
import { FAMILIES, type Family } from './family.js';
import { clearHostBits, type Prefix } from './prefix.js';

/** One destination of an UPDATE in object form. */
export interface Nlri {
  prefix: Prefix;
  /** Present where the family's NLRI carry path identifiers (RFC 7911). */
  pathId?: number;
}

/**
 * True when octets [start, end) are whole NLRI, none longer than `bits` (RFC 7606 §5.3). `idOctets` is 4 with path
 * identifiers, else 0. Hot path: one pass, no allocation.
 */
export function isNlri(buf: Uint8Array, start: number, end: number, bits: number, idOctets: number): boolean {
  let at = start + idOctets;
  while (at < end) {
    const length = buf[at];
    if (length > bits) return false;
    at += 1 + ((length + 7) >> 3) + idOctets;
  }
  return at === end + idOctets;
}

/** Objects of checked NLRI; bits beyond a prefix' length do not matter and become zero (RFC 4271 §4.3). */
export function decodeNlri(buf: Uint8Array, start: number, end: number, family: Family, addPath: boolean): Nlri[] {
  const list: Nlri[] = [];
  let at = start;
  while (at < end) {
    const pathId = addPath ? readU32(buf, at) : undefined;
    if (addPath) at += 4;
    const length = buf[at];
    const octets = (length + 7) >> 3;
    const address = new Uint8Array(FAMILIES[family].addressBytes);
    address.set(buf.subarray(at + 1, at + 1 + octets));
    clearHostBits(address, length);
    at += 1 + octets;
    list.push(
      pathId === undefined ? { prefix: { family, address, length } } : { prefix: { family, address, length }, pathId },
    );
  }
  return list;
}

/** Appends NLRI; where path identifiers are due, a missing one is 0. */
export function encodeNlri(list: readonly Nlri[], addPath: boolean, out: number[]): void {
  for (const { prefix, pathId } of list) {
    if (addPath) pushU32(out, pathId ?? 0);
    out.push(prefix.length);
    const octets = (prefix.length + 7) >> 3;
    for (let i = 0; i < octets; i++) out.push(prefix.address[i]);
  }
}
