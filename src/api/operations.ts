// The operations of the control API: one table from which server, client, CLI, OpenAPI document and reference derive.
//
// Plain data without imports at run time, because the CLI loads it each time it runs; the shapes of parameters, bodies and answers are in
// schema.ts under the same names.

import type { ConfigProblem } from './control.js';

/** What goes over the wire: `object` is one JSON value, `lines` NDJSON that ends, `events` NDJSON that goes on. */
export type Answer = 'object' | 'lines' | 'events';

/** A row of the table. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With {parameters}. */
  readonly path: string;
  readonly summary: string;
  readonly tag: 'daemon' | 'routes' | 'neighbors' | 'policies' | 'kernel' | 'configuration' | 'events';
  readonly answer: Answer;
}

/** All operations, by name. */
export const OPERATIONS = {
  status: {
    method: 'GET',
    path: '/v1/status',
    summary: 'The daemon: version, AS, router id, since when it runs',
    tag: 'daemon',
    answer: 'object',
  },
  shutdown: {
    method: 'POST',
    path: '/v1/shutdown',
    summary: 'Administrative shutdown: Cease to every neighbor, kernel routes removed, then the daemon ends',
    tag: 'daemon',
    answer: 'object',
  },
  listRoutes: {
    method: 'GET',
    path: '/v1/routes',
    summary: 'Routes of the Loc-RIB, or of the Adj-RIB-In or Adj-RIB-Out of a neighbor, as a stream of lines',
    tag: 'routes',
    answer: 'lines',
  },
  addRoutes: {
    method: 'POST',
    path: '/v1/routes',
    summary: 'Announce routes, all or none; a prefix that is announced already is refused unless `replace` is set',
    tag: 'routes',
    answer: 'object',
  },
  deleteRoutes: {
    method: 'POST',
    path: '/v1/routes/delete',
    summary: 'Withdraw announced routes: the listed prefixes (all or none), or all of them',
    tag: 'routes',
    answer: 'object',
  },
  summary: {
    method: 'GET',
    path: '/v1/routes/summary',
    summary: 'How many prefixes, paths, attribute sets, next hops and update groups there are',
    tag: 'routes',
    answer: 'object',
  },
  listAggregates: {
    method: 'GET',
    path: '/v1/aggregates',
    summary: 'The aggregates with how many routes each stands for',
    tag: 'routes',
    answer: 'object',
  },
  addAggregate: {
    method: 'POST',
    path: '/v1/aggregates',
    summary:
      'Add an aggregate beside those of the configuration file; it stays until it is deleted or the file has its prefix',
    tag: 'routes',
    answer: 'object',
  },
  deleteAggregates: {
    method: 'POST',
    path: '/v1/aggregates/delete',
    summary: 'Remove aggregates that were added, all or none',
    tag: 'routes',
    answer: 'object',
  },
  listNeighbors: {
    method: 'GET',
    path: '/v1/neighbors',
    summary: 'All neighbors with their sessions',
    tag: 'neighbors',
    answer: 'object',
  },
  getNeighbor: {
    method: 'GET',
    path: '/v1/neighbors/{address}',
    summary: 'One neighbor: capabilities, timers, counters, last error',
    tag: 'neighbors',
    answer: 'object',
  },
  addNeighbor: {
    method: 'POST',
    path: '/v1/neighbors',
    summary: 'Add a neighbor, with the keys of the configuration file; it lasts until the daemon stops',
    tag: 'neighbors',
    answer: 'object',
  },
  deleteNeighbor: {
    method: 'DELETE',
    path: '/v1/neighbors/{address}',
    summary: 'End the session (Cease, Peer De-configured) and forget the neighbor',
    tag: 'neighbors',
    answer: 'object',
  },
  enableNeighbor: {
    method: 'POST',
    path: '/v1/neighbors/{address}/enable',
    summary: 'Bring the session up again',
    tag: 'neighbors',
    answer: 'object',
  },
  disableNeighbor: {
    method: 'POST',
    path: '/v1/neighbors/{address}/disable',
    summary: 'Shut the session down with a message to the neighbor (RFC 9003)',
    tag: 'neighbors',
    answer: 'object',
  },
  maintainNeighbor: {
    method: 'POST',
    path: '/v1/neighbors/{address}/maintenance',
    summary: 'Make routes from and to a neighbor the last choice, or end that; the session stays up (RFC 8326)',
    tag: 'neighbors',
    answer: 'object',
  },
  maintain: {
    method: 'POST',
    path: '/v1/maintenance',
    summary: 'The same for all neighbors',
    tag: 'neighbors',
    answer: 'object',
  },
  resetNeighbor: {
    method: 'POST',
    path: '/v1/neighbors/{address}/reset',
    summary: 'End the session (Cease, Administrative Reset) and start it again',
    tag: 'neighbors',
    answer: 'object',
  },
  softResetNeighbor: {
    method: 'POST',
    path: '/v1/neighbors/{address}/softreset',
    summary: 'Exchange the routes again without ending the session (RFC 2918)',
    tag: 'neighbors',
    answer: 'object',
  },
  listPolicies: {
    method: 'GET',
    path: '/v1/policies',
    summary: 'Policies with their statements, who uses them, and how many routes each statement matched',
    tag: 'policies',
    answer: 'object',
  },
  testPolicy: {
    method: 'POST',
    path: '/v1/policies/test',
    summary:
      'What import or export policies of a neighbor, or those for redistributed routes, do to a route, and which statements did it',
    tag: 'policies',
    answer: 'object',
  },
  fibStatus: {
    method: 'GET',
    path: '/v1/fib',
    summary: 'What the kernel holds of this daemon: table, metric, installed, pending and failed routes',
    tag: 'kernel',
    answer: 'object',
  },
  listFibRoutes: {
    method: 'GET',
    path: '/v1/fib/routes',
    summary: 'Routes in the kernel, as a stream of lines',
    tag: 'kernel',
    answer: 'lines',
  },
  showConfig: {
    method: 'GET',
    path: '/v1/config',
    summary: 'The configuration in effect, defaults included',
    tag: 'configuration',
    answer: 'object',
  },
  reloadConfig: {
    method: 'POST',
    path: '/v1/config/reload',
    summary: 'Read the configuration file again; sessions that it does not concern stay up',
    tag: 'configuration',
    answer: 'object',
  },
  routeEvents: {
    method: 'GET',
    path: '/v1/events/rib',
    summary: 'Changes of best paths as they happen, as a stream of lines',
    tag: 'events',
    answer: 'events',
  },
  neighborEvents: {
    method: 'GET',
    path: '/v1/events/neighbor',
    summary: 'Changes of session states as they happen, as a stream of lines',
    tag: 'events',
    answer: 'events',
  },
} as const satisfies Record<string, Operation>;

/** Name of an operation: key of the table. */
export type OperationName = keyof typeof OPERATIONS;
/** Operations with this kind of answer. */
export type OperationsThat<A extends Answer> = {
  [N in OperationName]: (typeof OPERATIONS)[N]['answer'] extends A ? N : never;
}[OperationName];

/** The names, in the order of the table. */
export const OPERATION_NAMES = Object.keys(OPERATIONS) as OperationName[];

/** Where the OpenAPI document of the above is. */
export const OPENAPI_PATH = '/v1/openapi.json';

/** What can go wrong, by code: the HTTP status and what it means. */
export const ERRORS = {
  'bad-input': { status: 400, meaning: 'A parameter or the body has the wrong form, or a value cannot be used' },
  'bad-config': { status: 400, meaning: 'The configuration file cannot be used; nothing was changed' },
  'no-such-operation': { status: 404, meaning: 'Nothing answers at this path' },
  'no-such-neighbor': { status: 404, meaning: 'No neighbor has this address' },
  'no-such-route': { status: 404, meaning: 'The route or aggregate is not there' },
  'method-not-allowed': { status: 405, meaning: 'The path exists, but not with this method; see the Allow header' },
  duplicate: { status: 409, meaning: 'The route, aggregate or neighbor exists already' },
  'no-session': { status: 409, meaning: 'The session with the neighbor is not established' },
  'too-large': { status: 413, meaning: 'The body is too large; send several smaller ones' },
  internal: { status: 500, meaning: 'The daemon failed to do it; its log says why' },
  'too-slow': { status: 500, meaning: 'Last line of an event stream whose reader fell too far behind' },
  stopping: { status: 503, meaning: 'Last line of an event stream when the daemon stops' },
} as const satisfies Record<string, { status: number; meaning: string }>;

/** What went wrong, for programs. */
export type ErrorCode = keyof typeof ERRORS;

/** The body of every error answer, and the last line of a stream that ended early. */
export interface ErrorBody {
  error: string;
  /** What to do instead. */
  hint?: string;
  code: ErrorCode;
  /** Which element of the list that was sent is wrong, from 0. */
  index?: number;
  /** All that is wrong with the configuration file. */
  problems?: readonly ConfigProblem[];
}
