// What each thing the kernel tells means for the rest of the FIB.
//
// A message changes the picture of the kernel, or, if it is about one of our own routes, the books of the reconciler.
// While a dump of everything runs it paints a new picture beside the old one, which is replaced when the dump is
// complete. What follows from a change (next hops, redistribution, retries) is done once for all messages at hand.

import { isOwn, Kernel } from './kernel.js';
import type { DumpScope, FeedListener } from './kernel-feed.js';
import { addressDump, decodeAddress, decodeLink, linkDump } from './link-message.js';
import type { Reconciler } from './reconciler.js';
import type { Redistribution } from './redistribution.js';
import type { Resolver } from './resolver.js';
import type { Identity } from './route-batch.js';
import { AF_INET, AF_INET6, MessageFlag, MessageType, RouteMessage, routeDump } from './rtnetlink.js';

/** What may change with the config. */
export interface Current {
  identity: Identity;
  /** None when nothing is to be installed. */
  reconciler: Reconciler | undefined;
  /** One whose routes are about to be removed. */
  retired: Reconciler | undefined;
}

type Handler = (buf: Buffer, start: number, end: number, replaces: boolean) => void;

/** The FIB's ear. */
export class KernelEvents implements FeedListener {
  private readonly kernel: Kernel;
  private readonly resolver: Resolver;
  private readonly redistribution: Redistribution;
  private readonly current: () => Current;
  /** Asks for a dump. */
  private readonly request: (scope: DumpScope) => void;
  private readonly route = new RouteMessage();
  private dumping: DumpScope | undefined;
  /** Who writes nothing meanwhile. */
  private held: Reconciler | undefined;
  /** The new picture while a dump of everything runs. */
  private staged: Kernel | undefined;
  private changed = false;
  private linksChanged = false;
  private readonly onLinksChanged: () => void;

  /** `onLinksChanged` hears that links or addresses of this machine are others than before. */
  constructor(
    parts: { kernel: Kernel; resolver: Resolver; redistribution: Redistribution; onLinksChanged: () => void },
    current: () => Current,
    request: (scope: DumpScope) => void,
  ) {
    this.kernel = parts.kernel;
    this.resolver = parts.resolver;
    this.redistribution = parts.redistribution;
    this.onLinksChanged = parts.onLinksChanged;
    this.current = current;
    this.request = request;
  }

  async dumpBegins(scope: DumpScope): Promise<Buffer[]> {
    const { identity, reconciler } = this.current();
    this.dumping = scope;
    if (this.held !== reconciler) this.held?.release();
    this.held = reconciler;
    await reconciler?.hold();
    for (const installer of reconciler?.installers ?? []) installer.dumpBegins();
    // Links first: the kernel answers that only when it is through with dropping the routes of one that went down.
    if (scope === 'own') return [linkDump(), ...routeDumps(identity.table, identity.protocol)];
    this.staged = new Kernel(identity);
    return [linkDump(), addressDump(), ...this.staged.tableIds.flatMap(table => routeDumps(table, 0))];
  }

  dumpEnds(_scope: DumpScope, complete: boolean): void {
    const { held } = this;
    this.held = undefined;
    if (complete && this.staged !== undefined) {
      this.kernel.become(this.staged);
      this.redistribution.allChanged();
      this.changed = true;
    }
    this.staged = undefined;
    this.dumping = undefined;
    // What a reload has replaced meanwhile has not been shown all of its routes.
    const isCurrent = held === this.current().reconciler;
    if (complete && isCurrent) for (const installer of held?.installers ?? []) installer.dumpEnds();
    held?.release();
  }

  caughtUp(): void {
    if (this.changed) {
      this.changed = false;
      this.resolver.refresh();
      this.current().reconciler?.kernelChanged();
    }
    this.redistribution.flush();
    if (!this.linksChanged) return;
    this.linksChanged = false;
    this.onLinksChanged();
  }

  message(buf: Buffer, type: number, flags: number, start: number, end: number): void {
    if (this.dumping === 'own' && type !== MessageType.newRoute) return;
    this.handlers[type]?.(buf, start, end, (flags & MessageFlag.replace) !== 0);
  }

  private readonly handlers: Readonly<Record<number, Handler>> = {
    [MessageType.newLink]: (buf, start, end) => {
      const link = decodeLink(buf, start, end);
      const { changed, routesLost } = this.picture.addLink(link);
      if (changed) this.linkChanged(link.index, routesLost);
    },
    [MessageType.delLink]: (buf, start, end) => {
      const link = decodeLink(buf, start, end);
      if (this.picture.removeLink(link)) this.linkChanged(link.index, true);
    },
    [MessageType.newAddress]: (buf, start, end) => {
      const address = decodeAddress(buf, start, end);
      if (address !== null && this.picture.addAddress(address)) this.linkChanged(address.interfaceIndex, false);
    },
    [MessageType.delAddress]: (buf, start, end) => {
      const address = decodeAddress(buf, start, end);
      if (address !== null && this.picture.removeAddress(address)) this.linkChanged(address.interfaceIndex, true);
    },
    [MessageType.newRoute]: (buf, start, end, replaces) => {
      if (this.route.scan(buf, start, end)) this.routeChanged(true, replaces);
    },
    [MessageType.delRoute]: (buf, start, end) => {
      if (this.route.scan(buf, start, end)) this.routeChanged(false, false);
    },
  };

  private get picture(): Kernel {
    return this.staged ?? this.kernel;
  }

  private linkChanged(interfaceIndex: number, routesLost: boolean): void {
    this.linksChanged = true;
    if (this.staged !== undefined) return;
    this.changed = true;
    this.redistribution.allChanged();
    // The kernel may have dropped IPv4 routes that went out by this link; it does not say which.
    if (routesLost && this.current().reconciler?.uses(interfaceIndex) === true) this.request('own');
  }

  private routeChanged(added: boolean, replaces: boolean): void {
    const { identity, reconciler, retired } = this.current();
    if (isOwn(this.route, identity)) {
      if (reconciler !== undefined) this.ownRouteChanged(reconciler, added, replaces);
    } else if (this.dumping !== 'own' && retired?.owns(this.route) !== true) {
      this.otherRouteChanged(reconciler, added, replaces);
    }
  }

  private ownRouteChanged(reconciler: Reconciler, added: boolean, replaces: boolean): void {
    const { route } = this;
    const installer = reconciler.installerOf(route);
    if (this.dumping !== undefined) installer.dumped(route);
    else if (added) installer.addedByOthers(route, replaces);
    else installer.deletedByOthers(route);
    // What it replaced may have been another program's.
    if (replaces && this.dumping === undefined && this.kernel.hasRivals()) this.request('everything');
  }

  private otherRouteChanged(reconciler: Reconciler | undefined, added: boolean, replaces: boolean): void {
    const change = this.picture.changeRoute(this.route, added, replaces);
    if (change === undefined || change.effect === 'none' || this.staged !== undefined) return;
    this.changed = true;
    if (change.effect === 'unclear') this.request('everything');
    if (change.inOwnTable) this.redistribution.routeChanged(change.key);
    if (added && change.rival) reconciler?.installerOf(this.route).joinedByOthers(this.route, replaces);
  }
}

function routeDumps(table: number, protocol: number): Buffer[] {
  return [AF_INET, AF_INET6].map(family => routeDump(family, table, protocol));
}
