// The speaker: neighbors, tables and own routes together.
//
// It knows nothing of the operating system but through session/. Work that is due (scans, update groups, event streams)
// is done in slices, one round a turn of the event loop, so that KEEPALIVEs, timers and new input come between.

import type { Logger } from 'pino';
import { AggregateList, type AggregatesChange } from './aggregate-list.js';
import type { AggregateSpec } from './aggregate-rules.js';
import { Convergence, type StartOptions } from './convergence.js';
import { DefaultRoutes } from './default-routes.js';
import type { LocalRoutesChange, RouteSpec } from './local-routes.js';
import { NeighborList } from './neighbor-list.js';
import { OwnRoutes } from './own-routes.js';
import { NO_POLICIES, type PolicyChain, type PolicyDefinitions } from './policy/definition.js';
import { Policies } from './policy/policies.js';
import { isKernelSource, kernelTested, type PolicyTestSpec, testPolicy } from './policy-test.js';
import { policyViews } from './policy-view.js';
import { type Multipath, SINGLE_PATH } from './rib/decision.js';
import type { LocRib } from './rib/loc-rib.js';
import type { NextHops } from './rib/next-hops.js';
import { Packer } from './rib/packer.js';
import { Rib } from './rib/rib.js';
import type { KernelRouteSpec } from './rib/sources.js';
import { UpdateGroups } from './rib/update-groups.js';
import { RibEvents } from './rib-events.js';
import { queryRoutes, type RouteQuery } from './route-query.js';
import type { Heard } from './session/heard.js';
import { type Confederation, type LocalOptions, type NeighborOptions, publicAs } from './session/options.js';
import { summarize } from './summary.js';
import type {
  AggregateView,
  NeighborEvent,
  NeighborStatus,
  PolicyTestView,
  PolicyView,
  RibSummary,
  RouteEvent,
  RouteView,
} from './views.js';
import { InputError } from './wire/input-error.js';
import { type Prefix, parseRouterId } from './wire/prefix.js';

/** What a speaker is made of. Addresses and identifiers are text. */
export interface SpeakerOptions {
  as: number;
  confederation?: Confederation;
  routerId: string;
  /** RFC 4456 §7; default: the router id. */
  clusterId?: string;
  /** Addresses to listen on; none: connections are only made, not taken. */
  listen: string[];
  port: number;
  /** Equal paths that share the traffic in the kernel; default: the best path has all of it. */
  multipath?: Partial<Multipath>;
  aggregates?: AggregateSpec[];
  hostname?: string;
  version?: string;
  /** How long a speaker that restarted waits for its neighbors' routes before it chooses (RFC 4724 §4.1). */
  selectionDeferralSeconds?: number;
  neighbors: NeighborOptions[];
  /** What neighbors' `import` and `export` may name. */
  policies?: PolicyDefinitions;
  /** What becomes of redistributed routes; default: accept. */
  kernelImport?: PolicyChain;
}

/** RFC 4724 §4.1 leaves it to the speaker. */
const SELECTION_DEFERRAL_SECONDS = 60;
/** Paths looked at in one slice of a scan. */
const SCAN_SLICE = 8_000;

/** A BGP speaker. */
export class Speaker {
  readonly options: SpeakerOptions;
  private readonly log: Logger;
  private readonly rib: Rib;
  private readonly own: OwnRoutes;
  private readonly policies: Policies;
  private readonly groups: readonly UpdateGroups[];
  private readonly aggregates: AggregateList;
  private readonly list: NeighborList;
  private readonly events: RibEvents;
  private readonly defaults: DefaultRoutes;
  private scheduled = false;
  private readonly convergence: Convergence;

  constructor(options: SpeakerOptions, log: Logger) {
    this.options = options;
    this.log = log;
    this.rib = new Rib({ multipath: { ...SINGLE_PATH, ...options.multipath }, onWork: this.wake });
    this.own = new OwnRoutes(this.rib, this.wake);
    this.policies = new Policies(publicAs(options));
    this.policies.replace(options.policies ?? NO_POLICIES);
    this.setKernelImport(options.kernelImport ?? 'accept');
    const packer = new Packer();
    this.groups = this.rib.families.map(table => new UpdateGroups(table, packer, this.wake));
    const aggregator = { as: publicAs(options), routerId: parseRouterId(options.routerId) };
    this.aggregates = new AggregateList(this.rib, aggregator, this.wake);
    this.setAggregates(options.aggregates ?? []);
    this.events = new RibEvents(this.rib.families, this.wake);
    this.defaults = new DefaultRoutes(this.rib, () => this.list, this.wake);
    this.convergence = new Convergence(this.rib.families, () => this.list, log, this.wake);
    const local: LocalOptions = {
      as: options.as,
      confederation: options.confederation,
      routerId: parseRouterId(options.routerId),
      hostname: options.hostname ?? '',
      version: options.version ?? '',
      restarting: resumed => this.convergence.deferring || (this.convergence.restarting && !resumed),
      forwardingPreserved: () => this.convergence.restarted,
    };
    const context = {
      rib: this.rib,
      policies: this.policies,
      groups: this.groups,
      local,
      clusterId: parseRouterId(options.clusterId ?? options.routerId),
      log,
      wake: this.wake,
      told: () => this.convergence.check(),
    };
    const { listen, port, neighbors } = options;
    const changed = () => this.defaults.update();
    const gone = () => this.convergence.check();
    this.list = new NeighborList({ listen, port, neighbors, changed, gone }, context);
    this.defaults.update();
  }

  /** Loc-RIB of each family, for consumers such as the kernel. */
  get locRib(): readonly LocRib[] {
    return this.rib.families;
  }

  get nextHops(): NextHops {
    return this.rib.nextHops;
  }

  /** Listens and begins to connect. */
  async start(options: StartOptions = {}): Promise<void> {
    this.convergence.begin(options);
    await this.list.start();
    const { selectionDeferralSeconds = SELECTION_DEFERRAL_SECONDS, neighbors } = this.options;
    // Whoever restarts as slowly as we may, or needs a few attempts to connect, still comes.
    const comeBackSeconds = neighbors.map(({ gracefulRestart, connectRetrySeconds }) =>
      Math.max(gracefulRestart ? gracefulRestart.restartTimeSeconds : 0, 3 * connectRetrySeconds),
    );
    this.convergence.run({
      selectionDeferralMs: selectionDeferralSeconds * 1000,
      comeBackMs: Math.max(0, ...comeBackSeconds) * 1000,
    });
  }

  /** Ends all sessions. 'graceful': neighbors that know graceful restart keep our routes and wait for us. */
  async stop(how: 'graceful' | { message?: string }): Promise<void> {
    this.convergence.stop();
    await this.list.stop(how);
  }

  /** Adds a neighbor and connects to it, or a prefix of neighbors. Throws InputError when there is one with that address. */
  addNeighbor(options: NeighborOptions): void {
    this.list.add(options);
  }

  /** Is there a neighbor, or a prefix of neighbors? */
  hasNeighbor(address: string): boolean {
    return this.list.has(address);
  }

  /** Takes changed options over: 'changed' without touching the session where that can be, else 'reset'. */
  updateNeighbor(options: NeighborOptions): 'unchanged' | 'changed' | 'reset' {
    return this.list.update(options);
  }

  /**
   * Takes other policies over; neighbors that are added or updated from now on may name them, the others go by them after
   * applyPolicies. Throws InputError when they name sets that are not there.
   */
  replacePolicies(policies: PolicyDefinitions): void {
    this.policies.replace(policies);
  }

  /** Judges routes anew where policies changed; no session is touched. A neighbor whose policy is gone keeps it. */
  applyPolicies(): void {
    const apply = (neighbor: string, act: () => void) => {
      try {
        act();
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        this.log.error({ neighbor, hint: error.hint }, `${neighbor} keeps its policies: ${error.message}`);
      }
    };
    apply('the kernel', () => this.setKernelImport(this.own.kernelImport));
    for (const neighbor of this.list) {
      apply(neighbor.options.address, () => neighbor.reconfigure(neighbor.options));
    }
  }

  /** What becomes of redistributed routes from now on. Throws InputError for a policy that is not there. */
  setKernelImport(chain: PolicyChain): void {
    this.own.importKernel(chain, this.policies);
  }

  /** Every policy with its statements, users and hits. */
  listPolicies(): PolicyView[] {
    return policyViews(this.policies, [
      { address: 'kernel', import: this.own.kernelImport },
      ...this.list.allOptions(),
    ]);
  }

  /** What a neighbor's policies, or those for redistributed routes, do to a route. Throws InputError. */
  testPolicy(spec: PolicyTestSpec): PolicyTestView {
    if (isKernelSource(spec.neighbor)) return testPolicy(this.rib, spec, kernelTested(spec, this.own.kernelPolicy));
    const neighbor = this.list.find(spec.neighbor);
    const { source, relation, policies } = neighbor;
    const bound = spec.direction === 'export' ? policies.exportAsBound : policies.importAsBound;
    const { address, as } = neighbor.status();
    return testPolicy(this.rib, spec, { address, source, external: relation === 'external', as, bound });
  }

  /** Removes a neighbor and what it told us, or a prefix of neighbors. Throws InputError. */
  async removeNeighbor(address: string): Promise<void> {
    await this.list.remove(address);
  }

  /** Links or addresses of this machine changed: sessions look at their own addresses again. */
  linksChanged(): void {
    for (const neighbor of this.list) neighbor.linksChanged();
  }

  /** Names who finds the neighbors that an interface names: it hears which interfaces those are, now and when that changes. */
  watchInterfaces(watcher: (names: readonly string[]) => void): void {
    this.list.watchInterfaces(watcher);
  }

  /** Something is known of such an interface, or of who is there, that was not before. */
  heard(name: string, heard: Heard): void {
    this.list.heard(name, heard);
  }

  /** Other equal paths share the traffic from now on. */
  setMultipath(multipath: Multipath): void {
    for (const table of this.rib.families) table.setMultipath(multipath);
    this.wake();
  }

  /** Other aggregates of the configuration from now on. Throws InputError, and then nothing has changed. */
  setAggregates(specs: readonly AggregateSpec[]): void {
    this.aggregates.configure(specs);
  }

  listAggregates(): AggregateView[] {
    return this.aggregates.views();
  }

  /** Adds an aggregate beside those of the configuration, or replaces one that was added. Throws InputError. */
  addAggregate(spec: AggregateSpec): void {
    this.aggregates.add(spec);
  }

  /** Removes aggregates that were added; returns how many there were. Throws InputError. */
  deleteAggregates(prefixes: string[]): number {
    return this.aggregates.delete(prefixes);
  }

  /** Calls `listener` after added aggregates changed; returns the way to stop that. */
  onAggregates(listener: (change: AggregatesChange) => void): () => void {
    return this.aggregates.onChange(listener);
  }

  neighbors(): NeighborStatus[] {
    return [...this.list].map(neighbor => neighbor.status());
  }

  neighbor(address: string): NeighborStatus | undefined {
    return this.list.get(address)?.status();
  }

  enable(address: string): void {
    this.list.find(address).enable();
  }

  async disable(address: string, message?: string): Promise<void> {
    await this.list.find(address).disable(message);
  }

  /** Makes routes from and to a neighbor the last choice, or ends that (RFC 8326). */
  maintain(address: string, on: boolean): void {
    this.list.find(address).maintain(on);
  }

  reset(address: string, message?: string): void {
    this.list.find(address).reset(message);
  }

  softReset(address: string, direction: 'in' | 'out' | 'both'): void {
    this.list.find(address).softReset(direction);
  }

  /** Adds own routes, all or none; without `replace`, prefixes that are announced already are refused. Throws RefusedRoute. */
  addRoutes(specs: readonly RouteSpec[], replace = true): void {
    this.own.add(specs, replace);
  }

  /** Removes own routes; returns how many there were. Throws InputError. */
  deleteRoutes(prefixes: string[]): number {
    return this.own.delete(prefixes);
  }

  /** Removes all own routes, in slices; returns how many there were. */
  deleteAllRoutes(): number {
    return this.own.deleteAll();
  }

  /** Calls `listener` after own routes changed; returns the way to stop that. */
  onLocalRoutes(listener: (change: LocalRoutesChange) => void): () => void {
    return this.own.onChange(listener);
  }

  /** A kernel route to be announced; null when it is gone. */
  redistribute(prefix: Prefix, route: KernelRouteSpec | null): void {
    this.own.redistribute(prefix, route);
  }

  /** The routes that answer a query, one at a time; small tables in order. Throws InputError. */
  routes(query: RouteQuery = {}): Iterable<RouteView> {
    const neighbor = query.neighbor === undefined ? undefined : this.list.find(query.neighbor);
    return queryRoutes(this.rib.families, query, neighbor);
  }

  summary(): RibSummary {
    return summarize(this.rib, this.groups, this.aggregates.families);
  }

  /** Hears of every change of a best path, or of a neighbor's state. Returns the way to stop that. */
  subscribe(what: 'rib', listener: (event: RouteEvent) => void): () => void;
  subscribe(what: 'neighbor', listener: (event: NeighborEvent) => void): () => void;
  subscribe(
    what: 'rib' | 'neighbor',
    listener: ((event: RouteEvent) => void) | ((event: NeighborEvent) => void),
  ): () => void {
    if (what === 'rib') return this.events.subscribe(listener as (event: RouteEvent) => void);
    return this.list.subscribe(listener as (event: NeighborEvent) => void);
  }

  /** To be called before routes change, once or for each: what changes in a turn of the loop has the time of its first change. */
  private readonly wake = (): void => {
    if (this.scheduled) return;
    this.scheduled = true;
    this.rib.now = Math.floor(Date.now() / 1000);
    setImmediate(this.run);
  };

  private readonly run = (): void => {
    this.scheduled = false;
    let more = this.rib.work(SCAN_SLICE);
    for (const aggregates of this.aggregates.families) if (aggregates.drain()) more = true;
    for (const groups of this.groups) if (groups.drain()) more = true;
    if (this.events.drain()) more = true;
    if (more) this.wake();
  };
}
