// Shapes of every parameter, body and answer, by operation: what the server checks and the OpenAPI document describes.
//
// The compiler holds the shapes to the types they stand for (src/bgp/views.ts, control.ts): `shape<T>` wants exactly T's
// keys. Types for the client derive from SHAPES and are imported as types only, so the CLI never loads zod.

import { z } from 'zod';
import type {
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
import type { ConfigProblem, ConfigView, DaemonStatus, NeighborSpec, RouteSpec } from './control.js';
import { ERRORS, type ErrorBody, type ErrorCode, type OperationName } from './operations.js';

/** Shapes with a name of their own in the OpenAPI document, by that name. */
export const COMPONENTS: Record<string, z.ZodType> = {};

/** A shape for each key of T, and no others. */
type Keys<T> = { [K in keyof T]-?: z.ZodType<T[K]> };

/** An object with exactly T's keys. */
function shape<T>(keys: Keys<T>): z.ZodType<T>;
function shape(keys: Record<string, z.ZodType>): z.ZodType<object> {
  return z.object(keys);
}

/** The same for what comes in: other keys are refused. */
function input<T>(keys: Keys<T>): z.ZodType<T>;
function input(keys: Record<string, z.ZodType>): z.ZodType<object> {
  return z.strictObject(keys);
}

/** Gives a shape its name. */
function named<S extends z.ZodType>(id: string, schema: S): S {
  COMPONENTS[id] = schema.meta({ ...schema.meta(), id });
  return COMPONENTS[id] as S;
}

/** An object with a name. */
const component = <T>(id: string, keys: Keys<T>): z.ZodType<T> => named(id, shape<T>(keys));

const count = () => z.int().min(0);
const u32 = () => z.int().min(0).max(0xffffffff);
const time = () => z.int().describe('Milliseconds since 1970');
const text = () => z.string();
const familyName = () => z.enum(['ipv4-unicast', 'ipv6-unicast']);
const role = () => z.enum(['provider', 'rs', 'rs-client', 'customer', 'peer']);
const origin = () => z.enum(['igp', 'egp', 'incomplete']);

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
  source: text().describe("'local', 'kernel', 'aggregate', 'default-originate' or the neighbor's address"),
  best: z.boolean(),
  multipath: z.boolean().describe('Shares the traffic with the best path'),
  eligible: z.boolean().describe('May be chosen: accepted by import policy, next hop reachable, no loop'),
  reason: text().optional().describe('Why it is not the best path'),
  stale: z.boolean().describe('Kept from a neighbor that is restarting (RFC 4724)'),
  pathId: u32().optional().describe('RFC 7911'),
  receivedAt: time(),
  ...attributeKeys,
});

const route = component<RouteView>('Route', {
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

const neighbor = component<NeighborStatus>('Neighbor', {
  address: text(),
  as: u32().describe('0: external, not known yet'),
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

const summary = component<RibSummary>('Summary', {
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

const fibStatus = component<FibStatus>('FibStatus', {
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

const fibRoute = component<FibRouteView>('FibRoute', {
  prefix: text(),
  kind: z.enum(['unicast', 'blackhole', 'unreachable']),
  nextHops: z.array(
    shape<FibRouteView['nextHops'][number]>({ gateway: text().optional(), interface: text(), weight: count() }),
  ),
  state: text().describe("'installed', 'stale' (left by a previous run) or the kernel's error in words"),
});

const routeEvent = component<RouteEvent>('RouteEvent', {
  at: time(),
  prefix: text(),
  best: path.nullable().describe('The new best path, or null when there is none any more'),
});

const neighborEvent = component<NeighborEvent>('NeighborEvent', {
  at: time(),
  address: text(),
  as: u32(),
  state: state(),
  reason: text(),
});

const policyAction = () => z.enum(['accept', 'reject', 'next']);
const policy = component<PolicyView>('Policy', {
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
const policyTest = component<PolicyTestView>('PolicyTest', {
  prefix: text(),
  neighbor: text(),
  direction: z.enum(['import', 'export']),
  source: text().describe("'local', 'kernel', 'aggregate', 'default-originate' or the neighbor's address"),
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

const daemonStatus = component<DaemonStatus>('Status', {
  version: text(),
  node: text(),
  pid: count(),
  startedAt: time(),
  as: u32(),
  routerId: text(),
  hostname: text(),
  config: text().describe('Path of the configuration file'),
});

const configView = component<ConfigView>('Configuration', {
  source: text().describe('Path of the file'),
  config: z.record(text(), z.unknown()).describe("In the file's shape"),
  text: text().describe('The same as YAML'),
});

const configProblem = component<ConfigProblem>('ConfigurationProblem', {
  file: text(),
  line: count().describe('From 1; 0 where unknown'),
  column: count().describe('From 1; 0 where unknown'),
  path: text(),
  message: text(),
  suggestion: text().optional(),
});

const attributeWords: Keys<Omit<RouteSpec, 'prefix'>> = {
  nextHop: text().optional().describe('Default: this speaker'),
  origin: origin().optional().describe('Default: incomplete'),
  communities: z.array(text()).optional().describe('Such as 65001:100 or blackhole'),
  largeCommunities: z.array(text()).optional(),
  extendedCommunities: z.array(text()).optional(),
  med: u32().optional(),
  localPref: u32().optional(),
  asPath: text().optional().describe('Such as "65001 65002"'),
};
const routeSpec = named('RouteSpec', input<RouteSpec>({ prefix: text(), ...attributeWords }));

const neighborSpec: z.ZodType<NeighborSpec> = named(
  'NeighborSpec',
  z
    .looseObject({ address: text(), as: z.union([u32(), text()]).optional() })
    .describe("A mapping as in the list `neighbors` of the configuration file, with that list's keys"),
);

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];
/** The body of every error answer. */
export const errorBody = component<ErrorBody>('Error', {
  error: text().describe('What was wrong'),
  hint: text().optional().describe('What to do instead'),
  code: z.enum(codes),
  index: count().optional().describe('Which element of the list that was sent is wrong, from 0'),
  problems: z.array(configProblem).readonly().optional(),
});

const routesQuery = z
  .strictObject({
    prefix: text().optional().describe('Exactly this prefix'),
    address: text().optional().describe('The longest prefix that holds this address'),
    longer: text().optional().describe('This prefix and all inside it'),
    family: familyName().optional(),
    neighbor: text().optional().describe("This neighbor's Adj-RIB"),
    direction: z.enum(['in', 'out']).optional().describe('Which Adj-RIB; default: in'),
    limit: z.coerce.number<number | string>().int().min(1).optional().describe('At most this many prefixes'),
  })
  .refine(query => [query.prefix, query.address, query.longer].filter(it => it !== undefined).length <= 1, {
    message: 'prefix, address and longer exclude each other',
  })
  .refine(query => query.direction === undefined || query.neighbor !== undefined, {
    message: 'direction needs a neighbor',
    path: ['direction'],
  });

/** Longest Shutdown Communication (RFC 9003 §2). */
const MESSAGE_BYTES = 255;

const addressPath = z.strictObject({ address: text().describe('Address of the neighbor') });
const messageBody = z.strictObject({
  message: text()
    .refine(words => Buffer.byteLength(words) <= MESSAGE_BYTES, `must not be longer than ${MESSAGE_BYTES} bytes`)
    .optional()
    .describe(`Words for the operators of the other side, at most ${MESSAGE_BYTES} bytes (RFC 9003)`),
});
const maintenanceBody = z.strictObject({ on: z.boolean() });
const done = z.strictObject({ neighbor: text().describe('Address of the neighbor') });

/** What an operation takes and gives. */
export interface Shape {
  readonly path?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** The answer; of a stream one line. */
  readonly answer: z.ZodType;
}

/** The shapes of each operation. */
export const SHAPES = {
  status: { answer: daemonStatus },
  shutdown: { body: messageBody, answer: z.strictObject({ stopping: z.literal(true) }) },
  listRoutes: { query: routesQuery, answer: route },
  addRoutes: {
    body: z.strictObject({
      routes: z.array(routeSpec).describe('All are announced, or none'),
      replace: z.boolean().optional().describe('Replace what is announced already, instead of refusing'),
    }),
    answer: z.strictObject({ added: count() }),
  },
  deleteRoutes: {
    body: z.union(
      [z.strictObject({ prefixes: z.array(text()) }), z.strictObject({ all: z.literal(true) })],
      'must be { "prefixes": [...] } or { "all": true }',
    ),
    answer: z.strictObject({ deleted: count() }),
  },
  summary: { answer: summary },
  listNeighbors: { answer: z.array(neighbor) },
  getNeighbor: { path: addressPath, answer: neighbor },
  addNeighbor: { body: neighborSpec, answer: done },
  deleteNeighbor: { path: addressPath, answer: done },
  enableNeighbor: { path: addressPath, answer: done },
  disableNeighbor: { path: addressPath, body: messageBody, answer: done },
  maintainNeighbor: { path: addressPath, body: maintenanceBody, answer: done },
  maintain: { body: maintenanceBody, answer: z.strictObject({ neighbors: z.array(text()) }) },
  resetNeighbor: { path: addressPath, body: messageBody, answer: done },
  softResetNeighbor: {
    path: addressPath,
    body: z.strictObject({ direction: z.enum(['in', 'out', 'both']).default('both') }),
    answer: done,
  },
  listPolicies: { answer: z.array(policy) },
  testPolicy: {
    body: z.strictObject({
      prefix: text(),
      neighbor: text().describe('Address of the neighbor'),
      direction: z.enum(['import', 'export']),
      route: input<Omit<RouteSpec, 'prefix'>>(attributeWords)
        .optional()
        .describe('Attributes of a route that need not be there; without: the one of the table'),
    }),
    answer: policyTest,
  },
  fibStatus: { answer: fibStatus },
  listFibRoutes: {
    query: z.strictObject({ prefix: text().optional().describe('Only this prefix') }),
    answer: fibRoute,
  },
  showConfig: { answer: configView },
  reloadConfig: { answer: z.strictObject({ changes: z.array(text()), warnings: z.array(text()) }) },
  routeEvents: { answer: routeEvent },
  neighborEvents: {
    query: z.strictObject({ address: text().optional().describe('Only this neighbor') }),
    answer: neighborEvent,
  },
} as const satisfies Record<OperationName, Shape>;

type Shapes = typeof SHAPES;
type Part<N extends OperationName, P extends keyof Shape, Nothing> =
  Shapes[N] extends Record<P, infer S extends z.ZodType> ? S : Nothing;

/** What the client passes to an operation: the path's and the query's parameters and the body's keys, by place. */
export type Input<N extends OperationName> = {
  [P in 'path' | 'query' | 'body' as Part<N, P, never> extends never ? never : P]: z.input<Part<N, P, z.ZodNever>>;
};
/** The same after the server's checks, defaults filled in. */
export type Checked<N extends OperationName> = {
  [P in 'path' | 'query' | 'body' as Part<N, P, never> extends never ? never : P]: z.output<Part<N, P, z.ZodNever>>;
};
/** What an operation answers; of a stream, one line. */
export type AnswerOf<N extends OperationName> = z.output<Shapes[N]['answer']>;
