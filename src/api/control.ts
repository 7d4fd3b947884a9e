// What the API needs of the daemon: three sides, each satisfied by an object that exists anyway.
//
// `speaker` is the BGP speaker and `fib` the kernel side, as they are; `daemon` is what only the composition root can do
// (configuration, shutdown). The API checks form and presence before it calls, so these methods can stay simple; what
// a person wrote wrong they throw as InputError.

import type { AggregateSpec } from '../bgp/aggregate-rules.js';
import type { RouteSpec } from '../bgp/local-routes.js';
import type { PolicyTestSpec } from '../bgp/policy-test.js';
import type { RouteQuery } from '../bgp/route-query.js';
import type {
  AggregateView,
  FibRouteView,
  FibStatus,
  NeighborEvent,
  NeighborStatus,
  PolicyTestView,
  PolicyView,
  RibSummary,
  RouteEvent,
  RouteView,
} from '../bgp/views.js';

export type { RouteSpec } from '../bgp/local-routes.js';

/** A neighbor to add: a mapping with the keys of the configuration file's `neighbors`. */
export interface NeighborSpec {
  address?: string;
  /** In place of the address. */
  interface?: string;
  /** Left out where its group has it. */
  as?: number | string | (number | string)[];
  [key: string]: unknown;
}

/** An aggregate to add: what is left out is as in the configuration file. */
export type AggregateInput = Pick<AggregateSpec, 'prefix'> & Partial<AggregateSpec>;

/** The BGP speaker (src/bgp/speaker.ts). Addresses may be in any spelling. */
export interface SpeakerControl {
  /** Lazy: the caller may pause between two routes for as long as it likes while the tables change. */
  routes(query: RouteQuery): Iterable<RouteView>;
  /** All or nothing; without `replace`, prefixes that are announced already are refused. Throws RefusedRoute. */
  addRoutes(routes: readonly RouteSpec[], replace: boolean): void;
  /** Returns how many were there. */
  deleteRoutes(prefixes: string[]): number;
  deleteAllRoutes(): number;
  summary(): RibSummary;
  listAggregates(): AggregateView[];
  addAggregate(spec: AggregateSpec): void;
  /** Returns how many were there. */
  deleteAggregates(prefixes: string[]): number;
  neighbors(): NeighborStatus[];
  neighbor(address: string): NeighborStatus | undefined;
  removeNeighbor(address: string): Promise<void>;
  enable(address: string): void;
  disable(address: string, message?: string): Promise<void>;
  /** Makes routes from and to a neighbor the last choice, or ends that (RFC 8326). */
  maintain(address: string, on: boolean): void;
  reset(address: string, message?: string): void;
  softReset(address: string, direction: 'in' | 'out' | 'both'): void;
  listPolicies(): PolicyView[];
  testPolicy(spec: PolicyTestSpec): PolicyTestView;
  /** Returns the end of the subscription. */
  subscribe(what: 'rib', listener: (event: RouteEvent) => void): () => void;
  subscribe(what: 'neighbor', listener: (event: NeighborEvent) => void): () => void;
}

/** The kernel side (src/fib). */
export interface FibControl {
  status(): FibStatus;
  routes(): Iterable<FibRouteView>;
}

/** The daemon as a whole. */
export interface DaemonStatus {
  version: string;
  /** Version of Node.js. */
  node: string;
  pid: number;
  startedAt: number;
  as: number;
  routerId: string;
  hostname: string;
  /** Path of the configuration file. */
  config: string;
}

/** The configuration in effect, defaults included. */
export interface ConfigView {
  /** Path of the file. */
  source: string;
  /** The file's shape. */
  config: Record<string, unknown>;
  /** The same as YAML. */
  text: string;
}

/** One thing that is wrong with the configuration file. */
export interface ConfigProblem {
  file: string;
  line: number;
  column: number;
  path: string;
  message: string;
  suggestion?: string;
}

/** What a reload did, or why nothing was touched. */
export type ReloadResult =
  | { ok: true; changes: string[]; warnings: string[] }
  | { ok: false; problems: readonly ConfigProblem[] };

/** What only the composition root can do. */
export interface DaemonControl {
  status(): DaemonStatus;
  config(): ConfigView;
  /** Reads the configuration file again and applies what changed; when it is wrong, nothing changes. */
  reload(): Promise<ReloadResult>;
  /** Fills in the defaults of the configuration. Lasts until the daemon stops. Throws InputError. */
  addNeighbor(neighbor: NeighborSpec): void;
  /**
   * Administrative shutdown: Cease to every neighbor (RFC 9003 message), kernel routes removed. Resolves when that is
   * done; the process ends after the answer is sent (ApiServer.close waits for it).
   */
  shutdown(message?: string): Promise<void>;
}

/** The daemon, as the API sees it. */
export interface Control {
  speaker: SpeakerControl;
  fib: FibControl;
  daemon: DaemonControl;
}
