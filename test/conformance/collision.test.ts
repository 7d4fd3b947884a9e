// Connection collision: RFC 4271 §6.8, RFC 6286 §2.3, RFC 4486, RFC 4724 §4.2.

import { describe, expect } from 'vitest';
import type { NeighborOptions } from '../../src/bgp/session/options.js';
import { announce, Bed, conforms, external, fromExternal, has, internal } from './bed.js';
import { cap, KEEPALIVE, Type } from './bytes.js';
import { RawListener, type RawPeer } from './raw-peer.js';

/** Two connections without an OPEN from our side: one made by the speaker, one by the neighbor. */
async function both(
  neighbor: NeighborOptions,
  body: (bed: Bed, made: RawPeer, taken: RawPeer) => Promise<void>,
): Promise<void> {
  const listener = await RawListener.listen('127.0.0.2', 0);
  try {
    const bed = await Bed.start([{ ...neighbor, passive: false, port: listener.port }, external(3)]);
    const made = await listener.accept();
    bed.adopt(made, 2);
    await made.nextOpen();
    const taken = await bed.connect(2);
    await taken.nextOpen();
    await body(bed, made, taken);
  } finally {
    await listener.close();
  }
}

/** Who stays: 'made' by the speaker (10.0.0.1, AS 65001) or 'taken' from the neighbor. */
const CASES: [rfc: string, text: string, neighbor: NeighborOptions, id: string, stays: 'made' | 'taken'][] = [
  ['4271 §6.8', "the neighbor's identifier is higher", external(2), '10.0.0.2', 'taken'],
  ['4271 §6.8', "the neighbor's identifier is lower", external(2), '9.255.255.255', 'made'],
  ['4271 §6.8', "the neighbor's identifier is higher as an unsigned number", external(2), '200.0.0.1', 'taken'],
  [
    '4271 §6.8',
    "the neighbor's identifier is higher in its last octet alone, internal",
    internal(2),
    '10.0.0.9',
    'taken',
  ],
  [
    '6286 §2.3',
    "same identifiers, the neighbor's AS number is higher",
    external(2, { as: 65002 }),
    '10.0.0.1',
    'taken',
  ],
  ['6286 §2.3', "same identifiers, the neighbor's AS number is lower", external(2, { as: 64502 }), '10.0.0.1', 'made'],
];

describe('collision', () => {
  for (const [rfc, text, neighbor, id, stays] of CASES) {
    for (const first of ['made', 'taken'] as const) {
      const order =
        first === 'made' ? "OPEN on the speaker's connection first" : "OPEN on the neighbor's connection first";
      conforms(
        rfc,
        `${text}, ${order}: the connection ${stays === 'made' ? 'of the speaker' : 'of the neighbor'} stays, 6/7 on the other`,
        async () => {
          await both(neighbor, async (bed, made, taken) => {
            const [early, late] = first === 'made' ? [made, taken] : [taken, made];
            const [winner, loser] = stays === 'made' ? [made, taken] : [taken, made];
            early.send(bed.open(2, { id }));
            late.send(bed.open(2, { id }));
            expect(await loser.notification()).toEqual({ error: '6/7', data: '' });
            await winner.next(Type.keepalive);
            winner.send(KEEPALIVE);
            await bed.established(2);
            await bed.settle(winner);
            expect(winner.closed).toBe(null);
          });
        },
      );
    }
  }

  for (const [rfc, text, neighbor, id, stays] of CASES) {
    conforms(
      rfc,
      `${text}, a connection made while that of the speaker is in OpenConfirm: ${stays === 'made' ? 'the old' : 'the new'} one stays`,
      async () => {
        const listener = await RawListener.listen('127.0.0.2', 0);
        try {
          const bed = await Bed.start([{ ...neighbor, passive: false, port: listener.port }, external(3)]);
          const made = await listener.accept();
          bed.adopt(made, 2);
          await made.openConfirm(bed.open(2, { id }));
          const taken = await bed.connect(2);
          taken.send(bed.open(2, { id }));
          const [winner, loser] = stays === 'made' ? [made, taken] : [taken, made];
          expect(await loser.notification()).toEqual({ error: '6/7', data: '' });
          winner.send(KEEPALIVE);
          await bed.established(2);
          await bed.settle(winner);
          expect(winner.closed).toBe(null);
        } finally {
          await listener.close();
        }
      },
    );
  }

  conforms(
    '4271 §6.8',
    'a neighbor that connects again, its first connection without an OPEN: the new one comes up',
    async () => {
      const bed = await Bed.start([external(2)]);
      const first = await bed.connect(2);
      await first.nextOpen();
      const second = await bed.peer(2);
      await first.ended();
      await bed.settle(second);
      expect(second.closed).toBe(null);
    },
  );

  conforms('4271 §6.8', 'two connections without an OPEN on either do not collide', async () => {
    await both(external(2), async (_bed, made, taken) => {
      await new Promise(resolve => setTimeout(resolve, 50));
      expect([made.closed, taken.closed]).toEqual([null, null]);
    });
  });

  for (const [text, id] of [
    ['higher', '10.0.0.200'],
    ['lower', '1.0.0.1'],
  ] as const) {
    conforms(
      '4271 §6.8',
      `a second connection beside an Established one is closed with 6/7, the neighbor's identifier ${text}`,
      async () => {
        const bed = await Bed.start([external(2, { gracefulRestart: false }), external(3)]);
        const [a, b] = [await bed.peer(2, { id }), await bed.peer(3)];
        a.send(announce(fromExternal(2), '10.0.0.0/24'));
        const second = await bed.connect(2);
        second.send(bed.open(2, { id }));
        expect(await second.notification()).toEqual({ error: '6/7', data: '' });
        await bed.settle(b);
        expect(a.closed).toBe(null);
        expect(b.news.map(n => n.route !== null)).toEqual([true]);
      },
    );
  }

  conforms('4724 §4.2', 'graceful restart without a family: a second connection is closed with 6/7', async () => {
    const bed = await Bed.start([external(2)]);
    const a = await bed.peer(2, { more: [cap.gracefulRestart(120, [])] });
    const second = await bed.connect(2);
    second.send(bed.open(2));
    expect((await second.notification()).error).toBe('6/7');
    await bed.settle(a);
    expect(a.closed).toBe(null);
  });

  conforms(
    '4724 §4.2',
    'graceful restart: a new connection replaces the Established one without NOTIFICATION, routes stay',
    async () => {
      const bed = await Bed.start([external(2), external(3)]);
      const more = [cap.gracefulRestart(120, [[1, true]])];
      const [a, b] = [await bed.peer(2, { more }), await bed.peer(3)];
      a.send(announce(fromExternal(2), '10.0.0.0/24'));
      await bed.settle(b);
      const second = await bed.connect(2);
      await second.establish(bed.open(2, { more }));
      await a.ended();
      expect(a.notifications).toEqual([]);
      await bed.established(2);
      second.send(announce(fromExternal(2), '10.0.0.0/24'));
      await bed.settle(b);
      expect(has(b, '10.0.0.0/24')).toBe(true);
      expect(b.news.map(n => n.route !== null)).toEqual([true]);
    },
  );

  conforms('4271 §6.8', 'the connection that stays is not disturbed by the end of the other', async () => {
    await both(external(2), async (bed, made, taken) => {
      taken.send(bed.open(2));
      await taken.next(Type.keepalive);
      await made.end('reset');
      taken.send(KEEPALIVE);
      await bed.established(2);
      await bed.settle(taken);
      expect(taken.closed).toBe(null);
    });
  });
});
