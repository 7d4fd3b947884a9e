// Neighbors for tests: sessions whose callbacks can be awaited, and a hand-made neighbor that says what it likes.
// Each gets a loopback address of its own, so that tests may run side by side.

import { once } from 'node:events';
import { createRequire } from 'node:module';
import net from 'node:net';
import pino, { type Logger } from 'pino';
import { expect } from 'vitest';
import type { StateName } from '../../../src/bgp/fsm/events.js';
import { Listener } from '../../../src/bgp/session/listener.js';
import { ourOpen } from '../../../src/bgp/session/negotiate.js';
import type { LocalOptions, NeighborOptions } from '../../../src/bgp/session/options.js';
import {
  type Negotiated,
  NeighborSession,
  type SessionDown,
  type SessionHandler,
} from '../../../src/bgp/session/session.js';
import { Family } from '../../../src/bgp/wire/family.js';
import { decode, encode, type Message } from '../../../src/bgp/wire/message.js';
import type { OpenMessage } from '../../../src/bgp/wire/open.js';
import type { RouteRefreshMessage } from '../../../src/bgp/wire/refresh.js';

export const NEIGHBOR: NeighborOptions = {
  address: '127.0.0.1',
  as: 65002,
  description: '',
  shutdown: false,
  passive: false,
  port: 179,
  holdTimeSeconds: 90,
  connectRetrySeconds: 10,
  idleHoldSeconds: 5,
  delayOpenSeconds: 0,
  families: [Family.ipv4Unicast],
  routeReflectorClient: false,
  routeServerClient: false,
  defaultOriginate: false,
  limit: 100,
  ttlSecurity: false,
  maintenance: false,
  nextHopSelf: false,
  nextHopUnchanged: false,
  asPath: { allowOwn: 0, enforceFirst: true, override: false, removePrivate: false },
  multihop: 1,
  gracefulRestart: false,
  addPath: { receive: false, send: 0 },
  import: 'accept',
  export: 'accept',
};

export const LOCAL: LocalOptions = {
  as: 65001,
  routerId: 0x0a000001,
  hostname: 'bgp-1',
  version: '0',
  restarting: () => false,
  forwardingPreserved: () => false,
};

const block = 1 + (process.pid % 250);
let addressesTaken = 0;

/** A loopback address nobody else uses. */
export function freshAddress(): string {
  addressesTaken++;
  return `127.${block}.${addressesTaken >> 8}.${addressesTaken & 0xff}`;
}

export interface LogLine {
  level: number;
  msg: string;
  [field: string]: unknown;
}

/** Resolves when `ready` holds; looked at in every turn of the loop. */
export async function until(ready: () => boolean): Promise<void> {
  const deadline = process.hrtime.bigint() + 15_000_000_000n;
  while (!ready()) {
    if (process.hrtime.bigint() > deadline) throw new Error(`it never happened: ${ready}`);
    await new Promise(resolve => setImmediate(resolve));
  }
}

/** A session with what its handler has heard. */
export class Node implements SessionHandler {
  readonly session: NeighborSession;
  readonly states: StateName[] = [];
  readonly ups: Negotiated[] = [];
  readonly downs: SessionDown[] = [];
  readonly refreshes: RouteRefreshMessage[] = [];
  readonly lines: LogLine[] = [];
  updates = 0;
  drains = 0;
  /** Called for each UPDATE body. */
  onUpdate: (body: Uint8Array) => void = () => {};
  onEstablished: () => void = () => {};

  constructor(options: Partial<NeighborOptions>, local: Partial<LocalOptions> = {}) {
    const log = logInto(this.lines);
    this.session = new NeighborSession({ ...NEIGHBOR, ...options }, { ...LOCAL, ...local }, this, log);
  }

  established(negotiated: Negotiated): void {
    this.ups.push(negotiated);
    this.onEstablished();
  }

  update(buf: Uint8Array, start: number, end: number): void {
    this.updates++;
    this.onUpdate(buf.subarray(start, end));
  }

  refresh(message: RouteRefreshMessage): void {
    this.refreshes.push(message);
  }

  drained(): void {
    this.drains++;
  }

  down(down: SessionDown): void {
    this.downs.push(down);
  }

  changed(): void {
    this.states.push(this.session.state);
  }

  reaches(state: StateName): Promise<void> {
    return until(() => this.session.state === state);
  }
}

export function logInto(lines: LogLine[]): Logger {
  return pino({ level: 'debug' }, { write: line => lines.push(JSON.parse(line)) });
}

const cleanups: (() => Promise<void> | void)[] = [];

/** Ends everything the tests have started; for afterEach. */
export async function cleanUp(): Promise<void> {
  for (const clean of cleanups.splice(0).reverse()) await clean();
}

export function onCleanUp(clean: () => Promise<void> | void): void {
  cleanups.push(clean);
}

/** A listener on one address whose connections go to the session of `node()`. */
export async function listenFor(address: string, node: () => Node | undefined): Promise<Listener> {
  const listener = new Listener([address], 0, () => node()?.session, logInto([]));
  await listener.listen();
  onCleanUp(() => listener.close());
  return listener;
}

export function manage(node: Node): Node {
  onCleanUp(() => node.session.stop('silent'));
  return node;
}

/** Two sessions that are each other's neighbor, not started yet. */
export async function pair(
  a: Partial<NeighborOptions> = {},
  b: Partial<NeighborOptions> = {},
  local: { a?: Partial<LocalOptions>; b?: Partial<LocalOptions> } = {},
): Promise<[Node, Node]> {
  const [addressA, addressB] = [freshAddress(), freshAddress()];
  const nodes: Node[] = [];
  const listenerA = await listenFor(addressA, () => nodes[0]);
  const listenerB = await listenFor(addressB, () => nodes[1]);
  const here = { address: addressB, localAddress: addressA, port: listenerB.port };
  const there = { address: addressA, localAddress: addressB, port: listenerA.port, as: 65001 };
  nodes.push(
    manage(new Node({ ...here, ...a }, local.a)),
    manage(new Node({ ...there, ...b }, { as: 65002, routerId: 0x0a000002, hostname: 'bgp-2', ...local.b })),
  );
  return [nodes[0], nodes[1]];
}

/** One TCP connection of a hand-made neighbor. */
export class RawConnection {
  readonly socket: net.Socket;
  readonly messages: Message[] = [];
  closed = false;
  #rest = Buffer.alloc(0);

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', chunk => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      while (this.#rest.length >= 19 && this.#rest.length >= this.#rest.readUInt16BE(16)) {
        const length = this.#rest.readUInt16BE(16);
        const message = Uint8Array.from(this.#rest.subarray(0, length));
        this.messages.push(decode(message, { as4: true, addPath: [], extendedMessage: true }));
        this.#rest = this.#rest.subarray(length);
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
    onCleanUp(() => {
      socket.destroy();
    });
  }

  say(...messages: (Message | Uint8Array)[]): void {
    for (const message of messages) this.socket.write(message instanceof Uint8Array ? message : encode(message));
  }

  /** The next message of a type that has not been taken yet. */
  async hears<T extends Message['type']>(type: T): Promise<Extract<Message, { type: T }>> {
    const find = () => this.messages.findIndex(message => message.type === type);
    await until(() => find() !== -1 || this.closed);
    const at = find();
    if (at === -1) throw new Error(`closed without a message of type ${type}; left: ${JSON.stringify(this.messages)}`);
    return this.messages.splice(at, 1)[0] as Extract<Message, { type: T }>;
  }

  /** The NOTIFICATION it is sent, as 'code/subcode', with the data when there is some. */
  async isTold(): Promise<string> {
    const { code, subcode, data } = await this.hears('notification');
    return `${code}/${subcode}${data.length > 0 ? ` [${data}]` : ''}`;
  }

  ends(): Promise<void> {
    return until(() => this.closed);
  }
}

/** A hand-made neighbor (AS 65002, router id 10.0.0.2) of a session under test (AS 65001, router id 10.0.0.1). */
export class RawNeighbor {
  readonly node: Node;
  readonly open: OpenMessage;
  /** Where the session listens. */
  readonly localAddress: string;
  readonly #listener: Listener;
  readonly #server: net.Server;
  readonly #arrived: RawConnection[] = [];
  readonly #waiting: ((connection: RawConnection) => void)[] = [];

  constructor(node: Node, localAddress: string, listener: Listener, server: net.Server, local: LocalOptions) {
    this.node = node;
    this.localAddress = localAddress;
    this.#listener = listener;
    this.#server = server;
    this.open = ourOpen({ ...node.session.options, as: 65001 }, local);
    server.on('connection', socket => {
      const connection = new RawConnection(socket);
      const waiting = this.#waiting.shift();
      if (waiting) waiting(connection);
      else this.#arrived.push(connection);
    });
  }

  /** The session's connection to it. */
  accepts(): Promise<RawConnection> {
    const arrived = this.#arrived.shift();
    return arrived ? Promise.resolve(arrived) : new Promise(resolve => this.#waiting.push(resolve));
  }

  /** Makes a connection to the session. */
  async connects(): Promise<RawConnection> {
    const { address } = this.node.session.options;
    const socket = net.connect({ host: this.localAddress, port: this.#listener.port, localAddress: address });
    const connection = new RawConnection(socket);
    await once(socket, 'connect');
    return connection;
  }

  /** Brings up a session over a connection. */
  async establishes(connection: RawConnection, open: Partial<OpenMessage> = {}): Promise<void> {
    const before = this.node.ups.length;
    connection.say({ ...this.open, ...open }, { type: 'keepalive' });
    await until(() => this.node.ups.length > before);
    await connection.hears('keepalive');
  }

  /** Nobody listens at its address any more. */
  hides(): Promise<void> {
    return new Promise(resolve => this.#server.close(() => resolve()));
  }
}

/** A port whose listener never accepts and whose queue is full: connection attempts hang. */
export async function portWithoutAnswer(host: string): Promise<number> {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const c = koffi.load('libc.so.6');
  const fd: number = c.func('int socket(int, int, int)')(2, 1, 0);
  onCleanUp(() => c.func('int close(int)')(fd));
  const address = Uint8Array.of(2, 0, 0, 0, ...host.split('.').map(Number), 0, 0, 0, 0, 0, 0, 0, 0);
  expect(c.func('int bind(int, const void *, uint32_t)')(fd, address, 16)).toBe(0);
  expect(c.func('int listen(int, int)')(fd, 0)).toBe(0);
  c.func('int getsockname(int, _Out_ uint8_t *, _Inout_ uint32_t *)')(fd, address, [16]);
  const port = (address[2] << 8) | address[3];
  const first = net.connect({ host, port });
  onCleanUp(() => {
    first.destroy();
  });
  await once(first, 'connect');
  return port;
}

/** A session, not started yet, with a hand-made neighbor. */
export async function rawNeighbor(
  options: Partial<NeighborOptions> = {},
  local: Partial<LocalOptions> = {},
): Promise<RawNeighbor> {
  const [address, localAddress] = [freshAddress(), freshAddress()];
  const nodes: Node[] = [];
  const listener = await listenFor(localAddress, () => nodes[0]);
  const server = net.createServer();
  server.listen({ host: address, port: 0 });
  await once(server, 'listening');
  onCleanUp(() => {
    server.close();
  });
  const { port } = server.address() as net.AddressInfo;
  const node = manage(new Node({ address, localAddress, port, ...options }, local));
  nodes.push(node);
  return new RawNeighbor(node, localAddress, listener, server, { ...LOCAL, as: 65002, routerId: 0x0a000002 });
}

/** A neighbor that is connected to and has been sent an OPEN. */
export async function inOpenSent(...args: Parameters<typeof rawNeighbor>): Promise<[RawNeighbor, RawConnection]> {
  const neighbor = await rawNeighbor(...args);
  neighbor.node.session.start();
  const connection = await neighbor.accepts();
  await connection.hears('open');
  return [neighbor, connection];
}

export async function inEstablished(...args: Parameters<typeof rawNeighbor>): Promise<[RawNeighbor, RawConnection]> {
  const [neighbor, connection] = await inOpenSent(...args);
  await neighbor.establishes(connection);
  return [neighbor, connection];
}

/** A message's header (RFC 4271 §4.1), or one that is wrong. */
export function header(length: number, type: number, marker = 0xff): Buffer {
  const bytes = Buffer.alloc(19, marker);
  bytes.writeUInt16BE(length, 16);
  bytes[18] = type;
  return bytes;
}
