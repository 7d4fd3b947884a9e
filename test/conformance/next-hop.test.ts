// Next hops: RFC 4271 §5.1.3 and §6.3.

import { describe, expect } from 'vitest';
import {
  announce,
  Bed,
  conforms,
  external,
  fromExternal,
  fromInternal,
  has,
  internal,
  replace,
  routeAt,
} from './bed.js';
import { address, attr, octets } from './bytes.js';

const P = '10.1.0.0/24';
const hex = (text: string): string => octets(address(text)).toString('hex');

describe('next hops received', () => {
  conforms(
    '4271 §6.3',
    "the speaker's own address from an external neighbor: the route is ignored, the session stays",
    async () => {
      const bed = await Bed.start([external(2), internal(3)]);
      const [a, b] = [await bed.peer(2), await bed.peer(3)];
      a.send(
        announce(replace(fromExternal(2), 3, attr.nextHop('127.0.0.1')), P),
        announce(fromExternal(2), '10.2.0.0/24'),
      );
      await bed.settle();
      expect(a.notifications).toEqual([]);
      expect([has(b, P), has(b, '10.2.0.0/24')]).toEqual([false, true]);
    },
  );

  conforms('4271 §5.1.3', "the speaker's own address from an internal neighbor: the route is not used", async () => {
    const bed = await Bed.start([internal(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(replace(fromInternal(2), 3, attr.nextHop('127.0.0.1')), P));
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect(has(b, P)).toBe(false);
  });

  conforms('4271 §6.3', 'a route whose next hop becomes the own address is withdrawn', async () => {
    const bed = await Bed.start([external(2), internal(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    a.send(announce(replace(fromExternal(2), 3, attr.nextHop('127.0.0.1')), P));
    await bed.settle();
    expect(b.news.map(n => n.route !== null)).toEqual([true, false]);
  });

  conforms(
    '4271 §6.3',
    'another address of the common subnet from an external neighbor (third party) is taken',
    async () => {
      const bed = await Bed.start([external(2), internal(3)]);
      const [a, b] = [await bed.peer(2), await bed.peer(3)];
      a.send(announce(replace(fromExternal(2), 3, attr.nextHop('127.0.0.99')), P));
      await bed.settle();
      expect(routeAt(b, P).nextHop).toBe(hex('127.0.0.99'));
    },
  );

  conforms(
    '4271 §6.3',
    'an address off the common subnet from an external neighbor one hop away: the route is ignored',
    async () => {
      const bed = await Bed.start([external(2), internal(3)]);
      const [a, b] = [await bed.peer(2), await bed.peer(3)];
      a.send(announce(replace(fromExternal(2), 3, attr.nextHop('203.0.113.9')), P));
      await bed.settle();
      expect(a.notifications).toEqual([]);
      expect(has(b, P)).toBe(false);
    },
  );

  conforms('4271 §5.1.3', 'an address off the common subnet from a multihop neighbor is taken', async () => {
    const bed = await Bed.start([external(2, { multihop: 3 }), internal(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(replace(fromExternal(2), 3, attr.nextHop('203.0.113.9')), P));
    await bed.settle();
    expect(routeAt(b, P).nextHop).toBe(hex('203.0.113.9'));
  });

  conforms('4271 §5.1.3', 'an address off the common subnet from an internal neighbor is taken', async () => {
    const bed = await Bed.start([internal(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(replace(fromInternal(2), 3, attr.nextHop('203.0.113.9')), P));
    await bed.settle();
    expect(has(b, P)).toBe(true);
  });
});

describe('next hops sent', () => {
  conforms('4271 §5.1.3', 'to an internal neighbor: unchanged for an external route', async () => {
    const bed = await Bed.start([external(2), internal(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    expect(routeAt(b, P).nextHop).toBe(hex('127.0.0.2'));
  });

  conforms('4271 §5.1.3', 'to an internal neighbor with next-hop-self: the own address', async () => {
    const bed = await Bed.start([external(2), internal(3, { nextHopSelf: true })]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    expect(routeAt(b, P).nextHop).toBe(hex('127.0.0.1'));
  });

  conforms('4271 §5.1.3', 'to an external neighbor: the own address of the session', async () => {
    const bed = await Bed.start([internal(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(replace(fromInternal(2), 3, attr.nextHop('203.0.113.9')), P));
    await bed.settle();
    expect(routeAt(b, P).nextHop).toBe(hex('127.0.0.1'));
  });

  conforms(
    '4271 §5.1.3',
    "an own route whose next hop is the neighbor's address is not sent to it with that address",
    async () => {
      const bed = await Bed.start([internal(2), internal(3)]);
      const [a, b] = [await bed.peer(2), await bed.peer(3)];
      bed.speaker.addRoutes([{ prefix: P, nextHop: '127.0.0.2' }]);
      await bed.settle();
      expect(routeAt(b, P).nextHop).toBe(hex('127.0.0.2'));
      expect(a.table.get(P)?.nextHop).not.toBe(hex('127.0.0.2'));
    },
  );

  conforms(
    '4271 §5.1.3',
    "an external route whose next hop is the neighbor's address is not sent to it with that address",
    async () => {
      const bed = await Bed.start([external(2), external(3)]);
      const [a, b] = [await bed.peer(2), await bed.peer(3)];
      a.send(announce(replace(fromExternal(2), 3, attr.nextHop('127.0.0.3')), P));
      await bed.settle();
      expect(b.table.get(P)?.nextHop).not.toBe(hex('127.0.0.3'));
    },
  );

  conforms('4271 §5.1.3', 'an own route without next hop: the own address', async () => {
    const bed = await Bed.start([internal(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    bed.speaker.addRoutes([{ prefix: P }]);
    await bed.settle();
    expect([routeAt(a, P).nextHop, routeAt(b, P).nextHop]).toEqual([hex('127.0.0.1'), hex('127.0.0.1')]);
  });
});
