// Graceful restart, the side that helps: RFC 4724 §4.2. (The end of a session by NOTIFICATION: cease.test.ts.)

import { describe, expect } from 'vitest';
import {
  announce,
  Bed,
  Clock,
  conforms,
  external,
  fromExternal,
  fromInternal,
  has,
  internal,
  replace,
  routeAt,
} from './bed.js';
import { attr, cap, nlri, notification, type Octets, prefixText, routeRefresh, update } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const [P, Q] = ['10.1.0.0/24', '10.2.0.0/24'];
const P6 = '2001:db8:1::/48';
const GLOBAL = '20010db8000000000000000000000002';
const EOR4 = update({});
const EOR6 = update({ attributes: [attr.unreach(2, [])] });
const ROUTE6 = update({ attributes: [attr.reach(2, GLOBAL, [nlri(P6)]), attr.origin(), attr.asPath(64502)] });

const BOTH: [number, boolean][] = [
  [1, true],
  [2, true],
];
const preserved = cap.gracefulRestart(
  120,
  [
    [1, true],
    [2, true],
  ],
  8,
);
const lost = cap.gracefulRestart(
  120,
  [
    [1, false],
    [2, false],
  ],
  8,
);
const initial = cap.gracefulRestart(120, [
  [1, true],
  [2, true],
]);

interface All {
  bed: Bed;
  a: RawPeer;
  b: RawPeer;
}

/** A announced P, Q and an IPv6 route and its TCP connection is gone; B (internal) watches. */
async function restarted(capability: Octets = initial, how: 'fin' | 'reset' = 'fin'): Promise<All> {
  const bed = await Bed.start([external(2), internal(3)]);
  const [a, b] = [await bed.peer(2, { more: [capability] }), await bed.peer(3)];
  a.send(announce(fromExternal(2), P, Q), ROUTE6, EOR4, EOR6);
  await bed.settle();
  expect(b.table.size).toBe(3);
  b.forget();
  await a.end(how);
  await bed.reaches(2, 'Active');
  await bed.settle(b);
  return { bed, a, b };
}

const news = (peer: RawPeer): string[] => peer.news.map(n => `${n.route === null ? '-' : '+'}${n.prefix}`).sort();
const ALL_GONE = [`-${P}`, `-${Q}`, `-${prefixText(P6)}`].sort();

describe('while the neighbor is away', () => {
  for (const how of ['fin', 'reset'] as const) {
    conforms('4724 §4.2', `${how === 'fin' ? 'FIN' : 'RST'}: its routes stay`, async () => {
      const { bed, b } = await restarted(initial, how);
      expect(news(b)).toEqual([]);
      expect([...bed.speaker.routes({ prefix: P })][0].paths[0].stale).toBe(true);
    });
  }

  conforms('4724 §4.2', 'without the capability: its routes go', async () => {
    const { b } = await restarted(cap.routeRefresh);
    expect(news(b)).toEqual(ALL_GONE);
  });

  conforms('4724 §3', 'with the capability but no family: its routes go', async () => {
    const { b } = await restarted(cap.gracefulRestart(120, []));
    expect(news(b)).toEqual(ALL_GONE);
  });

  conforms('4724 §4.2', 'only routes of the families of the capability stay', async () => {
    const { b } = await restarted(cap.gracefulRestart(120, [[1, true]]));
    expect(news(b)).toEqual([`-${prefixText(P6)}`]);
  });

  conforms('4724 §4.2', 'the forwarding bit of the first session does not matter', async () => {
    const { b } = await restarted(
      cap.gracefulRestart(120, [
        [1, false],
        [2, false],
      ]),
    );
    expect(news(b)).toEqual([]);
  });

  conforms('4724 §3', 'reserved bits of the capability are ignored', async () => {
    const { b } = await restarted(Buffer.from('400a307800010' + '17f0002017f', 'hex'));
    expect(news(b)).toEqual([]);
  });

  conforms('4724 §4.2', 'switched off here: its routes go', async () => {
    const bed = await Bed.start([external(2, { gracefulRestart: false }), internal(3)]);
    const [a, b] = [await bed.peer(2, { more: [initial] }), await bed.peer(3)];
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    await a.end();
    await bed.reaches(2, 'Active');
    await bed.settle(b);
    expect(has(b, P)).toBe(false);
  });

  conforms('4724 §4.2', 'the session is not back within the restart time: its routes go then', async () => {
    const clock = Clock.install();
    const { bed, b } = await restarted(
      cap.gracefulRestart(20, [
        [1, true],
        [2, true],
      ]),
    );
    await clock.pass(19);
    expect(news(b)).toEqual([]);
    await clock.pass(2);
    await bed.settle(b);
    expect(news(b)).toEqual(ALL_GONE);
  });

  conforms('4724 §4.2', 'a stale route takes part in the decision like any other', async () => {
    const bed = await Bed.start([external(2), external(3), internal(4)]);
    const [a, b, c] = [await bed.peer(2, { more: [initial] }), await bed.peer(3), await bed.peer(4)];
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    await a.end();
    await bed.reaches(2, 'Active');
    b.send(announce(replace(fromExternal(3), 2, attr.asPath(64503, 1, 2)), P));
    await bed.settle();
    expect(routeAt(c, P).path()).toBe('64502');
  });

  conforms('4724 §4', 'the session ends with a NOTIFICATION: its routes go', async () => {
    const bed = await Bed.start([external(2), internal(3)]);
    const [a, b] = [await bed.peer(2, { more: [initial] }), await bed.peer(3)];
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    a.send(notification(6, 2));
    await a.ended();
    await bed.settle(b);
    expect(has(b, P)).toBe(false);
  });

  conforms('4724 §4.2', 'an internal neighbor the same', async () => {
    const bed = await Bed.start([internal(2), external(3)]);
    const [a, b] = [await bed.peer(2, { more: [initial] }), await bed.peer(3)];
    a.send(announce(fromInternal(2), P));
    await bed.settle();
    await a.end('reset');
    await bed.reaches(2, 'Active');
    await bed.settle(b);
    expect(has(b, P)).toBe(true);
  });
});

describe('when the neighbor is back', () => {
  conforms('4724 §4.2', 'the same routes and End-of-RIB: nothing is told to others', async () => {
    const { bed, b } = await restarted();
    const a = await bed.peer(2, { more: [preserved] });
    a.send(announce(fromExternal(2), P, Q), ROUTE6, EOR4, EOR6);
    await bed.settle();
    expect(news(b)).toEqual([]);
    expect(bed.status(2).families.map(f => f.stale)).toEqual([0, 0]);
  });

  conforms('4724 §4.2', 'what did not come again goes at End-of-RIB, not before, family by family', async () => {
    const { bed, b } = await restarted();
    const a = await bed.peer(2, { more: [preserved] });
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    expect(news(b)).toEqual([]);
    a.send(EOR4);
    await bed.settle();
    expect(news(b)).toEqual([`-${Q}`]);
    a.send(EOR6);
    await bed.settle();
    expect(news(b)).toEqual([`-${Q}`, `-${prefixText(P6)}`]);
  });

  conforms('4724 §4.2', 'a route that comes again changed is told', async () => {
    const { bed, b } = await restarted();
    const a = await bed.peer(2, { more: [preserved] });
    a.send(announce([...fromExternal(2), attr.communities(7)], P), announce(fromExternal(2), Q), ROUTE6, EOR4, EOR6);
    await bed.settle();
    expect(news(b)).toEqual([`+${P}`]);
  });

  for (const [text, capability, gone] of [
    ['without the forwarding bits', lost, ALL_GONE],
    [
      'with the forwarding bit of IPv6 alone',
      cap.gracefulRestart(
        120,
        [
          [1, false],
          [2, true],
        ],
        8,
      ),
      [`-${P}`, `-${Q}`],
    ],
    ['with the family IPv6 alone', cap.gracefulRestart(120, [[2, true]], 8), [`-${P}`, `-${Q}`]],
    ['without families', cap.gracefulRestart(120, [], 8), ALL_GONE],
    ['without the capability', cap.routeRefresh, ALL_GONE],
  ] as const) {
    conforms('4724 §4.2', `${text}: the stale routes go at once`, async () => {
      const { bed, b } = await restarted();
      await bed.peer(2, { more: [capability] });
      await bed.settle(b);
      expect(news(b)).toEqual([...gone].sort());
    });
  }

  conforms('4724 §4.2', 'gone a second time before End-of-RIB: what was still stale goes, the rest stays', async () => {
    const { bed, b } = await restarted();
    const a = await bed.peer(2, { more: [preserved] });
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    await a.end();
    await bed.reaches(2, 'Active');
    await bed.settle(b);
    expect(news(b)).toEqual([`-${Q}`, `-${prefixText(P6)}`]);
    expect(has(b, P)).toBe(true);
  });

  conforms(
    '8538 §4.1',
    'the same between neighbors with the N bit: nothing goes before the stale time is up',
    async () => {
      const clock = Clock.install();
      const gracefulRestart = { restartTimeSeconds: 120, staleTimeSeconds: 20 };
      const bed = await Bed.start([external(2, { gracefulRestart }), internal(3)]);
      const b = await bed.peer(3, { holdTime: 0 });
      const session = async () => {
        const a = await bed.peer(2, { more: [cap.gracefulRestart(120, BOTH, 4)], holdTime: 0 });
        a.send(announce(fromExternal(2), P));
        return a;
      };
      const lose = async (a: RawPeer) => {
        await a.end();
        await bed.reaches(2, 'Active');
        await bed.settle(b);
      };
      const first = await session();
      first.send(announce(fromExternal(2), Q), EOR4, EOR6);
      await bed.settle(b);
      await lose(first);
      await lose(await session());
      await clock.pass(15);
      await session();
      await bed.settle(b);
      expect([...b.table.keys()].sort()).toEqual([P, Q]);
      await clock.pass(6);
      await bed.settle(b);
      expect([...b.table.keys()]).toEqual([P]);
    },
  );

  conforms('4724 §4.2', 'lost within a route refresh of the neighbor: nothing goes (RFC 7313)', async () => {
    const bed = await Bed.start([external(2), internal(3)]);
    const [a, b] = [await bed.peer(2, { more: [initial, cap.enhancedRefresh] }), await bed.peer(3)];
    a.send(announce(fromExternal(2), P, Q), EOR4, EOR6);
    await bed.settle(b);
    a.send(routeRefresh(1, 1, 1), announce(fromExternal(2), P));
    await bed.settle(b);
    await a.end();
    await bed.reaches(2, 'Active');
    await bed.settle(b);
    expect([...b.table.keys()].sort()).toEqual([P, Q]);
  });

  conforms('4724 §4.2', 'Restart State is not set in the OPEN of the helping side', async () => {
    const { bed } = await restarted();
    const a = await bed.connect(2);
    const sent = await a.nextOpen();
    const value = sent.capabilities.find(c => c.code === 64)?.value ?? '';
    expect(Number.parseInt(value.slice(0, 1), 16) & 8).toBe(0);
  });

  conforms('4724 §4.2', 'the helping side sends its routes and End-of-RIB', async () => {
    const { bed, b } = await restarted();
    b.send(announce([attr.origin(), attr.asPath(), attr.nextHop('127.0.0.3'), attr.localPref(100)], '10.9.0.0/16'));
    await bed.settle(b);
    const a = await bed.peer(2, { more: [preserved] });
    await bed.settle();
    expect(has(a, '10.9.0.0/16')).toBe(true);
    expect(a.endOfRib.toSorted()).toEqual([1, 2]);
  });

  conforms('4724 §4.2', 'a neighbor that comes back as another one does not keep the old routes', async () => {
    const { bed, b } = await restarted();
    const a = await bed.peer(2, { more: [preserved], id: '10.0.0.222' });
    a.send(EOR4, EOR6);
    await bed.settle();
    expect(news(b)).toEqual(ALL_GONE);
  });
});
