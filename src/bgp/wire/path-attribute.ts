// Path attributes as objects: one shape per type, told apart by `type`.
//
// `partial` is the Partial bit (RFC 4271 §4.3); only optional transitive attributes can have it, and it is left out when
// clear.

import type { AsPathSegment } from './aspath.js';
import type { LargeCommunity } from './communities.js';
import type { Family } from './family.js';
import type { Nlri } from './nlri.js';

/** ORIGIN values, indexed by their number (RFC 4271 §4.3). */
export const ORIGINS = ['igp', 'egp', 'incomplete'] as const;
export type Origin = (typeof ORIGINS)[number];

export type PathAttribute =
  | { type: 'origin'; origin: Origin }
  | { type: 'asPath'; segments: AsPathSegment[] }
  /** 4 octets. */
  | { type: 'nextHop'; address: Uint8Array }
  | { type: 'med'; value: number }
  | { type: 'localPref'; value: number }
  | { type: 'atomicAggregate' }
  | { type: 'aggregator'; as: number; routerId: number; partial?: boolean }
  | { type: 'communities'; communities: number[]; partial?: boolean }
  | { type: 'originatorId'; routerId: number }
  | { type: 'clusterList'; clusterIds: number[] }
  /** `nextHop` has 4, 16 or 32 octets: 32 are a global and a link-local address (RFC 2545 §3, RFC 8950 §3). */
  | { type: 'mpReach'; family: Family; nextHop: Uint8Array; nlri: Nlri[] }
  | { type: 'mpUnreach'; family: Family; withdrawn: Nlri[] }
  /** 8 octets each. */
  | { type: 'extendedCommunities'; communities: Uint8Array[]; partial?: boolean }
  /** 20 octets each. */
  | { type: 'ipv6ExtendedCommunities'; communities: Uint8Array[]; partial?: boolean }
  | { type: 'as4Path'; segments: AsPathSegment[]; partial?: boolean }
  | { type: 'as4Aggregator'; as: number; routerId: number; partial?: boolean }
  | { type: 'largeCommunities'; communities: LargeCommunity[]; partial?: boolean }
  | { type: 'onlyToCustomer'; as: number; partial?: boolean }
  /** No row in the table, or a family this speaker does not know. `flags`: Optional, Transitive and Partial only. */
  | { type: 'unknown'; code: number; flags: number; value: Uint8Array };

export type AttributeType = PathAttribute['type'];

/** The shape of one type. */
export type AttributeOf<K extends AttributeType> = Extract<PathAttribute, { type: K }>;
