// Shapes of every parameter, body and answer, by operation: what the server checks and the OpenAPI document describes.
//
// Types for the client derive from SHAPES and are imported as types only, so the CLI never loads zod.

import { z } from 'zod';
import {
  aggregate,
  aggregateKernel,
  component,
  configProblem,
  configView,
  count,
  daemonStatus,
  familyName,
  fibRoute,
  fibStatus,
  input,
  type Keys,
  named,
  neighbor,
  neighborEvent,
  origin,
  policy,
  policyTest,
  route,
  routeEvent,
  summary,
  text,
  u32,
} from './components.js';
import type { NeighborSpec, RouteSpec } from './control.js';
import { ERRORS, type ErrorBody, type ErrorCode, type OperationName } from './operations.js';

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
    .looseObject({
      address: text().optional(),
      interface: text().optional(),
      as: z.union([u32(), text(), z.array(z.union([u32(), text()]))]).optional(),
    })
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
  listAggregates: { answer: z.array(aggregate) },
  addAggregate: {
    body: named(
      'AggregateSpec',
      z.strictObject({
        prefix: text(),
        summaryOnly: z.boolean().default(false),
        kernel: aggregateKernel().default('blackhole'),
        communities: z.array(text()).default([]),
        largeCommunities: z.array(text()).default([]),
      }),
    ),
    answer: z.strictObject({ aggregate: text().describe('Its prefix') }),
  },
  deleteAggregates: {
    body: z.strictObject({ prefixes: z.array(text()) }),
    answer: z.strictObject({ deleted: count() }),
  },
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
      neighbor: text().describe("Address of the neighbor; 'connected', 'static' or 'kernel' for redistributed routes"),
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
