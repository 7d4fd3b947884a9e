// Prefixes and addresses between text and octets.
//
// Octets are the truth: 4 or 16 of them, an address' length tells its family. Text is for people: the ip-address
// package reads every spelling of an IPv6 address and writes the recommended one (RFC 5952). Parsers refuse rather than
// guess, and say what to write instead (InputError). BGP Identifiers and cluster ids are unsigned 32-bit numbers that
// people write like an IPv4 address (RFC 4271 §4.2, RFC 6286).

import { Address4, Address6 } from 'ip-address';
import { FAMILIES, Family } from './family.js';
import { InputError } from './input-error.js';

/** A prefix; the bits of `address` beyond `length` are zero. */
export interface Prefix {
  family: Family;
  /** 4 or 16 octets. */
  address: Uint8Array;
  /** In bits: 0 to 32 or 128. */
  length: number;
}

/** Octets of an address' text. Throws InputError. */
export function parseAddress(text: string): Uint8Array {
  const trimmed = text.trim();
  if (trimmed.includes('/')) {
    throw new InputError(
      `"${text}" is a prefix, not an address`,
      `did you mean ${trimmed.slice(0, trimmed.indexOf('/'))}?`,
    );
  }
  if (trimmed.includes('%')) {
    throw new InputError(
      `"${text}" names an interface, which has no place here`,
      `did you mean ${trimmed.slice(0, trimmed.indexOf('%'))}?`,
    );
  }
  try {
    const octets = trimmed.includes(':')
      ? new Address6(trimmed).toUnsignedByteArray()
      : new Address4(trimmed).toArray();
    return Uint8Array.from(octets);
  } catch {
    throw new InputError(`"${text}" is not an address`, 'write it like 172.18.8.101 or 2001:db8::1');
  }
}

/**
 * Can the text be the name of a network interface? The kernel takes up to 15 octets but `/`, `:` and white space; what looks
 * like a number or an IPv4 address is none here.
 */
export function isInterfaceName(text: string): boolean {
  return /^(?!\.{1,2}$)(?![\d.]+$)[^\s/:%]{1,15}$/.test(text);
}

/** Text of 4 or 16 octets; IPv6 as RFC 5952 recommends. */
export function formatAddress(octets: Uint8Array): string {
  if (octets.length === 4) return `${octets[0]}.${octets[1]}.${octets[2]}.${octets[3]}`;
  if (isIpv4Mapped(octets)) return `::ffff:${formatAddress(octets.subarray(12))}`;
  let groups = '';
  for (let i = 0; i < 16; i += 2) groups += `${i === 0 ? '' : ':'}${((octets[i] << 8) | octets[i + 1]).toString(16)}`;
  return new Address6(groups).correctForm();
}

function isIpv4Mapped(octets: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (octets[i] !== 0) return false;
  return octets[10] === 0xff && octets[11] === 0xff;
}

/** A BGP Identifier or cluster id (u32) as text: 172.18.8.101. */
export function formatRouterId(id: number): string {
  return `${id >>> 24}.${(id >>> 16) & 0xff}.${(id >>> 8) & 0xff}.${id & 0xff}`;
}

/** The u32 of a BGP Identifier written like an IPv4 address; 0.0.0.0 is refused (RFC 6286 §2.1). Throws InputError. */
export function parseRouterId(text: string): number {
  const octets = parseAddress(text);
  if (octets.length !== 4)
    throw new InputError(`"${text}" is an IPv6 address`, 'a router id is written like 172.18.8.101');
  const id = ((octets[0] << 24) | (octets[1] << 16) | (octets[2] << 8) | octets[3]) >>> 0;
  if (id === 0) throw new InputError('0.0.0.0 is not a router id', 'take one of the IPv4 addresses of this machine');
  return id;
}

/** The family whose addresses have that many octets. */
export function familyOfAddress(octets: Uint8Array): Family {
  return octets.length === 4 ? Family.ipv4Unicast : Family.ipv6Unicast;
}

/** A prefix' text, such as 10.233.1.0/24 or 2001:db8::/32. Throws InputError, with the likely intention as hint. */
export function parsePrefix(text: string): Prefix {
  const trimmed = text.trim();
  const slash = trimmed.indexOf('/');
  const address = parsePrefixAddress(text, slash === -1 ? trimmed : trimmed.slice(0, slash));
  const row = FAMILIES[familyOfAddress(address)];
  if (slash === -1) {
    throw new InputError(`${trimmed} has no prefix length`, `did you mean ${formatAddress(address)}/${row.bits}?`);
  }
  const lengthText = trimmed.slice(slash + 1);
  const length = /^\d{1,3}$/.test(lengthText) ? Number(lengthText) : -1;
  if (length === -1 || length > row.bits) {
    const version = row.family === Family.ipv4Unicast ? 'IPv4' : 'IPv6';
    throw new InputError(
      `"${lengthText}" is not a prefix length of ${trimmed}`,
      `the length of an ${version} prefix is a number from 0 to ${row.bits}`,
    );
  }
  if (clearHostBits(address, length)) {
    throw new InputError(`${trimmed} has host bits set`, `did you mean ${formatAddress(address)}/${length}?`);
  }
  return { family: row.family, address, length };
}

function parsePrefixAddress(text: string, addressText: string): Uint8Array {
  try {
    return parseAddress(addressText);
  } catch {
    throw new InputError(`"${text}" is not a prefix`, 'write it like 10.233.1.0/24 or 2001:db8::/32');
  }
}

/** Text of a prefix: 10.233.1.0/24. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

/** Zeroes the bits beyond `length` in place; true when one of them was set. */
export function clearHostBits(address: Uint8Array, length: number): boolean {
  let set = false;
  let at = length >> 3;
  if ((length & 7) !== 0) {
    const mask = (0xff00 >> (length & 7)) & 0xff;
    set = (address[at] & ~mask) !== 0;
    address[at] &= mask;
    at++;
  }
  for (; at < address.length; at++) {
    if (address[at] !== 0) set = true;
    address[at] = 0;
  }
  return set;
}
