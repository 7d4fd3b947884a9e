// Finds the neighbors that the configuration names by their interface alone ("unnumbered"), and is found by them.
//
// Each such interface sends router advertisements (RFC 4861 §6.2: three in a row when it comes up, then one every few
// seconds; at once to a neighbor that appears) and a solicitation, so that the other side answers without waiting. Who
// advertises itself there, and whether the interface can be used, the kernel tells (link-table.ts). The speaker hears of
// every change. Nothing is open while no interface is wanted.

import type { Logger } from 'pino';
import { type Heard, NOTHING_HEARD } from '../bgp/session/heard.js';
import { parseAddress } from '../bgp/wire/prefix.js';
import { type DumpScope, type FeedListener, KernelFeed } from '../fib/kernel-feed.js';
import { addressDump, type Link, linkDump } from '../fib/link-message.js';
import { Group } from '../fib/rtnetlink.js';
import { encodeDiscovery } from './advertisement.js';
import { Icmpv6Socket, SocketError } from './icmpv6-socket.js';
import { LinkTable } from './link-table.js';
import { neighborDump } from './neighbor-message.js';

/** MAX_INITIAL_RTR_ADVERTISEMENTS */
const INITIAL_ADVERTISEMENTS = 3;
/** MIN_DELAY_BETWEEN_RAS */
const INITIAL_INTERVAL_MS = 3_000;
/** Shortened at random by up to a quarter, so that the links of a machine do not keep in step (RFC 4861 §6.2.4). */
const INTERVAL_MS = 10_000;

const ALL_NODES = parseAddress('ff02::1');
const ALL_ROUTERS = parseAddress('ff02::2');

const FOLLOWED = [Group.link, Group.ipv6Address, Group.neighbor];

/** The speaker's side. */
export interface DiscoverySource {
  /** Names who hears which interfaces name neighbors: now, and whenever that changes. */
  watchInterfaces(watcher: (names: readonly string[]) => void): void;
  /** Something is known of one of them that was not before. */
  heard(name: string, heard: Heard): void;
}

/** An interface that names a neighbor. */
interface Wanted {
  heard: Heard;
  advertisements: number;
  timer: NodeJS.Timeout | undefined;
}

/** Neighbor discovery for a speaker. */
export class Discovery implements FeedListener {
  private readonly source: DiscoverySource;
  private readonly log: Logger;
  private readonly wanted = new Map<string, Wanted>();
  private readonly table = new LinkTable();
  /** The new picture while a dump runs. */
  private staged: LinkTable | undefined;
  private feed: KernelFeed | undefined;
  private socket: Icmpv6Socket | undefined;
  private readonly complaints = new Set<string>();
  private closed = false;

  constructor(source: DiscoverySource, log: Logger) {
    this.source = source;
    this.log = log;
  }

  start(): void {
    this.source.watchInterfaces(names => this.want(names));
  }

  close(): void {
    this.want([]);
    this.closed = true;
  }

  // --- What the kernel tells --------------------------------------------------------------------------------------

  async dumpBegins(_scope: DumpScope): Promise<Buffer[]> {
    this.staged = new LinkTable();
    return [linkDump(), addressDump(), neighborDump()];
  }

  dumpEnds(_scope: DumpScope, complete: boolean): void {
    if (complete && this.staged !== undefined) this.table.become(this.staged);
    this.staged = undefined;
  }

  message(buf: Buffer, type: number, _flags: number, start: number, end: number): void {
    (this.staged ?? this.table).message(buf, type, start, end);
  }

  caughtUp(): void {
    for (const [name, wanted] of this.wanted) this.look(name, wanted);
    for (const { interfaceIndex, address } of this.table.takeAppeared()) {
      for (const [name, { heard }] of this.wanted) {
        const link = heard.index === interfaceIndex ? this.usable(name) : undefined;
        if (link !== undefined) this.send('routerAdvertisement', link, address);
      }
    }
  }

  // --- What is wanted ---------------------------------------------------------------------------------------------

  private want(names: readonly string[]): void {
    if (this.closed) return;
    for (const [name, { timer }] of this.wanted) {
      if (names.includes(name)) continue;
      clearTimeout(timer);
      this.wanted.delete(name);
    }
    const added = names.filter(name => !this.wanted.has(name));
    for (const name of added) this.wanted.set(name, { heard: NOTHING_HEARD, advertisements: 0, timer: undefined });
    if (names.length === 0) this.release();
    else if (this.feed === undefined) this.listen();
    else for (const name of added) this.look(name, this.wanted.get(name) as Wanted);
  }

  private listen(): void {
    try {
      this.socket ??= new Icmpv6Socket();
    } catch (error) {
      this.log.error({ hint: hintOn(error) }, `neighbors by interface are not told who is here: ${wordsOf(error)}`);
    }
    try {
      const feed = new KernelFeed(FOLLOWED, this, this.log);
      this.feed = feed;
      feed.start().catch(error => this.feed === feed && this.deaf(error));
    } catch (error) {
      this.deaf(error);
    }
  }

  private deaf(error: unknown): void {
    this.log.error({ err: error }, 'neighbors by interface cannot be found: the kernel does not tell of its links');
  }

  private release(): void {
    this.feed?.close();
    this.feed = undefined;
    this.socket?.close();
    this.socket = undefined;
  }

  /** Tells what has changed; an interface that has become usable begins to advertise. */
  private look(name: string, wanted: Wanted): void {
    const heard = this.table.heard(name);
    const { heard: before } = wanted;
    if (JSON.stringify(heard) === JSON.stringify(before)) return;
    wanted.heard = heard;
    if (heard.own.length === 0) {
      clearTimeout(wanted.timer);
    } else if (before.own.join() !== heard.own.join() || before.index !== heard.index) {
      clearTimeout(wanted.timer);
      wanted.advertisements = 0;
      const link = this.usable(name);
      if (link !== undefined) this.send('routerSolicitation', link, ALL_ROUTERS);
      this.advertise(name, wanted);
    }
    for (const address of heard.addresses) {
      if (!before.addresses.includes(address)) this.log.info({ neighbor: name }, `${name}: ${address} is heard`);
    }
    this.source.heard(name, heard);
  }

  private usable(name: string): Link | undefined {
    const link = this.table.find(name);
    return link !== undefined && this.table.heard(name).own.length > 0 ? link : undefined;
  }

  private advertise(name: string, wanted: Wanted): void {
    const link = this.usable(name);
    if (link === undefined) return;
    this.send('routerAdvertisement', link, ALL_NODES);
    wanted.advertisements++;
    const first = wanted.advertisements < INITIAL_ADVERTISEMENTS;
    const delay = first ? INITIAL_INTERVAL_MS : INTERVAL_MS * (0.75 + Math.random() / 4);
    wanted.timer = setTimeout(() => this.advertise(name, wanted), delay);
  }

  private send(type: 'routerSolicitation' | 'routerAdvertisement', link: Link, address: Uint8Array): void {
    const { name, index, linkLayerAddress } = link;
    if (linkLayerAddress.length === 0) {
      const hint = "write the neighbor's link-local address down instead, and this machine's there";
      this.complain(`${name} has no link-layer address: nobody can be heard there`, hint);
    }
    try {
      this.socket?.send(encodeDiscovery(type, linkLayerAddress), address, index);
    } catch (error) {
      this.complain(`${name}: advertisements cannot be sent: ${wordsOf(error)}`);
    }
  }

  /** A sentence once. */
  private complain(text: string, hint?: string): void {
    const again = this.complaints.has(text);
    this.complaints.add(text);
    this.log[again ? 'debug' : 'warn']({ hint }, text);
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof SocketError && error.code === 'EPERM') return 'it takes the capability CAP_NET_RAW';
  return (error as Error).message;
}

function hintOn(error: unknown): string | undefined {
  if (!(error instanceof SocketError) || error.code !== 'EPERM') return undefined;
  return 'with systemd: systemctl edit tsbgp, and there, a line each: [Service], AmbientCapabilities=CAP_NET_RAW, CapabilityBoundingSet=CAP_NET_RAW';
}
