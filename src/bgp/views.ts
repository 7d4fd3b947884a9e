// What people see of the speaker: routes, neighbors and events as plain objects.
//
// The tables hold numbers; these shapes exist only at the edges (API, CLI, logs, tests). Times are epoch milliseconds,
// durations carry their unit in the name. The API's schema is checked against these types by the compiler.

import type { AggregateSpec } from './aggregate-rules.js';
import type { Role } from './wire/capabilities.js';

/** One path of a prefix, received, local or redistributed. */
export interface PathView {
  /** 'local' (added by hand), 'connected', 'static' or 'kernel' (redistributed), 'aggregate', 'default-originate' or the neighbor's address. */
  source: string;
  /** The decision process chose it (Loc-RIB). */
  best: boolean;
  /** It shares the traffic with the best path (multipath). */
  multipath: boolean;
  /** It may be chosen: accepted by import policy, next hop reachable, no loop. */
  eligible: boolean;
  /** Why it is not the best path: a step of the decision process or the reason it is not eligible. */
  reason?: string;
  /** Kept from a neighbor that is restarting (RFC 4724). */
  stale: boolean;
  /** Text of the next hop; the unspecified address means this speaker. */
  nextHop: string;
  /** RFC 7911 path identifier, when the neighbor sends them. */
  pathId?: number;
  receivedAt: number;
  origin: 'igp' | 'egp' | 'incomplete';
  asPath: string;
  med?: number;
  localPref?: number;
  atomicAggregate?: boolean;
  aggregator?: string;
  communities: string[];
  largeCommunities: string[];
  extendedCommunities: string[];
  originatorId?: string;
  clusterList?: string[];
  onlyToCustomer?: number;
  /** Attributes this speaker does not know, kept as received. */
  unknown?: { code: number; flags: number; value: string }[];
}

/** A prefix with its paths, the best one first. */
export interface RouteView {
  prefix: string;
  family: 'ipv4-unicast' | 'ipv6-unicast';
  paths: PathView[];
}

export interface FamilyCounts {
  family: 'ipv4-unicast' | 'ipv6-unicast';
  received: number;
  accepted: number;
  advertised: number;
  /** End-of-RIB was received (RFC 4724 §2). */
  endOfRib: boolean;
  stale: number;
  /** The stale ones are the last choice, and kept until then (RFC 9494). */
  longLivedUntil?: number;
}

export interface MessageCounts {
  open: number;
  update: number;
  notification: number;
  keepalive: number;
  routeRefresh: number;
}

export interface NeighborStatus {
  address: string;
  /** 0: external, not known yet. */
  as: number;
  /** An interface names it: the addresses heard there, the latest first, or why there are none. */
  heard?: { addresses: string[]; trouble: string };
  group?: string;
  /** It came by itself, from this prefix of the configuration. */
  range?: string;
  description: string;
  /** 'confederation': in another AS of it (RFC 5065). */
  type: 'internal' | 'confederation' | 'external';
  state: 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established';
  /** Administratively down, by the config or by `neighbor disable`. */
  shutdown: boolean;
  shutdownMessage?: string;
  /** When the state last became or left Established. */
  since: number;
  /** Sums over the families. */
  received: number;
  accepted: number;
  advertised: number;
  families: FamilyCounts[];
  import: string;
  export: string;
  routeReflectorClient: boolean;
  /** How its connections are protected: a password (RFC 2385), the TTL (RFC 5082). */
  protection: ('password' | 'ttl-security')[];
  /** A default route is announced to it, whatever the table has. */
  defaultOriginate: boolean;
  /** Its routes, and those to it, are the last choice (RFC 8326). */
  maintenance: boolean;
  /** Prefixes it may send, and from how many on there is a warning; with action `warn` more are taken, too. */
  maxPrefix?: { limit: number; warning: number; action: 'end' | 'warn' };
  routeServerClient: boolean;
  /** RFC 9234: what each side is to the other; `remote` is what the neighbor says. */
  role?: { own: Role; remote?: Role; strict: boolean };
  session: SessionStatus;
  /** Malformed path attributes seen, by how they were handled (RFC 7606 §2). */
  errors: { attributeDiscard: number; treatAsWithdraw: number; sessionReset: number };
  /** Waiting for the neighbor to come back until then (RFC 4724 §4.2). */
  restartingUntil?: number;
}

export interface SessionStatus {
  remoteRouterId?: string;
  localAddress?: string;
  localPort?: number;
  remoteAddress?: string;
  remotePort?: number;
  holdTimeSeconds: { configured: number; negotiated?: number };
  keepaliveSeconds?: number;
  /** Milliseconds left on running timers, by name (connectRetry, hold, keepalive, idleHold, delayOpen). */
  timers: Record<string, number>;
  capabilities: { name: string; local: boolean; remote: boolean; detail: string }[];
  messages: { received: MessageCounts; sent: MessageCounts };
  established: number;
  lastError?: { at: number; text: string; direction: 'sent' | 'received' | 'local'; code?: number; subcode?: number };
}

/** An aggregate and how it is doing. */
export interface AggregateView extends AggregateSpec {
  /** Prefixes within it that have a best path. */
  contributors: number;
  announced: boolean;
  /** By hand, not by the configuration. */
  added: boolean;
}

/** A policy with what its statements say and how often they were hit. */
export interface PolicyView {
  name: string;
  /** Who names it: "172.18.8.102 import". */
  usedBy: string[];
  statements: {
    /** From 1. */
    number: number;
    name?: string;
    /** Conditions in words, empty when every route matches. */
    match: string;
    /** Changes in words. */
    set: string;
    then: 'accept' | 'reject' | 'next';
    /** Routes that matched it. */
    hits: number;
  }[];
}

/** Attributes of a route, without its path's standing among others. */
export type RouteAttributes = Omit<
  PathView,
  'source' | 'best' | 'multipath' | 'eligible' | 'reason' | 'stale' | 'pathId' | 'receivedAt'
>;

/** What import or export policies do to a route. */
export interface PolicyTestView {
  prefix: string;
  neighbor: string;
  direction: 'import' | 'export';
  /** As in PathView. */
  source: string;
  accepted: boolean;
  /** Statements that matched, in order; the last one decided unless its action is `next`. */
  matched: { policy: string; statement: number; name?: string; action: 'accept' | 'reject' | 'next' }[];
  before: RouteAttributes;
  /** Absent when the route is rejected. */
  after?: RouteAttributes;
}

export interface RibSummary {
  families: {
    family: 'ipv4-unicast' | 'ipv6-unicast';
    prefixes: number;
    paths: number;
    best: number;
    local: number;
    redistributed: number;
  }[];
  attributeSets: number;
  /** An aggregate is announced while it has contributors: more specific prefixes in use. */
  aggregates: { prefix: string; contributors: number; summaryOnly: boolean }[];
  nextHops: { address: string; reachable: boolean; cost: number; paths: number }[];
  updateGroups: { id: number; members: string[]; families: string[]; pending: number }[];
}

export interface RouteEvent {
  at: number;
  prefix: string;
  /** The new best path, or null when the prefix is gone. */
  best: PathView | null;
}

export interface NeighborEvent {
  at: number;
  address: string;
  as: number;
  state: NeighborStatus['state'];
  reason: string;
}

export interface FibRouteView {
  prefix: string;
  kind: 'unicast' | 'blackhole' | 'unreachable';
  nextHops: { gateway?: string; interface: string; weight: number }[];
  /** 'installed', 'stale' (left by a previous run) or the kernel's error in words. */
  state: string;
}

export interface FibStatus {
  install: boolean;
  table: number;
  metric: number;
  protocol: number;
  installed: number;
  pending: number;
  failed: number;
  stale: number;
  redistributed: number;
  resyncs: number;
}
