// Which attributes are passed on, and what well-known communities do: RFC 4271 §5, RFC 1997, 4360, 4456, 7999, 8326.

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
import { attr, attribute, nlri, update } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const AS = 64502;
const P = '10.1.0.0/24';
const P6 = '2001:db8:1::/48';
const GLOBAL = '20010db8000000000000000000000002';

const NO_EXPORT = 0xffffff01;
const NO_ADVERTISE = 0xffffff02;
const NO_EXPORT_SUBCONFED = 0xffffff03;
const BLACKHOLE = 0xffff029a;
const GRACEFUL_SHUTDOWN = 0xffff0000;

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

describe('unknown attributes', () => {
  for (const [flags, sent] of [
    [0xc0, 0xe0],
    [0xe0, 0xe0],
    [0xd0, 0xe0],
  ]) {
    conforms(
      '4271 §5',
      `optional transitive with flags 0x${flags.toString(16)}: passed on unchanged with Partial set`,
      async () => {
        const { b, c } = await passed(
          Buffer.concat([
            Buffer.from(flags & 0x10 ? [flags, 200, 0, 3] : [flags, 200, 3]),
            Buffer.from('010203', 'hex'),
          ]),
        );
        for (const peer of [b, c])
          expect([routeAt(peer, P).hex(200), routeAt(peer, P).flags(200)]).toEqual(['010203', sent]);
      },
    );
  }

  for (const flags of [0x80, 0xa0]) {
    conforms('4271 §5', `optional non-transitive with flags 0x${flags.toString(16)}: not passed on`, async () => {
      const { b, c } = await passed(attribute(200, '010203', { flags }));
      for (const peer of [b, c]) expect(routeAt(peer, P).codes).not.toContain(200);
    });
  }

  conforms('4271 §4.3', 'longer than 255 octets: passed on with Extended Length', async () => {
    const { b } = await passed(attribute(200, 'ab'.repeat(300)));
    expect([routeAt(b, P).hex(200), routeAt(b, P).flags(200)]).toEqual(['ab'.repeat(300), 0xf0]);
  });

  conforms('4271 §5', 'several, all passed on', async () => {
    const { b } = await passed(attribute(201, '01'), attribute(199, '02'), attribute(250, '03'));
    expect(routeAt(b, P).codes.filter(code => code > 100)).toEqual([199, 201, 250]);
  });

  conforms('4271 §5', 'of an IPv6 route: passed on with Partial set', async () => {
    const { bed, a, c } = await trio();
    a.send(
      update({ attributes: [attr.reach(2, GLOBAL, [nlri(P6)]), attr.origin(), attr.asPath(AS), attribute(200, '01')] }),
    );
    await bed.settle();
    expect([routeAt(c, P6).hex(200), routeAt(c, P6).flags(200)]).toEqual(['01', 0xe0]);
  });
});

describe('known attributes', () => {
  for (const [code, name, value] of [
    [6, 'ATOMIC_AGGREGATE', ''],
    [7, 'AGGREGATOR', '000000070a070707'],
    [8, 'COMMUNITIES', 'fde80001fde80002'],
    [16, 'EXTENDED COMMUNITIES', '0002fde800000064'],
    [32, 'LARGE_COMMUNITY', '0000fbf60000000100000002'],
    [35, 'ONLY_TO_CUSTOMER', '0000fbf6'],
  ] as const) {
    conforms('4271 §5', `${name} is passed on unchanged`, async () => {
      const { b, c } = await passed(attribute(code, value));
      for (const peer of [b, c]) expect(routeAt(peer, P).hex(code)).toBe(value);
    });
  }

  for (const [code, name, value] of [
    [7, 'AGGREGATOR', '000000070a070707'],
    [8, 'COMMUNITIES', 'fde80001'],
    [32, 'LARGE_COMMUNITY', '0000fbf60000000100000002'],
  ] as const) {
    conforms('4271 §5', `Partial set on ${name} stays set`, async () => {
      const { b } = await passed(attribute(code, value, { flags: 0xe0 }));
      expect(routeAt(b, P).flags(code)).toBe(0xe0);
    });
  }

  for (const origin of [0, 1, 2]) {
    conforms('4271 §5.1.1', `ORIGIN ${origin} is not changed`, async () => {
      const { bed, a, b, c } = await trio();
      a.send(announce(replace(fromExternal(2), 1, attr.origin(origin)), P));
      await bed.settle();
      for (const peer of [b, c]) expect(routeAt(peer, P).hex(1)).toBe(`0${origin}`);
    });
  }

  conforms('4360 §6', 'non-transitive extended communities stay inside the AS', async () => {
    const { b, c } = await passed(attribute(16, '4002fde8000000640002fde800000064'));
    expect(routeAt(b, P).hex(16)).toBe('0002fde800000064');
    expect(routeAt(c, P).hex(16)).toBe('4002fde8000000640002fde800000064');
  });

  conforms('5701 §2', 'non-transitive IPv6 address specific communities stay inside the AS', async () => {
    const [outside, inside] = ['4002', '0002'].map(type => `${type}20010db80000000000000000000000010001`);
    const { b, c } = await passed(attribute(25, outside + inside));
    expect([routeAt(b, P).hex(25), routeAt(c, P).hex(25)]).toEqual([inside, outside + inside]);
  });

  conforms('7999 §3.2', 'BLACKHOLE: NO_EXPORT is added for the AS inside', async () => {
    const { c } = await passed(attr.communities(BLACKHOLE, 0xfde80001));
    expect(routeAt(c, P).hex(8)).toBe('ffff029afde80001ffffff01');
  });

  conforms(
    '4271 §5.1.4',
    'MULTI_EXIT_DISC of an external neighbor: to internal, not to other external ones',
    async () => {
      const { b, c } = await passed(attr.med(5));
      expect(routeAt(b, P).codes).not.toContain(4);
      expect(routeAt(c, P).hex(4)).toBe('00000005');
    },
  );

  conforms('4271 §5.1.4', 'MULTI_EXIT_DISC of an internal neighbor is not sent to external ones', async () => {
    const bed = await Bed.start([internal(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce([...replace(fromInternal(2), 2, attr.asPath(1)), attr.med(5)], P));
    await bed.settle();
    expect(routeAt(b, P).codes).not.toContain(4);
  });

  conforms('4271 §5.1.5', 'LOCAL_PREF to internal neighbors always, to external ones never', async () => {
    const { b, c } = await passed();
    expect(routeAt(b, P).codes).not.toContain(5);
    expect(routeAt(c, P).hex(5)).toBe('00000064');
  });

  conforms('4271 §5.1.5', 'LOCAL_PREF received from an internal neighbor is not sent to external ones', async () => {
    const bed = await Bed.start([internal(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(replace(fromInternal(2), 5, attr.localPref(300)), P));
    await bed.settle();
    expect(routeAt(b, P).codes).not.toContain(5);
  });

  conforms('4271 §5.1.5', 'LOCAL_PREF received from an external neighbor does not count', async () => {
    const { c } = await passed(attr.localPref(500));
    expect(routeAt(c, P).hex(5)).toBe('00000064');
  });

  conforms('4456 §8', 'ORIGINATOR_ID and CLUSTER_LIST are not sent to external neighbors', async () => {
    const bed = await Bed.start([internal(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce([...fromInternal(2), attr.originatorId('10.0.0.9'), attr.clusterList('10.0.0.8')], P));
    await bed.settle();
    expect(routeAt(b, P).codes.filter(code => code === 9 || code === 10)).toEqual([]);
  });

  conforms('4271 §5', 'own routes have ORIGIN, AS_PATH, NEXT_HOP, and LOCAL_PREF for internal neighbors', async () => {
    const { bed, a, c } = await trio();
    bed.speaker.addRoutes([{ prefix: P }]);
    await bed.settle();
    expect(routeAt(a, P).codes).toEqual([1, 2, 3]);
    expect(routeAt(c, P).codes).toEqual([1, 2, 3, 5]);
    expect(routeAt(c, P).attributes.map(x => x.flags)).toEqual([0x40, 0x40, 0x40, 0x40]);
  });
});

describe('well-known communities', () => {
  const CASES: [rfc: string, name: string, value: number, atB: boolean, atC: boolean][] = [
    ['1997', 'NO_EXPORT', NO_EXPORT, false, true],
    ['1997', 'NO_ADVERTISE', NO_ADVERTISE, false, false],
    ['1997', 'NO_EXPORT_SUBCONFED', NO_EXPORT_SUBCONFED, false, true],
    ['7999 §3.2', 'BLACKHOLE from an external neighbor', BLACKHOLE, false, true],
  ];
  for (const [rfc, name, value, atB, atC] of CASES) {
    conforms(
      rfc,
      `${name}: ${atB ? 'sent' : 'not sent'} to an external, ${atC ? 'sent' : 'not sent'} to an internal neighbor`,
      async () => {
        const { b, c } = await passed(attr.communities(0xfde80001, value));
        expect([has(b, P), has(c, P)]).toEqual([atB, atC]);
        if (atC) expect(routeAt(c, P).hex(8)).toContain(value.toString(16).padStart(8, '0'));
      },
    );
    conforms(rfc, `${name} added to a route that was sent: withdrawn`, async () => {
      const { bed, a, b } = await passed();
      a.send(announce([...fromExternal(2), attr.communities(value)], P));
      await bed.settle();
      expect(b.news.map(n => n.route !== null)).toEqual([true, false]);
      a.send(announce(fromExternal(2), P));
      await bed.settle();
      expect(b.news.map(n => n.route !== null)).toEqual([true, false, true]);
    });
  }

  for (const [name, value, sent] of [
    ['NO_EXPORT', NO_EXPORT, false],
    ['NO_ADVERTISE', NO_ADVERTISE, false],
    ['NO_EXPORT_SUBCONFED', NO_EXPORT_SUBCONFED, false],
    ['65535:65284 (NOPEER)', 0xffffff04, true],
    ['65001:1', 0xfde90001, true],
  ] as const) {
    conforms(
      '1997',
      `${name} from an internal neighbor: ${sent ? 'sent' : 'not sent'} to an external one`,
      async () => {
        const bed = await Bed.start([internal(2), external(3)]);
        const [a, b] = [await bed.peer(2), await bed.peer(3)];
        a.send(announce([...fromInternal(2), attr.communities(value)], P));
        await bed.settle();
        expect(has(b, P)).toBe(sent);
      },
    );
  }

  conforms(
    '1997',
    'NO_EXPORT does not hide the route from the decision: a worse path is not sent instead',
    async () => {
      const bed = await Bed.start([external(2), external(3), external(5)]);
      const [a, b, d] = [await bed.peer(2), await bed.peer(3), await bed.peer(5)];
      d.send(announce(replace(fromExternal(5), 2, attr.asPath(64505, 1, 2)), P));
      await bed.settle();
      expect(has(b, P)).toBe(true);
      a.send(announce([...fromExternal(2), attr.communities(NO_EXPORT)], P));
      await bed.settle();
      expect(has(b, P)).toBe(false);
    },
  );

  conforms('8326 §4.3', 'GRACEFUL_SHUTDOWN from an external neighbor: LOCAL_PREF 0', async () => {
    const { c } = await passed(attr.communities(GRACEFUL_SHUTDOWN));
    expect(routeAt(c, P).hex(5)).toBe('00000000');
    expect(routeAt(c, P).hex(8)).toBe('ffff0000');
  });

  conforms('8326 §4.3', 'GRACEFUL_SHUTDOWN: another path is preferred', async () => {
    const bed = await Bed.start([external(2), external(3), internal(4)]);
    const [a, b, c] = [await bed.peer(2), await bed.peer(3), await bed.peer(4)];
    a.send(announce([...fromExternal(2), attr.communities(GRACEFUL_SHUTDOWN)], P));
    b.send(announce(replace(fromExternal(3), 2, attr.asPath(64503, 1, 2, 3)), P));
    await bed.settle();
    expect(routeAt(c, P).path()).toBe('64503 1 2 3');
  });
});
