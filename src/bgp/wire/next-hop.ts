// Next hops in octets: 4 (IPv4), 16 (IPv6) or 32 (an IPv6 global and a link-local address, RFC 2545 §3, RFC 8950 §3).

import { formatAddress } from './prefix.js';

const NOT_A_HOST = 'it is not the address of a host';

/**
 * True for a length an MP_REACH_NLRI next hop can have; IPv4 destinations may be reached by IPv6 (RFC 8950 §3) unless
 * `ipv4Only`.
 */
export function isNextHopLength(octets: number, bits: 32 | 128, ipv4Only = false): boolean {
  if (bits === 32 && ipv4Only) return octets === 4;
  return octets === 16 || octets === 32 || (octets === 4 && bits === 32);
}

/**
 * A next hop must be the address of a host (RFC 4271 §6.3): not unspecified, multicast or broadcast. A reason, or null.
 * Of 32 octets the first address may be unspecified when the link-local one is there: some speakers have no other.
 */
export function checkNextHop(buf: Uint8Array, start: number, end: number): string | null {
  if (end - start === 4) {
    if ((buf[start] | buf[start + 1] | buf[start + 2] | buf[start + 3]) === 0) return NOT_A_HOST;
    if (buf[start] >= 0xe0 && buf[start] < 0xf0) return NOT_A_HOST;
    return (buf[start] & buf[start + 1] & buf[start + 2] & buf[start + 3]) === 0xff ? NOT_A_HOST : null;
  }
  if (buf[start] === 0xff || (end - start === 32 && buf[start + 16] === 0xff)) return NOT_A_HOST;
  for (let at = start; at < end; at++) if (buf[at] !== 0) return null;
  return NOT_A_HOST;
}

/** Text of a next hop: `172.18.8.101`, `2001:db8::1`, `2001:db8::1 fe80::1`. */
export function formatNextHop(octets: Uint8Array): string {
  if (octets.length !== 32) return formatAddress(octets);
  return `${formatAddress(octets.subarray(0, 16))} ${formatAddress(octets.subarray(16))}`;
}
