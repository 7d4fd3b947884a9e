// The BGP finite state machine of RFC 4271 §8 as a pure function: step(state, event, moment) → { state, actions }.
//
// One FsmState belongs to one TCP connection (§8.2.1): the session keeps one for the neighbor and makes a second one
// when the neighbor connects while the first is busy; `promote` hands the neighbor's standing over to the survivor.
// There is no clock, no timer and no randomness here: the moment brings the time and the jitter, and timers are actions.
// TABLE below is §8.2.2 state by state; an event without a row falls to the state's `otherwise`.
//
// Beyond RFC 4271: FSM error subcodes (RFC 6608), the send hold timer (RFC 9687), ROUTE-REFRESH (RFC 2918).
// The optional session attributes: AllowAutomaticStart, AllowAutomaticStop, DampPeerOscillations (idleHoldSeconds > 0),
// DelayOpen (delayOpenSeconds > 0), PassiveTcpEstablishment (passive) and SendNOTIFICATIONwithoutOPEN are supported.
//
// Where the text of the RFC contradicts itself or nobody could live with it:
// - A NOTIFICATION is never answered with another one in OpenSent (§6.4 over §8.2.2).
// - A bad header in Established is reported as such (§6.1) and not as an FSM error (§8.2.2).
// - A connection that collides is closed with a Cease also while OPEN is delayed (§6.8).
// - A second OPEN is an FSM error (RFC 6608 §4), for §8.2.2 does not say what to do with it.
// - No timer but idleHold runs in Idle (§8.2.2 restarts ConnectRetryTimer when Active loses its connection).
// - A passive connection never connects, so it has no ConnectRetryTimer.
// - Damping, which §8.2.2 leaves open, is for errors found or reported: not for a connection that is lost or collides,
//   nor for a Cease, by which the neighbor may say that it is holding back itself (two speakers that do so in turn would
//   refuse each other for ever).

import { NotificationErrors } from '../wire/notification.js';
import type { EventType, FsmEvent, StateName } from './events.js';
import type { FsmState, Moment, Step } from './state.js';
import {
  alive,
  automatically,
  automaticStop,
  collision,
  connected,
  connectFailed,
  connectionLost,
  connectionLostInOpenSent,
  delayOver,
  establish,
  fsmError,
  giveUp,
  type Handler,
  idleHoldOver,
  keepalive,
  manually,
  manualStop,
  notificationReceived,
  openReceived,
  openWhileDelaying,
  reportError,
  retry,
  say,
  sessionLost,
  stay,
  stopInIdle,
  versionRefused,
} from './transitions.js';

/** Advances the machine by one event. The state given is not changed. */
export function step(state: FsmState, event: FsmEvent, moment: Moment): Step {
  const row = TABLE[state.name];
  const handler = (row.on[event.type] ?? row.otherwise) as Handler;
  return handler(state, event, moment);
}

/** The event that starts the machine again by itself, once it is Idle; null when it has to stay there for now. */
export function restartEvent(state: FsmState): FsmEvent | null {
  if (state.name !== 'Idle') return null;
  if (state.next === 'connect') return { type: 'AutomaticStart' };
  if (state.next === 'listen') return { type: 'AutomaticStart_with_PassiveTcpEstablishment' };
  return null;
}

type Row = { on: { [T in EventType]?: Handler<Extract<FsmEvent, { type: T }>> }; otherwise: Handler };

/** Events 1 and 3 to 7 are ignored once the machine is started. */
const START_EVENTS_IGNORED: Row['on'] = {
  ManualStart: stay,
  AutomaticStart: stay,
  ManualStart_with_PassiveTcpEstablishment: stay,
  AutomaticStart_with_PassiveTcpEstablishment: stay,
  AutomaticStart_with_DampPeerOscillations: stay,
  AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment: stay,
};

/** From OpenSent on a second connection is tracked by a machine of its own (§8.2.1). */
const SECOND_CONNECTION_TRACKED: Row['on'] = {
  TcpConnection_Valid: stay,
  Tcp_CR_Invalid: stay,
  Tcp_CR_Acked: stay,
  TcpConnectionConfirmed: stay,
};

const TABLE: { readonly [S in StateName]: Row } = {
  Idle: {
    on: {
      ManualStart: manually('connect'),
      ManualStart_with_PassiveTcpEstablishment: manually('listen'),
      ManualStop: stopInIdle,
      AutomaticStart: automatically('connect', 'zero'),
      AutomaticStart_with_PassiveTcpEstablishment: automatically('listen', 'zero'),
      AutomaticStart_with_DampPeerOscillations: automatically('connect', 'keep'),
      AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment: automatically('listen', 'keep'),
      IdleHoldTimer_Expires: idleHoldOver,
    },
    otherwise: stay,
  },
  Connect: {
    on: {
      ...START_EVENTS_IGNORED,
      ManualStop: manualStop,
      ConnectRetryTimer_Expires: retry,
      DelayOpenTimer_Expires: delayOver,
      TcpConnection_Valid: stay,
      Tcp_CR_Invalid: stay,
      Tcp_CR_Acked: connected,
      TcpConnectionConfirmed: connected,
      TcpConnectionFails: connectFailed,
      BGPOpen_with_DelayOpenTimer_running: openWhileDelaying,
      BGPHeaderErr: reportError,
      BGPOpenMsgErr: reportError,
      OpenCollisionDump: collision,
      NotifMsgVerErr: versionRefused,
      NotifMsg: notificationReceived,
    },
    otherwise: giveUp,
  },
  Active: {
    on: {
      ...START_EVENTS_IGNORED,
      ManualStop: manualStop,
      ConnectRetryTimer_Expires: retry,
      DelayOpenTimer_Expires: delayOver,
      TcpConnection_Valid: stay,
      Tcp_CR_Invalid: stay,
      Tcp_CR_Acked: connected,
      TcpConnectionConfirmed: connected,
      TcpConnectionFails: connectionLost,
      BGPOpen_with_DelayOpenTimer_running: openWhileDelaying,
      BGPHeaderErr: reportError,
      BGPOpenMsgErr: reportError,
      OpenCollisionDump: collision,
      NotifMsgVerErr: versionRefused,
      NotifMsg: notificationReceived,
    },
    otherwise: giveUp,
  },
  OpenSent: {
    on: {
      ...START_EVENTS_IGNORED,
      ...SECOND_CONNECTION_TRACKED,
      ManualStop: manualStop,
      AutomaticStop: automaticStop,
      HoldTimer_Expires: say(NotificationErrors.holdTimerExpired),
      TcpConnectionFails: connectionLostInOpenSent,
      BGPOpen: openReceived,
      BGPHeaderErr: reportError,
      BGPOpenMsgErr: reportError,
      OpenCollisionDump: collision,
      NotifMsgVerErr: versionRefused,
      NotifMsg: notificationReceived,
    },
    otherwise: fsmError,
  },
  OpenConfirm: {
    on: {
      ...START_EVENTS_IGNORED,
      ...SECOND_CONNECTION_TRACKED,
      ManualStop: manualStop,
      AutomaticStop: automaticStop,
      HoldTimer_Expires: say(NotificationErrors.holdTimerExpired),
      KeepaliveTimer_Expires: keepalive,
      TcpConnectionFails: connectionLost,
      BGPHeaderErr: reportError,
      BGPOpenMsgErr: reportError,
      OpenCollisionDump: collision,
      NotifMsgVerErr: versionRefused,
      NotifMsg: notificationReceived,
      KeepAliveMsg: establish,
    },
    otherwise: fsmError,
  },
  Established: {
    on: {
      ...START_EVENTS_IGNORED,
      ...SECOND_CONNECTION_TRACKED,
      ManualStop: manualStop,
      AutomaticStop: automaticStop,
      HoldTimer_Expires: say(NotificationErrors.holdTimerExpired),
      KeepaliveTimer_Expires: keepalive,
      SendHoldTimer_Expires: say(NotificationErrors.sendHoldTimerExpired),
      TcpConnectionFails: sessionLost,
      BGPHeaderErr: reportError,
      OpenCollisionDump: collision,
      NotifMsgVerErr: connectionLost,
      NotifMsg: connectionLost,
      KeepAliveMsg: alive,
      UpdateMsg: alive,
      RouteRefreshMsg: alive,
      UpdateMsgErr: reportError,
    },
    otherwise: fsmError,
  },
};
