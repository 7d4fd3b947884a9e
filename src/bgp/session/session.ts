// The session with one neighbor: what the speaker talks to.
//
// The neighbor has one connection of its own (RFC 4271 §8.2.1) that connects, waits and starts again; when the neighbor
// connects while that one is busy, a second connection exists until collision resolution or Established decides. Events
// of all connections go through one queue, so a handler may stop, reset or write from within any callback. The session
// starts again by itself unless it was stopped; the state people see is that of the connection that is furthest.
//
// RFC 4271 §6.7, §6.8 and §8; RFC 4486; RFC 4724 §4.2 (a restarted neighbor's new connection replaces the session);
// RFC 5492 §3 (a neighbor that refuses capabilities gets an OPEN without); RFC 9003.

import type net from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { type CollisionVerdict, resolveCollision } from '../fsm/collision.js';
import { type FsmEvent, type Notification, STATES, type StateName, type TimerName } from '../fsm/events.js';
import { restartEvent } from '../fsm/fsm.js';
import { type FsmOptions, initialState, promote, waitingState } from '../fsm/state.js';
import type { SessionStatus } from '../views.js';
import { NotificationErrors } from '../wire/notification.js';
import type { OpenMessage } from '../wire/open.js';
import { formatRouterId } from '../wire/prefix.js';
import type { RouteRefreshMessage } from '../wire/refresh.js';
import { canonicalAddress, commonSubnets, ownAddresses } from './addresses.js';
import { Connection, type ConnectionOwner } from './connection.js';
import type { Cease, Negotiated, SessionHandler } from './handler.js';
import { type Heard, NOTHING_HEARD } from './heard.js';
import { type Agreed, keepsRoutes, ourOpen } from './negotiate.js';
import {
  CONNECTION_REJECTED,
  ceaseNotification,
  describe,
  downBy,
  errorDirection,
  hardReset,
  is,
  isAdministrative,
} from './notices.js';
import { type LocalOptions, type NeighborOptions, sessionAs } from './options.js';
import { applyTo } from './socket-options.js';
import { capabilityRows, noMessages } from './status.js';
import { closeTcp, socketNeeds } from './tcp.js';

export type { Cease, Negotiated, SessionDown, SessionHandler } from './handler.js';

/** So long after its start the neighbor may still be heard on a connection that it made before it had the session. */
const YOUNG_MS = 5_000;

/** A neighbor's session. */
export class NeighborSession implements ConnectionOwner {
  /** Read for each new connection; replace it and reset() to apply other options. */
  options: NeighborOptions;
  readonly local: LocalOptions;
  readonly log: Logger;
  readonly messages = { received: noMessages(), sent: noMessages() };
  readonly #handler: SessionHandler;
  /** The neighbor's own connection first. */
  #connections: Connection[];
  #established: Connection | null = null;
  #establishedAt = 0;
  #negotiated: Negotiated | null = null;
  /** Events that wait; those without a connection are for the neighbor's own. */
  readonly #queue: { connection: Connection | null; event: FsmEvent }[] = [];
  #draining = false;
  #state: StateName = 'Idle';
  #reason: { text: string; notification?: Notification } | null = null;
  readonly #logged = new Set<string>();
  readonly #closing = new Set<Promise<void>>();
  /** The neighbor refuses capabilities: send OPENs without. */
  #bare = false;
  #establishedCount = 0;
  /** Where the neighbor is, when an interface names it. */
  #heard = NOTHING_HEARD;
  /** Attempts to connect, each to the next of the addresses heard. */
  #attempts = 0;
  #lastError: SessionStatus['lastError'];

  /** A session in Idle; start() begins. */
  constructor(options: NeighborOptions, local: LocalOptions, handler: SessionHandler, log: Logger) {
    this.options = options;
    this.local = local;
    this.#handler = handler;
    this.log = log;
    this.#connections = [new Connection(this, initialState(fsmOptions(options)))];
  }

  /** State of the connection that is furthest. */
  get state(): StateName {
    const order = this.#connections.map(connection => STATES.indexOf(connection.state.name));
    return STATES[Math.max(...order)];
  }

  /** While Established, and in handler.down(). */
  get negotiated(): Negotiated | null {
    return this.#negotiated;
  }

  /** Octets that wait to be sent. */
  get bufferedBytes(): number {
    return this.#established?.socket?.writableLength ?? 0;
  }

  /** Starts, also out of an idle hold time; a session that runs goes on. */
  start(): void {
    this.#bare = false;
    this.#logged.clear();
    this.raise(null, { type: this.options.passive ? 'ManualStart_with_PassiveTcpEstablishment' : 'ManualStart' });
  }

  /**
   * Ends the session and stays down. `cease` goes to the neighbor (default: Administrative Shutdown); 'silent' closes
   * the connection without a NOTIFICATION, so that a neighbor with graceful restart keeps our routes. One that would
   * keep them through a NOTIFICATION too is sent a Hard Reset where they are to go (RFC 8538 §3). Resolves when
   * the connections are closed. Throws InputError when the message is too long.
   */
  async stop(cease: Cease | 'silent' = { subcode: NotificationErrors.administrativeShutdown.subcode }): Promise<void> {
    const notification = cease === 'silent' ? null : ceaseNotification(cease);
    for (const connection of [...this.#connections]) {
      const hard = connection === this.#established && this.#negotiated?.gracefulRestart?.notification;
      this.raise(connection, { type: 'ManualStop', cease: hard ? hardReset(notification) : notification });
    }
    // Called from within a callback, the events wait until it returns.
    await Promise.resolve();
    await Promise.all(this.#closing);
  }

  /**
   * Ends the session and starts it again: at once when an operator wants it, else after the idle hold time. Does
   * nothing when it is stopped. Throws InputError when the message is too long.
   */
  reset(cease: Cease): void {
    const notification = ceaseNotification(cease);
    const [own] = this.#connections;
    if (own.state.name === 'Idle' && own.state.next === 'stay') return;
    for (const connection of [...this.#connections]) {
      this.raise(connection, { type: 'AutomaticStop', cease: notification });
    }
    if (isAdministrative(cease)) this.start();
  }

  /** Takes a connection the neighbor made, or refuses it with Cease/Connection Rejected. */
  accept(socket: net.Socket): void {
    const [own] = this.#connections;
    const refusal = this.#refusal(socket, own);
    if (refusal) {
      this.#say(refusal.level, {}, `connection from ${this.options.address} refused: ${refusal.reason}`);
      this.closing(closeTcp(socket, CONNECTION_REJECTED));
    } else if (own.state.name === 'Active' && own.state.tcp === 'none') {
      own.adopt(socket);
    } else {
      // The neighbor gives a connection up before it makes another: an older one that is not Established is dead.
      for (const connection of this.#connections.slice(1)) {
        if (connection !== this.#established) this.raise(connection, { type: 'OpenCollisionDump' });
      }
      const second = new Connection(this, waitingState(fsmOptions(this.options)));
      this.#connections.push(second);
      second.adopt(socket);
    }
  }

  /** Who is at the other end of the interface that names the neighbor; only the addresses there lead to it. */
  get heard(): Heard {
    return this.#heard;
  }

  /**
   * The interface that names the neighbor, or who is heard there, has changed. Connections that can be of no use any more
   * end at once; one that waits for an address is made.
   */
  hear(heard: Heard): void {
    const before = this.#heard;
    this.#heard = heard;
    const elsewhere = before.index !== heard.index && before.index !== 0;
    for (const connection of [...this.#connections]) {
      const from = connection.socket?.localAddress;
      if (from === undefined || (!elsewhere && heard.own.includes(canonicalAddress(from)))) continue;
      const gone = elsewhere ? 'the interface is another now' : `${from} is not an address of this machine any more`;
      const reason = heard.own.length === 0 ? heard.trouble : gone;
      this.raise(connection, { type: 'TcpConnectionFails', reason });
    }
    const [{ state, destination }] = this.#connections;
    const waits = state.name === 'Active' ? state.tcp === 'none' : state.name === 'Connect';
    if (!waits || heard.addresses.length === 0 || this.options.passive) return;
    if (state.name === 'Connect' && heard.addresses.includes(destination)) return;
    this.#attempts = 0;
    this.raise(null, { type: 'ConnectRetryTimer_Expires' });
  }

  /**
   * Sends whole messages to an Established neighbor, `updates` of them UPDATEs; what is written in one turn of the
   * loop leaves together. The octets may be shared with other sessions and must not change any more.
   */
  write(bytes: Uint8Array, updates: number): void {
    if (this.#established === null) return;
    this.messages.sent.update += updates;
    if (updates === 0) this.messages.sent.routeRefresh++;
    this.#established.write(bytes);
  }

  /** The session for people. */
  status(): SessionStatus {
    const { options } = this;
    const negotiated = this.#negotiated;
    const timers: Partial<Record<TimerName, number>> = {};
    for (const connection of this.#connections) Object.assign(timers, connection.timers.left());
    return {
      remoteRouterId: negotiated ? formatRouterId(negotiated.remoteRouterId) : undefined,
      localAddress: negotiated?.localAddress,
      localPort: negotiated?.localPort,
      remoteAddress: negotiated?.remoteAddress,
      remotePort: negotiated?.remotePort,
      holdTimeSeconds: { configured: options.holdTimeSeconds, negotiated: negotiated?.holdTimeSeconds },
      keepaliveSeconds: negotiated?.keepaliveSeconds,
      timers: timers as Record<string, number>,
      capabilities: capabilityRows(
        negotiated?.localCapabilities ?? this.open().capabilities,
        negotiated?.remoteCapabilities ?? [],
      ),
      messages: { received: { ...this.messages.received }, sent: { ...this.messages.sent } },
      established: this.#establishedCount,
      lastError: this.#lastError,
    };
  }

  #refusal(socket: net.Socket, own: Connection): { level: 'info' | 'warn' | 'debug'; reason: string } | null {
    if (own.state.name === 'Idle') {
      if (own.state.next === 'hold') return { level: 'debug', reason: 'idle hold time after an error' };
      return { level: 'info', reason: 'the neighbor is shut down here' };
    }
    const { localAddress } = this.options;
    const to = canonicalAddress(socket.localAddress ?? '::');
    if (localAddress !== undefined && canonicalAddress(localAddress) !== to) {
      return { level: 'warn', reason: `it came to ${to}, the configuration says local-address ${localAddress}` };
    }
    try {
      applyTo(socket, socketNeeds(this.options, this.local));
      return null;
    } catch (error) {
      return { level: 'warn', reason: (error as Error).message };
    }
  }

  // --- What connections ask for -----------------------------------------------------------------------------------

  destination(): string {
    if (this.options.interface === undefined) return this.options.address;
    const { addresses, trouble } = this.#heard;
    if (addresses.length === 0) throw new Error(trouble);
    return addresses[this.#attempts++ % addresses.length];
  }

  open(): OpenMessage {
    return ourOpen(this.options, this.local, { bare: this.#bare, resumed: this.#establishedCount > 0 });
  }

  raise(connection: Connection | null, event: FsmEvent): void {
    this.#queue.push({ connection, event });
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
        this.#handle(next.connection ?? this.#connections[0], next.event);
      }
    } finally {
      this.#draining = false;
    }
    this.#announce();
  }

  identified(opened: Connection, agreed: Agreed): void {
    const rules = {
      localRouterId: this.local.routerId,
      remoteRouterId: agreed.remoteRouterId,
      localAs: sessionAs(this.options, this.local),
      remoteAs: agreed.remoteAs,
      gracefulRestart: this.#negotiated !== null && keepsRoutes(this.#negotiated),
      young: performance.now() - this.#establishedAt < YOUNG_MS,
      collisionDetectEstablishedState: false,
    };
    for (const other of this.#connections.filter(connection => connection !== opened)) {
      const verdict =
        this.#another(opened, agreed, other) ?? resolveCollision(contender(opened), contender(other), rules);
      if (verdict === 'keep-opened') this.raise(other, { type: 'OpenCollisionDump' });
      if (verdict === 'keep-other') this.raise(opened, { type: 'OpenCollisionDump' });
      if (verdict === 'replace-other') {
        this.raise(other, { type: 'TcpConnectionFails', reason: 'the neighbor has restarted and connected anew' });
      }
    }
  }

  /**
   * A connection with another address than that of the session is no collision: either the neighbor has another address
   * now, or there is somebody else on the link.
   */
  #another(opened: Connection, agreed: Agreed, other: Connection): CollisionVerdict | undefined {
    const session = this.#negotiated;
    const from = opened.socket?.remoteAddress;
    if (session === null || other !== this.#established || from === undefined) return undefined;
    if (canonicalAddress(from) === session.remoteAddress) return undefined;
    if (agreed.remoteRouterId === session.remoteRouterId) return 'replace-other';
    const id = formatRouterId(agreed.remoteRouterId);
    this.#say('warn', {}, `${this.options.address}: ${from}, router id ${id}, is refused: the session is with another`);
    return 'keep-other';
  }

  up(connection: Connection): void {
    const { agreed, socket } = connection;
    if (agreed === null || socket === null) return;
    const localAddress = canonicalAddress(socket.localAddress ?? '::');
    const remoteAddress = canonicalAddress(socket.remoteAddress ?? '::');
    const { interfaceName, interfaceIndex, ...nextHopSelf } = ownAddresses(localAddress);
    this.#established = connection;
    this.#establishedAt = performance.now();
    this.#negotiated = {
      ...agreed,
      localAddress,
      localPort: socket.localPort ?? 0,
      remoteAddress,
      remotePort: socket.remotePort ?? 0,
      nextHopSelf,
      subnets: commonSubnets(remoteAddress),
      interfaceName,
      interfaceIndex,
    };
    this.#establishedCount++;
    this.#logged.clear();
    // Whatever else was on its way to a session has lost.
    for (const other of this.#connections) {
      if (other !== connection) this.raise(other, { type: 'OpenCollisionDump' });
    }
    this.#handler.established(this.#negotiated);
  }

  /**
   * Reads our addresses on the session's interface again: they may have come after the session, or the interface was not
   * to be seen yet. Returns whether `negotiated` changed.
   */
  readAddresses(): boolean {
    const negotiated = this.#negotiated;
    if (negotiated === null) return false;
    const { interfaceName, interfaceIndex, ...nextHopSelf } = ownAddresses(negotiated.localAddress);
    if (interfaceName === '' || isDeepStrictEqual(nextHopSelf, negotiated.nextHopSelf)) return false;
    this.#negotiated = { ...negotiated, nextHopSelf, interfaceName, interfaceIndex };
    return true;
  }

  down(event: FsmEvent, sent: Notification | undefined): void {
    this.#established = null;
    this.#bare = false;
    this.#handler.down(downBy(event, sent));
    this.#negotiated = null;
  }

  update(buf: Uint8Array, start: number, end: number): void {
    this.#handler.update(buf, start, end);
  }

  refresh(message: RouteRefreshMessage): void {
    this.#handler.refresh(message);
  }

  drained(connection: Connection): void {
    if (connection === this.#established) this.#handler.drained();
  }

  closing(done: Promise<void>): void {
    const closed = done.then(() => {
      this.#closing.delete(closed);
    });
    this.#closing.add(closed);
  }

  // --- The machines -----------------------------------------------------------------------------------------------

  #handle(connection: Connection, event: FsmEvent): void {
    if (!this.#connections.includes(connection)) return;
    if (connection.state.name === 'Idle') {
      connection.state = { ...connection.state, options: fsmOptions(this.options) };
    }
    const before = connection.state;
    const sent = connection.handle(event);
    const { state } = connection;
    if (state === before) return;
    this.#note(event, sent);
    if (state.tcp === 'none' && this.#connections.length > 1) this.#dispose(connection);
    const restart = this.#connections.length === 1 ? restartEvent(this.#connections[0].state) : null;
    if (restart) this.#queue.push({ connection: null, event: restart });
  }

  /** Of two connections, one without TCP is of no use; the other one is the neighbor's own from now on. */
  #dispose(connection: Connection): void {
    const own = this.#connections[0];
    connection.timers.stopAll();
    this.#connections = this.#connections.filter(other => other !== connection);
    if (connection === own) this.#connections[0].state = promote(this.#connections[0].state, own.state);
  }

  /** Remembers why things changed, for #announce and status(). */
  #note(event: FsmEvent, sent: Notification | undefined): void {
    const { text, notification } = describe(event, sent);
    this.#reason ??= { text, notification };
    const direction = errorDirection(event, sent);
    if (direction === null || is(notification, NotificationErrors.connectionCollisionResolution)) return;
    const { code, subcode } = notification ?? {};
    this.#lastError = { at: Date.now(), text, direction, code, subcode };
    if (direction === 'received' && is(notification, NotificationErrors.unsupportedOptionalParameter))
      this.#bare = true;
  }

  /** Tells the log and the handler when the state people see has changed. */
  #announce(): void {
    const from = this.#state;
    const to = this.state;
    const reason = this.#reason;
    this.#reason = null;
    if (from === to) return;
    this.#state = to;
    const { code, subcode } = reason?.notification ?? {};
    const fields = { from, to, reason: reason?.text, code, subcode };
    this.#say('info', fields, `${this.options.address}: ${from} → ${to}: ${reason?.text}`);
    this.#handler.changed();
  }

  /** A line that has been written since the neighbor was up last goes to debug: one that is away does not fill the log. */
  #say(level: 'info' | 'warn' | 'debug', fields: object, text: string): void {
    const again = this.#logged.has(text);
    if (this.#logged.size >= 64) this.#logged.clear();
    this.#logged.add(text);
    this.log[again ? 'debug' : level]({ neighbor: this.options.address, ...fields }, text);
  }
}

function contender({ direction, state, sequence }: Connection) {
  return { direction, state: state.name, sequence };
}

function fsmOptions(options: NeighborOptions): FsmOptions {
  const { passive, connectRetrySeconds, delayOpenSeconds, idleHoldSeconds } = options;
  return { passive, connectRetrySeconds, delayOpenSeconds, idleHoldSeconds };
}
