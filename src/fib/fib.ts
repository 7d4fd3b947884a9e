// The FIB: Loc-RIB's routes in the kernel, and the kernel's part in the RIB.
//
// It puts the pieces together: what the kernel tells (kernel-feed) keeps the picture of it (kernel) and the books about
// our own routes (reconciler) up to date; next hops are resolved by that picture (resolver), and routes of others are
// announced from it (redistribution). Without `install` nothing is written and no privilege is needed.

import type { Logger } from 'pino';
import type { KernelRouteSpec, KernelSource } from '../bgp/rib/sources.js';
import type { FibRouteView, FibStatus } from '../bgp/views.js';
import { formatAddress, formatPrefix, type Prefix } from '../bgp/wire/prefix.js';
import type { FamilyInstaller } from './family-installer.js';
import { Forwarding } from './forwarding-sets.js';
import { Kernel } from './kernel.js';
import { KernelEvents } from './kernel-events.js';
import { KernelFeed } from './kernel-feed.js';
import { RouteChannel } from './netlink-socket.js';
import { Reconciler } from './reconciler.js';
import { type PrefixRule, Redistribution } from './redistribution.js';
import { Resolver } from './resolver.js';
import { Group } from './rtnetlink.js';
import type { LocRib, NextHops } from './source.js';

/** What the kernel is asked to tell of. */
const FOLLOWED = [Group.link, Group.ipv4Address, Group.ipv6Address, Group.ipv4Route, Group.ipv6Route];

/** What the config says about the kernel. */
export interface FibOptions {
  /** Write routes; else only resolve next hops and redistribute. */
  install: boolean;
  table: number;
  metric: number;
  /** rtnetlink protocol number; 186 is BGP. */
  protocol: number;
  redistribute: KernelSource[];
  /** Which prefixes are redistributed; empty: all but the default routes. */
  prefixes: PrefixRule[];
}

/** The RIB's side. */
export interface FibSource {
  /** Indexed by Family. */
  locRib: readonly LocRib[];
  nextHops: NextHops;
  /** Links or addresses of this machine are others than before. */
  linksChanged?(): void;
}

/** The kernel's routes and the RIB, each as the other needs it. */
export class Fib {
  /** Routes of a previous run were found in the kernel: forwarding went on meanwhile (RFC 4724 §3, F bit). */
  preserved = false;
  private readonly source: FibSource;
  private readonly log: Logger;
  private readonly kernel: Kernel;
  private readonly resolver: Resolver;
  private readonly redistribution: Redistribution;
  private options: FibOptions;
  private feed: KernelFeed | undefined;
  private channel: RouteChannel | undefined;
  private reconciler: Reconciler | undefined;
  /** The one before, whose routes are removed when the new one's are in place. */
  private retired: Reconciler | undefined;
  private complete = false;
  private stopped = false;
  private changes: Promise<void> = Promise.resolve();

  /** `redistribute` hears of kernel routes to announce, null when one is gone. */
  constructor(
    source: FibSource,
    redistribute: (prefix: Prefix, route: KernelRouteSpec | null) => void,
    options: FibOptions,
    log: Logger,
  ) {
    this.source = source;
    this.options = options;
    this.log = log;
    this.kernel = new Kernel(options);
    this.resolver = new Resolver(this.kernel, source.nextHops, id => this.reconciler?.nextHopChanged(id));
    this.redistribution = new Redistribution(this.kernel, redistribute);
  }

  /**
   * Reads the kernel's links, addresses and routes, takes over our own routes of a previous run, and begins to follow
   * both sides. Rejects when netlink cannot be used.
   */
  async start(): Promise<void> {
    const current = () => ({ identity: this.options, reconciler: this.reconciler, retired: this.retired });
    const { kernel, resolver, redistribution } = this;
    const onLinksChanged = () => this.source.linksChanged?.();
    const parts = { kernel, resolver, redistribution, onLinksChanged };
    const events = new KernelEvents(parts, current, scope => this.feed?.request(scope));
    this.feed = new KernelFeed(FOLLOWED, events, this.log);
    if (this.options.install) this.reconciler = this.createReconciler();
    await this.feed.start();
    this.preserved = this.counts().stale > 0;
    this.redistribution.configure(this.options.redistribute, this.options.prefixes);
    this.redistribution.flush();
    this.resolver.start();
    this.reconciler?.start();
    if (this.preserved) this.log.info({ routes: this.counts().stale }, 'took over the routes of a previous run');
  }

  /** Loc-RIB is complete after start-up: routes of a previous run that it does not want are removed. */
  converged(): void {
    this.complete = true;
    this.reconciler?.converged();
  }

  /** Takes new options. Routes move to a new table, metric or protocol before the old ones are removed. */
  reload(options: FibOptions): void {
    this.changes = this.changes
      .then(() => this.change(options))
      .catch(error => {
        if (!this.stopped) this.log.error({ err: error }, 'the new fib options could not be taken');
      });
  }

  /** Removes all our routes and stops following Loc-RIB; resolves when they are gone. */
  async flush(): Promise<void> {
    await this.changes;
    await this.reconciler?.flush();
  }

  /** Stops; our routes stay in the kernel. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.feed?.close();
    await this.reconciler?.stop();
    await this.retired?.stop();
    await this.changes;
    this.channel?.close();
  }

  /** Figures for `tsbgp fib`. */
  status(): FibStatus {
    const { install, table, metric, protocol } = this.options;
    return {
      install,
      table,
      metric,
      protocol,
      ...this.counts(),
      pending: this.reconciler?.pending ?? 0,
      failed: this.reconciler?.failed ?? 0,
      redistributed: this.redistribution.size,
      resyncs: this.feed?.resyncs ?? 0,
    };
  }

  /** Every route of ours in the kernel, or refused by it. */
  routes(): FibRouteView[] {
    return (this.reconciler?.installers ?? []).flatMap(installer => this.routesOf(installer));
  }

  private createReconciler(): Reconciler {
    const { kernel, resolver, log, complete } = this;
    const { table, metric, protocol } = this.options;
    if (this.channel === undefined) {
      this.channel = new RouteChannel(error => log.error({ err: error }, 'the route socket failed'));
      this.feed?.ignorePort(this.channel.port);
    }
    return new Reconciler({
      locRib: this.source.locRib,
      kernel,
      resolver,
      identity: { table, metric, protocol },
      channel: this.channel,
      complete,
      unclear: () => this.feed?.request('own'),
      log,
    });
  }

  private async change(options: FibOptions): Promise<void> {
    const old = this.options;
    const moves =
      old.install !== options.install ||
      old.table !== options.table ||
      old.metric !== options.metric ||
      old.protocol !== options.protocol;
    this.options = options;
    if (moves) {
      this.retired = this.reconciler;
      this.retired?.retire();
      this.reconciler = options.install ? this.createReconciler() : undefined;
      await this.feed?.readAnew();
    }
    this.redistribution.configure(options.redistribute, options.prefixes);
    this.redistribution.flush();
    if (!moves) return;
    this.reconciler?.start();
    await this.reconciler?.idle();
    await this.retired?.flush();
    await this.retired?.stop();
    this.retired = undefined;
  }

  private counts(): { installed: number; stale: number } {
    const counts = { installed: 0, stale: 0 };
    for (const installer of this.reconciler?.installers ?? []) {
      const { installed, stale } = installer.counts();
      counts.installed += installed;
      counts.stale += stale;
    }
    return counts;
  }

  private routesOf(installer: FamilyInstaller): FibRouteView[] {
    const { table, sets } = installer;
    const views: FibRouteView[] = [];
    for (let slot = 1; slot < table.end; slot++) {
      if (!table.used(slot)) continue;
      const reason = this.reconciler?.reasons.text(table.reason[slot]) ?? '';
      const set = table.have[slot] !== Forwarding.none ? table.have[slot] : installer.wantedAt(slot);
      if (set === Forwarding.none || (reason === '' && table.have[slot] === Forwarding.none)) continue;
      const stale = table.ribId[slot] === 0 && !this.complete;
      views.push({
        prefix: formatPrefix(table.prefix(slot)),
        kind: set === Forwarding.blackhole ? 'blackhole' : set === Forwarding.unreachable ? 'unreachable' : 'unicast',
        nextHops: sets.legs(set).map(({ interfaceIndex, gateway, weight }) => ({
          gateway: gateway === null ? undefined : formatAddress(gateway),
          interface: this.kernel.links.get(interfaceIndex)?.name ?? `#${interfaceIndex}`,
          weight,
        })),
        state: reason !== '' ? reason : stale ? 'stale' : 'installed',
      });
    }
    return views;
  }
}
