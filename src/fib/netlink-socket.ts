// One rtnetlink socket: the netlink package's raw socket with the options it needs, and nothing that can throw into it.
//
// An exception that leaves a listener of that socket ends the process (it crosses native code), and so does closing it
// from within a listener: both are taken care of here. Three sockets are used, each for one kind of talk, because an
// answer in the middle of a dump would break it: RouteChannel for changes, DumpChannel for questions, and a plain
// NetlinkSocket for notifications (kernel-feed.ts).

import { createRequire } from 'node:module';
import type { RawNetlinkSocket } from 'netlink/dist/raw.js';
import { describeErrno, Errno } from './errno.js';
import {
  drops,
  enable,
  forceSendBuffer,
  ignorePort,
  NetlinkOption,
  netlinkFd,
  receiveBuffer,
  sendBeside,
  setReceiveBuffer,
} from './netlink-options.js';
import { type RouteBatch, SEQUENCE_NUMBERS } from './route-batch.js';
import { decodeAck, forEachMessage, MessageFlag, MessageType } from './rtnetlink.js';

const NETLINK_ROUTE = 0;

/** Who hears from a socket. */
export interface SocketListener {
  /** A datagram. */
  receive(datagram: Buffer): void;
  /** The socket or `receive` failed; the socket goes on. */
  failed(error: Error): void;
}

/** Sizes in bytes. */
export interface SocketSizes {
  receiveBuffer: number;
  sendBuffer: number;
  /** Room for one datagram; 0: each is measured first, which costs a system call and wastes nothing. */
  datagram: number;
}

/** An open rtnetlink socket. */
export class NetlinkSocket {
  /** The port notifications name as their cause (nlmsg_pid). */
  readonly port: number;
  private readonly raw: RawNetlinkSocket;
  private readonly fd: number;
  private open = true;
  /** Calls on another thread; as long as there is one, its file descriptor must not become another's. */
  private beside = 0;

  /** Throws when the system has no netlink sockets or they cannot be set up safely. */
  constructor(sizes: SocketSizes, listener: SocketListener) {
    const { RawNetlinkSocket: Raw } = createRequire(import.meta.url)(
      'netlink/dist/raw.js',
    ) as typeof import('netlink/dist/raw.js');
    this.raw = new Raw(NETLINK_ROUTE, {
      localPort: 0,
      messagePeeking: sizes.datagram === 0,
      msgBufferSize: sizes.datagram,
      recvBufferSize: sizes.receiveBuffer,
      sendBufferSize: sizes.sendBuffer,
    });
    this.raw.on('error', error => this.open && listener.failed(error));
    this.raw.on('truncatedMessage', () => this.open && listener.failed(new Error('a message of the kernel was cut')));
    this.raw.on('message', datagram => {
      if (!this.open) return;
      try {
        listener.receive(datagram);
      } catch (error) {
        listener.failed(error as Error);
      }
    });
    try {
      this.port = this.raw.address().port;
      this.fd = netlinkFd(this.port);
      if (!enable(this.fd, NetlinkOption.noEnobufs)) throw new Error('NETLINK_NO_ENOBUFS is not supported');
    } catch (error) {
      this.raw.close();
      throw error;
    }
    setReceiveBuffer(this.fd, sizes.receiveBuffer);
    forceSendBuffer(this.fd, sizes.sendBuffer);
    for (const option of [NetlinkOption.extAck, NetlinkOption.capAck, NetlinkOption.strictCheck])
      enable(this.fd, option);
  }

  /** Sends one datagram to the kernel, which has worked through it when this returns; `done` hears of failures. */
  send(datagram: Buffer, done: (error: Error | undefined) => void): void {
    if (this.open) this.raw.send(datagram, undefined, done);
    else done(new Error('the FIB was stopped'));
  }

  /** The same, with the kernel working through it on another thread; the datagram must stay as it is until it has answered. */
  sendBeside(datagram: Buffer, done: (error: Error | undefined) => void): void {
    if (!this.open) {
      done(new Error('the FIB was stopped'));
      return;
    }
    this.beside++;
    sendBeside(this.fd, datagram, sent => {
      this.beside--;
      if (!this.open) this.closeRaw();
      // What is wrong the package says in words.
      if (sent) done(undefined);
      else this.send(datagram, done);
    });
  }

  join(group: number): void {
    this.raw.addMembership(group);
  }

  /** No more notifications caused by the socket with this port. */
  ignorePort(port: number): void {
    ignorePort(this.fd, port);
  }

  /** In bytes, as the kernel counts. */
  get receiveBuffer(): number {
    return receiveBuffer(this.fd);
  }

  /** Datagrams lost so far because they came faster than they were read. */
  get drops(): number {
    return drops(this.fd);
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.closeRaw();
  }

  private closeRaw(): void {
    if (this.beside === 0) setImmediate(() => this.raw.close());
  }
}

/** A route change the kernel refused. */
export interface Refusal {
  /** Index in the batch. */
  index: number;
  errno: number;
  /** In words. */
  text: string;
}

/** What became of a batch. */
export interface BatchOutcome {
  refusals: Refusal[];
  /** Why the ack never came, in words: which changes took place is unknown then. */
  lost?: string;
}

/** The kernel answers at once; this long without an answer, once it has been asked, and it was lost. */
const SILENCE_MS = 5000;

// What came in while the process itself was held up is looked at before the answer counts as lost.
function onSilence(then: () => void): NodeJS.Timeout {
  return setTimeout(() => setImmediate(then), SILENCE_MS);
}

/** The kernel needs a tenth of a millisecond for so many changes, about as long as it takes to have another thread wait for it. */
const WORTH_A_THREAD = 32;

/** What the kernel charges the receive buffer for a refusal. */
const REFUSAL_BYTES = 1024;

/** Route changes to the kernel, one batch after the other. */
export class RouteChannel {
  private readonly socket: NetlinkSocket;
  /** First sequence number of the next batch. */
  private next = 1;
  private batch: RouteBatch | undefined;
  /** Sequence number that ends the batch. */
  private last = 0;
  private refusals: Refusal[] = [];
  private settle: ((lost?: string) => void) | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(failed: (error: Error) => void) {
    this.socket = new NetlinkSocket(
      { receiveBuffer: 8 << 20, sendBuffer: 1 << 20, datagram: 0 },
      { receive: datagram => this.receive(datagram), failed },
    );
  }

  get port(): number {
    return this.socket.port;
  }

  /** Begins a batch: an answer that comes late is not taken for one to a batch of later. */
  begin(batch: RouteBatch): void {
    batch.clear(this.next);
    this.next = (this.next + SEQUENCE_NUMBERS) >>> 0;
  }

  /** So many messages of a batch may be refused without an answer being lost. */
  get mostRefusals(): number {
    return Math.max(1, Math.floor(this.socket.receiveBuffer / REFUSAL_BYTES));
  }

  /** Sends a batch with at least one message; resolves when the kernel has answered. Never rejects. */
  apply(batch: RouteBatch): Promise<BatchOutcome> {
    const outcome = this.queue.then(() => this.exchange(batch));
    this.queue = outcome;
    return outcome;
  }

  private exchange(batch: RouteBatch): Promise<BatchOutcome> {
    return new Promise(resolve => {
      let silence: NodeJS.Timeout | undefined;
      const settle = (lost?: string) => {
        clearTimeout(silence);
        if (this.settle !== settle) return;
        this.settle = undefined;
        resolve({ refusals: this.refusals, lost });
      };
      this.settle = settle;
      this.batch = batch;
      this.refusals = [];
      this.last = batch.close();
      const sent = (error: Error | undefined) => {
        if (error !== undefined) settle(error.message);
        else if (this.settle === settle) silence = onSilence(() => settle(describeErrno(Errno.timedOut, '')));
      };
      if (batch.count < WORTH_A_THREAD) this.socket.send(batch.datagram, sent);
      else this.socket.sendBeside(batch.datagram, sent);
    });
  }

  close(): void {
    this.socket.close();
  }

  private receive(datagram: Buffer): void {
    forEachMessage(datagram, (type, flags, sequence, start, end) => {
      const { batch } = this;
      if (batch === undefined || this.settle === undefined || type !== MessageType.error) return;
      const index = batch.indexOf(sequence);
      if (index >= batch.count) return;
      const { errno, detail } = decodeAck(datagram, flags, start, end);
      if (errno !== 0) this.refusals.push({ index, errno, text: describeErrno(errno, detail) });
      if (sequence === this.last) this.settle();
    });
  }
}

/** What a dump's messages are given to. */
export type DumpVisitor = (buf: Buffer, type: number, flags: number, start: number, end: number) => void;

interface Dump {
  sequence: number;
  visit: DumpVisitor;
  interrupted: boolean;
  silence: NodeJS.Timeout;
  finish(error?: Error): void;
}

/** Questions to the kernel, one at a time. */
export class DumpChannel {
  private readonly socket: NetlinkSocket;
  private sequence = 0;
  private running: Dump | undefined;

  constructor() {
    // The kernel fills 32 KiB at a time when it is offered that much room.
    this.socket = new NetlinkSocket(
      { receiveBuffer: 4 << 20, sendBuffer: 1 << 16, datagram: 64 << 10 },
      { receive: datagram => this.receive(datagram), failed: error => this.running?.finish(error) },
    );
  }

  /**
   * Sends a dump request (see rtnetlink.ts) and visits every message of the answer. Resolves to false when the kernel
   * says that things changed meanwhile and the answer may not be consistent.
   */
  dump(request: Buffer, visit: DumpVisitor): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.sequence = (this.sequence + 1) >>> 0;
      request.writeUInt32LE(this.sequence, 8);
      const dump: Dump = {
        sequence: this.sequence,
        interrupted: false,
        visit,
        silence: onSilence(() => dump.finish(new Error('the kernel did not answer a dump request'))),
        finish: error => {
          clearTimeout(dump.silence);
          if (this.running === dump) this.running = undefined;
          if (error === undefined) resolve(!dump.interrupted);
          else reject(error);
        },
      };
      this.running = dump;
      this.socket.send(request, error => {
        if (error !== undefined) dump.finish(error);
      });
    });
  }

  close(): void {
    this.socket.close();
    this.running?.finish(new Error('the FIB was stopped'));
  }

  private receive(datagram: Buffer): void {
    this.running?.silence.refresh();
    forEachMessage(datagram, (type, flags, sequence, start, end) => {
      const dump = this.running;
      if (dump === undefined || sequence !== dump.sequence) return;
      if ((flags & MessageFlag.dumpInterrupted) !== 0) dump.interrupted = true;
      if (type !== MessageType.error && type !== MessageType.done) {
        dump.visit(datagram, type, flags, start, end);
        return;
      }
      const { errno, detail } =
        end - start < 4
          ? { errno: 0, detail: '' }
          : decodeAck(datagram, type === MessageType.error ? flags : 0, start, end);
      // A table that does not exist has no routes.
      if (errno === 0 || errno === Errno.notFound) dump.finish();
      else dump.finish(new Error(`the kernel refused a dump request: ${describeErrno(errno, detail)}`));
    });
  }
}
