// What the state machine promises beyond the RFC's table: timer values, damping, restarting, passive neighbors, and
// invariants that hold whatever happens in whatever order.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENTS, type EventType, type FsmEvent } from '../../../src/bgp/fsm/events.js';
import { restartEvent } from '../../../src/bgp/fsm/fsm.js';
import { initialState, promote, waitingState } from '../../../src/bgp/fsm/state.js';
import { CEASE, Machine, machineIn, OPTIONS, SAMPLES } from './machine.js';

describe('timers', () => {
  it('have the values of the configuration and of the RFC', () => {
    const machine = new Machine({ connectRetrySeconds: 10 });
    expect(machine.feed('ManualStart').timers.get('connectRetry')).toBe(10_000);
    expect(machine.feed('Tcp_CR_Acked').timers.get('hold')).toBe(240_000);
    machine.feed({ type: 'BGPOpen', holdTimeSeconds: 9 });
    expect(machine.timers.get('hold')).toBe(9_000);
    expect(machine.timers.get('keepalive')).toBe(3_000);
    expect(machine.feed('KeepAliveMsg').timers.get('sendHold')).toBe(480_000);
  });

  it('SendHoldTimer is twice a long hold time', () => {
    const machine = machineIn('OpenSent').feed({ type: 'BGPOpen', holdTimeSeconds: 600 }).feed('KeepAliveMsg');
    expect(machine.timers.get('sendHold')).toBe(1_200_000);
  });

  it('connectRetry, keepalive and idleHold are jittered, hold is not', () => {
    const machine = new Machine({ connectRetrySeconds: 10 });
    expect(machine.feed('ManualStart', { jitter: 0.75 }).timers.get('connectRetry')).toBe(7_500);
    machine.feed('Tcp_CR_Acked').feed({ type: 'BGPOpen', holdTimeSeconds: 30 }, { jitter: 0.8 });
    expect(machine.timers.get('keepalive')).toBe(8_000);
    expect(machine.timers.get('hold')).toBe(30_000);
    expect(machine.feed('BGPHeaderErr', { jitter: 0.8 }).timers.get('idleHold')).toBe(4_000);
  });
});

describe('damping', () => {
  const fail = (machine: Machine) => {
    machine.feed('Tcp_CR_Acked').feed('BGPOpenMsgErr');
    const held = machine.timers.get('idleHold');
    machine.feed('IdleHoldTimer_Expires');
    return held;
  };

  it('doubles the idle hold time up to two minutes', () => {
    const machine = new Machine().feed('ManualStart');
    expect(Array.from({ length: 8 }, () => fail(machine))).toEqual([
      5_000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000, 120_000,
    ]);
  });

  it('never shortens an idle hold time that is configured longer', () => {
    const machine = new Machine({ idleHoldSeconds: 300 }).feed('ManualStart');
    expect([fail(machine), fail(machine)]).toEqual([300_000, 300_000]);
  });

  it('starts from the beginning after a session that lasted, and after the operator stops or starts', () => {
    const machine = new Machine().feed('ManualStart');
    fail(machine);
    fail(machine);
    machine.feed('Tcp_CR_Acked').feed('BGPOpen').feed('KeepAliveMsg', { at: 1_000 });
    machine.feed('UpdateMsgErr', { at: 121_000 });
    expect(machine.timers.get('idleHold')).toBe(5_000);
    machine.feed('ManualStop');
    expect(machine.timers.size).toBe(0);
    machine.feed('ManualStart');
    expect(fail(machine)).toBe(5_000);
  });

  it('goes on doubling after a session that did not last', () => {
    const machine = new Machine().feed('ManualStart');
    fail(machine);
    machine.feed('Tcp_CR_Acked').feed('BGPOpen').feed('KeepAliveMsg', { at: 1_000 });
    machine.feed('UpdateMsgErr', { at: 120_000 });
    expect(machine.timers.get('idleHold')).toBe(10_000);
  });

  it('holds automatic starts back, but not the operator', () => {
    for (const type of [
      'AutomaticStart',
      'AutomaticStart_with_PassiveTcpEstablishment',
      'AutomaticStart_with_DampPeerOscillations',
      'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment',
    ] as const) {
      expect(machineIn('OpenSent').feed('BGPOpenMsgErr').feed(type).state.name).toBe('Idle');
    }
    const machine = machineIn('OpenSent').feed('BGPOpenMsgErr').feed('ManualStart');
    expect(machine.state.name).toBe('Connect');
    expect(machine.timers.has('idleHold')).toBe(false);
  });

  it('ends by connecting, or by listening where the neighbor connects', () => {
    expect(machineIn('OpenSent').feed('BGPOpenMsgErr').feed('IdleHoldTimer_Expires').done).toEqual(['connectTcp']);
    const passive = machineIn('Active', { passive: true }).feed('TcpConnectionConfirmed').feed('BGPOpenMsgErr');
    expect(passive.feed('IdleHoldTimer_Expires').state.name).toBe('Active');
  });

  it('is off with an idle hold time of 0', () => {
    const machine = machineIn('OpenSent', { idleHoldSeconds: 0 }).feed('BGPOpenMsgErr');
    expect(machine.timers.size).toBe(0);
    expect(restartEvent(machine.state)?.type).toBe('AutomaticStart_with_PassiveTcpEstablishment');
  });

  it('is not for a Cease', () => {
    for (const state of ['OpenSent', 'OpenConfirm'] as const) {
      const machine = machineIn(state).feed({ type: 'NotifMsg', notification: { ...CEASE, subcode: 5 } });
      expect(machine.timers.size).toBe(0);
      expect(restartEvent(machine.state)?.type).toBe('AutomaticStart_with_PassiveTcpEstablishment');
    }
  });
});

describe('restarting', () => {
  it('listens after a refused connection, and connects when ConnectRetryTimer expires', () => {
    const machine = machineIn('Connect').feed('TcpConnectionFails');
    const again = restartEvent(machine.state);
    expect(again?.type).toBe('AutomaticStart_with_PassiveTcpEstablishment');
    expect(machine.feed(again as FsmEvent).state.name).toBe('Active');
    expect(machine.feed('ConnectRetryTimer_Expires').done).toEqual(['connectTcp']);
  });

  it('connects at once after a session that worked, and listens first after a short-lived one', () => {
    const lost = (at: number) => restartEvent(machineIn('Established').feed('TcpConnectionFails', { at }).state)?.type;
    expect(lost(120_000)).toBe('AutomaticStart');
    expect(lost(119_999)).toBe('AutomaticStart_with_PassiveTcpEstablishment');
  });

  it('stays down when stopped, with or without a word', () => {
    for (const cease of [CEASE, null]) {
      const machine = machineIn('Established').feed({ type: 'ManualStop', cease });
      expect(machine.done).toEqual([...(cease ? ['notify 6/2'] : []), 'dropTcp', 'sessionDown']);
      expect(restartEvent(machine.state)).toBeNull();
    }
  });

  it('has nothing to say about a machine that runs or is held', () => {
    expect(restartEvent(machineIn('Connect').state)).toBeNull();
    expect(restartEvent(machineIn('OpenSent').feed('BGPOpenMsgErr').state)).toBeNull();
    expect(restartEvent(initialState(OPTIONS))).toBeNull();
  });
});

describe('a passive neighbor', () => {
  it('is never connected to', () => {
    for (const type of ['ManualStart', 'AutomaticStart', 'ManualStart_with_PassiveTcpEstablishment'] as const) {
      const machine = new Machine({ passive: true }).feed(type);
      expect(machine.state.name).toBe('Active');
      expect(machine.timers.size).toBe(0);
      expect(machine.feed('ConnectRetryTimer_Expires').state.name).toBe('Active');
      expect(machine.done).toEqual([]);
    }
  });
});

describe('a second connection', () => {
  it('waits for nothing but the connection that is there', () => {
    const machine = new Machine();
    machine.state = waitingState(OPTIONS);
    expect(machine.feed('TcpConnectionConfirmed').done).toEqual(['sendOpen']);
    expect([...machine.timers.keys()]).toEqual(['hold']);
    expect(machine.feed('TcpConnectionFails').state).toMatchObject({ name: 'Active', tcp: 'none' });
    expect(machine.timers.size).toBe(0);
  });

  it('takes over the neighbor with its options and damping', () => {
    const own = {
      ...machineIn('Connect', { connectRetrySeconds: 33 }).state,
      idleHoldSeconds: 20,
      connectRetryCounter: 2,
    };
    const second = machineIn('OpenConfirm', { passive: true }).state;
    const promoted = promote(second, own);
    expect(promoted).toMatchObject({
      name: 'OpenConfirm',
      holdTimeSeconds: 90,
      idleHoldSeconds: 20,
      connectRetryCounter: 2,
    });
    expect(promoted.options).toMatchObject({ passive: false, connectRetrySeconds: 33 });
  });
});

describe('ROUTE-REFRESH', () => {
  it('shows that an Established neighbor is alive and is out of place before (RFC 6608)', () => {
    const machine = machineIn('Established');
    machine.timers.delete('hold');
    expect(machine.feed('RouteRefreshMsg').timers.get('hold')).toBe(90_000);
    expect(machineIn('OpenSent').feed('RouteRefreshMsg').done).toEqual(['notify 5/1 [5]', 'dropTcp']);
    expect(machineIn('OpenConfirm').feed('RouteRefreshMsg').done).toEqual(['notify 5/2 [5]', 'dropTcp']);
  });
});

describe('whatever happens', () => {
  const types = Object.keys(EVENTS) as EventType[];
  // Half of the time, what brings a session up; the rest at random.
  const towardsEstablished: EventType[] = ['ManualStart', 'Tcp_CR_Acked', 'BGPOpen', 'KeepAliveMsg', 'UpdateMsg'];
  const event: fc.Arbitrary<FsmEvent> = fc
    .tuple(
      fc.oneof(fc.constantFrom(...types), fc.constantFrom(...towardsEstablished)),
      fc.constantFrom(0, 3, 90, 65535),
    )
    .map(([type, holdTimeSeconds]) => {
      const sample: FsmEvent = SAMPLES[type];
      return 'holdTimeSeconds' in sample ? { ...sample, holdTimeSeconds } : sample;
    });
  const options = fc.record({
    passive: fc.boolean(),
    connectRetrySeconds: fc.constantFrom(1, 120),
    delayOpenSeconds: fc.constantFrom(0, 7),
    idleHoldSeconds: fc.constantFrom(0, 5),
  });
  const moment = fc.record({ at: fc.nat(1_000_000), jitter: fc.double({ min: 0.75, max: 1, noNaN: true }) });

  it('the connection, the timers and the session are opened and closed in pairs', () => {
    fc.assert(
      fc.property(options, fc.array(fc.tuple(event, moment), { maxLength: 40 }), (options, events) => {
        const machine = new Machine(options);
        let open = false;
        let up = false;
        let started = false;
        for (const [event, moment] of events) {
          const was = machine.state.name;
          // TCP answers only where it was asked; a timer that does not run does not expire.
          if (event.type === 'Tcp_CR_Acked' && machine.state.tcp !== 'connecting' && was !== 'Active') continue;
          machine.feed(event, moment);
          if (event.type.includes('Start')) started = true;
          const { name, tcp, holdTimeSeconds } = machine.state;

          if (!started && event.type !== 'ManualStop') expect(machine.actions).toEqual([]);
          for (const action of machine.actions) {
            if (action.type === 'connectTcp') {
              expect(open).toBe(false);
              open = true;
            } else if (action.type === 'dropTcp') {
              expect(open).toBe(true);
              open = false;
            } else if (action.type === 'sessionUp') {
              expect(up).toBe(false);
              up = true;
            } else if (action.type === 'sessionDown') {
              expect(up).toBe(true);
              up = false;
            } else if (action.type.startsWith('send')) {
              if (event.type === 'Tcp_CR_Acked' || event.type === 'TcpConnectionConfirmed') open = true;
              expect(open).toBe(true);
            } else if (action.type === 'startTimer') {
              expect(action.ms).toBeGreaterThan(0);
            }
          }
          if (tcp !== 'none') open = true;
          expect(open).toBe(tcp !== 'none');
          expect(up).toBe(name === 'Established');

          const running = [...machine.timers.keys()];
          if (name === 'Idle') {
            expect(running.filter(timer => timer !== 'idleHold')).toEqual([]);
            expect(machine.timers.has('idleHold')).toBe(machine.state.next === 'hold');
          } else {
            expect(running).not.toContain('idleHold');
          }
          if (name === 'OpenConfirm' || name === 'Established') {
            for (const timer of ['hold', 'keepalive'] as const) {
              expect(machine.timers.has(timer), timer).toBe(holdTimeSeconds !== 0);
            }
          }
          expect(machine.timers.has('sendHold')).toBe(name === 'Established' && holdTimeSeconds !== 0);
          expect(machine.timers.has('delayOpen')).toBe(machine.state.delayingOpen);
          if (options.passive) expect(machine.actions.map(action => action.type)).not.toContain('connectTcp');
          if (name === 'Active' && tcp === 'none' && !options.passive) expect(running).toContain('connectRetry');
          if (name === 'Connect' && tcp === 'connecting') expect(running).toContain('connectRetry');
        }
        machine.feed('ManualStop');
        expect(machine.state).toMatchObject({ name: 'Idle', tcp: 'none', next: 'stay' });
        expect(machine.timers.size).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });
});
