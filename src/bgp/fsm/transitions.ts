// What the machine does in the rows of RFC 4271 §8.2.2: one function for each kind of paragraph there.

import { type NotificationError, NotificationErrors } from '../wire/notification.js';
import { EVENTS, type FsmAction, type FsmEvent, type Notification, type StateName, type TimerName } from './events.js';
import type { FsmState, Moment, Step } from './state.js';

/** HoldTimer until the hold time is negotiated: "4 minutes is suggested" (RFC 4271 §8.2.2). */
const LARGE_HOLD_SECONDS = 240;
/** IdleHoldTime stops doubling here, and a session that was up this long starts from the beginning. */
const MAX_IDLE_HOLD_SECONDS = 120;
/** SendHoldTime is this or twice the hold time, whichever is greater (RFC 9687). */
const MIN_SEND_HOLD_SECONDS = 480;

/** FSM errors by state (RFC 6608 §3). */
const UNEXPECTED_MESSAGE_IN: { readonly [S in StateName]?: NotificationError } = {
  OpenSent: NotificationErrors.unexpectedMessageInOpenSent,
  OpenConfirm: NotificationErrors.unexpectedMessageInOpenConfirm,
  Established: NotificationErrors.unexpectedMessageInEstablished,
};

const SESSION_TIMERS: readonly TimerName[] = ['connectRetry', 'delayOpen', 'hold', 'keepalive', 'sendHold'];
const NO_ACTIONS: readonly FsmAction[] = [];

/** Advances a machine by one event of its kind. */
export type Handler<E extends FsmEvent = FsmEvent> = (state: FsmState, event: E, moment: Moment) => Step;

/** The event changes nothing. */
export const stay: Handler = state => ({ state, actions: NO_ACTIONS });

// --- Timers -------------------------------------------------------------------------------------------------------

const stop = (timer: TimerName): FsmAction => ({ type: 'stopTimer', timer });
const start = (timer: TimerName, seconds: number, factor = 1): FsmAction => ({
  type: 'startTimer',
  timer,
  ms: Math.round(seconds * 1000 * factor),
});

function connectRetry(state: FsmState, moment: Moment): FsmAction[] {
  return state.options.passive ? [] : [start('connectRetry', state.options.connectRetrySeconds, moment.jitter)];
}

/** Hold and keepalive timers by the negotiated hold time; none of them when it is 0 (RFC 4271 §4.2, §4.4). */
function holdAndKeepalive(holdTimeSeconds: number, moment: Moment): FsmAction[] {
  if (holdTimeSeconds === 0) return [stop('hold'), stop('keepalive')];
  return [start('hold', holdTimeSeconds), start('keepalive', holdTimeSeconds / 3, moment.jitter)];
}

// --- Starting -----------------------------------------------------------------------------------------------------

function begin(state: FsmState, moment: Moment, how: 'connect' | 'listen'): Step {
  const connecting = how === 'connect' && !state.options.passive;
  return {
    state: { ...state, name: connecting ? 'Connect' : 'Active', tcp: connecting ? 'connecting' : 'none', next: 'stay' },
    actions: [
      stop('idleHold'),
      ...connectRetry(state, moment),
      ...(connecting ? [{ type: 'connectTcp' } satisfies FsmAction] : []),
    ],
  };
}

const afresh = (state: FsmState): FsmState => ({ ...state, connectRetryCounter: 0 });
const undamped = (state: FsmState): FsmState => ({ ...afresh(state), idleHoldSeconds: state.options.idleHoldSeconds });

/** The operator's start: damping and counter begin anew. */
export const manually =
  (how: 'connect' | 'listen'): Handler =>
  (state, _event, moment) =>
    begin(undamped(state), moment, how);

/** Automatic starts wait for IdleHoldTimer; that is the damping (§8.1.1 option 3). */
export const automatically =
  (how: 'connect' | 'listen', counter: 'zero' | 'keep'): Handler =>
  (state, event, moment) => {
    if (state.next === 'hold') return stay(state, event, moment);
    return begin(counter === 'zero' ? afresh(state) : state, moment, how);
  };

/** The damping is over. */
export const idleHoldOver: Handler = (state, event, moment) =>
  state.next === 'hold' ? begin(state, moment, 'connect') : stay(state, event, moment);

/** No automatic start any more. */
export const stopInIdle: Handler = state => ({
  state: { ...undamped(state), next: 'stay' },
  actions: [stop('idleHold')],
});

// --- Going back to Idle -------------------------------------------------------------------------------------------

interface Ending {
  /** Said before the connection is closed, if it is open. */
  notification?: Notification | null;
  /** ConnectRetryCounter goes up; 'zero' resets it. */
  counter?: 'up' | 'zero' | 'keep';
  /** Perform peer oscillation damping. */
  damp?: boolean;
  /** How to go on without damping. */
  next?: 'stay' | 'connect' | 'listen';
}

function end(state: FsmState, moment: Moment, ending: Ending): Step {
  const actions: FsmAction[] = [];
  if (ending.notification && state.tcp === 'open') {
    actions.push({ type: 'sendNotification', notification: ending.notification });
  }
  for (const timer of SESSION_TIMERS) actions.push(stop(timer));
  if (state.tcp !== 'none') actions.push({ type: 'dropTcp' });
  if (state.name === 'Established') actions.push({ type: 'sessionDown' });

  let { idleHoldSeconds } = state;
  let next: FsmState['next'] = ending.next ?? 'listen';
  if (ending.damp && state.options.idleHoldSeconds > 0) {
    const limit = Math.max(MAX_IDLE_HOLD_SECONDS, state.options.idleHoldSeconds);
    if (upFor(state, moment) >= MAX_IDLE_HOLD_SECONDS) idleHoldSeconds = state.options.idleHoldSeconds;
    actions.push(start('idleHold', idleHoldSeconds, moment.jitter));
    idleHoldSeconds = Math.min(limit, idleHoldSeconds * 2);
    next = 'hold';
  }
  const counter = { up: state.connectRetryCounter + 1, zero: 0, keep: state.connectRetryCounter };
  return {
    state: {
      ...state,
      name: 'Idle',
      tcp: 'none',
      delayingOpen: false,
      holdTimeSeconds: 0,
      connectRetryCounter: counter[ending.counter ?? 'up'],
      idleHoldSeconds,
      next,
    },
    actions,
  };
}

function upFor(state: FsmState, moment: Moment): number {
  return state.name === 'Established' ? (moment.at - state.establishedAt) / 1000 : 0;
}

/** The operator's stop, with a Cease or silently. */
export const manualStop: Handler<Extract<FsmEvent, { type: 'ManualStop' }>> = (state, event, moment) =>
  end(undamped(state), moment, { notification: event.cease, counter: 'zero', next: 'stay' });

/** This speaker's own stop: it holds back before it starts again. */
export const automaticStop: Handler<Extract<FsmEvent, { type: 'AutomaticStop' }>> = (state, event, moment) =>
  end(state, moment, { notification: event.cease, damp: true });

/** Errors this speaker found in a message: say so, close, hold back. */
export const reportError: Handler<Extract<FsmEvent, { notification: Notification }>> = (state, event, moment) =>
  end(state, moment, { notification: event.notification, damp: true });

const notification = (error: NotificationError, data = new Uint8Array(0)): Notification => ({
  code: error.code,
  subcode: error.subcode,
  data,
});

/** Ends the connection with a NOTIFICATION of our own. */
export const say =
  (error: NotificationError): Handler =>
  (state, _event, moment) =>
    end(state, moment, { notification: notification(error), damp: true });

/** An event that has no place in this state (RFC 4271 §6.6); the message that does not belong is named (RFC 6608 §4). */
export const fsmError: Handler = (state, event, moment) => {
  const { message } = EVENTS[event.type];
  const error = message === undefined ? undefined : UNEXPECTED_MESSAGE_IN[state.name];
  const data = message === undefined ? undefined : Uint8Array.of(message);
  return end(state, moment, { notification: notification(error ?? NotificationErrors.fsmError, data), damp: true });
};

/** The same before OPEN has been sent: nothing is said. */
export const giveUp: Handler = (state, _event, moment) => end(state, moment, { damp: true });

/** The neighbor ends the connection, which needs no answer (§6.4). */
export const notificationReceived: Handler<Extract<FsmEvent, { notification: Notification }>> = (
  state,
  event,
  moment,
) => end(state, moment, { damp: event.notification.code !== NotificationErrors.cease.code });

/** "Unsupported Version Number": an answer, not an oscillation, where the neighbor could expect an OPEN. */
export const versionRefused: Handler = (state, _event, moment) => {
  const expected = state.delayingOpen || state.name === 'OpenSent' || state.name === 'OpenConfirm';
  return end(state, moment, expected ? { counter: 'keep' } : { damp: true });
};

/** The connection is gone or not wanted any more, but nobody made a mistake. */
export const connectionLost: Handler = (state, _event, moment) => end(state, moment, {});

/** The other connection with the neighbor is kept (§6.8). */
export const collision: Handler = (state, _event, moment) =>
  end(state, moment, { notification: notification(NotificationErrors.connectionCollisionResolution) });

// --- Connect and Active -------------------------------------------------------------------------------------------

/** ConnectRetryTimer: connect, giving up an attempt that has come to nothing. */
export const retry: Handler = (state, _event, moment) => {
  if (state.options.passive) return stay(state, _event, moment);
  return {
    state: { ...state, name: 'Connect', tcp: 'connecting', delayingOpen: false },
    actions: [
      ...(state.tcp === 'none' ? [] : [{ type: 'dropTcp' } satisfies FsmAction]),
      ...connectRetry(state, moment),
      stop('delayOpen'),
      { type: 'connectTcp' },
    ],
  };
};

/** The TCP connection is there: OPEN, now or after DelayOpenTime. */
export const connected: Handler = (state, event, moment) => {
  if (state.tcp === 'open') return stay(state, event, moment);
  const { delayOpenSeconds } = state.options;
  if (delayOpenSeconds === 0) return sendOpen(state, event, moment);
  return {
    state: { ...state, tcp: 'open', delayingOpen: true },
    actions: [stop('connectRetry'), start('delayOpen', delayOpenSeconds)],
  };
};

const sendOpen: Handler = state => ({
  state: { ...state, name: 'OpenSent', tcp: 'open', delayingOpen: false },
  actions: [stop('connectRetry'), stop('delayOpen'), { type: 'sendOpen' }, start('hold', LARGE_HOLD_SECONDS)],
});

/** DelayOpenTimer: OPEN has waited long enough. */
export const delayOver: Handler = (state, event, moment) =>
  state.delayingOpen ? sendOpen(state, event, moment) : stay(state, event, moment);

/** The neighbor's OPEN came before ours was sent (event 20). */
export const openWhileDelaying: Handler<Extract<FsmEvent, { type: 'BGPOpen_with_DelayOpenTimer_running' }>> = (
  state,
  event,
  moment,
) => {
  if (!state.delayingOpen) return giveUp(state, event, moment);
  return {
    state: { ...state, name: 'OpenConfirm', delayingOpen: false, holdTimeSeconds: event.holdTimeSeconds },
    actions: [
      stop('connectRetry'),
      stop('delayOpen'),
      { type: 'sendOpen' },
      { type: 'sendKeepalive' },
      ...holdAndKeepalive(event.holdTimeSeconds, moment),
    ],
  };
};

/** The neighbor cannot be reached, or closed the connection while OPEN was delayed. */
export const connectFailed: Handler = (state, _event, moment) => {
  if (!state.delayingOpen) return end(state, moment, { counter: 'keep' });
  return {
    state: { ...state, name: 'Active', tcp: 'none', delayingOpen: false },
    actions: [...connectRetry(state, moment), stop('delayOpen'), { type: 'dropTcp' }],
  };
};

// --- OpenSent and later -------------------------------------------------------------------------------------------

/** The connection is gone before the neighbor's OPEN came: wait for it to connect, or for ConnectRetryTimer. */
export const connectionLostInOpenSent: Handler = (state, _event, moment) => ({
  state: { ...state, name: 'Active', tcp: 'none' },
  actions: [{ type: 'dropTcp' }, stop('hold'), ...connectRetry(state, moment)],
});

/** A valid OPEN in answer to ours. */
export const openReceived: Handler<Extract<FsmEvent, { type: 'BGPOpen' }>> = (state, event, moment) => ({
  state: { ...state, name: 'OpenConfirm', holdTimeSeconds: event.holdTimeSeconds },
  actions: [
    stop('delayOpen'),
    stop('connectRetry'),
    { type: 'sendKeepalive' },
    ...holdAndKeepalive(event.holdTimeSeconds, moment),
  ],
});

/** KeepaliveTimer. */
export const keepalive: Handler = (state, _event, moment) => {
  if (state.holdTimeSeconds === 0) return stay(state, _event, moment);
  return {
    state,
    actions: [{ type: 'sendKeepalive' }, start('keepalive', state.holdTimeSeconds / 3, moment.jitter)],
  };
};

/** The neighbor has accepted our OPEN. */
export const establish: Handler = (state, _event, moment) => ({
  state: { ...state, name: 'Established', establishedAt: moment.at },
  actions:
    state.holdTimeSeconds === 0
      ? [{ type: 'sessionUp' }]
      : [
          start('hold', state.holdTimeSeconds),
          start('sendHold', Math.max(MIN_SEND_HOLD_SECONDS, 2 * state.holdTimeSeconds)),
          { type: 'sessionUp' },
        ],
});

/** A message shows that the neighbor is there: HoldTimer starts anew. */
export const alive: Handler = state => ({
  state,
  actions: state.holdTimeSeconds === 0 ? NO_ACTIONS : [start('hold', state.holdTimeSeconds)],
});

/** Lost without a NOTIFICATION. A session that worked is tried again at once, a short-lived one after a pause. */
export const sessionLost: Handler = (state, _event, moment) =>
  end(state, moment, {
    next: upFor(state, moment) >= state.options.connectRetrySeconds ? 'connect' : 'listen',
  });
