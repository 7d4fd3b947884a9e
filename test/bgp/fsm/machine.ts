// A machine with its surroundings reduced to what a test can look at: running timers, and what was done.

import {
  EVENTS,
  type EventType,
  type FsmAction,
  type FsmEvent,
  type StateName,
  type TimerName,
} from '../../../src/bgp/fsm/events.js';
import { step } from '../../../src/bgp/fsm/fsm.js';
import { type FsmOptions, type FsmState, initialState, type Moment } from '../../../src/bgp/fsm/state.js';

export const OPTIONS: FsmOptions = {
  passive: false,
  connectRetrySeconds: 120,
  delayOpenSeconds: 0,
  idleHoldSeconds: 5,
};
export const MOMENT: Moment = { at: 0, jitter: 1 };
export const CEASE = { code: 6, subcode: 2, data: new Uint8Array(0) };

/** An event of each type, as a session would raise it. */
export const SAMPLES: { [T in EventType]: Extract<FsmEvent, { type: T }> } = {
  ManualStart: { type: 'ManualStart' },
  ManualStop: { type: 'ManualStop', cease: CEASE },
  AutomaticStart: { type: 'AutomaticStart' },
  ManualStart_with_PassiveTcpEstablishment: { type: 'ManualStart_with_PassiveTcpEstablishment' },
  AutomaticStart_with_PassiveTcpEstablishment: { type: 'AutomaticStart_with_PassiveTcpEstablishment' },
  AutomaticStart_with_DampPeerOscillations: { type: 'AutomaticStart_with_DampPeerOscillations' },
  AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment: {
    type: 'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment',
  },
  AutomaticStop: { type: 'AutomaticStop', cease: { ...CEASE, subcode: 1 } },
  ConnectRetryTimer_Expires: { type: 'ConnectRetryTimer_Expires' },
  HoldTimer_Expires: { type: 'HoldTimer_Expires' },
  KeepaliveTimer_Expires: { type: 'KeepaliveTimer_Expires' },
  DelayOpenTimer_Expires: { type: 'DelayOpenTimer_Expires' },
  IdleHoldTimer_Expires: { type: 'IdleHoldTimer_Expires' },
  TcpConnection_Valid: { type: 'TcpConnection_Valid' },
  Tcp_CR_Invalid: { type: 'Tcp_CR_Invalid' },
  Tcp_CR_Acked: { type: 'Tcp_CR_Acked' },
  TcpConnectionConfirmed: { type: 'TcpConnectionConfirmed' },
  TcpConnectionFails: { type: 'TcpConnectionFails', reason: 'connection refused' },
  BGPOpen: { type: 'BGPOpen', holdTimeSeconds: 90 },
  BGPOpen_with_DelayOpenTimer_running: { type: 'BGPOpen_with_DelayOpenTimer_running', holdTimeSeconds: 90 },
  BGPHeaderErr: { type: 'BGPHeaderErr', notification: { code: 1, subcode: 1, data: new Uint8Array(0) } },
  BGPOpenMsgErr: { type: 'BGPOpenMsgErr', notification: { code: 2, subcode: 2, data: new Uint8Array(0) } },
  OpenCollisionDump: { type: 'OpenCollisionDump' },
  NotifMsgVerErr: { type: 'NotifMsgVerErr', notification: { code: 2, subcode: 1, data: Uint8Array.of(0, 4) } },
  NotifMsg: { type: 'NotifMsg', notification: { code: 3, subcode: 1, data: new Uint8Array(0) } },
  KeepAliveMsg: { type: 'KeepAliveMsg' },
  UpdateMsg: { type: 'UpdateMsg' },
  UpdateMsgErr: { type: 'UpdateMsgErr', notification: { code: 3, subcode: 1, data: new Uint8Array(0) } },
  SendHoldTimer_Expires: { type: 'SendHoldTimer_Expires' },
  RouteRefreshMsg: { type: 'RouteRefreshMsg' },
};

/** The event with RFC 4271's number. */
export function numbered(number: number): FsmEvent {
  const type = (Object.keys(EVENTS) as EventType[]).find(type => EVENTS[type].number === number);
  if (!type) throw new Error(`there is no event ${number}`);
  return SAMPLES[type];
}

export class Machine {
  state: FsmState;
  /** Milliseconds of the running timers. */
  readonly timers = new Map<TimerName, number>();
  /** What was done but for timers, in short words: 'connect', 'notify 6/2', … */
  done: string[] = [];
  actions: readonly FsmAction[] = [];

  constructor(options: Partial<FsmOptions> = {}) {
    this.state = initialState({ ...OPTIONS, ...options });
  }

  feed(event: FsmEvent | EventType, moment: Partial<Moment> = {}): this {
    const before = JSON.stringify(this.state);
    const input = this.state;
    const { state, actions } = step(input, typeof event === 'string' ? SAMPLES[event] : event, {
      ...MOMENT,
      ...moment,
    });
    if (JSON.stringify(input) !== before) throw new Error('step changed the state it was given');
    this.state = state;
    this.actions = actions;
    this.done = [];
    for (const action of actions) {
      if (action.type === 'startTimer') this.timers.set(action.timer, action.ms);
      else if (action.type === 'stopTimer') this.timers.delete(action.timer);
      else if (action.type === 'sendNotification') {
        const { code, subcode, data } = action.notification;
        this.done.push(`notify ${code}/${subcode}${data.length > 0 ? ` [${data}]` : ''}`);
      } else this.done.push(action.type);
    }
    return this;
  }
}

const PATHS = {
  Idle: [],
  Connect: ['ManualStart'],
  Active: ['ManualStart_with_PassiveTcpEstablishment'],
  OpenSent: ['ManualStart', 'Tcp_CR_Acked'],
  OpenConfirm: ['ManualStart', 'Tcp_CR_Acked', 'BGPOpen'],
  Established: ['ManualStart', 'Tcp_CR_Acked', 'BGPOpen', 'KeepAliveMsg'],
} as const satisfies Record<StateName, readonly EventType[]>;

/** A machine brought to a state the ordinary way; 'delaying' = the connection is open and DelayOpenTimer runs. */
export function machineIn(name: StateName, options: Partial<FsmOptions> = {}, delaying = false): Machine {
  const machine = new Machine(delaying ? { delayOpenSeconds: 7, ...options } : options);
  for (const type of PATHS[name]) machine.feed(type);
  if (delaying) machine.feed(name === 'Active' ? 'TcpConnectionConfirmed' : 'Tcp_CR_Acked');
  if (machine.state.name !== name) throw new Error(`the machine is in ${machine.state.name}, not ${name}`);
  return machine;
}
