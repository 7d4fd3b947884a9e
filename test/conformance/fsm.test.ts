// The state machine as seen from outside: RFC 4271 §8, RFC 6608, RFC 9687.

import { describe, expect } from 'vitest';
import { announce, Bed, Clock, conforms, eventually, external, fromExternal, has } from './bed.js';
import {
  cap,
  KEEPALIVE,
  message,
  notification,
  type Octets,
  octets,
  open,
  readOpen,
  routeRefresh,
  Type,
  update,
} from './bytes.js';
import { RawListener, type RawPeer } from './raw-peer.js';

const AS = 64502;
const OPEN = open({ as: AS, capabilities: [cap.ipv4, cap.as4(AS)] });
const EMPTY_UPDATE = update({});

type Reach = (bed: Bed) => Promise<RawPeer>;

const openSent: Reach = async bed => {
  const peer = await bed.connect(2);
  await peer.nextOpen();
  await bed.reaches(2, 'OpenSent');
  return peer;
};
const openConfirm: Reach = async bed => {
  const peer = await bed.connect(2);
  await peer.openConfirm(bed.open(2));
  return peer;
};
const established: Reach = bed => bed.peer(2);

const UNEXPECTED: [
  state: string,
  reach: Reach,
  error: string,
  messages: [name: string, bytes: Octets, type: string][],
][] = [
  [
    'OpenSent',
    openSent,
    '5/1',
    [
      ['KEEPALIVE', KEEPALIVE, '04'],
      ['UPDATE', EMPTY_UPDATE, '02'],
      ['UPDATE with a malformed attribute', announce(['400105ff'], '10.0.0.0/8'), '02'],
      ['ROUTE-REFRESH', routeRefresh(1), '05'],
    ],
  ],
  [
    'OpenConfirm',
    openConfirm,
    '5/2',
    [
      ['OPEN', OPEN, '01'],
      ['UPDATE', EMPTY_UPDATE, '02'],
      ['UPDATE with routes', announce(fromExternal(2), '10.0.0.0/8'), '02'],
      ['ROUTE-REFRESH', routeRefresh(1), '05'],
    ],
  ],
  ['Established', established, '5/3', [['OPEN', OPEN, '01']]],
];

describe('messages out of state', () => {
  for (const [state, reach, error, messages] of UNEXPECTED) {
    for (const [name, bytes, data] of messages) {
      conforms('6608 §4', `${name} in ${state}: ${error} with the message's type as data`, async () => {
        const peer = await reach(await Bed.start([external(2)]));
        peer.send(bytes);
        expect(await peer.notification()).toEqual({ error, data });
      });
    }
  }
});

describe('the end of a connection', () => {
  for (const [state, reach] of [
    ['OpenSent', openSent],
    ['OpenConfirm', openConfirm],
    ['Established', established],
  ] as const) {
    for (const [name, bytes] of [
      ['Cease', notification(6, 4)],
      ['version error', notification(2, 1, '0003')],
    ] as const) {
      conforms(
        '4271 §8.2.2',
        `NOTIFICATION (${name}) in ${state} closes the connection without an answer`,
        async () => {
          const bed = await Bed.start([external(2)]);
          const peer = await reach(bed);
          peer.send(bytes);
          await peer.ended();
          expect(peer.notifications).toEqual([]);
          await bed.peer(2);
        },
      );
    }
    for (const how of ['fin', 'reset'] as const) {
      conforms(
        '4271 §8.2.2',
        `${how === 'fin' ? 'FIN' : 'RST'} in ${state} ends it, and the next connection comes up`,
        async () => {
          const bed = await Bed.start([external(2)]);
          const peer = await reach(bed);
          await peer.end(how);
          await bed.reaches(2, 'Active');
          await bed.peer(2);
        },
      );
    }
  }

  for (const [name, finish] of [
    ['NOTIFICATION', (a: RawPeer) => a.send(notification(6, 2))],
    ['FIN', (a: RawPeer) => a.socket.end()],
    ['RST', (a: RawPeer) => a.socket.resetAndDestroy()],
  ] as const) {
    conforms('4271 §8.2.2', `${name} in Established deletes the neighbor's routes`, async () => {
      const bed = await Bed.start([external(2), external(3)]);
      const [a, b] = [await bed.peer(2), await bed.peer(3)];
      a.send(announce(fromExternal(2), '10.0.0.0/24'));
      await bed.settle(b);
      expect(has(b, '10.0.0.0/24')).toBe(true);
      finish(a);
      await bed.reaches(2, 'Active');
      await bed.settle(b);
      expect(has(b, '10.0.0.0/24')).toBe(false);
    });
  }
});

describe('hold timer', () => {
  conforms('4271 §6.5', 'no message for the Hold Time in Established: 4/0 without data, not before', async () => {
    const clock = Clock.install();
    const bed = await Bed.start([external(2)]);
    const peer = await bed.peer(2, { holdTime: 3 });
    await clock.pass(2.75);
    expect(peer.notifications).toEqual([]);
    await clock.pass(0.5);
    expect(await peer.notification()).toEqual({ error: '4/0', data: '' });
  });

  conforms('4271 §4.2', 'the smaller Hold Time of both sides is used: ours', async () => {
    const clock = Clock.install();
    const bed = await Bed.start([external(2, { holdTimeSeconds: 6 })]);
    const peer = await bed.peer(2, { holdTime: 90 });
    await clock.pass(5.75);
    expect(peer.notifications).toEqual([]);
    await clock.pass(0.5);
    expect((await peer.notification()).error).toBe('4/0');
  });

  conforms('4271 §8.2.2', 'no KEEPALIVE for the negotiated Hold Time in OpenConfirm: 4/0', async () => {
    const clock = Clock.install();
    const bed = await Bed.start([external(2)]);
    const peer = await bed.connect(2);
    await peer.openConfirm(bed.open(2, { holdTime: 3 }));
    await clock.pass(3.25);
    expect(await peer.notification()).toEqual({ error: '4/0', data: '' });
  });

  conforms('4271 §8.2.2', 'no OPEN for a long time (4 minutes suggested) in OpenSent: 4/0', async () => {
    const clock = Clock.install();
    const bed = await Bed.start([external(2)]);
    const peer = await bed.connect(2);
    await peer.nextOpen();
    await clock.pass(90, undefined, 5);
    expect(peer.notifications).toEqual([]);
    await clock.pass(300, undefined, 5);
    expect(await peer.notification()).toEqual({ error: '4/0', data: '' });
  });

  for (const [name, bytes] of [
    ['KEEPALIVE', KEEPALIVE],
    ['UPDATE', EMPTY_UPDATE],
  ] as const) {
    conforms('4271 §8.2.2', `${name} restarts the hold timer`, async () => {
      const clock = Clock.install();
      const bed = await Bed.start([external(2)]);
      const peer = await bed.peer(2, { holdTime: 3 });
      for (let i = 0; i < 3; i++) {
        await clock.pass(2.5);
        peer.send(bytes);
      }
      await clock.pass(2.5);
      expect(peer.notifications).toEqual([]);
      await clock.pass(1);
      expect((await peer.notification()).error).toBe('4/0');
    });
  }

  conforms(
    '4271 §4.1',
    'a message that stops in the middle of its header does not restart the hold timer',
    async () => {
      const clock = Clock.install();
      const bed = await Bed.start([external(2)]);
      const peer = await bed.peer(2, { holdTime: 3 });
      await clock.pass(2);
      peer.send(KEEPALIVE.subarray(0, 10));
      await clock.pass(1.25);
      expect((await peer.notification()).error).toBe('4/0');
    },
  );

  conforms('4271 §4.4', 'KEEPALIVEs go out three times in a Hold Time', async () => {
    const clock = Clock.install();
    const bed = await Bed.start([external(2)]);
    const peer = await bed.peer(2, { holdTime: 9 });
    const count = () => peer.messages.filter(m => m.type === Type.keepalive).length;
    const before = count();
    await clock.pass(30, () => peer.send(KEEPALIVE));
    expect(count() - before).toBeGreaterThanOrEqual(9);
    expect(count() - before).toBeLessThanOrEqual(14);
    expect(peer.closed).toBe(null);
  });

  conforms('4271 §4.4', 'Hold Time 0: no KEEPALIVEs after the first and no expiry', async () => {
    const clock = Clock.install();
    const bed = await Bed.start([external(2)]);
    const peer = await bed.peer(2, { holdTime: 0 });
    await clock.pass(1000, undefined, 10);
    expect(peer.messages.filter(m => m.type === Type.keepalive)).toHaveLength(1);
    expect(peer.closed).toBe(null);
    await bed.settle();
  });

  conforms('4271 §4.2', 'Hold Time 0 configured here: the same', async () => {
    const clock = Clock.install();
    const bed = await Bed.start([external(2, { holdTimeSeconds: 0 })]);
    const peer = await bed.connect(2);
    expect((await peer.establish(bed.open(2))).holdTime).toBe(0);
    await bed.established(2);
    await clock.pass(1000, undefined, 10);
    expect(peer.messages.filter(m => m.type === Type.keepalive)).toHaveLength(1);
    expect(peer.closed).toBe(null);
  });

  conforms('4271 §6.5', 'the routes of a neighbor whose hold timer expired are withdrawn', async () => {
    const clock = Clock.install();
    const bed = await Bed.start([external(2), external(3)]);
    const [a, b] = [await bed.peer(2, { holdTime: 3 }), await bed.peer(3)];
    a.send(announce(fromExternal(2), '10.0.0.0/24'));
    await bed.settle(b);
    await clock.pass(4);
    await a.ended();
    await bed.settle(b);
    expect(b.news.map(n => n.route !== null)).toEqual([true, false]);
  });
});

describe('send hold timer', () => {
  conforms('9687 §4', 'a neighbor that stops reading is dropped after the Send Hold Time', async () => {
    const clock = Clock.install();
    const bed = await Bed.start([external(2)]);
    const peer = await bed.peer(2, { holdTime: 30 });
    peer.socket.pause();
    const community = Array.from({ length: 250 }, (_, i) => `65001:${i}`);
    for (let i = 0; i < 24; i++) {
      const routes = Array.from({ length: 250 }, (_, j) => ({
        prefix: `10.${i}.${j}.0/24`,
        med: i * 250 + j,
        communities: community,
      }));
      bed.speaker.addRoutes(routes);
      await new Promise<void>(resolve => setImmediate(resolve));
    }
    await clock.pass(9 * 60, () => peer.send(KEEPALIVE), 5);
    expect(bed.status(2).state).not.toBe('Established');
    expect(bed.status(2).session.lastError?.text).toMatch(/send hold/i);
  });

  conforms('9687 §4', 'a neighbor that reads is not dropped', async () => {
    const clock = Clock.install();
    const bed = await Bed.start([external(2)]);
    const peer = await bed.peer(2, { holdTime: 30 });
    await clock.pass(9 * 60, () => peer.send(KEEPALIVE), 5);
    expect(bed.status(2).state).toBe('Established');
  });
});

describe('connecting', () => {
  conforms('4271 §8.2.2', 'connects to a neighbor that is not passive and sends OPEN', async () => {
    const listener = await RawListener.listen('127.0.0.2', 0);
    try {
      const bed = await Bed.start([external(2, { passive: false, port: listener.port })]);
      const peer = await listener.accept();
      await peer.establish(bed.open(2));
      await bed.established(2);
    } finally {
      await listener.close();
    }
  });

  conforms(
    '4271 §8.2.2',
    'a refused connection is tried again when the ConnectRetryTimer expires, not before',
    async () => {
      const spare = await RawListener.listen('127.0.0.2', 0);
      const { port } = spare;
      await spare.close();
      const clock = Clock.install();
      const bed = await Bed.start([external(2, { passive: false, port, connectRetrySeconds: 10 })]);
      await eventually('the refusal', () => ['Active', 'Idle'].includes(bed.status(2).state));
      const listener = await RawListener.listen('127.0.0.2', port);
      try {
        await clock.pass(5);
        expect(listener.peers).toHaveLength(0);
        await clock.pass(6);
        await listener.accept();
      } finally {
        await listener.close();
      }
    },
  );

  conforms('4271 §8.1.1', 'after an error a connection is made only when the rest in Idle is over', async () => {
    const listener = await RawListener.listen('127.0.0.2', 0);
    try {
      const clock = Clock.install();
      const bed = await Bed.start([
        external(2, { passive: false, port: listener.port, idleHoldSeconds: 5, connectRetrySeconds: 1 }),
      ]);
      const peer = await listener.accept();
      await peer.nextOpen();
      peer.send(message(9));
      await peer.ended();
      await clock.pass(3);
      expect(listener.peers).toHaveLength(1);
      expect(bed.status(2).state).toBe('Idle');
      await clock.pass(5);
      await listener.accept();
    } finally {
      await listener.close();
    }
  });

  conforms('4271 §8.2.2', 'connections are refused in Idle', async () => {
    const bed = await Bed.start([external(2, { idleHoldSeconds: 30 })]);
    const first = await bed.connect(2);
    await first.nextOpen();
    first.send(message(9));
    await first.ended();
    const second = await bed.connect(2);
    await second.ended();
    expect(second.messages.filter(m => m.type === Type.open)).toEqual([]);
  });
});

describe('DelayOpen', () => {
  conforms('4271 §8.2.2', 'the OPEN waits until the DelayOpenTimer expires', async () => {
    const clock = Clock.install();
    const bed = await Bed.start([external(2, { delayOpenSeconds: 5 })]);
    const peer = await bed.connect(2);
    await clock.pass(4.5);
    expect(peer.messages).toEqual([]);
    await clock.pass(1);
    expect((await peer.next()).type).toBe(Type.open);
  });

  conforms('4271 §8.2.2', 'an OPEN received meanwhile is answered with OPEN and KEEPALIVE at once', async () => {
    const bed = await Bed.start([external(2, { delayOpenSeconds: 60 })]);
    const peer = await bed.connect(2);
    peer.send(bed.open(2));
    expect(readOpen((await peer.next()).body).version).toBe(4);
    expect((await peer.next()).type).toBe(Type.keepalive);
    peer.send(KEEPALIVE);
    await bed.established(2);
  });

  for (const [name, bytes] of [
    ['KEEPALIVE', KEEPALIVE],
    ['NOTIFICATION', notification(6, 0)],
    ['an OPEN of version 3', open({ version: 3, as: AS })],
  ] as const) {
    conforms('4271 §8.2.2', `${name} received meanwhile ends the connection`, async () => {
      const bed = await Bed.start([external(2, { delayOpenSeconds: 60 })]);
      const peer = await bed.connect(2);
      peer.send(octets(bytes));
      await peer.ended();
      expect(peer.messages.filter(m => m.type === Type.open)).toEqual([]);
    });
  }
});
