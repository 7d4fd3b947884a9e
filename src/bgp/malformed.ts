// What is told of a malformed UPDATE (RFC 7606 §6): the message as a whole, and the prefixes in it.

import { Family } from './wire/family.js';
import { decodeNlri } from './wire/nlri.js';
import { formatPrefix } from './wire/prefix.js';
import type { UpdateScan } from './wire/update-scan.js';

/** Prefixes listed at most. */
const LISTED = 100;

export interface MalformedUpdate {
  /** Announced and withdrawn, as text. */
  prefixes: string[];
  /** The message's body, hexadecimal. */
  update: string;
}

/** The UPDATE body in octets [start, end) of `buf`, just scanned. `addPath`: families with path identifiers. */
export function malformedUpdate(
  scan: UpdateScan,
  buf: Uint8Array,
  start: number,
  end: number,
  addPath: readonly Family[],
): MalformedUpdate {
  const list = (family: Family | -1, from: number, to: number) =>
    family === -1 ? [] : decodeNlri(buf, from, to, family, addPath.includes(family));
  const nlri = [
    ...list(Family.ipv4Unicast, scan.nlriStart, scan.nlriEnd),
    ...list(scan.reachFamily, scan.reachStart, scan.reachEnd),
    ...list(Family.ipv4Unicast, scan.withdrawnStart, scan.withdrawnEnd),
    ...list(scan.unreachFamily, scan.unreachStart, scan.unreachEnd),
  ];
  const prefixes = nlri.slice(0, LISTED).map(({ prefix }) => formatPrefix(prefix));
  return { prefixes, update: Buffer.from(buf.subarray(start, end)).toString('hex') };
}
