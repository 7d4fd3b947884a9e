// One neighbor: its session on one side, the tables on the other.
//
// Hears from the session (established, UPDATE, refresh, down) and turns it into changes of Adj-RIB-In and membership of
// update groups. What has a room of its own: routes through its restarts (graceful-restart.ts), what it has told
// (telling.ts), policies, refreshes, the prefix limit, what people see. Whatever deletes many routes is one act: mark them
// stale, then sweep what is still stale. RFC 4271 §9; RFC 4724 §2 (End-of-RIB); RFC 4486 (prefix limit).

import type { Logger } from 'pino';
import { exportOptions, importContext, linkOf, retention } from './agreement.js';
import { GracefulRestart } from './graceful-restart.js';
import { MalformedUpdates } from './malformed.js';
import { NeighborPolicies } from './neighbor-policies.js';
import { neighborStatus } from './neighbor-status.js';
import type { Policies } from './policy/policies.js';
import { PrefixLimit } from './prefix-limit.js';
import { END_OF_RIB, Refreshes } from './refreshes.js';
import type { ExportOptions } from './rib/export.js';
import { type ImportContext, importVerdict, ingest } from './rib/ingest.js';
import type { LocRib } from './rib/loc-rib.js';
import { Verdict } from './rib/paths.js';
import type { Rib } from './rib/rib.js';
import { SourceKind } from './rib/sources.js';
import type { AdvertisedPath, Member } from './rib/update-group.js';
import type { UpdateGroups } from './rib/update-groups.js';
import { addressOf } from './session/addresses.js';
import type { Heard } from './session/heard.js';
import { md5KeyOf } from './session/listener.js';
import {
  type LocalOptions,
  mayBeIn,
  type NeighborOptions,
  type Relation,
  relationTo,
  sessionAs,
} from './session/options.js';
import { type Negotiated, NeighborSession, type SessionDown, type SessionHandler } from './session/session.js';
import type { Md5Key } from './session/socket-options.js';
import { Telling } from './telling.js';
import type { FamilyCounts, NeighborStatus } from './views.js';
import { FAMILIES, type Family, familyOf } from './wire/family.js';
import { encode } from './wire/message.js';
import { NotificationErrors } from './wire/notification.js';
import { RefreshSubtype, type RouteRefreshMessage } from './wire/refresh.js';
import type { UpdateScan } from './wire/update-scan.js';

/** What a neighbor needs of its speaker. */
export interface NeighborContext {
  rib: Rib;
  policies: Policies;
  /** By Family. */
  groups: readonly UpdateGroups[];
  local: LocalOptions;
  clusterId: number;
  log: Logger;
  /** Routes are about to change, or there is other work for the next turn of the loop. */
  wake(): void;
  /** The neighbor's state changed. */
  changed(neighbor: Neighbor): void;
  /** What the start of the speaker waits for may have come from a neighbor. */
  told(): void;
}

const cease = {
  shutdown: NotificationErrors.administrativeShutdown.subcode,
  reset: NotificationErrors.administrativeReset.subcode,
  prefixLimit: NotificationErrors.maximumPrefixesReached.subcode,
  deconfigured: NotificationErrors.peerDeconfigured.subcode,
  reconfigured: NotificationErrors.otherConfigurationChange.subcode,
} as const;

/** A neighbor of a speaker. */
export class Neighbor implements SessionHandler {
  options: NeighborOptions;
  readonly session: NeighborSession;
  readonly source: number;
  /** Administratively down, and what was said about it. */
  shutdown: boolean;
  shutdownMessage: string | undefined;
  /** Its routes, and those to it, are the last choice (RFC 8326). */
  private maintenance: boolean;
  private readonly context: NeighborContext;
  private readonly members: readonly Member[];
  readonly policies: NeighborPolicies;
  private importing: ImportContext | null = null;
  private refreshes: Refreshes | null = null;
  private readonly malformed: MalformedUpdates;
  private readonly telling: Telling;
  private readonly restart: GracefulRestart;
  private readonly prefixLimit: PrefixLimit;
  private since = Date.now();

  constructor(options: NeighborOptions, context: NeighborContext) {
    this.options = options;
    this.context = context;
    this.policies = new NeighborPolicies(context.policies, context.rib, options, this.relation !== 'external');
    this.shutdown = options.shutdown;
    this.maintenance = options.maintenance;
    const kind = SourceKind[this.relation];
    const client = options.routeReflectorClient || options.routeServerClient;
    this.source = context.rib.sources.add(options.address, addressOf(options), kind, client);
    this.session = new NeighborSession(options, context.local, this, context.log);
    this.telling = new Telling(context.told);
    this.malformed = new MalformedUpdates(options.address, context.log);
    this.restart = new GracefulRestart(context.rib, this.source, {
      wake: context.wake,
      overdue: kept => this.overdue(kept),
      reimport: table => this.reimport([table]),
    });
    this.prefixLimit = new PrefixLimit(context.log, {
      end: limit => this.overLimit(limit),
      comeBack: () => this.enable(),
    });
    this.members = FAMILIES.map(({ family }) => this.memberOf(family));
  }

  get relation(): Relation {
    return relationTo(this.options.as, this.context.local);
  }

  /** Has it told everything it had to tell after the speaker's start, or is nothing expected of it? */
  get told(): boolean {
    return this.shutdown || this.telling.settled;
  }

  /** There is a session, or routes of one are kept. */
  get needed(): boolean {
    return this.present || this.restart.until !== undefined;
  }

  get present(): boolean {
    return this.importing !== null;
  }

  /** Does the choice of routes wait for its End-of-RIB of the family? */
  awaited(family: Family): boolean {
    return !this.shutdown && this.telling.awaited(family, this.session.negotiated, this.options.families);
  }

  start(): void {
    if (this.shutdown) return;
    this.session.start();
    this.telling.expect(this.options.connectRetrySeconds * 1000);
  }

  /** `neighbor … disable`; `message` goes to the neighbor (RFC 9003). */
  async disable(message?: string): Promise<void> {
    this.shutdown = true;
    this.shutdownMessage = message;
    this.clearTimers();
    await this.session.stop({ subcode: cease.shutdown, message });
    this.dropRoutes();
    this.context.told();
  }

  /** `neighbor … enable`. */
  enable(): void {
    this.shutdown = false;
    this.shutdownMessage = undefined;
    this.prefixLimit.stop();
    this.session.start();
  }

  /** `neighbor … maintenance`: routes from it and to it are told anew, the session stays. */
  maintain(on: boolean): void {
    this.maintenance = on;
    this.reconfigure(this.options);
  }

  reset(message?: string): void {
    this.session.reset({ subcode: cease.reset, message });
  }

  /** Judges everything received anew and asks for it again, sends everything again, or both. */
  softReset(direction: 'in' | 'out' | 'both'): void {
    const { negotiated } = this.session;
    if (direction !== 'out') {
      this.reimport();
      if (negotiated?.routeRefresh) {
        for (const family of negotiated.families) this.sendRefresh(family, RefreshSubtype.request);
      }
    }
    if (direction !== 'in') for (const family of negotiated?.families ?? []) this.refreshes?.start(family);
  }

  /** Is it in an AS that other options let it be in? */
  mayStay(options: NeighborOptions): boolean {
    const { negotiated } = this.session;
    return negotiated === null || mayBeIn(negotiated.remoteAs, options, sessionAs(options, this.context.local));
  }

  /** Takes options that need no new session: policies, next hop, description, limits. */
  reconfigure(options: NeighborOptions): void {
    const { asPath } = this.options;
    const policies = this.policies.bind(options, this.relation !== 'external', this.maintenance);
    this.options = options;
    this.session.options = options;
    if (this.importing !== null) {
      const { allowOwn, enforceFirst } = options.asPath;
      Object.assign(this.importing, this.policies.import, { allowOwnAs: allowOwn, enforceFirstAs: enforceFirst });
    }
    if (policies || JSON.stringify(options.asPath) !== JSON.stringify(asPath)) this.reimport();
    const { negotiated } = this.session;
    if (negotiated === null || this.importing === null) return;
    this.exportAnew(negotiated);
    this.checkPrefixLimit();
  }

  /** The passwords of its connections, by address. */
  get passwords(): Md5Key[] {
    const { options, session } = this;
    return md5KeyOf(options, options.interface === undefined ? undefined : session.heard.addresses);
  }

  /** The interface that names it, or who is heard there, has changed. */
  hear(heard: Heard): void {
    this.session.hear(heard);
  }

  /** Links or addresses of this machine changed: the neighbor may need another next hop. */
  linksChanged(): void {
    if (!this.session.readAddresses()) return;
    const negotiated = this.session.negotiated as Negotiated;
    if (this.importing !== null) this.importing.link = linkOf(this.options, negotiated);
    this.exportAnew(negotiated);
  }

  /** Ends the session for good; 'graceful' leaves the routes with a neighbor that waits for us (RFC 4724). */
  async close(how: 'graceful' | 'deconfigured' | 'reconfigured' | { message?: string }): Promise<void> {
    this.shutdown = true;
    this.clearTimers();
    const waits = this.options.gracefulRestart !== false && this.session.negotiated?.gracefulRestart != null;
    if (how === 'graceful' && waits) return this.session.stop('silent');
    if (how === 'deconfigured' || how === 'reconfigured') return this.session.stop({ subcode: cease[how] });
    return this.session.stop({ subcode: cease.shutdown, message: typeof how === 'object' ? how.message : undefined });
  }

  /** After close(): removes every route and gives the source number back. */
  forget(): void {
    let left = this.context.rib.families.length;
    this.dropRoutes(() => {
      if (--left === 0) this.context.rib.sources.remove(this.source);
    });
  }

  established(negotiated: Negotiated): void {
    const { rib, groups, local, clusterId } = this.context;
    const { gracefulRestart } = this.options;
    const longLived = gracefulRestart !== false && gracefulRestart.longLived !== undefined;
    rib.sources.identify(this.source, negotiated.remoteRouterId, longLived);
    this.importing = importContext(this.source, this.options, local, clusterId, negotiated, this.policies.import);
    this.since = Date.now();
    this.refreshes = new Refreshes(negotiated.families, negotiated.enhancedRouteRefresh, {
      send: (family, subtype) => this.sendRefresh(family, subtype),
      resend: family => groups[family].refresh(this.members[family]),
      endOfRib: family => this.session.write(END_OF_RIB[family], 1),
      markStale: family => rib.families[family].markStale(this.source),
      sweep: family => rib.families[family].sweep(this.source),
    });
    this.restart.established(negotiated.families, retention(this.options, negotiated));
    for (const family of negotiated.families) {
      groups[family].join(this.members[family], this.exportOptions(family, negotiated));
    }
    this.telling.established(negotiated);
    this.context.wake();
  }

  update(buf: Uint8Array, start: number, end: number): void {
    if (this.importing === null) return;
    this.context.wake();
    let scan: UpdateScan;
    try {
      scan = ingest(this.context.rib, this.importing, buf, start, end);
    } catch (error) {
      this.malformed.counts.sessionReset++;
      throw error;
    }
    if (scan.errors.length > 0)
      this.malformed.note(scan, buf, start, end, this.session.negotiated?.addPathReceive ?? []);
    if (scan.endOfRib !== -1) this.receivedEndOfRib(scan.endOfRib);
    if (this.options.maxPrefix !== undefined) this.checkPrefixLimit();
  }

  refresh(message: RouteRefreshMessage): void {
    const { afi, safi, subtype } = message;
    const family = familyOf(afi, safi);
    if (family === -1 || !this.session.negotiated?.families.includes(family)) return;
    const complete = this.session.negotiated.gracefulRestart === null || this.telling.endOfRib.has(family);
    if (!this.refreshes?.received(family, subtype, complete)) {
      const fields = { neighbor: this.options.address, family: FAMILIES[family].name, subtype };
      this.context.log.warn(fields, `ROUTE-REFRESH of ${this.options.address} ignored (RFC 7313)`);
    }
    this.context.wake();
  }

  drained(): void {
    this.context.wake();
  }

  changed(): void {
    this.context.changed(this);
  }

  down(down: SessionDown): void {
    this.importing = null;
    this.since = Date.now();
    for (const { family } of FAMILIES) this.context.groups[family].leave(this.members[family]);
    this.restart.down(retention(this.options, this.session.negotiated), down);
    this.telling.down();
    this.context.wake();
  }

  /** Everything about the neighbor, for people. */
  status(): NeighborStatus {
    const { options } = this;
    const negotiated = this.session.negotiated;
    const families: FamilyCounts[] = (negotiated?.families ?? options.families).map(family => ({
      family: FAMILIES[family].name,
      ...this.context.rib.families[family].counts(this.source),
      advertised: this.context.groups[family].advertised(this.members[family]),
      endOfRib: this.telling.endOfRib.has(family),
      longLivedUntil: this.restart.longLivedUntil(family),
    }));
    return neighborStatus(options, this.session, {
      type: this.relation,
      shutdown: this.shutdown,
      maintenance: this.maintenance,
      shutdownMessage: this.shutdownMessage,
      since: this.since,
      families,
      errors: { ...this.malformed.counts },
      restartingUntil: this.restart.until,
    });
  }

  /** What the neighbor has been sent for a prefix. */
  advertisedPaths(family: Family, prefix: number): AdvertisedPath[] {
    return this.context.groups[family].advertisedPaths(this.members[family], prefix);
  }

  private memberOf(family: Family): Member {
    const { session } = this;
    return {
      source: this.source,
      get bufferedBytes() {
        return session.bufferedBytes;
      },
      write: (bytes, updates) => session.write(bytes, updates),
      synced: () => this.refreshes?.sentAll(family),
    };
  }

  private sendRefresh(family: Family, subtype: number): void {
    const { afi, safi } = FAMILIES[family];
    this.session.write(encode({ type: 'routeRefresh', afi, safi, subtype }), 0);
  }

  private exportAnew(negotiated: Negotiated): void {
    for (const family of negotiated.families) {
      this.context.groups[family].move(this.members[family], this.exportOptions(family, negotiated));
    }
  }

  private exportOptions(family: Family, negotiated: Negotiated): ExportOptions {
    const { local, clusterId } = this.context;
    const options = exportOptions(
      family,
      this.source,
      this.options,
      local,
      clusterId,
      negotiated,
      this.policies.export,
      this.maintenance,
    );
    if (options.ownNextHop.length === 0) {
      const { name } = FAMILIES[family];
      this.context.log.warn(
        { neighbor: this.options.address, interface: negotiated.interfaceName },
        `no own ${name} address on the way to ${this.options.address}: routes that need it as next hop are not announced`,
      );
    }
    return options;
  }

  private reimport(tables: readonly LocRib[] = this.context.rib.families): void {
    const { rib, wake } = this.context;
    const { accept, policy } = this.policies.import;
    for (const table of tables) {
      const judge = (path: number): Verdict => {
        if (this.importing !== null) return importVerdict(rib, this.importing, table.paths.received[path]);
        // Kept without a session: only the policy's part of the verdict can change.
        const before = table.paths.verdict[path] as Verdict;
        if (before !== Verdict.accepted && before !== Verdict.importPolicy) return before;
        return accept ? Verdict.accepted : Verdict.importPolicy;
      };
      table.reimport(this.source, judge, policy);
    }
    wake();
  }

  private overdue(kept: readonly Family[]): void {
    const { address } = this.options;
    const names = kept.map(family => FAMILIES[family].name);
    this.context.log.warn(
      { neighbor: address, kept: names },
      `${address} did not come back within its restart time${
        kept.length === 0 ? '' : `; its routes of ${names.join(', ')} stay as the last choice (RFC 9494)`
      }`,
    );
  }

  private receivedEndOfRib(family: Family): void {
    this.restart.endOfRib(family, this.telling.complete(family, this.session.negotiated));
    this.context.told();
  }

  private dropRoutes(done?: () => void): void {
    this.restart.stop();
    for (const table of this.context.rib.families) {
      table.markStale(this.source);
      table.sweep(this.source, done);
    }
    this.context.wake();
  }

  private checkPrefixLimit(): void {
    if (this.options.maxPrefix === undefined || this.importing === null) return;
    const received = this.context.rib.families.reduce((sum, table) => sum + table.counts(this.source).received, 0);
    this.prefixLimit.check(this.options, received);
  }

  private overLimit(limit: number): void {
    this.shutdown = true;
    this.shutdownMessage = `more than ${limit} prefixes`;
    void this.session.stop({ subcode: cease.prefixLimit });
  }

  private clearTimers(): void {
    this.prefixLimit.stop();
    this.telling.stop();
    this.restart.stop();
  }
}
