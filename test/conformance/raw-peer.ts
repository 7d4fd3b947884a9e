// A BGP neighbor made of bytes: a TCP connection, the messages that came over it, and what they said about routes.
//
// It does only what a test tells it to do: no timers, no answers by itself. Every wait ends with an error after a while
// that says what was waited for and what came instead.

import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import {
  KEEPALIVE,
  type Octets,
  octets,
  pathText,
  type ReadAttribute,
  type ReadOpen,
  type ReadUpdate,
  readOpen,
  readUpdate,
  Type,
} from './bytes.js';

/** Real timers, also where a test has put a clock of its own in their place. */
const { setTimeout: later, clearTimeout: forget } = globalThis;
const PATIENCE_MS = 5000;

export interface RawMessage {
  type: number;
  body: Buffer;
  /** The whole message. */
  bytes: Buffer;
}

/** A route as last announced to this peer. */
export class RawRoute {
  readonly attributes: readonly ReadAttribute[];
  /** In hex, from NEXT_HOP or MP_REACH_NLRI. */
  readonly nextHop: string;

  constructor(attributes: readonly ReadAttribute[], nextHop: string) {
    this.attributes = attributes;
    this.nextHop = nextHop;
  }

  /** Value of an attribute in hex; undefined without it. */
  hex(code: number): string | undefined {
    return this.attributes.find(a => a.code === code)?.value.toString('hex');
  }

  flags(code: number): number | undefined {
    return this.attributes.find(a => a.code === code)?.flags;
  }

  path(code = 2, width: 2 | 4 = 4): string | undefined {
    const found = this.attributes.find(a => a.code === code);
    return found === undefined ? undefined : pathText(found.value, width);
  }

  get codes(): number[] {
    return this.attributes.map(a => a.code);
  }
}

export interface RouteNews {
  prefix: string;
  /** null: withdrawn. */
  route: RawRoute | null;
}

export class RawPeer {
  readonly socket: Socket;
  /** Everything received, in order. */
  readonly messages: RawMessage[] = [];
  /** Announcements and withdrawals, in order. */
  readonly news: RouteNews[] = [];
  /** What is announced now, by prefix. */
  readonly table = new Map<string, RawRoute>();
  /** IPv4 routes come with path identifiers; they stand before the prefixes. */
  pathIds = false;
  /** End-of-RIB markers seen, by AFI. */
  readonly endOfRib: number[] = [];
  /** The connection is over; with the error if it was not an orderly end. */
  closed: { error?: string } | null = null;
  #pending: Buffer = Buffer.alloc(0);
  #read = 0;
  #wake: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', data => this.#take(data));
    socket.on('error', error => this.#close((error as NodeJS.ErrnoException).code));
    socket.on('end', () => this.#close());
    socket.on('close', () => this.#close());
  }

  /** Connects from a local address. */
  static async connect(from: string, to: string, port: number): Promise<RawPeer> {
    const socket = connectTcp({ host: to, port, localAddress: from });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawPeer(socket);
  }

  send(...parts: Octets[]): void {
    this.socket.write(octets(...parts));
  }

  /** Waits until `found` gives something. */
  async until<T>(what: string, found: () => T | undefined | false): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>(resolve => {
      timer = later(() => resolve('late'), PATIENCE_MS);
    });
    try {
      for (;;) {
        const value = found();
        if (value !== undefined && value !== false) return value;
        const news = new Promise<void>(resolve => this.#wake.push(resolve));
        if ((await Promise.race([news, late])) === 'late') throw new Error(`waited for ${what}; ${this.#story()}`);
      }
    } finally {
      forget(timer);
    }
  }

  /** The next message that was not returned yet, of the given type (others are passed over). */
  async next(type?: number): Promise<RawMessage> {
    return this.until(`message of type ${type ?? 'any'}`, () => {
      while (this.#read < this.messages.length) {
        const found = this.messages[this.#read++];
        if (type === undefined || found.type === type) return found;
      }
      if (this.closed !== null) throw new Error(`closed while waiting for a message of type ${type}; ${this.#story()}`);
      return undefined;
    });
  }

  async nextOpen(): Promise<ReadOpen> {
    return readOpen((await this.next(Type.open)).body);
  }

  /** Waits for a NOTIFICATION and the end of the connection. Returns "code/subcode" and the data in hex. */
  async notification(): Promise<{ error: string; data: string }> {
    const { body } = await this.next(Type.notification);
    await this.ended();
    return { error: `${body[0]}/${body[1]}`, data: body.toString('hex', 2) };
  }

  /** Waits for the end of the connection. */
  async ended(): Promise<void> {
    await this.until('the end of the connection', () => this.closed !== null);
  }

  /** Forgets what was received; the table stays. */
  forget(): void {
    this.messages.length = 0;
    this.news.length = 0;
    this.#read = 0;
  }

  /** NOTIFICATIONs received so far as "code/subcode". */
  get notifications(): string[] {
    return this.messages.filter(m => m.type === Type.notification).map(m => `${m.body[0]}/${m.body[1]}`);
  }

  /** Answers the speaker's OPEN with `openMessage` and waits for its KEEPALIVE: state OpenConfirm there. */
  async openConfirm(openMessage: Octets): Promise<ReadOpen> {
    const theirs = await this.nextOpen();
    this.send(openMessage);
    await this.next(Type.keepalive);
    return theirs;
  }

  /** Goes all the way to Established. */
  async establish(openMessage: Octets): Promise<ReadOpen> {
    const theirs = await this.openConfirm(openMessage);
    this.send(KEEPALIVE);
    return theirs;
  }

  /** Closes at once: RST if data is unread or `reset`, else FIN. */
  async end(how: 'fin' | 'reset' = 'fin'): Promise<void> {
    if (how === 'reset') this.socket.resetAndDestroy();
    else this.socket.end();
    await new Promise<void>(resolve => {
      if (this.socket.destroyed) resolve();
      else this.socket.once('close', () => resolve());
    });
  }

  destroy(): void {
    this.socket.destroy();
  }

  #take(data: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, data]);
    while (this.#pending.length >= 19) {
      const length = this.#pending.readUInt16BE(16);
      if (this.#pending.length < length) break;
      const bytes = this.#pending.subarray(0, length);
      this.#pending = this.#pending.subarray(length);
      const received = { type: bytes[18], body: bytes.subarray(19), bytes };
      this.messages.push(received);
      if (received.type === Type.update) this.#learn(readUpdate(received.body, this.pathIds));
    }
    this.#notify();
  }

  #learn({ withdrawn, attributes, nlri, reach, unreach }: ReadUpdate): void {
    for (const prefix of [...withdrawn, ...(unreach?.routes ?? [])]) {
      this.news.push({ prefix, route: null });
      this.table.delete(prefix);
    }
    const hop = attributes.find(a => a.code === 3)?.value.toString('hex') ?? '';
    for (const [prefixes, nextHop] of [
      [nlri, hop],
      [reach?.routes ?? [], reach?.nextHop.toString('hex') ?? ''],
    ] as const) {
      for (const prefix of prefixes) {
        const route = new RawRoute(attributes, nextHop);
        this.news.push({ prefix, route });
        this.table.set(prefix, route);
      }
    }
    const routes = withdrawn.length + nlri.length + (reach?.routes.length ?? 0) + (unreach?.routes.length ?? 0);
    if (routes === 0 && attributes.length === 0) this.endOfRib.push(1);
    else if (routes === 0 && unreach !== undefined && attributes.length === 1) this.endOfRib.push(unreach.afi);
  }

  #close(error?: string): void {
    this.closed ??= { error };
    this.#notify();
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  #story(): string {
    const names = ['?', 'OPEN', 'UPDATE', 'NOTIFICATION', 'KEEPALIVE', 'ROUTE-REFRESH'];
    const seen = this.messages.map(m =>
      m.type === Type.notification ? `NOTIFICATION ${m.body.toString('hex')}` : (names[m.type] ?? m.type),
    );
    return `received: ${seen.join(', ') || 'nothing'}${this.closed === null ? '' : `; closed ${this.closed.error ?? ''}`}`;
  }
}

/** Waits for connections of the speaker on an address and port. */
export class RawListener {
  readonly #server: Server;
  readonly peers: RawPeer[] = [];
  #taken = 0;
  #wake: (() => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', socket => {
      this.peers.push(new RawPeer(socket));
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  static async listen(host: string, port: number): Promise<RawListener> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
    return new RawListener(server);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** The next connection. */
  async accept(): Promise<RawPeer> {
    const timer = later(() => this.#server.emit('late'), PATIENCE_MS);
    try {
      while (this.peers.length <= this.#taken) {
        await new Promise<void>((resolve, reject) => {
          this.#wake.push(resolve);
          this.#server.once('late', () => reject(new Error('waited for the speaker to connect')));
        });
      }
      return this.peers[this.#taken++];
    } finally {
      forget(timer);
    }
  }

  async close(): Promise<void> {
    for (const peer of this.peers) peer.destroy();
    await new Promise(resolve => this.#server.close(resolve));
  }
}
