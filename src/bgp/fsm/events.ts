// What can happen to a BGP connection and what the state machine may ask for: the whole vocabulary in one place.
//
// Events are numbered and named as in RFC 4271 §8.1; event 29 is RFC 9687's, ROUTE-REFRESH (RFC 2918, no number there)
// is the one message RFC 4271 does not know. Actions are plain data: the session carries them out in order.

import { MessageType } from '../wire/message.js';

/** The six states of RFC 4271 §8.2.2, the nearer to Established the later. */
export const STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;
/** One of STATES. */
export type StateName = (typeof STATES)[number];

/** The timers of RFC 4271 §10 and the SendHoldTimer of RFC 9687. */
export const TIMERS = ['connectRetry', 'delayOpen', 'hold', 'keepalive', 'sendHold', 'idleHold'] as const;
/** One of TIMERS. */
export type TimerName = (typeof TIMERS)[number];

/** The content of a NOTIFICATION message (RFC 4271 §4.5); a WireError is one, too. */
export interface Notification {
  code: number;
  subcode: number;
  data: Uint8Array;
  /** What exactly was wrong, for our own log. */
  reason?: string;
}

/** Something that happened. `reason` and the other fields are what the session knows beyond the RFC's event name. */
export type FsmEvent =
  | { type: 'ManualStart' }
  /** `cease` is the NOTIFICATION to say good-bye with; null closes the connection silently (RFC 4724 restart). */
  | { type: 'ManualStop'; cease: Notification | null }
  | { type: 'AutomaticStart' }
  | { type: 'ManualStart_with_PassiveTcpEstablishment' }
  | { type: 'AutomaticStart_with_PassiveTcpEstablishment' }
  | { type: 'AutomaticStart_with_DampPeerOscillations' }
  | { type: 'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment' }
  | { type: 'AutomaticStop'; cease: Notification }
  | { type: 'ConnectRetryTimer_Expires' }
  | { type: 'HoldTimer_Expires' }
  | { type: 'KeepaliveTimer_Expires' }
  | { type: 'DelayOpenTimer_Expires' }
  | { type: 'IdleHoldTimer_Expires' }
  | { type: 'TcpConnection_Valid' }
  | { type: 'Tcp_CR_Invalid' }
  | { type: 'Tcp_CR_Acked' }
  | { type: 'TcpConnectionConfirmed' }
  /** `reason` in words: 'connection refused', 'closed by the neighbor', … */
  | { type: 'TcpConnectionFails'; reason: string }
  /** A valid OPEN; `holdTimeSeconds` is the negotiated hold time (RFC 4271 §4.2), 0 = no KEEPALIVEs. */
  | { type: 'BGPOpen'; holdTimeSeconds: number }
  | { type: 'BGPOpen_with_DelayOpenTimer_running'; holdTimeSeconds: number }
  | { type: 'BGPHeaderErr'; notification: Notification }
  | { type: 'BGPOpenMsgErr'; notification: Notification }
  | { type: 'OpenCollisionDump' }
  | { type: 'NotifMsgVerErr'; notification: Notification }
  | { type: 'NotifMsg'; notification: Notification }
  | { type: 'KeepAliveMsg' }
  | { type: 'UpdateMsg' }
  | { type: 'UpdateMsgErr'; notification: Notification }
  | { type: 'SendHoldTimer_Expires' }
  | { type: 'RouteRefreshMsg' };

/** The name of an event. */
export type EventType = FsmEvent['type'];

/** Something the session has to do, in the order given. */
export type FsmAction =
  /** (Re)start a timer. */
  | { type: 'startTimer'; timer: TimerName; ms: number }
  | { type: 'stopTimer'; timer: TimerName }
  /** Begin a TCP connection to the neighbor; Tcp_CR_Acked or TcpConnectionFails answers. */
  | { type: 'connectTcp' }
  /** Close the TCP connection, or give up the attempt. A NOTIFICATION just sent must still reach the neighbor. */
  | { type: 'dropTcp' }
  | { type: 'sendOpen' }
  | { type: 'sendKeepalive' }
  | { type: 'sendNotification'; notification: Notification }
  /** Established has been entered: routes may be exchanged. */
  | { type: 'sessionUp' }
  /** Established has been left: the routes of this connection are to go, or to be kept as stale (RFC 4724 §4.2). */
  | { type: 'sessionDown' };

/**
 * Event numbers (RFC 4271 §8.1, RFC 9687), the message type that raises the event (RFC 6608 wants it in the
 * NOTIFICATION when the message is out of place), and words for the log.
 */
export const EVENTS: { readonly [T in EventType]: { number?: number; message?: number; words: string } } = {
  ManualStart: { number: 1, words: 'started' },
  ManualStop: { number: 2, words: 'stopped' },
  AutomaticStart: { number: 3, words: 'started again' },
  ManualStart_with_PassiveTcpEstablishment: { number: 4, words: 'started, waiting for the neighbor to connect' },
  AutomaticStart_with_PassiveTcpEstablishment: { number: 5, words: 'listening, will connect later' },
  AutomaticStart_with_DampPeerOscillations: { number: 6, words: 'started again' },
  AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment: { number: 7, words: 'listening again' },
  AutomaticStop: { number: 8, words: 'stopped by this speaker' },
  ConnectRetryTimer_Expires: { number: 9, words: 'time to connect again' },
  HoldTimer_Expires: { number: 10, words: 'hold timer expired' },
  KeepaliveTimer_Expires: { number: 11, words: 'keepalive timer expired' },
  DelayOpenTimer_Expires: { number: 12, words: 'delay before OPEN is over' },
  IdleHoldTimer_Expires: { number: 13, words: 'idle hold time is over' },
  TcpConnection_Valid: { number: 14, words: 'connection request' },
  Tcp_CR_Invalid: { number: 15, words: 'connection request refused' },
  Tcp_CR_Acked: { number: 16, words: 'connected to the neighbor' },
  TcpConnectionConfirmed: { number: 17, words: 'the neighbor connected' },
  TcpConnectionFails: { number: 18, words: 'connection lost' },
  BGPOpen: { number: 19, message: MessageType.open, words: 'OPEN received' },
  BGPOpen_with_DelayOpenTimer_running: { number: 20, message: MessageType.open, words: 'OPEN received' },
  BGPHeaderErr: { number: 21, words: 'bad message header' },
  BGPOpenMsgErr: { number: 22, message: MessageType.open, words: 'bad OPEN message' },
  OpenCollisionDump: { number: 23, words: 'connection collision: the other connection is kept' },
  NotifMsgVerErr: { number: 24, words: 'NOTIFICATION received' },
  NotifMsg: { number: 25, words: 'NOTIFICATION received' },
  KeepAliveMsg: { number: 26, message: MessageType.keepalive, words: 'KEEPALIVE received' },
  UpdateMsg: { number: 27, message: MessageType.update, words: 'UPDATE received' },
  UpdateMsgErr: { number: 28, message: MessageType.update, words: 'bad UPDATE message' },
  SendHoldTimer_Expires: { number: 29, words: 'the neighbor has stopped reading: send hold timer expired' },
  RouteRefreshMsg: { message: MessageType.routeRefresh, words: 'ROUTE-REFRESH received' },
};
