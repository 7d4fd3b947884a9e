// What a neighbor session is told by the configuration: about the neighbor, and about this speaker.

import type { Role } from '../wire/capabilities.js';
import { Family } from '../wire/family.js';

export type Relation = 'internal' | 'confederation' | 'external';

/** Which AS this speaker is to a neighbor, and what happens to AS_PATHs between them. */
export interface AsPathOptions {
  /** Another AS than the own one (RFC 7705 §3). */
  local?: { as: number; noPrepend: boolean; replaceAs: boolean };
  /** How often the own AS may be in a path from the neighbor. */
  allowOwn: number;
  /** A path from an external neighbor begins with its AS. */
  enforceFirst: boolean;
  /** The neighbor's AS is replaced by the own one in paths to it. */
  override: boolean;
  /** Private ASes in paths to it; see AsPathEdits. */
  removePrivate: false | 'only' | 'all' | 'replace';
}

/** How long the neighbor is asked to keep our routes while we restart (RFC 4724). */
export interface GracefulRestartOptions {
  restartTimeSeconds: number;
  /** How long the neighbor's stale routes stay at most once it is back (RFC 8538 §4.1); 360 when absent. */
  staleTimeSeconds?: number;
  /** RFC 9494: … and after that time as a last choice, by family; the neighbor's are kept so long in these families, too. */
  longLived?: {
    families: { family: Family; staleTimeSeconds: number }[];
    /** The neighbor's are not kept longer than this, whatever it asks for. */
    limitSeconds?: number;
  };
}

/** Stands for every AS but the own one. No speaker is in AS 0 (RFC 7607). */
export const ANY_EXTERNAL_AS = 0;

/** AS numbers from one to another, both included. */
export interface AsRange {
  from: number;
  to: number;
}

/** A neighbor. */
export interface NeighborOptions {
  /** IPv4 or IPv6 address; link-local ones with their interface: fe80::1%eth1. A prefix: whoever connects from it. Or `interface`. */
  address: string;
  /** The interface that names the neighbor: whoever is at its other end. */
  interface?: string;
  /** ANY_EXTERNAL_AS: whatever it says, but the own one. */
  as: number;
  /** With ANY_EXTERNAL_AS: it is in one of these. */
  asRanges?: readonly AsRange[];
  /** Of a neighbor that connected from a prefix: which. */
  range?: string;
  /** How many neighbors a prefix may have. */
  limit: number;
  /** The group of the configuration that it has its keys from. */
  group?: string;
  description: string;
  /** Administratively down. */
  shutdown: boolean;
  /** Wait for the neighbor to connect (RFC 4271 §8.1.1 PassiveTcpEstablishment). */
  passive: boolean;
  /** TCP port of the neighbor to connect to. */
  port: number;
  /** Our address for connections with this neighbor; chosen by the kernel when absent. */
  localAddress?: string;
  /** 0 (no KEEPALIVEs) or at least 3 (RFC 4271 §4.2). */
  holdTimeSeconds: number;
  connectRetrySeconds: number;
  /** Time in Idle after an error, doubling up to 120; 0 = none. */
  idleHoldSeconds: number;
  /** Wait for the neighbor's OPEN before sending ours (RFC 4271 §8.1.1 DelayOpen); 0 = don't. */
  delayOpenSeconds: number;
  families: Family[];
  /** RFC 9234: what this speaker is to the neighbor; `strict`: the neighbor has to name its role, too. */
  role?: { own: Role; strict: boolean };
  routeReflectorClient: boolean;
  /** RFC 7947 */
  routeServerClient: boolean;
  nextHopSelf: boolean;
  /** External neighbors: the next hop stays what it was. */
  nextHopUnchanged: boolean;
  asPath: AsPathOptions;
  /** How many hops away an external neighbor may be; 1 = on a link of ours. */
  multihop: number;
  /** RFC 5082: packets from further away are dropped. */
  ttlSecurity: boolean;
  /** RFC 2385; at most 80 octets. */
  password?: string;
  /** Past the limit the session ends, or there is a warning; also at a part of it, in percent. */
  maxPrefix?: { limit: number; warningPercent: number; action: 'end' | 'warn'; restartSeconds: number };
  /** Announce a default route, whatever the table has. */
  defaultOriginate: boolean;
  /** Routes from it and to it are the last choice (RFC 8326). */
  maintenance: boolean;
  gracefulRestart: GracefulRestartOptions | false;
  /** RFC 7911: whether to receive several paths, and how many to send (0 = the best one, without path identifiers). */
  addPath: { receive: boolean; send: number | 'all' };
  /** `accept`, `reject`, a policy, or policies in the order they are asked, the last word maybe `accept` or `reject`. */
  import: string | readonly string[];
  export: string | readonly string[];
}

/** What a neighbor is without further words: as in the configuration file, but import and export are to be named. */
export const NEIGHBOR_DEFAULTS = {
  limit: 100,
  description: '',
  shutdown: false,
  passive: false,
  port: 179,
  holdTimeSeconds: 90,
  connectRetrySeconds: 10,
  idleHoldSeconds: 5,
  delayOpenSeconds: 0,
  families: [Family.ipv4Unicast, Family.ipv6Unicast],
  routeReflectorClient: false,
  routeServerClient: false,
  nextHopSelf: false,
  nextHopUnchanged: false,
  asPath: { allowOwn: 0, enforceFirst: true, override: false, removePrivate: false },
  multihop: 1,
  ttlSecurity: false,
  defaultOriginate: false,
  maintenance: false,
  gracefulRestart: { restartTimeSeconds: 120 },
  addPath: { receive: false, send: 0 },
} satisfies Omit<NeighborOptions, 'address' | 'as' | 'import' | 'export'>;

/** A confederation (RFC 5065): ASes that others take for one. */
export interface Confederation {
  /** The AS number that others see. */
  identifier: number;
  /** AS numbers of the members, the own one not needed. */
  members: readonly number[];
}

/** This speaker. */
export interface LocalOptions {
  /** In a confederation that of the member. */
  as: number;
  confederation?: Confederation;
  /** BGP Identifier, an unsigned 32-bit number. */
  routerId: number;
  hostname: string;
  version: string;
  /**
   * We are coming back from a restart: the Restart State bit (RFC 4724 §3); `resumed`: there was a session with the
   * neighbor since.
   */
  restarting: (resumed: boolean) => boolean;
  /** The kernel's routes of this family survived our start: the Forwarding State bit (RFC 4724 §3). */
  forwardingPreserved: (family: Family) => boolean;
}

/** May the neighbor be in this AS, where this speaker is in `own` towards it? */
export function mayBeIn(as: number, { as: expected, asRanges }: NeighborOptions, own: number): boolean {
  if (expected !== ANY_EXTERNAL_AS) return as === expected;
  return as !== own && (asRanges === undefined || asRanges.some(({ from, to }) => from <= as && as <= to));
}

/** The AS that this speaker is in towards a neighbor. */
export function sessionAs(options: NeighborOptions, local: LocalOptions): number {
  if (relationTo(options.as, local) !== 'external') return local.as;
  return options.asPath.local?.as ?? publicAs(local);
}

/** The AS that this speaker is in for those outside. */
export function publicAs({ as, confederation }: Pick<LocalOptions, 'as' | 'confederation'>): number {
  return confederation?.identifier ?? as;
}

/** What a neighbor in this AS is to this speaker; 'confederation': in another member of it. */
export function relationTo(as: number, local: Pick<LocalOptions, 'as' | 'confederation'>): Relation {
  if (as === local.as) return 'internal';
  return local.confederation?.members.includes(as) ? 'confederation' : 'external';
}
