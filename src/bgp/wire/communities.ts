// Communities between numbers and text: standard (RFC 1997), large (RFC 8092) and extended (RFC 4360, RFC 5668;
// link bandwidth: draft-ietf-idr-link-bandwidth).
//
// A standard community is an unsigned 32-bit number, a large one three of them, an extended one its 8 octets. People write
// `65001:100` or a well-known name, `65001:1:2`, and `rt:65001:1`. Every formatted text parses back to the same value.

import { pushFloat, pushU16, pushU32, readFloat, readU16, readU32, toHex } from './bytes.js';
import { InputError } from './input-error.js';
import { formatRouterId, parseAddress } from './prefix.js';

/** Global Administrator, Local Data Part 1 and 2 (RFC 8092 §3). */
export type LargeCommunity = readonly [globalAdministrator: number, localData1: number, localData2: number];

/** The well-known communities by value (IANA "BGP Well-known Communities"). */
export const WELL_KNOWN_COMMUNITIES: readonly {
  readonly value: number;
  readonly name: string;
  readonly rfc: string;
}[] = [
  { value: 0xffff0000, name: 'graceful-shutdown', rfc: 'RFC 8326' },
  { value: 0xffff0001, name: 'accept-own', rfc: 'RFC 7611' },
  { value: 0xffff0006, name: 'llgr-stale', rfc: 'RFC 9494' },
  { value: 0xffff0007, name: 'no-llgr', rfc: 'RFC 9494' },
  { value: 0xffff0009, name: 'standby-pe', rfc: 'RFC 9026' },
  { value: 0xffff029a, name: 'blackhole', rfc: 'RFC 7999' },
  { value: 0xffffff01, name: 'no-export', rfc: 'RFC 1997' },
  { value: 0xffffff02, name: 'no-advertise', rfc: 'RFC 1997' },
  { value: 0xffffff03, name: 'no-export-subconfed', rfc: 'RFC 1997' },
  { value: 0xffffff04, name: 'no-peer', rfc: 'RFC 3765' },
];

/** Values the speaker acts upon. */
export const Community = {
  blackhole: 0xffff029a,
  noExport: 0xffffff01,
  noAdvertise: 0xffffff02,
  noExportSubconfed: 0xffffff03,
} as const;

const NAME_OF = new Map(WELL_KNOWN_COMMUNITIES.map(row => [row.value, row.name]));
const VALUE_OF = new Map(WELL_KNOWN_COMMUNITIES.map(row => [row.name, row.value]));

/** `blackhole`, `no-export` (also NO_EXPORT), … or `65001:100` as u32. Throws InputError. */
export function parseCommunity(text: string): number {
  const known = VALUE_OF.get(text.toLowerCase().replaceAll('_', '-'));
  if (known !== undefined) return known;
  const parts = text.split(':');
  if (parts.length === 3) throw new InputError(`"${text}" is a large community`, 'give it as large-community');
  const high = number(parts[0], 0xffffffff);
  const low = number(parts[1], 0xffff);
  if (parts.length !== 2 || high === -1 || low === -1) {
    const names = WELL_KNOWN_COMMUNITIES.map(row => row.name).join(', ');
    throw new InputError(`"${text}" is not a community`, `write it like 65001:100, or one of ${names}`);
  }
  if (high > 0xffff) {
    throw new InputError(
      `${high} does not fit into the 16 bits of a community`,
      `use the large community ${high}:${low}:0 instead`,
    );
  }
  return ((high << 16) | low) >>> 0;
}

/** The well-known name, or `65001:100`. */
export function formatCommunity(value: number): string {
  return NAME_OF.get(value) ?? `${value >>> 16}:${value & 0xffff}`;
}

/** `65001:1:2`: three numbers without leading zeros (RFC 8092 §5). Throws InputError. */
export function parseLargeCommunity(text: string): LargeCommunity {
  const parts = text.split(':').map(part => number(part, 0xffffffff));
  if (parts.length !== 3 || parts.includes(-1)) {
    throw new InputError(
      `"${text}" is not a large community`,
      'write three numbers below 4294967296, such as 65001:1:2',
    );
  }
  return [parts[0], parts[1], parts[2]];
}

/** `65001:1:2` (RFC 8092 §5). */
export function formatLargeCommunity([global, local1, local2]: LargeCommunity): string {
  return `${global}:${local1}:${local2}`;
}

// High-order octets of the transitive types whose Global Administrator is an AS or an address (RFC 4360 §3, RFC 5668 §2).
const TWO_OCTET_AS = 0;
const IPV4_ADDRESS = 1;
const FOUR_OCTET_AS = 2;

/** Low-order octets with a name: route target and route origin (RFC 4360 §4, §5). */
const SUBTYPES: readonly { readonly code: number; readonly name: string }[] = [
  { code: 2, name: 'rt' },
  { code: 3, name: 'soo' },
];

/** Link bandwidth: a 2-octet AS and octets a second, non-transitive or transitive (draft-ietf-idr-link-bandwidth §2). */
const LINK_BANDWIDTH = 4;
const LINK_BANDWIDTH_TYPES: readonly { readonly code: number; readonly name: string }[] = [
  { code: 0x40, name: 'lb' },
  { code: 0x00, name: 'transitive-lb' },
];

const EXTENDED_HINT =
  'write it like rt:65001:1, soo:172.18.8.101:1, rt:4200000000:1, lb:65001:125000000 or generic:0x4004:0x0000fde80000';

/**
 * `rt:65001:1` and `soo:…` with a 2-octet AS, a 4-octet AS (above 65535, or written with an L: `rt:65001L:1`) or an IPv4
 * address; `lb:65001:125000000` and `transitive-lb:…` with octets a second; `generic:0xTYPE:0xVALUE` for every other.
 * 8 octets. Throws InputError.
 */
export function parseExtendedCommunity(text: string): Uint8Array {
  const generic = /^generic:0x([0-9a-f]{4}):0x([0-9a-f]{12})$/i.exec(text);
  if (generic) return Uint8Array.from((generic[1] + generic[2]).match(/../g) ?? [], byte => Number.parseInt(byte, 16));
  const [name, administrator = '', local = '', ...rest] = text.split(':');
  const bandwidth = LINK_BANDWIDTH_TYPES.find(row => row.name === name.toLowerCase());
  if (bandwidth && rest.length === 0) return linkBandwidth(bandwidth.code, administrator, local);
  const subtype = SUBTYPES.find(row => row.name === name.toLowerCase());
  if (!subtype || rest.length > 0) throw new InputError(`"${text}" is not an extended community`, EXTENDED_HINT);
  const out: number[] = [];
  const long = /^\d+l$/i.test(administrator);
  const as = number(long ? administrator.slice(0, -1) : administrator, 0xffffffff);
  if (as === -1) {
    if (!/^\d+(\.\d+){3}$/.test(administrator))
      throw new InputError(`"${text}" is not an extended community`, EXTENDED_HINT);
    out.push(IPV4_ADDRESS, subtype.code, ...parseAddress(administrator));
  } else if (long || as > 0xffff) {
    out.push(FOUR_OCTET_AS, subtype.code);
    pushU32(out, as);
  } else {
    out.push(TWO_OCTET_AS, subtype.code);
    pushU16(out, as);
  }
  const localBits = out.length === 4 ? 32 : 16;
  const value = number(local, 2 ** localBits - 1);
  if (value === -1) {
    throw new InputError(`"${local}" does not fit into the last ${localBits} bits of "${text}"`, EXTENDED_HINT);
  }
  if (localBits === 32) pushU32(out, value);
  else pushU16(out, value);
  return Uint8Array.from(out);
}

function linkBandwidth(type: number, administrator: string, text: string): Uint8Array {
  const as = number(administrator, 0xffff);
  const value = /^\d+(\.\d+)?(e[+-]?\d+)?$/.test(text) ? Math.fround(Number(text)) : Number.NaN;
  if (as === -1) {
    throw new InputError(`"${administrator}" is not a 2-octet AS number`, 'a link bandwidth has room for 0 to 65535');
  }
  if (!Number.isFinite(value)) {
    throw new InputError(`"${text}" is not a link bandwidth`, 'octets a second: 1.25e9 is 10 Gbit/s');
  }
  const out: number[] = [type, LINK_BANDWIDTH];
  pushU16(out, as);
  pushFloat(out, value);
  return Uint8Array.from(out);
}

/** Text of 8 octets; see parseExtendedCommunity. */
export function formatExtendedCommunity(octets: Uint8Array): string {
  if (octets[1] === LINK_BANDWIDTH) {
    const type = LINK_BANDWIDTH_TYPES.find(row => row.code === octets[0]);
    const value = readFloat(octets, 4);
    // What is no bandwidth (negative, no number) keeps its octets.
    if (type && Number.isFinite(value) && (octets[4] & 0x80) === 0)
      return `${type.name}:${readU16(octets, 2)}:${value}`;
  }
  const name = SUBTYPES.find(row => row.code === octets[1])?.name;
  if (name) {
    if (octets[0] === TWO_OCTET_AS) return `${name}:${readU16(octets, 2)}:${readU32(octets, 4)}`;
    if (octets[0] === IPV4_ADDRESS) return `${name}:${formatRouterId(readU32(octets, 2))}:${readU16(octets, 6)}`;
    if (octets[0] === FOUR_OCTET_AS) {
      const as = readU32(octets, 2);
      return `${name}:${as}${as > 0xffff ? '' : 'L'}:${readU16(octets, 6)}`;
    }
  }
  return `generic:0x${toHex(octets.subarray(0, 2))}:0x${toHex(octets.subarray(2))}`;
}

/** A decimal number without leading zeros, or -1. */
function number(text: string | undefined, max: number): number {
  if (text === undefined || !/^(0|[1-9]\d{0,9})$/.test(text)) return -1;
  const value = Number(text);
  return value > max ? -1 : value;
}
