// RFC 4271 §8.2.2 as a table: what the text says about each event in each state, one row a paragraph.
//
// Columns: state; situation; event numbers (§8.1); next state; what is done, in order; timers running afterwards;
// ConnectRetryCounter. Where a row differs from the text, its comment says so and fsm.ts says why.

import { describe, expect, it } from 'vitest';
import { EVENTS, STATES, type StateName, type TimerName } from '../../../src/bgp/fsm/events.js';
import type { FsmOptions } from '../../../src/bgp/fsm/state.js';
import { machineIn, numbered } from './machine.js';

type Situation = '' | 'DelayOpen' | 'DelayOpenTimer running' | 'hold time 0';
type Row = [StateName, Situation, number[], StateName, string[], TimerName[], ('zero' | '+1' | 'same')?];

const START_EVENTS = [1, 3, 4, 5, 6, 7];
const none: TimerName[] = [];
const damped: TimerName[] = ['idleHold'];

const TABLE: Row[] = [
  // Idle
  ['Idle', '', [1, 3], 'Connect', ['connectTcp'], ['connectRetry'], 'zero'],
  ['Idle', '', [2, 8], 'Idle', [], none],
  ['Idle', '', [4, 5], 'Active', [], ['connectRetry'], 'zero'],
  ['Idle', '', [6], 'Connect', ['connectTcp'], ['connectRetry']], // "the method … is outside the scope": start, unless held
  ['Idle', '', [7], 'Active', [], ['connectRetry']],
  ['Idle', '', [13], 'Idle', [], none], // IdleHoldTimer is not running here
  ['Idle', '', [9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28], 'Idle', [], none],

  // Connect
  ['Connect', '', START_EVENTS, 'Connect', [], ['connectRetry'], 'same'],
  ['Connect', '', [2], 'Idle', ['dropTcp'], none, 'zero'],
  ['Connect', '', [9], 'Connect', ['dropTcp', 'connectTcp'], ['connectRetry'], 'same'],
  ['Connect', 'DelayOpenTimer running', [9], 'Connect', ['dropTcp', 'connectTcp'], ['connectRetry'], 'same'],
  ['Connect', 'DelayOpenTimer running', [12], 'OpenSent', ['sendOpen'], ['hold'], 'same'],
  ['Connect', '', [14, 15], 'Connect', [], ['connectRetry'], 'same'],
  ['Connect', 'DelayOpen', [16, 17], 'Connect', [], ['delayOpen'], 'same'],
  ['Connect', '', [16, 17], 'OpenSent', ['sendOpen'], ['hold'], 'same'],
  ['Connect', 'DelayOpenTimer running', [18], 'Active', ['dropTcp'], ['connectRetry'], 'same'],
  ['Connect', '', [18], 'Idle', ['dropTcp'], none, 'same'],
  ['Connect', 'DelayOpenTimer running', [20], 'OpenConfirm', ['sendOpen', 'sendKeepalive'], ['hold', 'keepalive']],
  ['Connect', 'DelayOpenTimer running', [21], 'Idle', ['notify 1/1', 'dropTcp'], damped, '+1'],
  ['Connect', 'DelayOpenTimer running', [22], 'Idle', ['notify 2/2', 'dropTcp'], damped, '+1'],
  ['Connect', '', [21, 22], 'Idle', ['dropTcp'], damped, '+1'], // nobody to notify yet
  ['Connect', 'DelayOpenTimer running', [24], 'Idle', ['dropTcp'], none, 'same'],
  ['Connect', '', [24], 'Idle', ['dropTcp'], damped, '+1'],
  ['Connect', '', [8, 10, 11, 13, 19, 25, 26, 27, 28], 'Idle', ['dropTcp'], damped, '+1'],
  ['Connect', 'DelayOpenTimer running', [8, 10, 11, 13, 19, 25, 26, 27, 28], 'Idle', ['dropTcp'], damped, '+1'],
  ['Connect', '', [23], 'Idle', ['dropTcp'], none, '+1'], // a collision is no oscillation
  ['Connect', 'DelayOpenTimer running', [23], 'Idle', ['notify 6/7', 'dropTcp'], none, '+1'],

  // Active
  ['Active', '', START_EVENTS, 'Active', [], ['connectRetry'], 'same'],
  ['Active', '', [2], 'Idle', [], none, 'zero'],
  ['Active', 'DelayOpenTimer running', [2], 'Idle', ['notify 6/2', 'dropTcp'], none, 'zero'],
  ['Active', '', [9], 'Connect', ['connectTcp'], ['connectRetry'], 'same'],
  ['Active', 'DelayOpenTimer running', [12], 'OpenSent', ['sendOpen'], ['hold'], 'same'],
  ['Active', '', [14, 15], 'Active', [], ['connectRetry'], 'same'],
  ['Active', 'DelayOpen', [16, 17], 'Active', [], ['delayOpen'], 'same'],
  ['Active', '', [16, 17], 'OpenSent', ['sendOpen'], ['hold'], 'same'],
  ['Active', 'DelayOpenTimer running', [18], 'Idle', ['dropTcp'], none, '+1'], // ConnectRetryTimer does not run in Idle
  ['Active', 'DelayOpenTimer running', [20], 'OpenConfirm', ['sendOpen', 'sendKeepalive'], ['hold', 'keepalive']],
  ['Active', 'DelayOpenTimer running', [21], 'Idle', ['notify 1/1', 'dropTcp'], damped, '+1'],
  ['Active', 'DelayOpenTimer running', [22], 'Idle', ['notify 2/2', 'dropTcp'], damped, '+1'],
  ['Active', '', [21, 22], 'Idle', [], damped, '+1'],
  ['Active', 'DelayOpenTimer running', [24], 'Idle', ['dropTcp'], none, 'same'],
  ['Active', '', [24], 'Idle', [], damped, '+1'],
  ['Active', '', [8, 10, 11, 13, 19, 25, 26, 27, 28], 'Idle', [], damped, '+1'],
  ['Active', 'DelayOpenTimer running', [8, 10, 11, 13, 19, 25, 26, 27, 28], 'Idle', ['dropTcp'], damped, '+1'],
  ['Active', '', [23], 'Idle', [], none, '+1'],
  ['Active', 'DelayOpenTimer running', [23], 'Idle', ['notify 6/7', 'dropTcp'], none, '+1'],

  // OpenSent
  ['OpenSent', '', START_EVENTS, 'OpenSent', [], ['hold'], 'same'],
  ['OpenSent', '', [2], 'Idle', ['notify 6/2', 'dropTcp'], none, 'zero'],
  ['OpenSent', '', [8], 'Idle', ['notify 6/1', 'dropTcp'], damped, '+1'],
  ['OpenSent', '', [10], 'Idle', ['notify 4/0', 'dropTcp'], damped, '+1'],
  ['OpenSent', '', [14, 15, 16, 17], 'OpenSent', [], ['hold'], 'same'],
  ['OpenSent', '', [18], 'Active', ['dropTcp'], ['connectRetry'], 'same'],
  ['OpenSent', '', [19], 'OpenConfirm', ['sendKeepalive'], ['hold', 'keepalive'], 'same'],
  ['OpenSent', 'hold time 0', [19], 'OpenConfirm', ['sendKeepalive'], none, 'same'],
  ['OpenSent', '', [21], 'Idle', ['notify 1/1', 'dropTcp'], damped, '+1'],
  ['OpenSent', '', [22], 'Idle', ['notify 2/2', 'dropTcp'], damped, '+1'],
  ['OpenSent', '', [23], 'Idle', ['notify 6/7', 'dropTcp'], none, '+1'],
  ['OpenSent', '', [24], 'Idle', ['dropTcp'], none, 'same'],
  ['OpenSent', '', [25], 'Idle', ['dropTcp'], damped, '+1'], // no NOTIFICATION in return (§6.4)
  ['OpenSent', '', [9, 11, 12, 13], 'Idle', ['notify 5/0', 'dropTcp'], damped, '+1'],
  ['OpenSent', '', [20], 'Idle', ['notify 5/1 [1]', 'dropTcp'], damped, '+1'],
  ['OpenSent', '', [26], 'Idle', ['notify 5/1 [4]', 'dropTcp'], damped, '+1'],
  ['OpenSent', '', [27, 28], 'Idle', ['notify 5/1 [2]', 'dropTcp'], damped, '+1'],

  // OpenConfirm
  ['OpenConfirm', '', START_EVENTS, 'OpenConfirm', [], ['hold', 'keepalive'], 'same'],
  ['OpenConfirm', '', [2], 'Idle', ['notify 6/2', 'dropTcp'], none, 'zero'],
  ['OpenConfirm', '', [8], 'Idle', ['notify 6/1', 'dropTcp'], damped, '+1'],
  ['OpenConfirm', '', [10], 'Idle', ['notify 4/0', 'dropTcp'], damped, '+1'],
  ['OpenConfirm', '', [11], 'OpenConfirm', ['sendKeepalive'], ['hold', 'keepalive'], 'same'],
  ['OpenConfirm', '', [14, 15, 16, 17], 'OpenConfirm', [], ['hold', 'keepalive'], 'same'],
  ['OpenConfirm', '', [18], 'Idle', ['dropTcp'], none, '+1'],
  ['OpenConfirm', '', [25], 'Idle', ['dropTcp'], damped, '+1'],
  ['OpenConfirm', '', [24], 'Idle', ['dropTcp'], none, 'same'],
  ['OpenConfirm', '', [19, 20], 'Idle', ['notify 5/2 [1]', 'dropTcp'], damped, '+1'], // 19: RFC 6608 §4
  ['OpenConfirm', '', [21], 'Idle', ['notify 1/1', 'dropTcp'], damped, '+1'],
  ['OpenConfirm', '', [22], 'Idle', ['notify 2/2', 'dropTcp'], damped, '+1'],
  ['OpenConfirm', '', [23], 'Idle', ['notify 6/7', 'dropTcp'], none, '+1'],
  ['OpenConfirm', '', [26], 'Established', ['sessionUp'], ['hold', 'keepalive', 'sendHold'], 'same'],
  ['OpenConfirm', 'hold time 0', [26], 'Established', ['sessionUp'], none, 'same'],
  ['OpenConfirm', '', [9, 12, 13], 'Idle', ['notify 5/0', 'dropTcp'], damped, '+1'],
  ['OpenConfirm', '', [27, 28], 'Idle', ['notify 5/2 [2]', 'dropTcp'], damped, '+1'],

  // Established
  ['Established', '', START_EVENTS, 'Established', [], ['hold', 'keepalive', 'sendHold'], 'same'],
  ['Established', '', [2], 'Idle', ['notify 6/2', 'dropTcp', 'sessionDown'], none, 'zero'],
  ['Established', '', [8], 'Idle', ['notify 6/1', 'dropTcp', 'sessionDown'], damped, '+1'],
  ['Established', '', [10], 'Idle', ['notify 4/0', 'dropTcp', 'sessionDown'], damped, '+1'],
  ['Established', '', [11], 'Established', ['sendKeepalive'], ['hold', 'keepalive', 'sendHold'], 'same'],
  ['Established', 'hold time 0', [11], 'Established', [], none, 'same'],
  ['Established', '', [14, 15, 16, 17], 'Established', [], ['hold', 'keepalive', 'sendHold'], 'same'],
  ['Established', '', [19, 20], 'Idle', ['notify 5/3 [1]', 'dropTcp', 'sessionDown'], damped, '+1'], // 19: RFC 6608 §4
  ['Established', '', [18, 24, 25], 'Idle', ['dropTcp', 'sessionDown'], none, '+1'],
  ['Established', '', [23], 'Idle', ['notify 6/7', 'dropTcp', 'sessionDown'], none, '+1'],
  ['Established', '', [26, 27], 'Established', [], ['hold', 'keepalive', 'sendHold'], 'same'],
  ['Established', 'hold time 0', [26, 27], 'Established', [], none, 'same'],
  ['Established', '', [28], 'Idle', ['notify 3/1', 'dropTcp', 'sessionDown'], damped, '+1'],
  ['Established', '', [29], 'Idle', ['notify 8/0', 'dropTcp', 'sessionDown'], damped, '+1'], // RFC 9687
  ['Established', '', [9, 12, 13], 'Idle', ['notify 5/0', 'dropTcp', 'sessionDown'], damped, '+1'],
  ['Established', '', [21], 'Idle', ['notify 1/1', 'dropTcp', 'sessionDown'], damped, '+1'], // §6.1, not an FSM error
  ['Established', '', [22], 'Idle', ['notify 5/3 [1]', 'dropTcp', 'sessionDown'], damped, '+1'],
];

/** A machine in the row's state with ConnectRetryCounter 3, so that 'same', '+1' and 'zero' differ. */
function prepared(state: StateName, situation: Situation) {
  const options: Partial<FsmOptions> = situation === 'DelayOpen' ? { delayOpenSeconds: 7 } : {};
  const machine = machineIn(state, options, situation === 'DelayOpenTimer running');
  machine.state = { ...machine.state, connectRetryCounter: 3 };
  if (situation === 'hold time 0') {
    machine.state = { ...machine.state, holdTimeSeconds: 0 };
    if (state !== 'OpenSent') machine.timers.clear();
  }
  return machine;
}

describe('RFC 4271 §8.2.2', () => {
  for (const [state, situation, events, next, done, timers, counter] of TABLE) {
    for (const number of events) {
      const event = numbered(number);
      it(`${state}${situation && `, ${situation}`}: event ${number} ${event.type} → ${next}`, () => {
        const machine = prepared(state, situation);
        const input =
          situation === 'hold time 0' && event.type === 'BGPOpen' ? { ...event, holdTimeSeconds: 0 } : event;
        machine.feed(input);
        expect(machine.state.name).toBe(next);
        expect(machine.done).toEqual(done);
        expect([...machine.timers.keys()].sort()).toEqual([...timers].sort());
        if (counter) expect(machine.state.connectRetryCounter).toBe({ zero: 0, '+1': 4, same: 3 }[counter]);
      });
    }
  }

  it('has a row for every event in every state', () => {
    for (const state of STATES) {
      const covered = new Set(TABLE.filter(row => row[0] === state).flatMap(row => row[2]));
      const missing = Object.values(EVENTS).flatMap(({ number }) =>
        number !== undefined && number <= 28 && !covered.has(number) ? [number] : [],
      );
      expect(missing, state).toEqual([]);
    }
  });
});
