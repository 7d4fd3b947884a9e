// Several paths of a prefix from one neighbor: RFC 7911.

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
import { attr, cap, nlri, type Octets, octets, prefixText, u32, update } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const P = '10.1.0.0/24';
const P6 = '2001:db8:1::/48';
const GLOBAL = '20010db8000000000000000000000002';
const receive = { addPath: { receive: true, send: 0 } };
const BOTH: [number, number][] = [
  [1, 2],
  [2, 2],
];

/** A (external) may send several paths, B (internal) watches. */
async function pair(families: [number, number][] = BOTH): Promise<{ bed: Bed; a: RawPeer; b: RawPeer }> {
  const bed = await Bed.start([external(2, receive), internal(3)]);
  return { bed, a: await bed.peer(2, { more: [cap.addPath(...families)] }), b: await bed.peer(3) };
}

/** A path of AS 64502 and `length` more AS numbers. */
const path = (length: number): Buffer[] =>
  replace(fromExternal(2), 2, attr.asPath(64502, ...new Array<number>(length).fill(9)));
const route = (id: number, length: number): Buffer => update({ attributes: path(length), nlri: [nlri(P, id)] });
const gone = (id: number): Buffer => update({ withdrawn: [nlri(P, id)] });
const length = (peer: RawPeer): number | undefined => peer.table.get(P)?.path()?.split(' ').length;

describe('receiving several paths', () => {
  conforms('7911 §5', 'two paths of a prefix: the better one is sent on, the other takes over', async () => {
    const { bed, a, b } = await pair();
    a.send(route(1, 3), route(2, 1));
    await bed.settle();
    expect(length(b)).toBe(2);
    a.send(gone(2));
    await bed.settle();
    expect(length(b)).toBe(4);
    a.send(gone(1));
    await bed.settle();
    expect(has(b, P)).toBe(false);
  });

  conforms('7911 §5', 'the same prefix and path identifier again replaces the path', async () => {
    const { bed, a, b } = await pair();
    a.send(route(1, 1), route(1, 5));
    await bed.settle();
    expect(length(b)).toBe(6);
    a.send(gone(1));
    await bed.settle();
    expect(has(b, P)).toBe(false);
  });

  conforms('7911 §5', 'a withdrawal with an unknown path identifier is ignored', async () => {
    const { bed, a, b } = await pair();
    a.send(route(1, 1), gone(2), gone(0));
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect(has(b, P)).toBe(true);
  });

  for (const id of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
    conforms('7911 §3', `path identifier ${id}`, async () => {
      const { bed, a, b } = await pair();
      a.send(route(id, 1), route(77, 4));
      await bed.settle();
      expect(length(b)).toBe(2);
      a.send(gone(id));
      await bed.settle();
      expect(length(b)).toBe(5);
    });
  }

  conforms('7911 §3', 'several prefixes and identifiers in one message', async () => {
    const { bed, a, b } = await pair();
    a.send(
      update({ attributes: path(1), nlri: [nlri(P, 1), nlri(P, 2), nlri('10.2.0.0/16', 1), nlri('0.0.0.0/0', 5)] }),
    );
    await bed.settle();
    expect([...b.table.keys()].sort()).toEqual(['0.0.0.0/0', P, '10.2.0.0/16']);
    a.send(update({ withdrawn: [nlri(P, 1), nlri('10.2.0.0/16', 1)] }));
    await bed.settle();
    expect([...b.table.keys()].sort()).toEqual(['0.0.0.0/0', P]);
  });

  conforms('7911 §3', 'IPv6 in MP_REACH_NLRI and MP_UNREACH_NLRI', async () => {
    const { bed, a, b } = await pair();
    const route6 = (id: number, n: number) =>
      update({
        attributes: [
          attr.reach(2, GLOBAL, [nlri(P6, id)]),
          attr.origin(),
          attr.asPath(64502, ...new Array<number>(n).fill(9)),
        ],
      });
    a.send(route6(1, 3), route6(2, 1));
    await bed.settle();
    expect(routeAt(b, P6).path()?.split(' ')).toHaveLength(2);
    a.send(update({ attributes: [attr.unreach(2, [nlri(P6, 2)])] }));
    await bed.settle();
    expect(routeAt(b, P6).path()?.split(' ')).toHaveLength(4);
  });

  conforms('7606 §2', 'treat-as-withdraw withdraws the path of the identifier alone', async () => {
    const { bed, a, b } = await pair();
    a.send(route(1, 1), route(2, 3));
    await bed.settle();
    a.send(update({ attributes: replace(path(1), 1, attr.origin(9)), nlri: [nlri(P, 1)] }));
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect(length(b)).toBe(4);
  });

  conforms('7911 §5', 'the end of the session takes all paths', async () => {
    const { bed, a, b } = await pair();
    a.send(route(1, 1), route(2, 3), route(3, 5));
    await bed.settle();
    await a.end();
    await bed.reaches(2, 'Active');
    await bed.settle();
    expect(has(b, P)).toBe(false);
    expect(b.news.map(n => n.route !== null)).toEqual([true, false]);
  });

  for (const [text, field] of [
    ['cut in the path identifier', octets(0, 0, 0)],
    ['a path identifier without length', octets(u32(1))],
    ['a path identifier and a length without prefix', octets(u32(1), 24)],
    ['33 bits', octets(u32(1), 33, 10, 1, 2, 3, 4)],
  ] as [string, Octets][]) {
    conforms('7606 §5.3', `NLRI with path identifier, ${text}: 3/10`, async () => {
      const { a } = await pair();
      a.send(update({ attributes: path(1), nlri: [field] }));
      expect(await a.notification()).toEqual({ error: '3/10', data: '' });
    });
    conforms('7606 §5.3', `withdrawn route with path identifier, ${text}: 3/10`, async () => {
      const { a } = await pair();
      a.send(update({ withdrawn: [field] }));
      expect(await a.notification()).toEqual({ error: '3/10', data: '' });
    });
  }
});

describe('sending several paths', () => {
  conforms('7911 §3, §4', 'each has an identifier that stays as long as the path, and is withdrawn by it', async () => {
    const bed = await Bed.start([external(2), external(3), internal(4, { addPath: { receive: false, send: 2 } })]);
    const [a, b, c] = [await bed.peer(2), await bed.peer(3), await bed.connect(4)];
    c.pathIds = true;
    await c.establish(bed.open(4, { more: [cap.addPath([1, 1])] }));
    a.send(announce(fromExternal(2), P));
    await c.until('a path', () => c.news.length === 1);
    b.send(announce(replace(fromExternal(3), 2, attr.asPath(64503, 9)), P));
    await c.until('two paths', () => c.news.length === 2);
    const [first, second] = c.news.map(({ prefix }) => prefix);
    expect(first).not.toBe(second);
    for (const route of [first, second]) expect(route).toMatch(/^[1-9]\d* 10\.1\.0\.0\/24$/);

    // The better path goes: nothing is said of the one that is left.
    a.send(update({ withdrawn: [nlri(P)] }));
    await c.until('a withdrawal', () => c.news.length === 3);
    await bed.settle(b);
    expect(c.news.slice(2).filter(({ prefix }) => prefix.includes(' 10.'))).toMatchObject([
      { prefix: first, route: null },
    ]);
    expect([...c.table.keys()].filter(key => key.includes(' 10.'))).toEqual([second]);
  });
});

describe('negotiation', () => {
  const plainWorks = async (bed: Bed, a: RawPeer, b: RawPeer): Promise<void> => {
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect(has(b, P)).toBe(true);
  };

  conforms('7911 §5', 'the neighbor only receives: plain encoding', async () => {
    const { bed, a, b } = await pair([
      [1, 1],
      [2, 1],
    ]);
    await plainWorks(bed, a, b);
  });

  conforms('7911 §5', 'the neighbor has no add-path: plain encoding', async () => {
    const bed = await Bed.start([external(2, receive), internal(3)]);
    await plainWorks(bed, await bed.peer(2), await bed.peer(3));
  });

  conforms('7911 §5', 'not configured here: plain encoding', async () => {
    const bed = await Bed.start([external(2), internal(3)]);
    await plainWorks(bed, await bed.peer(2, { more: [cap.addPath(...BOTH)] }), await bed.peer(3));
  });

  conforms('7911 §4', 'a Send/Receive of 4 is ignored: plain encoding', async () => {
    const { bed, a, b } = await pair([[1, 4]]);
    await plainWorks(bed, a, b);
  });

  conforms('7911 §4', 'both ways (3): with path identifiers', async () => {
    const { bed, a, b } = await pair([[1, 3]]);
    a.send(route(1, 3), route(2, 1));
    await bed.settle();
    expect(length(b)).toBe(2);
  });

  conforms('7911 §5', 'of IPv4 alone: IPv6 in plain encoding', async () => {
    const { bed, a, b } = await pair([[1, 2]]);
    a.send(route(1, 1), update({ attributes: [attr.reach(2, GLOBAL, [nlri(P6)]), attr.origin(), attr.asPath(64502)] }));
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect([...b.table.keys()].sort()).toEqual([P, prefixText(P6)].sort());
  });

  conforms('7911 §5', 'what is sent to such a neighbor has no path identifiers', async () => {
    const bed = await Bed.start([external(2, receive), internal(3)]);
    const [a, b] = [await bed.peer(2, { more: [cap.addPath([1, 3], [2, 3])] }), await bed.peer(3)];
    b.send(announce(fromInternal(3), P));
    await bed.settle();
    expect([...a.table.keys()]).toEqual([P]);
  });

  conforms('4724 §2', 'End-of-RIB of a neighbor with path identifiers', async () => {
    const { bed, a } = await pair();
    a.send(update({}), update({ attributes: [attr.unreach(2, [])] }));
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect(bed.status(2).families.map(f => f.endOfRib)).toEqual([true, true]);
  });
});
