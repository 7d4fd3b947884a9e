// Which next hops a neighbor may name (RFC 4271 §5.1.3, §6.3): never this speaker, and one hop away in another AS only
// itself or an address on a subnet in common with us. What the kernel's routes say of a next hop is another matter.

import { Verdict } from './paths.js';

/** A subnet of this machine. */
export interface Subnet {
  /** 4 or 16 bytes. */
  address: Uint8Array;
  /** Prefix length. */
  length: number;
}

export interface NextHopRule {
  /** This speaker's addresses on the session's link. */
  own: readonly Uint8Array[];
  /** This machine's subnets, of the session's family; null: the neighbor may name next hops elsewhere. */
  subnets: readonly Subnet[] | null;
}

/** The verdict on the next hop in `length` (4, 16, or 32: global and link-local) bytes at `at`. */
export function judgeNextHop(rule: NextHopRule, bytes: Uint8Array, at: number, length: number): Verdict {
  const size = length === 4 ? 4 : 16;
  for (const own of rule.own) if (own.length === size && within(bytes, at, own, size * 8)) return Verdict.ownNextHop;
  const { subnets } = rule;
  if (subnets === null || length === 32 || subnets[0].address.length !== size || isLinkLocal(bytes, at, size)) {
    return Verdict.accepted;
  }
  for (const { address, length: bits } of subnets) if (within(bytes, at, address, bits)) return Verdict.accepted;
  return Verdict.offLinkNextHop;
}

function isLinkLocal(bytes: Uint8Array, at: number, size: number): boolean {
  return size === 16 && bytes[at] === 0xfe && (bytes[at + 1] & 0xc0) === 0x80;
}

/** Are the first `bits` bits of both addresses the same? */
function within(bytes: Uint8Array, at: number, address: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (bytes[at + i] !== address[i]) return false;
  const rest = bits & 7;
  return rest === 0 || ((bytes[at + whole] ^ address[whole]) & (0xff00 >> rest)) === 0;
}
