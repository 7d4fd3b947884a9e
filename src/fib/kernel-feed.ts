// Everything the kernel tells: dumps at the start and whenever something was missed, notifications in between.
//
// Notifications that arrive during a dump are kept and looked at after it, so that whatever the dump shows, the last
// word is the newest. When the receive buffer overran (the kernel counts its drops) everything is read anew.

import type { Logger } from 'pino';
import { DumpChannel, NetlinkSocket } from './netlink-socket.js';
import { forEachMessage } from './rtnetlink.js';

/** Notifications that may wait; the kernel charges about 1 KiB for each. */
const RECEIVE_BUFFER_BYTES = 64 << 20;
/** Notifications kept during a dump; beyond that it is easier to read everything again. */
const KEPT_LIMIT = 100_000;
/** How long after an event a dump begins: events come in bursts, and one dump answers them all. */
const SETTLE_MS = 100;
/** Attempts to get a dump that nothing interrupts, before the last one is taken as it is for the time being. */
const ATTEMPTS = 5;
const RETRY_MS = 1000;

/** What a dump is about: what this program has written, or everything that is followed. */
export type DumpScope = 'own' | 'everything';

/** Who hears what the kernel tells. */
export interface FeedListener {
  /**
   * A dump will begin; nothing may be written to the kernel until it has ended. Returns what to ask for, in this order.
   * Called again for a new attempt.
   */
  dumpBegins(scope: DumpScope): Promise<Buffer[]>;
  /** The dump has ended; what it brought counts only if it is `complete`. */
  dumpEnds(scope: DumpScope, complete: boolean): void;
  /** A message: the dump's between `dumpBegins` and `dumpEnds`, else a notification. */
  message(buf: Buffer, type: number, flags: number, start: number, end: number): void;
  /** The notifications at hand have been looked at. */
  caughtUp(): void;
}

/** The kernel's side of the conversation. */
export class KernelFeed {
  /** Dumps because something was missed or unclear, the first one not counted. */
  resyncs = 0;
  private readonly groups: readonly number[];
  private readonly listener: FeedListener;
  private readonly log: Logger;
  private readonly dumps: DumpChannel;
  private readonly notifications: NetlinkSocket;
  private drops = 0;
  /** Notifications kept while a dump runs. */
  private kept: Buffer[] | undefined;
  private wanted: DumpScope | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private catchingUp = false;
  private closed = false;

  /** `groups` are those of the notifications. Throws when netlink is not available. */
  constructor(groups: readonly number[], listener: FeedListener, log: Logger) {
    this.groups = groups;
    this.listener = listener;
    this.log = log;
    this.dumps = new DumpChannel();
    this.notifications = new NetlinkSocket(
      { receiveBuffer: RECEIVE_BUFFER_BYTES, sendBuffer: 1 << 16, datagram: 0 },
      {
        receive: datagram => this.receive(datagram),
        failed: error => {
          log.error({ err: error }, 'reading kernel notifications failed');
          this.request('everything');
        },
      },
    );
  }

  /** Reads everything and follows from then on. Rejects when the kernel cannot be read. */
  async start(): Promise<void> {
    for (const group of this.groups) this.notifications.join(group);
    await this.readAnew();
  }

  /** Changes made through the socket with this port need no notification. */
  ignorePort(port: number): void {
    this.notifications.ignorePort(port);
  }

  /** Asks for a dump soon; several requests make one. */
  request(scope: DumpScope, delayMs: number = SETTLE_MS): void {
    if (this.closed) return;
    if (this.wanted !== 'everything') this.wanted = scope;
    this.timer ??= setTimeout(() => this.resync(), delayMs);
  }

  /** Reads everything now; resolves when it is done. */
  async readAnew(): Promise<void> {
    const done = this.running.then(() => this.dump('everything'));
    this.running = done.catch(() => {});
    await done;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.dumps.close();
    this.notifications.close();
  }

  private resync(): void {
    this.running = this.running.then(async () => {
      this.timer = undefined;
      const scope = this.wanted;
      this.wanted = undefined;
      if (scope === undefined || this.closed) return;
      this.resyncs++;
      try {
        await this.dump(scope);
      } catch (error) {
        if (this.closed) return;
        this.log.error({ err: error }, 'reading the kernel failed; trying again');
        this.request(scope, RETRY_MS);
      }
    });
  }

  private async dump(scope: DumpScope): Promise<void> {
    this.kept = [];
    let complete = false;
    try {
      let consistent = false;
      for (let attempt = 1; !consistent && attempt <= ATTEMPTS; attempt++) consistent = await this.read(scope);
      if (!consistent) this.request(scope, RETRY_MS);
      complete = true;
    } finally {
      this.listener.dumpEnds(scope, complete);
      const kept = this.kept;
      this.kept = undefined;
      for (const datagram of kept) this.deliver(datagram);
      this.catchUp();
    }
  }

  private async read(scope: DumpScope): Promise<boolean> {
    let consistent = true;
    for (const request of await this.listener.dumpBegins(scope)) {
      const undisturbed = await this.dumps.dump(request, (buf, type, flags, start, end) =>
        this.listener.message(buf, type, flags, start, end),
      );
      consistent &&= undisturbed;
    }
    return consistent;
  }

  private receive(datagram: Buffer): void {
    // Before `deliver`, so that what follows from this comes before what it sets going.
    if (!this.catchingUp) {
      this.catchingUp = true;
      setImmediate(() => this.catchUp());
    }
    if (this.kept === undefined) this.deliver(datagram);
    else if (this.kept.length < KEPT_LIMIT) this.kept.push(datagram);
    else this.request('everything');
  }

  private deliver(datagram: Buffer): void {
    forEachMessage(datagram, (type, flags, _sequence, start, end) =>
      this.listener.message(datagram, type, flags, start, end),
    );
  }

  private catchUp(): void {
    this.catchingUp = false;
    if (this.closed) return;
    const { drops } = this.notifications;
    if (drops !== this.drops) {
      this.log.warn({ drops: (drops - this.drops) >>> 0 }, 'kernel notifications were lost; reading everything anew');
      this.drops = drops;
      this.request('everything');
    }
    if (this.kept === undefined) this.listener.caughtUp();
  }
}
