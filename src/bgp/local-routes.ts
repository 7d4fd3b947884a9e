// Routes of this speaker's own: from the words of `rib add` to a canonical attribute block.

import { parseAsPath } from './wire/aspath.js';
import { encodeCanonical } from './wire/canonical.js';
import { parseCommunity, parseExtendedCommunity, parseLargeCommunity } from './wire/communities.js';
import { InputError } from './wire/input-error.js';
import { ORIGINS, type PathAttribute } from './wire/path-attribute.js';
import { type Prefix, parseAddress, parsePrefix } from './wire/prefix.js';

/** A route in words. Communities are `65001:100` or names; `asPath` is `65001 65002 {1,2}`. */
export interface RouteSpec {
  prefix: string;
  /** Absent: this speaker itself. */
  nextHop?: string;
  /** Default: incomplete. */
  origin?: 'igp' | 'egp' | 'incomplete';
  communities?: string[];
  largeCommunities?: string[];
  extendedCommunities?: string[];
  med?: number;
  localPref?: number;
  asPath?: string;
}

/** A route of a list cannot be announced, and so none of them was. */
export class RefusedRoute extends InputError {
  /** Its place in the list, from 0. */
  readonly index: number;
  /** It is right by itself, but there is one with that prefix. */
  readonly duplicate: boolean;

  constructor(message: string, more: { hint?: string; index: number; duplicate?: boolean }) {
    super(message, more.hint);
    this.name = 'RefusedRoute';
    this.index = more.index;
    this.duplicate = more.duplicate ?? false;
  }
}

/** Own routes added (or replaced) and prefixes removed by one request; prefixes in this speaker's spelling. */
export interface LocalRoutesChange {
  added: RouteSpec[];
  removed: string[];
}

/** Prefix and canonical block of a route. Throws InputError. */
export function buildRoute(spec: RouteSpec): { prefix: Prefix; block: Uint8Array } {
  const prefix = parsePrefix(spec.prefix);
  const nextHop = spec.nextHop === undefined ? new Uint8Array(0) : parseNextHop(spec.nextHop, prefix);
  const origin = spec.origin ?? 'incomplete';
  if (!ORIGINS.includes(origin)) throw new InputError(`"${origin}" is not an origin`, 'write igp, egp or incomplete');
  const attributes: PathAttribute[] = [
    { type: 'origin', origin },
    { type: 'asPath', segments: parseAsPath(spec.asPath ?? '') },
  ];
  if (spec.med !== undefined) attributes.push({ type: 'med', value: uint32(spec.med, 'MED') });
  if (spec.localPref !== undefined) {
    attributes.push({ type: 'localPref', value: uint32(spec.localPref, 'local preference') });
  }
  if (spec.communities?.length) {
    attributes.push({ type: 'communities', communities: spec.communities.map(parseCommunity) });
  }
  if (spec.extendedCommunities?.length) {
    const communities = spec.extendedCommunities.map(parseExtendedCommunity);
    attributes.push({ type: 'extendedCommunities', communities });
  }
  if (spec.largeCommunities?.length) {
    attributes.push({ type: 'largeCommunities', communities: spec.largeCommunities.map(parseLargeCommunity) });
  }
  return { prefix, block: encodeCanonical(nextHop, attributes) };
}

function parseNextHop(text: string, prefix: Prefix): Uint8Array {
  const address = parseAddress(text);
  if (address.every(octet => octet === 0)) return new Uint8Array(0);
  if (address.length !== prefix.address.length) {
    throw new InputError(
      `next hop ${text} and prefix are of different families`,
      `give an ${prefix.address.length === 4 ? 'IPv4' : 'IPv6'} next hop`,
    );
  }
  return address;
}

function uint32(value: number, name: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffffffff) return value;
  throw new InputError(`${value} is not a ${name}`, 'it is a whole number from 0 to 4294967295');
}
