// The speaker: neighbors, tables and own routes together.
//
// It knows nothing of the operating system but through session/. Work that is due (scans, update groups, event streams)
// is done in slices, one round a turn of the event loop, so that KEEPALIVEs, timers and new input come between.

import type { Logger } from 'pino';
import { AggregateList, type AggregatesChange } from './aggregate-list.js';
import type { AggregateSpec } from './aggregate-rules.js';
import { Convergence, type StartOptions } from './convergence.js';
import { DefaultRoutes } from './default-routes.js';
import { DynamicNeighbors, isRange } from './dynamic-neighbors.js';
import type { LocalRoutesChange, RouteSpec } from './local-routes.js';
import { Neighbor, type NeighborContext } from './neighbor.js';
import { changedOptions, needsSession } from './option-changes.js';
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
import { neighborName } from './session/addresses.js';
import type { Heard } from './session/heard.js';
import { Listener, md5KeyOf } from './session/listener.js';
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
  private readonly byName = new Map<string, Neighbor>();
  private readonly dynamic: DynamicNeighbors<Neighbor>;
  private readonly listener: Listener;
  private readonly context: NeighborContext;
  private readonly events: RibEvents;
  private readonly defaults: DefaultRoutes;
  private readonly neighborListeners = new Set<(event: NeighborEvent) => void>();
  private readonly states = new Map<Neighbor, NeighborStatus['state']>();
  private scheduled = false;
  /** Those that name neighbors. */
  private interfaces: readonly string[] = [];
  private interfaceWatcher: ((names: readonly string[]) => void) | undefined;
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
    this.defaults = new DefaultRoutes(this.rib, () => this.byName.values(), this.wake);
    this.convergence = new Convergence(this.rib.families, () => this.byName.values(), log, this.wake);
    const local: LocalOptions = {
      as: options.as,
      confederation: options.confederation,
      routerId: parseRouterId(options.routerId),
      hostname: options.hostname ?? '',
      version: options.version ?? '',
      restarting: resumed => this.convergence.deferring || (this.convergence.restarting && !resumed),
      forwardingPreserved: () => this.convergence.restarted,
    };
    this.context = {
      rib: this.rib,
      policies: this.policies,
      groups: this.groups,
      local,
      clusterId: parseRouterId(options.clusterId ?? options.routerId),
      log,
      wake: this.wake,
      changed: neighbor => this.neighborChanged(neighbor),
      told: () => this.convergence.check(),
    };
    this.dynamic = new DynamicNeighbors(
      member => this.startNew(member),
      neighbor => void this.remove(neighbor, 'deconfigured'),
      log,
    );
    // A link-local address ends with the interface that it came by, which may name the neighbor.
    const find = (address: string) =>
      this.byName.get(address) ?? this.byName.get(address.split('%')[1] ?? '') ?? this.dynamic.admit(address);
    this.listener = new Listener(options.listen, options.port, address => find(address)?.session, log);
    for (const neighbor of options.neighbors) {
      if (isRange(neighbor.address)) this.dynamic.set(neighbor);
      else this.insert(neighbor);
    }
    this.neighborsChanged();
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
    if (this.options.listen.length > 0) await this.listener.listen();
    for (const neighbor of this.byName.values()) neighbor.start();
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
    this.dynamic.stop();
    await this.listener.close();
    await Promise.all([...this.byName.values()].map(neighbor => neighbor.close(how)));
  }

  /** Adds a neighbor and connects to it, or a prefix of neighbors. Throws InputError when there is one with that address. */
  addNeighbor(options: NeighborOptions): void {
    if (!isRange(options.address)) {
      this.startNew(options);
      return;
    }
    this.dynamic.set(options);
    this.neighborsChanged();
  }

  /** Is there a neighbor, or a prefix of neighbors? */
  hasNeighbor(address: string): boolean {
    return isRange(address) ? this.dynamic.has(address) : this.byName.has(neighborName(address));
  }

  /** Takes changed options over: 'changed' without touching the session where that can be, else 'reset'. */
  updateNeighbor(options: NeighborOptions): 'unchanged' | 'changed' | 'reset' {
    if (isRange(options.address)) {
      const outcomes = this.dynamic.set(options).map(member => this.updateNeighbor(member));
      this.neighborsChanged();
      return outcomes.includes('reset') ? 'reset' : 'changed';
    }
    const neighbor = this.find(options.address);
    const before = neighbor.options;
    const changed = changedOptions(before, options);
    if (changed.length === 0) return 'unchanged';
    if (changed.some(key => needsSession(key, before, options)) || !neighbor.mayStay(options)) {
      void this.remove(neighbor, 'reconfigured');
      this.dynamic.replaced(neighbor, this.startNew(options));
      return 'reset';
    }
    neighbor.reconfigure(options);
    if (changed.includes('maintenance')) neighbor.maintain(options.maintenance);
    this.neighborsChanged();
    if (changed.includes('shutdown')) {
      if (options.shutdown) void neighbor.disable();
      else neighbor.enable();
    }
    return 'changed';
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
    for (const neighbor of this.byName.values()) {
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
      ...[...this.byName.values()].map(({ options }) => options),
      ...this.dynamic.all(),
    ]);
  }

  /** What a neighbor's policies, or those for redistributed routes, do to a route. Throws InputError. */
  testPolicy(spec: PolicyTestSpec): PolicyTestView {
    if (isKernelSource(spec.neighbor)) return testPolicy(this.rib, spec, kernelTested(spec, this.own.kernelPolicy));
    const neighbor = this.find(spec.neighbor);
    const { source, relation, policies } = neighbor;
    const bound = spec.direction === 'export' ? policies.exportAsBound : policies.importAsBound;
    const { address, as } = neighbor.status();
    return testPolicy(this.rib, spec, { address, source, external: relation === 'external', as, bound });
  }

  /** Removes a neighbor and what it told us. */
  async removeNeighbor(address: string): Promise<void> {
    if (isRange(address)) this.dynamic.delete(address);
    else await this.remove(this.find(address), 'deconfigured');
  }

  /** Links or addresses of this machine changed: sessions look at their own addresses again. */
  linksChanged(): void {
    for (const neighbor of this.byName.values()) neighbor.linksChanged();
  }

  /** Names who finds the neighbors that an interface names: it hears which interfaces those are, now and when that changes. */
  watchInterfaces(watcher: (names: readonly string[]) => void): void {
    this.interfaceWatcher = watcher;
    watcher(this.interfaces);
  }

  /** Something is known of such an interface, or of who is there, that was not before. */
  heard(name: string, heard: Heard): void {
    const neighbor = this.byName.get(name);
    if (neighbor?.options.interface === undefined) return;
    neighbor.hear(heard);
    if (neighbor.options.password !== undefined) this.protect();
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
    return [...this.byName.values()].map(neighbor => neighbor.status());
  }

  neighbor(address: string): NeighborStatus | undefined {
    return this.byName.get(neighborName(address))?.status();
  }

  enable(address: string): void {
    this.find(address).enable();
  }

  async disable(address: string, message?: string): Promise<void> {
    await this.find(address).disable(message);
  }

  /** Makes routes from and to a neighbor the last choice, or ends that (RFC 8326). */
  maintain(address: string, on: boolean): void {
    this.find(address).maintain(on);
  }

  reset(address: string, message?: string): void {
    this.find(address).reset(message);
  }

  softReset(address: string, direction: 'in' | 'out' | 'both'): void {
    this.find(address).softReset(direction);
  }

  /** Adds or replaces own routes, all or none. Throws InputError naming the route that cannot be used. */
  addRoutes(specs: RouteSpec[]): void {
    this.own.add(specs);
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
    const neighbor = query.neighbor === undefined ? undefined : this.find(query.neighbor);
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
    const hear = listener as (event: NeighborEvent) => void;
    this.neighborListeners.add(hear);
    return () => this.neighborListeners.delete(hear);
  }

  private readonly wake = (): void => {
    if (this.scheduled) return;
    this.scheduled = true;
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

  private startNew(options: NeighborOptions): Neighbor {
    const neighbor = this.insert(options);
    this.neighborsChanged();
    neighbor.start();
    return neighbor;
  }

  private insert(options: NeighborOptions): Neighbor {
    const address = neighborName(options.address);
    if (this.byName.has(address)) {
      throw new InputError(`there is a neighbor ${address} already`, `to change it: delete and add it`);
    }
    const neighbor = new Neighbor({ ...options, address }, this.context);
    this.byName.set(address, neighbor);
    return neighbor;
  }

  /** The set of neighbors, or an option of one, is another. */
  private neighborsChanged(): void {
    this.defaults.update();
    this.protect();
    const interfaces = [...this.byName.values()].flatMap(({ options }) => options.interface ?? []);
    if (interfaces.join(' ') === this.interfaces.join(' ')) return;
    this.interfaces = interfaces;
    this.interfaceWatcher?.(interfaces);
  }

  private protect(): void {
    const neighbors = [...this.byName.values()];
    const ranges = [...this.dynamic.all()];
    this.listener.protect({
      passwords: [...neighbors.flatMap(({ passwords }) => passwords), ...ranges.flatMap(options => md5KeyOf(options))],
      ttlSecurity: [...neighbors.map(({ options }) => options), ...ranges].some(({ ttlSecurity }) => ttlSecurity),
    });
  }

  private async remove(neighbor: Neighbor, how: 'deconfigured' | 'reconfigured'): Promise<void> {
    this.byName.delete(neighbor.options.address);
    this.states.delete(neighbor);
    this.dynamic.replaced(neighbor);
    this.neighborsChanged();
    await neighbor.close(how);
    neighbor.forget();
    this.convergence.check();
  }

  private find(address: string): Neighbor {
    const neighbor = this.byName.get(neighborName(address));
    if (neighbor !== undefined) return neighbor;
    const known = [...this.byName.keys()].join(', ');
    throw new InputError(`no neighbor ${address}`, known === '' ? 'there are no neighbors' : `neighbors: ${known}`);
  }

  private neighborChanged(neighbor: Neighbor): void {
    const status = neighbor.status();
    if (this.states.get(neighbor) === status.state) return;
    this.states.set(neighbor, status.state);
    this.dynamic.changed(neighbor);
    const event: NeighborEvent = {
      at: Date.now(),
      address: status.address,
      as: status.as,
      state: status.state,
      reason: status.state === 'Established' ? '' : (status.session.lastError?.text ?? ''),
    };
    for (const listener of this.neighborListeners) listener(event);
  }
}
