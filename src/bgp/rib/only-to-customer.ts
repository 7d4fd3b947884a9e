// Route leaks: what the relation to a neighbor says of ONLY_TO_CUSTOMER in routes from it and to it (RFC 9234 §5).
//
// A route that came from a provider, a peer or a route server goes on to customers only; the attribute marks it. The rules
// are those of the RFC and no policy changes them. Works on canonical blocks (wire/canonical.ts).

import type { Role } from '../wire/capabilities.js';

/** What this speaker does, being in a role towards a neighbor. */
export interface OtcRule {
  /** Marked routes from the neighbor are taken: all, none, or those that the neighbor's own AS has marked. */
  readonly takes: 'all' | 'none' | 'own';
  /** Routes from the neighbor that are not marked are marked with its AS. */
  readonly marksTaken: boolean;
  /** Marked routes are announced to the neighbor. */
  readonly tells: boolean;
  /** Routes announced to the neighbor that are not marked are marked with the own AS. */
  readonly marksTold: boolean;
}

/** By the role of this speaker. */
export const OTC_RULES: Readonly<Record<Role, OtcRule>> = {
  provider: { takes: 'none', marksTaken: false, tells: true, marksTold: true },
  rs: { takes: 'none', marksTaken: false, tells: true, marksTold: true },
  'rs-client': { takes: 'all', marksTaken: true, tells: false, marksTold: false },
  customer: { takes: 'all', marksTaken: true, tells: false, marksTold: false },
  peer: { takes: 'own', marksTaken: true, tells: false, marksTold: true },
};

export const ONLY_TO_CUSTOMER = 35;
/** Optional and transitive. */
const FLAGS = 0xc0;

/** Is a route from the neighbor in `remoteAs`, marked with `as`, a leak? */
export function isLeak({ takes }: OtcRule, as: number, remoteAs: number): boolean {
  return takes === 'none' || (takes === 'own' && as !== remoteAs);
}

/** Writes the attribute at `out[at]`; returns where it ends. */
export function writeOnlyToCustomer(out: Uint8Array, at: number, as: number): number {
  out[at] = FLAGS;
  out[at + 1] = ONLY_TO_CUSTOMER;
  out[at + 2] = 4;
  out[at + 3] = as >>> 24;
  out[at + 4] = as >>> 16;
  out[at + 5] = as >>> 8;
  out[at + 6] = as;
  return at + 7;
}

/** Marks the block in `block[0..length)`, which is not marked; returns its new length. */
export function markOnlyToCustomer(block: Uint8Array, length: number, as: number): number {
  let at = 1 + block[0];
  while (at < length && block[at + 1] < ONLY_TO_CUSTOMER) {
    at += (block[at] & 0x10) !== 0 ? 4 + ((block[at + 2] << 8) | block[at + 3]) : 3 + block[at + 2];
  }
  block.copyWithin(at + 7, at, length);
  writeOnlyToCustomer(block, at, as);
  return length + 7;
}
