// Shapes of what the daemon shows: routes, neighbors, the kernel, policies, itself.
//
// The compiler holds them to the types they stand for (src/bgp/views.ts, control.ts): `shape<T>` wants exactly T's keys. Those
// with a name are components of the OpenAPI document.

import { z } from 'zod';
import type {
  AggregateView,
  FamilyCounts,
  FibRouteView,
  FibStatus,
  MessageCounts,
  NeighborEvent,
  NeighborStatus,
  PathView,
  PolicyTestView,
  PolicyView,
  RibSummary,
  RouteAttributes,
  RouteEvent,
  RouteView,
  SessionStatus,
} from '../bgp/views.js';
import type { ConfigProblem, ConfigView, DaemonStatus } from './control.js';

/** Shapes with a name of their own in the OpenAPI document, by that name. */
export const COMPONENTS: Record<string, z.ZodType> = {};

/** A shape for each key of T, and no others. */
export type Keys<T> = { [K in keyof T]-?: z.ZodType<T[K]> };

/** An object with exactly T's keys. */
function shape<T>(keys: Keys<T>): z.ZodType<T>;
function shape(keys: Record<string, z.ZodType>): z.ZodType<object> {
  return z.object(keys);
}

/** The same for what comes in: other keys are refused. */
export function input<T>(keys: Keys<T>): z.ZodType<T>;
export function input(keys: Record<string, z.ZodType>): z.ZodType<object> {
  return z.strictObject(keys);
}

/** Gives a shape its name. */
export function named<S extends z.ZodType>(id: string, schema: S): S {
  COMPONENTS[id] = schema.meta({ ...schema.meta(), id });
  return COMPONENTS[id] as S;
}

/** An object with a name. */
export const component = <T>(id: string, keys: Keys<T>): z.ZodType<T> => named(id, shape<T>(keys));

export const count = () => z.int().min(0);
export const u32 = () => z.int().min(0).max(0xffffffff);
const time = () => z.int().describe('Milliseconds since 1970');
export const text = () => z.string();
export const familyName = () => z.enum(['ipv4-unicast', 'ipv6-unicast']);
const role = () => z.enum(['provider', 'rs', 'rs-client', 'customer', 'peer']);
export const origin = () => z.enum(['igp', 'egp', 'incomplete']);

const attributeKeys: Keys<RouteAttributes> = {
  nextHop: text().describe('The unspecified address means this speaker'),
  origin: origin(),
  asPath: text(),
  med: u32().optional(),
  localPref: u32().optional(),
  atomicAggregate: z.boolean().optional(),
  aggregator: text().optional(),
  communities: z.array(text()),
  largeCommunities: z.array(text()),
  extendedCommunities: z.array(text()),
  originatorId: text().optional(),
  clusterList: z.array(text()).optional(),
  onlyToCustomer: u32().optional().describe('RFC 9234'),
  unknown: z
    .array(shape<NonNullable<PathView['unknown']>[number]>({ code: count(), flags: count(), value: text() }))
    .optional()
    .describe('Attributes this speaker does not know, as received, in hexadecimal'),
};

const path = component<PathView>('Path', {
  source: text().describe(
    "'local', 'connected', 'static', 'kernel', 'aggregate', 'default-originate' or the neighbor's address",
  ),
  best: z.boolean(),
  multipath: z.boolean().describe('Shares the traffic with the best path'),
  eligible: z.boolean().describe('May be chosen: accepted by import policy, next hop reachable, no loop'),
  reason: text().optional().describe('Why it is not the best path'),
  stale: z.boolean().describe('Kept from a neighbor that is restarting (RFC 4724)'),
  pathId: u32().optional().describe('RFC 7911'),
  receivedAt: time(),
  ...attributeKeys,
});

export const route = component<RouteView>('Route', {
  prefix: text(),
  family: familyName(),
  paths: z.array(path).describe('The best one first'),
});

const familyCounts = component<FamilyCounts>('FamilyCounts', {
  family: familyName(),
  received: count(),
  accepted: count(),
  advertised: count(),
  endOfRib: z.boolean().describe('End-of-RIB was received (RFC 4724 §2)'),
  stale: count(),
  longLivedUntil: time().optional().describe('The stale ones are the last choice, and kept until then (RFC 9494)'),
});

const messageCounts = component<MessageCounts>('MessageCounts', {
  open: count(),
  update: count(),
  notification: count(),
  keepalive: count(),
  routeRefresh: count(),
});

const session = component<SessionStatus>('Session', {
  remoteRouterId: text().optional(),
  localAddress: text().optional(),
  localPort: count().optional(),
  remoteAddress: text().optional(),
  remotePort: count().optional(),
  holdTimeSeconds: shape<SessionStatus['holdTimeSeconds']>({ configured: count(), negotiated: count().optional() }),
  keepaliveSeconds: z.number().min(0).optional(),
  timers: z.record(text(), z.number()).describe('Milliseconds left on running timers, by name'),
  capabilities: z.array(
    shape<SessionStatus['capabilities'][number]>({
      name: text(),
      local: z.boolean(),
      remote: z.boolean(),
      detail: text(),
    }),
  ),
  messages: shape<SessionStatus['messages']>({ received: messageCounts, sent: messageCounts }),
  established: count().describe('How many times the session was established'),
  lastError: shape<NonNullable<SessionStatus['lastError']>>({
    at: time(),
    text: text(),
    direction: z.enum(['sent', 'received', 'local']),
    code: count().optional(),
    subcode: count().optional(),
  }).optional(),
});

const state = () => z.enum(['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established']);

export const neighbor = component<NeighborStatus>('Neighbor', {
  address: text().describe('Or the name of an interface'),
  as: u32().describe('0: external, not known yet'),
  heard: shape<NonNullable<NeighborStatus['heard']>>({
    addresses: z.array(text()).describe('Who has advertised itself there, the latest first'),
    trouble: text().describe('Why nobody is known there, or empty'),
  })
    .optional()
    .describe('An interface names it'),
  range: text().optional().describe('It came by itself, from this prefix of the configuration'),
  group: text().optional().describe('The group of the configuration that it has its keys from'),
  description: text(),
  type: z.enum(['internal', 'confederation', 'external']).describe('confederation: in another AS of it (RFC 5065)'),
  state: state(),
  shutdown: z.boolean().describe('Administratively down'),
  shutdownMessage: text().optional(),
  since: time().describe('When the state last became or left Established, in milliseconds since 1970'),
  received: count(),
  accepted: count(),
  advertised: count(),
  families: z.array(familyCounts),
  import: text(),
  export: text(),
  routeReflectorClient: z.boolean(),
  protection: z.array(z.enum(['password', 'ttl-security'])).describe('How its connections are protected'),
  defaultOriginate: z.boolean().describe('A default route is announced to it, whatever the table has'),
  maintenance: z.boolean().describe('Its routes, and those to it, are the last choice (RFC 8326)'),
  maxPrefix: shape<NonNullable<NeighborStatus['maxPrefix']>>({
    limit: count(),
    warning: count().describe('From so many prefixes on there is a warning'),
    action: z.enum(['end', 'warn']),
  })
    .optional()
    .describe('Prefixes it may send'),
  routeServerClient: z.boolean(),
  role: shape<NonNullable<NeighborStatus['role']>>({
    own: role(),
    remote: role().optional().describe('What the neighbor says it is'),
    strict: z.boolean(),
  })
    .optional()
    .describe('What this speaker is to the neighbor (RFC 9234)'),
  session,
  errors: shape<NeighborStatus['errors']>({
    attributeDiscard: count(),
    treatAsWithdraw: count(),
    sessionReset: count(),
  }).describe('Malformed path attributes seen, by how they were handled (RFC 7606 §2)'),
  restartingUntil: time().optional(),
});

export const summary = component<RibSummary>('Summary', {
  families: z.array(
    shape<RibSummary['families'][number]>({
      family: familyName(),
      prefixes: count(),
      paths: count(),
      best: count(),
      local: count(),
      redistributed: count(),
    }),
  ),
  attributeSets: count(),
  aggregates: z.array(
    shape<RibSummary['aggregates'][number]>({ prefix: text(), contributors: count(), summaryOnly: z.boolean() }),
  ),
  nextHops: z.array(
    shape<RibSummary['nextHops'][number]>({
      address: text(),
      reachable: z.boolean(),
      cost: z.number(),
      paths: count(),
    }),
  ),
  updateGroups: z.array(
    shape<RibSummary['updateGroups'][number]>({
      id: count(),
      members: z.array(text()),
      families: z.array(text()),
      pending: count(),
    }),
  ),
});

export const aggregateKernel = () => z.enum(['blackhole', 'unreachable', 'none']);
export const aggregate = component<AggregateView>('Aggregate', {
  prefix: text(),
  summaryOnly: z.boolean().describe('The more specific routes are kept from neighbors'),
  kernel: aggregateKernel().describe('What the own kernel does with what no more specific route takes'),
  communities: z.array(text()),
  largeCommunities: z.array(text()),
  contributors: count().describe('Prefixes within it that have a best path'),
  announced: z.boolean(),
  added: z.boolean().describe('By `aggregate add`, not by the configuration file'),
});

export const fibStatus = component<FibStatus>('FibStatus', {
  install: z.boolean(),
  table: count(),
  metric: count(),
  protocol: count(),
  installed: count(),
  pending: count(),
  failed: count(),
  stale: count(),
  redistributed: count(),
  resyncs: count(),
});

export const fibRoute = component<FibRouteView>('FibRoute', {
  prefix: text(),
  kind: z.enum(['unicast', 'blackhole', 'unreachable']),
  nextHops: z.array(
    shape<FibRouteView['nextHops'][number]>({ gateway: text().optional(), interface: text(), weight: count() }),
  ),
  state: text().describe("'installed', 'stale' (left by a previous run) or the kernel's error in words"),
});

export const routeEvent = component<RouteEvent>('RouteEvent', {
  at: time(),
  prefix: text(),
  best: path.nullable().describe('The new best path, or null when there is none any more'),
});

export const neighborEvent = component<NeighborEvent>('NeighborEvent', {
  at: time(),
  address: text(),
  as: u32(),
  state: state(),
  reason: text(),
});

const policyAction = () => z.enum(['accept', 'reject', 'next']);
export const policy = component<PolicyView>('Policy', {
  name: text(),
  usedBy: z.array(text()).describe("Such as '172.18.8.102 import'"),
  statements: z.array(
    shape<PolicyView['statements'][number]>({
      number: count().describe('From 1'),
      name: text().optional(),
      match: text().describe('Conditions in words; empty: every route'),
      set: text().describe('Changes in words'),
      then: policyAction(),
      hits: count().describe('Routes that matched'),
    }),
  ),
});
const attributes = component<RouteAttributes>('RouteAttributes', attributeKeys);
export const policyTest = component<PolicyTestView>('PolicyTest', {
  prefix: text(),
  neighbor: text(),
  direction: z.enum(['import', 'export']),
  source: text().describe(
    "'local', 'connected', 'static', 'kernel', 'aggregate', 'default-originate' or the neighbor's address",
  ),
  accepted: z.boolean(),
  matched: z
    .array(
      shape<PolicyTestView['matched'][number]>({
        policy: text(),
        statement: count().describe('From 1'),
        name: text().optional(),
        action: policyAction(),
      }),
    )
    .describe('In order; the last one decided unless its action is next'),
  before: attributes,
  after: attributes.optional().describe('Absent when the route is rejected'),
});

export const daemonStatus = component<DaemonStatus>('Status', {
  version: text(),
  node: text(),
  pid: count(),
  startedAt: time(),
  as: u32(),
  routerId: text(),
  hostname: text(),
  config: text().describe('Path of the configuration file'),
});

export const configView = component<ConfigView>('Configuration', {
  source: text().describe('Path of the file'),
  config: z.record(text(), z.unknown()).describe("In the file's shape"),
  text: text().describe('The same as YAML'),
});

export const configProblem = component<ConfigProblem>('ConfigurationProblem', {
  file: text(),
  line: count().describe('From 1; 0 where unknown'),
  column: count().describe('From 1; 0 where unknown'),
  path: text(),
  message: text(),
  suggestion: text().optional(),
});
