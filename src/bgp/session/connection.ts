// One TCP connection with a neighbor and its state machine: octets in, FSM events out; FSM actions in, octets out.
//
// The machine decides (fsm/), the neighbor session owns the connection and knows the others (session.ts); here the
// messages are read, the timers run and the socket lives. A connection outlives its socket: after a failure the same
// machine goes on with the next one.

import type net from 'node:net';
import type { Logger } from 'pino';
import type { FsmAction, FsmEvent, Notification, TimerName } from '../fsm/events.js';
import { step } from '../fsm/fsm.js';
import type { FsmState } from '../fsm/state.js';
import type { MessageCounts } from '../views.js';
import { encode, HEADER_BYTES, MESSAGES, MessageType } from '../wire/message.js';
import { decodeNotification, NotificationErrors, WireError } from '../wire/notification.js';
import { decodeOpen, type OpenMessage } from '../wire/open.js';
import { decodeRefresh, type RouteRefreshMessage } from '../wire/refresh.js';
import { Framer } from './framing.js';
import { type Agreed, negotiate } from './negotiate.js';
import type { LocalOptions, NeighborOptions } from './options.js';
import { closeTcp, connectTo, describeSocketError, takeOver } from './tcp.js';
import { Timers } from './timers.js';

/** What a connection needs of the neighbor session it belongs to. */
export interface ConnectionOwner {
  readonly options: NeighborOptions;
  readonly local: LocalOptions;
  readonly log: Logger;
  readonly messages: { readonly received: MessageCounts; readonly sent: MessageCounts };
  /** The OPEN to send on a new connection. */
  open(): OpenMessage;
  /** The address to connect to. Throws an Error in words when it is not known. */
  destination(): string;
  /** Has the event handled by the connection's machine, after those that wait already. */
  raise(connection: Connection, event: FsmEvent): void;
  /** A valid OPEN has arrived: the place for collision resolution (RFC 4271 §6.8). */
  identified(connection: Connection, agreed: Agreed): void;
  up(connection: Connection): void;
  /** `sent`: the NOTIFICATION that ended the session, if one was sent. */
  down(event: FsmEvent, sent: Notification | undefined): void;
  /** One UPDATE body; throws WireError. */
  update(buf: Uint8Array, start: number, end: number): void;
  refresh(message: RouteRefreshMessage): void;
  drained(connection: Connection): void;
  /** A socket is being closed until `done`. */
  closing(done: Promise<void>): void;
}

const KEEPALIVE = encode({ type: 'keepalive' });
const UPDATE_MESSAGE: FsmEvent = { type: 'UpdateMsg' };
const EXPIRED: { readonly [T in TimerName]: FsmEvent } = {
  connectRetry: { type: 'ConnectRetryTimer_Expires' },
  delayOpen: { type: 'DelayOpenTimer_Expires' },
  hold: { type: 'HoldTimer_Expires' },
  keepalive: { type: 'KeepaliveTimer_Expires' },
  sendHold: { type: 'SendHoldTimer_Expires' },
  idleHold: { type: 'IdleHoldTimer_Expires' },
};

let connectionsMade = 0;

/** A connection of a neighbor and its machine. */
export class Connection {
  state: FsmState;
  direction: 'incoming' | 'outgoing' = 'outgoing';
  /** Where the last attempt to connect went. */
  destination = '';
  /** Order of the TCP connections. */
  sequence = 0;
  /** What the two OPENs came to, from OpenConfirm on. */
  agreed: Agreed | null = null;
  readonly timers: Timers<TimerName>;
  readonly #owner: ConnectionOwner;
  #socket: net.Socket | null = null;
  #framer = new Framer(() => false);
  #open: OpenMessage | null = null;
  #lastWords: Uint8Array | null = null;
  #corked = false;

  constructor(owner: ConnectionOwner, state: FsmState) {
    this.#owner = owner;
    this.state = state;
    this.timers = new Timers(timer => owner.raise(this, EXPIRED[timer]));
  }

  get socket(): net.Socket | null {
    return this.#socket;
  }

  /** Feeds the machine and carries out what it asks for. Returns the NOTIFICATION that was sent. */
  handle(event: FsmEvent): Notification | undefined {
    const moment = { at: performance.now(), jitter: 0.75 + Math.random() / 4 };
    const { state, actions } = step(this.state, event, moment);
    this.state = state;
    let sent: Notification | undefined;
    for (const action of actions) {
      if (action.type === 'sendNotification') sent = action.notification;
      (this.#carryOut[action.type] as CarryOut)(action, event, sent);
    }
    return sent;
  }

  /** Takes a connection the neighbor made. */
  adopt(accepted: net.Socket): void {
    const socket: net.Socket = takeOver(accepted, octets => this.#read(socket, octets));
    this.#attach(socket, 'incoming');
    this.#owner.raise(this, { type: 'TcpConnectionConfirmed' });
  }

  /** Writes whole messages; everything of one turn of the loop leaves together. */
  write(bytes: Uint8Array): void {
    const socket = this.#socket;
    if (socket === null) return;
    if (this.#corked) {
      socket.write(bytes);
      return;
    }
    this.#corked = true;
    socket.cork();
    process.nextTick(this.#uncork, socket);
    socket.write(bytes, this.#flushed);
    // RFC 4271 §8.2.2: a message sent restarts KeepaliveTimer.
    this.timers.restart('keepalive');
  }

  readonly #uncork = (socket: net.Socket): void => {
    this.#corked = false;
    socket.uncork();
  };

  /** RFC 9687: what TCP takes shows that the neighbor reads. */
  readonly #flushed = (error?: Error | null): void => {
    if (!error) this.timers.restart('sendHold');
  };

  // --- Actions ----------------------------------------------------------------------------------------------------

  readonly #carryOut: { readonly [T in FsmAction['type']]: CarryOut<Extract<FsmAction, { type: T }>> } = {
    startTimer: ({ timer, ms }) => this.timers.start(timer, ms),
    stopTimer: ({ timer }) => this.timers.stop(timer),
    connectTcp: () => this.#connect(),
    dropTcp: () => this.#drop(),
    sendOpen: () => {
      this.#owner.messages.sent.open++;
      this.write(encode(this.#open!));
    },
    sendKeepalive: () => {
      this.#owner.messages.sent.keepalive++;
      this.write(KEEPALIVE);
    },
    sendNotification: ({ notification: { code, subcode, data } }) => {
      this.#owner.messages.sent.notification++;
      this.#lastWords = encode({ type: 'notification', code, subcode, data });
    },
    sessionUp: () => this.#owner.up(this),
    sessionDown: (_action, event, sent) => this.#owner.down(event, sent),
  };

  #connect(): void {
    try {
      this.destination = this.#owner.destination();
      const { options, local } = this.#owner;
      const socket: net.Socket = connectTo(this.destination, options, local, octets => this.#read(socket, octets));
      this.#attach(socket, 'outgoing');
      socket.once('connect', () => this.#owner.raise(this, { type: 'Tcp_CR_Acked' }));
    } catch (error) {
      this.#owner.raise(this, { type: 'TcpConnectionFails', reason: (error as Error).message });
    }
  }

  #drop(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    this.#owner.closing(closeTcp(socket, this.#lastWords));
    this.#lastWords = null;
  }

  // --- The socket -------------------------------------------------------------------------------------------------

  #attach(socket: net.Socket, direction: 'incoming' | 'outgoing'): void {
    this.#socket = socket;
    this.direction = direction;
    this.sequence = ++connectionsMade;
    this.#open = this.#owner.open();
    this.agreed = null;
    this.#framer = new Framer((buf, start, end) => {
      this.#receive(socket, buf, start, end);
      return this.#socket === socket;
    });
    socket.setNoDelay(true);
    socket.on('drain', () => this.#owner.drained(this));
    const lost = (reason: string) => this.#owner.raise(this, { type: 'TcpConnectionFails', reason });
    socket.on('end', () => lost('connection closed by the neighbor'));
    socket.on('error', error => lost(describeSocketError(error)));
    socket.on('close', () => lost('connection closed'));
  }

  #read(socket: net.Socket, octets: Uint8Array): void {
    // Of a connection that is being closed, octets are thrown away.
    if (this.#socket !== socket) return;
    const { received } = this.#owner.messages;
    const before = received.update;
    try {
      this.#framer.push(octets);
      // All that event 27 does in Established (RFC 4271 §8.2.2); a full table is 140,000 of them.
      if (received.update !== before) this.timers.restart('hold');
    } catch (error) {
      this.#owner.raise(this, this.#failed(error, 'BGPHeaderErr'));
    }
  }

  /** The event for an error: a WireError is the neighbor's, anything else is ours and costs this session only. */
  #failed(error: unknown, type: 'BGPHeaderErr' | 'BGPOpenMsgErr' | 'UpdateMsgErr'): FsmEvent {
    if (error instanceof WireError) return { type, notification: error };
    const { options, log } = this.#owner;
    log.error({ neighbor: options.address, err: error }, `error in this speaker; resetting ${options.address}`);
    const { code, subcode } = NotificationErrors.outOfResources;
    return { type: 'AutomaticStop', cease: { code, subcode, data: new Uint8Array(0), reason: String(error) } };
  }

  // --- Messages ---------------------------------------------------------------------------------------------------

  #receive(socket: net.Socket, buf: Uint8Array, start: number, end: number): void {
    const type = buf[start + HEADER_BYTES - 1];
    this.#owner.messages.received[MESSAGES[type]!.type]++;
    const event = this.#events[type](buf, start + HEADER_BYTES, end);
    // Whoever was told of the message may have ended the session.
    if (event !== null && this.#socket === socket) this.#owner.raise(this, event);
  }

  /** By message type: what a message says to the machine, null for nothing. The octets are those after the header. */
  readonly #events: { readonly [type: number]: (buf: Uint8Array, start: number, end: number) => FsmEvent | null } = {
    [MessageType.open]: (buf, start, end) => this.#openReceived(buf, start, end),
    [MessageType.update]: (buf, start, end) => {
      if (this.state.name !== 'Established') return UPDATE_MESSAGE;
      try {
        this.#owner.update(buf, start, end);
        return null;
      } catch (error) {
        return this.#failed(error, 'UpdateMsgErr');
      }
    },
    [MessageType.notification]: (buf, start, end) => {
      const notification = decodeNotification(buf, start, end);
      const { code, subcode } = NotificationErrors.unsupportedVersionNumber;
      const version = notification.code === code && notification.subcode === subcode;
      return { type: version ? 'NotifMsgVerErr' : 'NotifMsg', notification };
    },
    [MessageType.keepalive]: () => ({ type: 'KeepAliveMsg' }),
    [MessageType.routeRefresh]: (buf, start, end) => {
      if (this.state.name !== 'Established') return { type: 'RouteRefreshMsg' };
      try {
        this.#owner.refresh(decodeRefresh(buf, start, end));
        return { type: 'RouteRefreshMsg' };
      } catch (error) {
        return this.#failed(error, 'BGPHeaderErr');
      }
    },
  };

  #openReceived(buf: Uint8Array, start: number, end: number): FsmEvent {
    const delaying = this.state.delayingOpen;
    if (!delaying && this.state.name !== 'OpenSent') return { type: 'BGPOpen', holdTimeSeconds: 0 };
    try {
      const agreed = negotiate(decodeOpen(buf, start, end), this.#open!, this.#owner.options);
      this.agreed = agreed;
      this.#framer.maxBytes = agreed.maxReceiveLength;
      this.#owner.identified(this, agreed);
      const { holdTimeSeconds } = agreed;
      return { type: delaying ? 'BGPOpen_with_DelayOpenTimer_running' : 'BGPOpen', holdTimeSeconds };
    } catch (error) {
      return this.#failed(error, 'BGPOpenMsgErr');
    }
  }
}

type CarryOut<A extends FsmAction = FsmAction> = (action: A, event: FsmEvent, sent: Notification | undefined) => void;
