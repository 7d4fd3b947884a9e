// The neighbors of a speaker by name, those of prefixes among them: added, changed and removed while it runs; whom the
// listener takes connections from, which interfaces are watched for neighbors, and who hears of their states.

import { DynamicNeighbors, isRange } from './dynamic-neighbors.js';
import { Neighbor, type NeighborContext } from './neighbor.js';
import { changedOptions, needsSession } from './option-changes.js';
import { neighborName } from './session/addresses.js';
import type { Heard } from './session/heard.js';
import { Listener, md5KeyOf } from './session/listener.js';
import type { NeighborOptions } from './session/options.js';
import type { NeighborEvent, NeighborStatus } from './views.js';
import { InputError } from './wire/input-error.js';

/** What else of a speaker depends on its neighbors. */
export interface NeighborListOptions {
  listen: string[];
  port: number;
  neighbors: NeighborOptions[];
  /** The set of neighbors, or an option of one, is another than at first. */
  changed(): void;
  /** One has gone. */
  gone(): void;
}

/** All neighbors. */
export class NeighborList {
  private readonly byName = new Map<string, Neighbor>();
  private readonly dynamic: DynamicNeighbors<Neighbor>;
  private readonly listener: Listener;
  private readonly context: NeighborContext;
  private readonly options: NeighborListOptions;
  private readonly listeners = new Set<(event: NeighborEvent) => void>();
  private readonly states = new Map<Neighbor, NeighborStatus['state']>();
  /** Those that name neighbors. */
  private interfaces: readonly string[] = [];
  private interfaceWatcher: ((names: readonly string[]) => void) | undefined;

  constructor(options: NeighborListOptions, context: Omit<NeighborContext, 'changed'>) {
    const { log } = context;
    this.options = options;
    this.context = { ...context, changed: neighbor => this.stateChanged(neighbor) };
    this.dynamic = new DynamicNeighbors(
      member => this.startNew(member),
      neighbor => void this.end(neighbor, 'deconfigured'),
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
    this.follow();
  }

  [Symbol.iterator](): Iterator<Neighbor> {
    return this.byName.values();
  }

  /** The options of all neighbors, and of the prefixes of neighbors. */
  *allOptions(): Iterable<NeighborOptions> {
    for (const { options } of this) yield options;
    yield* this.dynamic.all();
  }

  /** Listens and begins to connect. */
  async start(): Promise<void> {
    if (this.options.listen.length > 0) await this.listener.listen();
    for (const neighbor of this) neighbor.start();
  }

  async stop(how: 'graceful' | { message?: string }): Promise<void> {
    this.dynamic.stop();
    await this.listener.close();
    await Promise.all([...this].map(neighbor => neighbor.close(how)));
  }

  get(name: string): Neighbor | undefined {
    return this.byName.get(neighborName(name));
  }

  /** Throws InputError when there is no such neighbor. */
  find(name: string): Neighbor {
    const neighbor = this.get(name);
    if (neighbor !== undefined) return neighbor;
    const known = [...this.byName.keys()].join(', ');
    throw new InputError(`no neighbor ${name}`, known === '' ? 'there are no neighbors' : `neighbors: ${known}`);
  }

  /** Is there a neighbor, or a prefix of neighbors? */
  has(name: string): boolean {
    return isRange(name) ? this.dynamic.has(name) : this.get(name) !== undefined;
  }

  /** Adds a neighbor and connects to it, or a prefix of neighbors. Throws InputError when there is one with that name. */
  add(options: NeighborOptions): void {
    if (!isRange(options.address)) {
      this.startNew(options);
      return;
    }
    this.dynamic.set(options);
    this.setChanged();
  }

  /** Takes changed options over: 'changed' without touching the session where that can be, else 'reset'. */
  update(options: NeighborOptions): 'unchanged' | 'changed' | 'reset' {
    if (isRange(options.address)) {
      const outcomes = this.dynamic.set(options).map(member => this.update(member));
      this.setChanged();
      return outcomes.includes('reset') ? 'reset' : 'changed';
    }
    const neighbor = this.find(options.address);
    const before = neighbor.options;
    const changed = changedOptions(before, options);
    if (changed.length === 0) return 'unchanged';
    if (changed.some(key => needsSession(key, before, options)) || !neighbor.mayStay(options)) {
      void this.end(neighbor, 'reconfigured');
      this.dynamic.replaced(neighbor, this.startNew(options));
      return 'reset';
    }
    neighbor.reconfigure(options);
    if (changed.includes('maintenance')) neighbor.maintain(options.maintenance);
    this.setChanged();
    if (changed.includes('shutdown')) {
      if (options.shutdown) void neighbor.disable();
      else neighbor.enable();
    }
    return 'changed';
  }

  /** Removes a neighbor and what it told us, or a prefix of neighbors. */
  async remove(name: string): Promise<void> {
    if (isRange(name)) this.dynamic.delete(name);
    else await this.end(this.find(name), 'deconfigured');
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

  /** Hears of every change of a neighbor's state. Returns the way to stop that. */
  subscribe(listener: (event: NeighborEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private startNew(options: NeighborOptions): Neighbor {
    const neighbor = this.insert(options);
    this.setChanged();
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

  private async end(neighbor: Neighbor, how: 'deconfigured' | 'reconfigured'): Promise<void> {
    this.byName.delete(neighbor.options.address);
    this.states.delete(neighbor);
    this.dynamic.replaced(neighbor);
    this.setChanged();
    await neighbor.close(how);
    neighbor.forget();
    this.options.gone();
  }

  /** The set of neighbors, or an option of one, is another. */
  private setChanged(): void {
    this.options.changed();
    this.follow();
  }

  private follow(): void {
    this.protect();
    const interfaces = [...this].flatMap(({ options }) => options.interface ?? []);
    if (interfaces.join(' ') === this.interfaces.join(' ')) return;
    this.interfaces = interfaces;
    this.interfaceWatcher?.(interfaces);
  }

  private protect(): void {
    this.listener.protect({
      passwords: [
        ...[...this].flatMap(({ passwords }) => passwords),
        ...[...this.dynamic.all()].flatMap(range => md5KeyOf(range)),
      ],
      ttlSecurity: [...this.allOptions()].some(({ ttlSecurity }) => ttlSecurity),
    });
  }

  private stateChanged(neighbor: Neighbor): void {
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
    for (const listener of this.listeners) listener(event);
  }
}
