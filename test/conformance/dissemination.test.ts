// Who is told what and when, and how it is written: RFC 4271 §5, §9.1.3 and §9.2, RFC 7606 §5.1, RFC 8212.

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
  withdraw,
} from './bed.js';
import { attr, attribute, nlri, prefixText, readUpdate, Type, update } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const AS = 64502;
const [P, Q] = ['10.1.0.0/24', '10.2.0.0/24'];
const P6 = '2001:db8:1::/48';
const GLOBAL = '20010db8000000000000000000000002';

/** A and B are external, C is internal. */
async function trio(): Promise<{ bed: Bed; a: RawPeer; b: RawPeer; c: RawPeer }> {
  const bed = await Bed.start([external(2), external(3), internal(4)]);
  return { bed, a: await bed.peer(2), b: await bed.peer(3), c: await bed.peer(4) };
}

/** A sends a route with more attributes; how it looks at B and C. */
async function passed(...more: Buffer[]): Promise<{ bed: Bed; a: RawPeer; b: RawPeer; c: RawPeer }> {
  const all = await trio();
  all.a.send(announce([...fromExternal(2), ...more], P));
  await all.bed.settle();
  expect(all.a.notifications).toEqual([]);
  return all;
}

const updatesOf = (peer: RawPeer) => peer.messages.filter(m => m.type === Type.update).map(m => readUpdate(m.body));

describe('to whom', () => {
  conforms(
    '4271 §9.2',
    'a route of an internal neighbor goes to external ones, not to other internal ones',
    async () => {
      const bed = await Bed.start([internal(2), internal(3), external(4)]);
      const [a, b, c] = [await bed.peer(2), await bed.peer(3), await bed.peer(4)];
      a.send(announce(fromInternal(2), P));
      await bed.settle();
      expect([has(b, P), has(c, P)]).toEqual([false, true]);
    },
  );

  conforms(
    '4271 §9.2',
    'an internal route that becomes best withdraws the external one from internal neighbors',
    async () => {
      const bed = await Bed.start([external(2), internal(3), internal(4)]);
      const [a, b, c] = [await bed.peer(2), await bed.peer(3), await bed.peer(4)];
      a.send(announce(fromExternal(2), P));
      await bed.settle();
      expect([has(b, P), has(c, P)]).toEqual([true, true]);
      c.send(announce(replace(fromInternal(4), 5, attr.localPref(200)), P));
      await bed.settle();
      expect([has(b, P), has(c, P)]).toEqual([false, false]);
      c.send(withdraw(P));
      await bed.settle();
      expect([has(b, P), has(c, P)]).toEqual([true, true]);
    },
  );

  conforms('4271 §9.2', 'an internal route is not sent back to the neighbor that it came from', async () => {
    const bed = await Bed.start([internal(2), external(3)]);
    const [a] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(fromInternal(2), P));
    await bed.settle();
    expect(a.news).toEqual([]);
  });

  conforms('8212 §2', 'an external neighbor without import policy: nothing is taken', async () => {
    const bed = await Bed.start([external(2, { import: 'reject' }), internal(4)]);
    const [a, c] = [await bed.peer(2), await bed.peer(4)];
    a.send(announce(fromExternal(2), P));
    await bed.settle(c);
    expect(has(c, P)).toBe(false);
  });

  conforms('8212 §2', 'an external neighbor without export policy: nothing is sent', async () => {
    const bed = await Bed.start([external(2), external(3, { export: 'reject' }), internal(4)]);
    const [a, b, c] = [await bed.peer(2), await bed.peer(3), await bed.peer(4)];
    a.send(announce(fromExternal(2), P));
    bed.speaker.addRoutes([{ prefix: Q }]);
    await bed.settle(a, c);
    expect(b.news).toEqual([]);
  });

  conforms('4271 §9.1.3', 'a neighbor that comes up later gets everything', async () => {
    const bed = await Bed.start([external(2), internal(4)]);
    const a = await bed.peer(2);
    a.send(
      announce(fromExternal(2), P, Q),
      update({ attributes: [attr.reach(2, GLOBAL, [nlri(P6)]), attr.origin(), attr.asPath(AS)] }),
    );
    await bed.settle();
    const c = await bed.peer(4);
    await bed.settle();
    expect([...c.table.keys()].sort()).toEqual([P, Q, prefixText(P6)].sort());
  });
});

describe('changes', () => {
  conforms('4271 §3.1', 'a new announcement replaces the route (implicit withdraw)', async () => {
    const { bed, a, b } = await passed();
    a.send(announce(replace(fromExternal(2), 2, attr.asPath(AS, 7)), P));
    await bed.settle();
    expect(routeAt(b, P).path()).toBe(`65001 ${AS} 7`);
    expect(b.news.map(n => n.route !== null)).toEqual([true, true]);
    a.send(withdraw(P));
    await bed.settle();
    expect(b.news.map(n => n.route !== null)).toEqual([true, true, false]);
  });

  conforms('4271 §9.2', 'the same announcement again: nothing is sent', async () => {
    const { bed, a, b, c } = await passed(attr.communities(1), attr.med(3));
    const before = [b.news.length, c.news.length];
    for (let i = 0; i < 3; i++) a.send(announce([...fromExternal(2), attr.communities(1), attr.med(3)], P));
    await bed.settle();
    expect([b.news.length, c.news.length]).toEqual(before);
  });

  conforms('4271 §9.2', 'a change that is not passed on: nothing is sent', async () => {
    const { bed, a, b, c } = await passed(attr.med(3));
    a.send(announce([...fromExternal(2), attr.med(4)], P));
    await bed.settle();
    expect(b.news.length).toBe(1);
    expect(c.news.map(n => n.route?.hex(4))).toEqual(['00000003', '00000004']);
  });

  conforms('4271 §9.2', 'attributes in another order: nothing is sent', async () => {
    const { bed, a, b } = await passed(attr.communities(1));
    a.send(announce([...fromExternal(2), attr.communities(1)].reverse(), P));
    await bed.settle();
    expect(b.news).toHaveLength(1);
  });

  conforms('4271 §9.2', 'another path that does not win: nothing is sent', async () => {
    const bed = await Bed.start([external(2), external(3), external(4)]);
    const [a, b, c] = [await bed.peer(2), await bed.peer(3), await bed.peer(4)];
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    b.send(announce(replace(fromExternal(3), 2, attr.asPath(64503, 1, 2)), P));
    await bed.settle();
    b.send(withdraw(P));
    await bed.settle();
    expect(c.news).toHaveLength(1);
  });

  conforms('4271 §9.1.3', 'the best path goes: the next one is announced, without a withdrawal between', async () => {
    const bed = await Bed.start([external(2), external(3), external(4)]);
    const [a, b, c] = [await bed.peer(2), await bed.peer(3), await bed.peer(4)];
    a.send(announce(fromExternal(2), P));
    b.send(announce(replace(fromExternal(3), 2, attr.asPath(64503, 1, 2)), P));
    await bed.settle();
    a.send(withdraw(P));
    await bed.settle();
    expect(c.news.map(n => n.route?.path())).toEqual([`65001 ${AS}`, '65001 64503 1 2']);
  });

  conforms('4271 §9.2', 'announced and withdrawn in one segment: nothing is left', async () => {
    const { bed, a, b } = await trio();
    a.send(announce(fromExternal(2), P), withdraw(P));
    await bed.settle();
    expect(b.table.size).toBe(0);
  });

  conforms('4271 §9.2', 'withdrawn and announced in one segment: it is there with the new attributes', async () => {
    const { bed, a, b } = await passed();
    a.send(withdraw(P), announce([...fromExternal(2), attr.communities(9)], P));
    await bed.settle();
    expect(routeAt(b, P).hex(8)).toBe('00000009');
  });
});

describe('how it is written', () => {
  conforms('4271 §5', 'attributes in ascending order of their type', async () => {
    const { b, c } = await passed(
      attribute(32, '000000010000000200000003'),
      attribute(200, '01'),
      attribute(16, '0002fde800000064'),
      attr.communities(1),
      attr.aggregator(7, '10.7.7.7'),
      attr.atomicAggregate(),
      attr.med(5),
    );
    expect(routeAt(b, P).codes).toEqual([1, 2, 3, 6, 7, 8, 16, 32, 200]);
    expect(routeAt(c, P).codes).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 200]);
  });

  conforms('7606 §5.1', 'MP_REACH_NLRI and MP_UNREACH_NLRI are the first attribute', async () => {
    const { bed, a, c } = await trio();
    a.send(
      update({ attributes: [attr.reach(2, GLOBAL, [nlri(P6)]), attr.origin(), attr.asPath(AS), attr.communities(1)] }),
    );
    await bed.settle();
    a.send(update({ attributes: [attr.unreach(2, [nlri(P6)])] }));
    await bed.settle();
    const multiprotocol = updatesOf(c).filter(u => u.reach !== undefined || u.unreach !== undefined);
    expect(multiprotocol.length).toBeGreaterThanOrEqual(2);
    for (const u of multiprotocol) expect([14, 15]).toContain(u.attributes[0].code);
  });

  conforms('4760 §3', 'an UPDATE of IPv6 routes has no NEXT_HOP, LOCAL_PREF for internal neighbors', async () => {
    const { bed, a, c } = await trio();
    a.send(update({ attributes: [attr.reach(2, GLOBAL, [nlri(P6)]), attr.origin(), attr.asPath(AS)] }));
    await bed.settle();
    expect(routeAt(c, P6).codes).toEqual([14, 1, 2, 5]);
  });

  conforms(
    '7606 §5.1',
    'one UPDATE has only one of withdrawn routes, NLRI, MP_REACH_NLRI and MP_UNREACH_NLRI',
    async () => {
      const { bed, a, b, c } = await trio();
      const path6 = [attr.origin(), attr.asPath(AS)];
      const other6 = '2001:db8:2::/48';
      a.send(announce(fromExternal(2), P), update({ attributes: [attr.reach(2, GLOBAL, [nlri(P6)]), ...path6] }));
      await bed.settle();
      a.send(
        update({ withdrawn: [nlri(P)], attributes: fromExternal(2), nlri: [nlri(Q)] }),
        update({ attributes: [attr.unreach(2, [nlri(P6)]), attr.reach(2, GLOBAL, [nlri(other6)]), ...path6] }),
      );
      await bed.settle();
      for (const u of [...updatesOf(b), ...updatesOf(c)]) {
        const parts = [u.withdrawn.length > 0, u.nlri.length > 0, u.reach !== undefined, u.unreach !== undefined];
        expect(parts.filter(Boolean).length).toBeLessThanOrEqual(1);
      }
      expect([...c.table.keys()].sort()).toEqual([Q, prefixText(other6)].sort());
    },
  );

  conforms('4271 §4.3', 'Extended Length is set only where the length needs it', async () => {
    const { b } = await passed(attribute(200, 'ab'.repeat(255)), attribute(201, 'ab'.repeat(256)));
    expect([routeAt(b, P).flags(200), routeAt(b, P).flags(201)]).toEqual([0xe0, 0xf0]);
  });

  conforms('4271 §4', '3000 routes with the same attributes share messages of at most 4096 octets', async () => {
    const { bed, a, b } = await trio();
    const prefixes = Array.from({ length: 3000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
    for (let i = 0; i < 3000; i += 500) a.send(announce(fromExternal(2), ...prefixes.slice(i, i + 500)));
    await bed.settle();
    expect(b.table.size).toBe(3000);
    for (const m of b.messages) expect(m.bytes.length).toBeLessThanOrEqual(4096);
    expect(b.messages.filter(m => m.type === Type.update).length).toBeLessThan(100);
    a.send(withdraw(...prefixes.slice(0, 900)));
    await bed.settle();
    expect(b.table.size).toBe(2100);
    for (const m of b.messages) expect(m.bytes.length).toBeLessThanOrEqual(4096);
  });

  conforms('4271 §4', '1500 IPv6 routes in messages of at most 4096 octets', async () => {
    const { bed, a, c } = await trio();
    const prefixes = Array.from({ length: 1500 }, (_, i) => nlri(`2001:db8:${(i + 1).toString(16)}::/48`));
    for (let i = 0; i < 1500; i += 300) {
      a.send(
        update({ attributes: [attr.reach(2, GLOBAL, prefixes.slice(i, i + 300)), attr.origin(), attr.asPath(AS)] }),
      );
    }
    await bed.settle();
    expect(c.table.size).toBe(1500);
    for (const m of c.messages) expect(m.bytes.length).toBeLessThanOrEqual(4096);
    await a.end();
    await bed.reaches(2, 'Active');
    await bed.settle();
    expect(c.table.size).toBe(0);
    for (const m of c.messages) expect(m.bytes.length).toBeLessThanOrEqual(4096);
  });

  conforms(
    '4271 §9.2',
    'a route whose attributes leave no room for a prefix in 4096 octets is not sent, the session stays',
    async () => {
      const { bed, a, b, c } = await trio();
      const rest = announce(fromExternal(2), P).length;
      a.send(
        announce([...fromExternal(2), attribute(200, 'ab'.repeat(4096 - rest - 4))], P),
        announce(fromExternal(2), Q),
      );
      await bed.settle();
      expect([b.closed, c.closed]).toEqual([null, null]);
      expect([has(b, Q), has(c, Q)]).toEqual([true, true]);
      // Towards B the AS_PATH grows by four octets, towards C comes LOCAL_PREF: neither fits any more.
      expect([has(b, P), has(c, P)]).toEqual([false, false]);
    },
  );
});
