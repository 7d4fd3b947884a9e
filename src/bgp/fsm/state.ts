// The state of a machine as plain data, and how a machine begins. See fsm.ts for what happens to it.

import type { FsmAction, StateName } from './events.js';

/** What the configuration says about the neighbor's connection. */
export interface FsmOptions {
  /** PassiveTcpEstablishment: wait for the neighbor, never connect. */
  passive: boolean;
  connectRetrySeconds: number;
  /** DelayOpenTime; 0 = OPEN is sent as soon as the connection is there. */
  delayOpenSeconds: number;
  /** Initial IdleHoldTime, doubled at each error up to MAX_IDLE_HOLD_SECONDS; 0 = no damping. */
  idleHoldSeconds: number;
}

/** When an event happened. */
export interface Moment {
  /** Milliseconds on any clock that never goes back. */
  at: number;
  /** Random factor for timers, 0.75 to 1.0 (RFC 4271 §10). */
  jitter: number;
}

/** A machine between two events. */
export interface FsmState {
  readonly name: StateName;
  readonly options: FsmOptions;
  /** The TCP connection of this machine. */
  readonly tcp: 'none' | 'connecting' | 'open';
  /** DelayOpenTimer is running: the connection is open and no OPEN has been sent yet. */
  readonly delayingOpen: boolean;
  readonly connectRetryCounter: number;
  /** Negotiated hold time, from OpenConfirm on. */
  readonly holdTimeSeconds: number;
  /** IdleHoldTime of the next error. */
  readonly idleHoldSeconds: number;
  /** Moment.at when Established was entered last. */
  readonly establishedAt: number;
  /** In Idle, how to go on: not at all, when idleHold expires, by connecting now, or by listening first. */
  readonly next: 'stay' | 'hold' | 'connect' | 'listen';
}

/** What an event comes to. */
export interface Step {
  state: FsmState;
  actions: readonly FsmAction[];
}

/** A machine in Idle that waits for a start event. */
export function initialState(options: FsmOptions): FsmState {
  return {
    name: 'Idle',
    options,
    tcp: 'none',
    delayingOpen: false,
    connectRetryCounter: 0,
    holdTimeSeconds: 0,
    idleHoldSeconds: options.idleHoldSeconds,
    establishedAt: 0,
    next: 'stay',
  };
}

/** A machine for a connection that the neighbor makes while its first one is busy: it waits for TcpConnectionConfirmed. */
export function waitingState(options: FsmOptions): FsmState {
  return { ...initialState({ ...options, passive: true }), name: 'Active' };
}

/** The second machine takes the place of the neighbor's own, whose options and damping it inherits. */
export function promote(second: FsmState, own: FsmState): FsmState {
  const { options, connectRetryCounter, idleHoldSeconds } = own;
  return { ...second, options, connectRetryCounter, idleHoldSeconds };
}
