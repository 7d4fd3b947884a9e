// Keeps the kernel's routes of one identity (table, metric, protocol) equal to Loc-RIB.
//
// Both families share one socket and two batches: while the kernel works on one, the other is filled, and the loop turns
// before the next, so that a full table never holds up KEEPALIVEs. While the kernel's routes are being dumped nothing is
// written (`hold`), so that a dump and our own changes never cross.

import type { Logger } from 'pino';
import { FAMILIES, Family } from '../bgp/wire/family.js';
import { formatPrefix } from '../bgp/wire/prefix.js';
import { Errno } from './errno.js';
import { FamilyInstaller } from './family-installer.js';
import { isOwn, type Kernel } from './kernel.js';
import type { BatchOutcome, RouteChannel } from './netlink-socket.js';
import { Reasons } from './reasons.js';
import type { Resolver } from './resolver.js';
import { type Identity, RouteBatch } from './route-batch.js';
import { AF_INET, type RouteMessage } from './rtnetlink.js';
import type { LocRib } from './source.js';

/** After the kernel's state changed, refused routes are tried again this much later … */
const RETRY_MS = 100;
/** … and a millisecond more for so many of them, so that many hopeless ones are not tried all the time. */
const RETRIES_PER_MS = 10;
/** Refused routes are tried again after this long even if nothing seems to have changed. */
const RETRY_ANYWAY_MS = 30_000;

/** What a reconciler works with. */
export interface ReconcilerTools {
  /** Indexed by Family. */
  locRib: readonly LocRib[];
  kernel: Kernel;
  resolver: Resolver;
  identity: Identity;
  channel: RouteChannel;
  /** Loc-RIB is complete: routes of ours that it does not want may go. */
  complete: boolean;
  /** Only a dump can tell what the kernel has. */
  unclear(): void;
  log: Logger;
}

/** The reconciliation of one identity. */
export class Reconciler {
  readonly identity: Identity;
  /** Indexed by Family. */
  readonly installers: readonly FamilyInstaller[];
  readonly reasons = new Reasons();
  private readonly tools: ReconcilerTools;
  private filling: RouteBatch;
  /** Empty while the kernel has nothing to do … */
  private underWay: RouteBatch;
  /** … else this will be its answer. */
  private outcome: Promise<BatchOutcome> | undefined;
  /** The family that comes first in the next batch. */
  private first: number = Family.ipv6Unicast;
  private running = false;
  private held = false;
  private stopped = false;
  private idleWaiters: (() => void)[] = [];
  private retryTimer: NodeJS.Timeout | undefined;
  private retryAt = 0;
  private newFailures = new Map<number, { count: number; example: string }>();

  constructor(tools: ReconcilerTools) {
    this.tools = tools;
    this.identity = tools.identity;
    this.filling = new RouteBatch(tools.channel.mostRefusals);
    this.underWay = new RouteBatch(tools.channel.mostRefusals);
    const { kernel, resolver, identity, unclear } = tools;
    this.installers = FAMILIES.map(({ family }) => {
      const locRib = tools.locRib[family];
      const wake = () => this.wake();
      return new FamilyInstaller(
        { locRib, kernel, resolver, identity, reasons: this.reasons, wake, unclear },
        tools.complete,
      );
    });
  }

  /** Begins to follow Loc-RIB; the kernel's routes have been dumped. */
  start(): void {
    for (const installer of this.installers) installer.start();
  }

  /** Stops following Loc-RIB; the routes stay in the kernel until `flush`. */
  retire(): void {
    for (const installer of this.installers) installer.stop();
  }

  /** Ends all writing; the routes stay in the kernel. Resolves when the last batch is answered. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retryTimer);
    this.retire();
    await this.rest();
    this.settleIdle();
  }

  /** Loc-RIB is complete. */
  converged(): void {
    for (const installer of this.installers) installer.converged();
  }

  /** Removes all our routes and stops following Loc-RIB; resolves when they are gone. */
  async flush(): Promise<void> {
    for (const installer of this.installers) installer.flush();
    await this.idle();
  }

  /** Resolves when nothing waits to be written. */
  idle(): Promise<void> {
    if (!this.running && (this.pending === 0 || this.stopped)) return Promise.resolve();
    this.wake();
    return new Promise(resolve => this.idleWaiters.push(resolve));
  }

  /** Prefixes that wait to be looked at. */
  get pending(): number {
    return this.installers.reduce((sum, { pending }) => sum + pending, 0) + this.filling.count + this.underWay.count;
  }

  get failed(): number {
    return this.installers.reduce((sum, { failed }) => sum + failed, 0);
  }

  /** Stops writing until `release`; resolves when no batch is under way. */
  async hold(): Promise<void> {
    this.held = true;
    await this.rest();
  }

  private async rest(): Promise<void> {
    while (this.running) {
      await this.outcome;
      await turn();
    }
  }

  release(): void {
    this.held = false;
    this.wake();
  }

  /** The kernel's links, addresses or routes changed: what it refused it may take now. */
  kernelChanged(): void {
    this.scheduleRetry(RETRY_MS + this.failed / RETRIES_PER_MS);
  }

  nextHopChanged(id: number): void {
    for (const installer of this.installers) installer.nextHopChanged(id);
  }

  /** Does a route of ours go out by this link? */
  uses(interfaceIndex: number): boolean {
    return this.installers.some(({ sets }) => sets.uses(interfaceIndex));
  }

  /** Is this a route of ours, by table, metric and protocol? */
  owns(route: RouteMessage): boolean {
    return isOwn(route, this.identity);
  }

  /** The installer that has to do with a route. */
  installerOf(route: RouteMessage): FamilyInstaller {
    return this.installers[route.family === AF_INET ? Family.ipv4Unicast : Family.ipv6Unicast];
  }

  private wake(): void {
    if (this.running || this.held || this.stopped) return;
    this.running = true;
    setImmediate(() => {
      this.run().catch(error => {
        this.running = false;
        this.tools.log.error({ err: error }, 'writing routes to the kernel failed');
        this.settleIdle();
      });
    });
  }

  private async run(): Promise<void> {
    while (!this.held && !this.stopped) {
      const looked = this.fill();
      if (!looked && this.outcome === undefined) break;
      await this.answered();
      this.send();
      if (looked) await turn();
    }
    await this.answered();
    this.running = false;
    this.logFailures();
    if (this.pending === 0 || this.stopped) this.settleIdle();
  }

  private fill(): boolean {
    const { filling } = this;
    const underWay = this.underWay.count > 0 ? this.underWay : undefined;
    this.tools.channel.begin(filling);
    let looked = false;
    // The other family first each time, so that neither waits for the other's last route.
    this.first = 1 - this.first;
    for (const family of [this.first, 1 - this.first]) {
      looked = this.installers[family].fill(filling, underWay) || looked;
    }
    return looked;
  }

  private send(): void {
    if (this.filling.count === 0) return;
    [this.filling, this.underWay] = [this.underWay, this.filling];
    this.outcome = this.tools.channel.apply(this.underWay);
  }

  private async answered(): Promise<void> {
    if (this.outcome === undefined) return;
    const { refusals, lost } = await this.outcome;
    const batch = this.underWay;
    this.outcome = undefined;
    for (const { index, errno, text } of refusals) this.refused(index, errno, text);
    if (lost !== undefined) {
      for (let index = 0; index < batch.count; index++) this.refused(index, Errno.timedOut, lost);
      this.tools.unclear();
    }
    for (let index = 0; index < batch.count; index++) this.installers[batch.family[index]].settled(batch, index);
    batch.clear();
    if (this.failed > 0) this.scheduleRetry(RETRY_ANYWAY_MS);
  }

  private refused(index: number, errno: number, text: string): void {
    const installer = this.installers[this.underWay.family[index]];
    const slot = installer.refused(this.underWay, index, errno, text);
    if (slot === 0) return;
    const reason = installer.table.reason[slot];
    const known = this.newFailures.get(reason);
    if (known !== undefined) known.count++;
    else this.newFailures.set(reason, { count: 1, example: formatPrefix(installer.table.prefix(slot)) });
  }

  private logFailures(): void {
    for (const [reason, { count, example }] of this.newFailures) {
      const what = count === 1 ? `route ${example}` : `${count} routes, ${example} among them,`;
      this.tools.log.warn({ prefix: example, count }, `${what} failed in the kernel: ${this.reasons.text(reason)}`);
    }
    this.newFailures.clear();
  }

  private scheduleRetry(delayMs: number): void {
    if (this.failed === 0 || this.stopped) return;
    const at = Date.now() + delayMs;
    if (this.retryTimer !== undefined && this.retryAt <= at) return;
    clearTimeout(this.retryTimer);
    this.retryAt = at;
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      for (const installer of this.installers) installer.retry();
    }, delayMs);
  }

  private settleIdle(): void {
    const waiters = this.idleWaiters;
    this.idleWaiters = [];
    for (const settle of waiters) settle();
  }
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
