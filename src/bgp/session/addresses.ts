// Addresses as sessions see them: one spelling for comparing, and what else the machine has on the same interface.

import net from 'node:net';
import os from 'node:os';
import { formatAddress, parseAddress } from '../wire/prefix.js';
import type { NeighborOptions } from './options.js';

/**
 * The one spelling of an address: 172.18.8.101, 2001:db8::1, fe80::1%eth1. IPv4-mapped IPv6 addresses become IPv4, a
 * zone is kept. Throws InputError when it is not an address.
 */
export function canonicalAddress(text: string): string {
  const [address, zone] = text.split('%', 2);
  const canonical = formatAddress(octetsOf(address));
  return zone === undefined ? canonical : `${canonical}%${zone}`;
}

/** What a neighbor is known by: the one spelling of its address, or the name of an interface as it is. */
export function neighborName(text: string): string {
  return net.isIP(text.split('%', 1)[0]) === 0 ? text : canonicalAddress(text);
}

/** 4 or 16 octets of an address, IPv4-mapped ones as IPv4, without its zone. Throws InputError. */
export function octetsOf(text: string): Uint8Array {
  const octets = parseAddress(text.split('%', 1)[0]);
  const mapped = octets.length === 16 && octets[10] === 0xff && octets[11] === 0xff;
  return mapped && octets.subarray(0, 10).every(octet => octet === 0) ? octets.slice(12) : octets;
}

/**
 * A neighbor's 4 or 16 octets, for its place among the others and in policies; one that is named by an interface, whose
 * address may change, is at fe80::.
 */
export function addressOf({ address, interface: link }: Pick<NeighborOptions, 'address' | 'interface'>): Uint8Array {
  return parseAddress(link === undefined ? address.split('%')[0] : 'fe80::');
}

/** The addresses of this machine on one interface. */
export interface OwnAddresses {
  interfaceName: string;
  /** The kernel's number of the interface; 0 when it has no link-local address to tell it by. */
  interfaceIndex: number;
  ipv4: Uint8Array | null;
  /** Not link-local. */
  ipv6: Uint8Array | null;
  linkLocal: Uint8Array | null;
}

/**
 * The interface that has `localAddress`, with its addresses; the address itself comes first in its family. When no
 * interface has it (it may be gone already), the address alone.
 */
export function ownAddresses(localAddress: string, interfaces = os.networkInterfaces()): OwnAddresses {
  const local = octetsOf(localAddress);
  const zone = localAddress.split('%', 2)[1];
  const own: OwnAddresses = { interfaceName: '', interfaceIndex: 0, ipv4: null, ipv6: null, linkLocal: null };
  place(own, local);
  const candidates = Object.entries(interfaces)
    .map(([name, addresses]) => ({ name, addresses: addresses ?? [] }))
    .filter(({ name }) => zone === undefined || name === zone);
  const found =
    candidates.find(({ addresses }) => addresses.some(({ address }) => sameOctets(octetsOf(address), local))) ??
    candidates.find(({ addresses }) => addresses.some(({ cidr }) => cidr !== null && contains(cidr, local)));
  if (!found) return own;
  own.interfaceName = found.name;
  for (const info of found.addresses) {
    place(own, octetsOf(info.address));
    if (info.family === 'IPv6' && info.scopeid > 0) own.interfaceIndex = info.scopeid;
  }
  return own;
}

/**
 * The subnets of this machine in the family of a neighbor that is on one of them: those it may name next hops on (RFC
 * 4271 §6.3). Empty when it is on none, or known by a link-local address alone: nothing can be said of such a link.
 */
export function commonSubnets(remoteAddress: string, interfaces = os.networkInterfaces()): string[] {
  const remote = octetsOf(remoteAddress);
  if (isLinkLocal(remote)) return [];
  const all = Object.values(interfaces).flatMap(addresses => (addresses ?? []).flatMap(({ cidr }) => cidr ?? []));
  const subnets = all.filter(cidr => octetsOf(cidr.split('/', 1)[0]).length === remote.length);
  return subnets.some(cidr => contains(cidr, remote)) ? subnets : [];
}

const sameOctets = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

const isLinkLocal = (octets: Uint8Array) => octets.length === 16 && octets[0] === 0xfe && (octets[1] & 0xc0) === 0x80;

/** Puts an address where it belongs unless there is one already. */
function place(own: OwnAddresses, octets: Uint8Array): void {
  const where = octets.length === 4 ? 'ipv4' : isLinkLocal(octets) ? 'linkLocal' : 'ipv6';
  own[where] ??= octets;
}

/** Whether an interface with the address and prefix length `cidr` has `address` in its subnet (127.0.0.2 is on lo). */
export function contains(cidr: string, address: Uint8Array): boolean {
  const [text, bits] = cidr.split('/', 2);
  const octets = octetsOf(text);
  if (octets.length !== address.length) return false;
  const length = Number(bits);
  for (let i = 0; i < length; i += 8) {
    const mask = i + 8 <= length ? 0xff : (0xff00 >> (length - i)) & 0xff;
    if (((octets[i >> 3] ^ address[i >> 3]) & mask) !== 0) return false;
  }
  return true;
}
