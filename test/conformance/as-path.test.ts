// AS_PATH: loops (RFC 4271 §9.1.2), sets from inside (RFC 9774), and how the own AS is put in front (§5.1.2).

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
  OWN,
  replace,
  routeAt,
} from './bed.js';
import { attr, SEQUENCE, SET, segment } from './bytes.js';

const AS = 64502;
const P = '10.1.0.0/24';

describe('loops', () => {
  for (const [text, path] of [
    ['at the end', [AS, 1, OWN.as]],
    ['in the middle', [AS, OWN.as, 1]],
    ['several times', [AS, OWN.as, OWN.as]],
  ] as const) {
    conforms(
      '4271 §9.1.2',
      `the speaker's own AS ${text} of AS_PATH: the route is not used, the session stays`,
      async () => {
        const bed = await Bed.start([external(2), external(3), internal(4)]);
        const [a, b, c] = [await bed.peer(2), await bed.peer(3), await bed.peer(4)];
        a.send(announce(replace(fromExternal(2), 2, attr.asPath(...path)), P));
        await bed.settle();
        expect(a.notifications).toEqual([]);
        expect([...b.news, ...c.news]).toEqual([]);
      },
    );
  }

  conforms('4271 §9.1.2', 'a route that becomes a loop is withdrawn', async () => {
    const bed = await Bed.start([external(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    a.send(announce(replace(fromExternal(2), 2, attr.asPath(AS, OWN.as)), P));
    await bed.settle();
    expect(b.news.map(n => n.route !== null)).toEqual([true, false]);
  });

  conforms('4271 §9.1.2', "the speaker's own AS in the path of an internal neighbor's route: not used", async () => {
    const bed = await Bed.start([internal(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(replace(fromInternal(2), 2, attr.asPath(1, OWN.as)), P));
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect(b.news).toEqual([]);
  });

  conforms('4271 §9.1.2', 'a loop does not hide another path', async () => {
    const bed = await Bed.start([external(2), external(3), internal(4)]);
    const [a, b, c] = [await bed.peer(2), await bed.peer(3), await bed.peer(4)];
    b.send(announce(replace(fromExternal(3), 2, attr.asPath(64503, 1, 2, 3, 4)), P));
    a.send(announce(replace(fromExternal(2), 2, attr.asPath(AS, OWN.as)), P));
    await bed.settle();
    expect(routeAt(c, P).path()).toBe('64503 1 2 3 4');
  });

  conforms('9774 §3', 'an AS_SET from an internal neighbor: treat-as-withdraw', async () => {
    const bed = await Bed.start([internal(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(replace(fromInternal(2), 2, attr.segments(segment(SEQUENCE, [1]), segment(SET, [2, 3]))), P));
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect(b.news).toEqual([]);
  });
});

describe('AS_PATH sent', () => {
  conforms('4271 §5.1.2', 'own AS in front towards an external neighbor, in the same segment', async () => {
    const bed = await Bed.start([external(2), external(3), internal(4)]);
    const [a, b, c] = [await bed.peer(2), await bed.peer(3), await bed.peer(4)];
    a.send(announce(replace(fromExternal(2), 2, attr.asPath(AS, 1, 2)), P));
    await bed.settle();
    expect(routeAt(b, P).hex(2)).toBe(segment(SEQUENCE, [65001, AS, 1, 2]).toString('hex'));
    expect(routeAt(c, P).hex(2)).toBe(segment(SEQUENCE, [AS, 1, 2]).toString('hex'));
  });

  conforms('4271 §5.1.2', 'a full first segment: own AS in a new one', async () => {
    const bed = await Bed.start([external(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    const full = [AS, ...new Array<number>(254).fill(7)];
    a.send(announce(replace(fromExternal(2), 2, attr.segments(segment(SEQUENCE, full))), P));
    await bed.settle();
    expect(routeAt(b, P).path()).toBe(`65001 ${full.join(' ')}`);
    expect(routeAt(b, P).flags(2)).toBe(0x50);
  });

  conforms('4271 §5.1.2', 'segments that follow each other are kept', async () => {
    const bed = await Bed.start([external(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(replace(fromExternal(2), 2, attr.segments(segment(SEQUENCE, [AS]), segment(SEQUENCE, [1, 2]))), P));
    await bed.settle();
    expect(routeAt(b, P).path()).toBe(`65001 ${AS} 1 2`);
  });

  conforms('4271 §5.1.2', 'own route: own AS alone to external, an empty path to internal neighbors', async () => {
    const bed = await Bed.start([external(2), internal(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    bed.speaker.addRoutes([{ prefix: P }]);
    await bed.settle();
    expect([routeAt(a, P).hex(2), routeAt(b, P).hex(2)]).toEqual([segment(SEQUENCE, [65001]).toString('hex'), '']);
    expect(has(a, P)).toBe(true);
  });
});
