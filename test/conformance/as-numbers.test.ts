// AS numbers: four octets and old speakers (RFC 6793), AS 0 (RFC 7607), loops (RFC 4271 §9.1.2).

import { describe, expect } from 'vitest';
import { announce, Bed, conforms, external, fromExternal, internal, replace, routeAt } from './bed.js';
import { attr, attribute, CONFED_SEQUENCE, cap, octets, SEQUENCE, segment, u16, u32 } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const AS = 64502;
const BIG = 4200000123;
const P = '10.1.0.0/24';
const OLD_CAPABILITIES = [cap.ipv4, cap.routeRefresh];

/** A is an old speaker (AS 64502), B (external) and C (internal) speak four octets. */
async function fromOld(): Promise<{ bed: Bed; a: RawPeer; b: RawPeer; c: RawPeer }> {
  const bed = await Bed.start([external(2), external(3), internal(4)]);
  const a = await bed.peer(2, { capabilities: OLD_CAPABILITIES });
  return { bed, a, b: await bed.peer(3), c: await bed.peer(4) };
}

const oldRoute = (path: Buffer, ...more: Buffer[]): Buffer =>
  announce([attr.origin(), path, attr.nextHop('127.0.0.2'), ...more], P);
const sequence4 = (...ases: number[]): Buffer => segment(SEQUENCE, ases);

interface Merge {
  text: string;
  path: number[];
  as4Path?: Buffer;
  /** AS_PATH as seen behind the speaker, without its own AS. */
  merged: string;
  section?: string;
}

const MERGES: Merge[] = [
  { text: 'without AS4_PATH', path: [AS, 1, 2], merged: `${AS} 1 2` },
  { text: 'AS_TRANS without AS4_PATH stays', path: [AS, 23456, 2], merged: `${AS} 23456 2` },
  { text: 'AS4_PATH as long as AS_PATH', path: [AS, 23456], as4Path: sequence4(AS, BIG), merged: `${AS} ${BIG}` },
  {
    text: 'AS4_PATH shorter than AS_PATH: the leading numbers are prepended',
    path: [AS, 7, 23456, 2],
    as4Path: sequence4(BIG, 2),
    merged: `${AS} 7 ${BIG} 2`,
  },
  {
    text: 'AS4_PATH longer than AS_PATH is ignored',
    path: [AS, 23456],
    as4Path: sequence4(AS, BIG, 5),
    merged: `${AS} 23456`,
  },
  { text: 'AS4_PATH of one number', path: [AS, 23456], as4Path: sequence4(BIG), merged: `${AS} ${BIG}` },
  {
    text: 'AS4_PATH in two segments',
    path: [AS, 23456, 23456],
    as4Path: octets(sequence4(BIG), sequence4(BIG + 1)),
    merged: `${AS} ${BIG} ${BIG + 1}`,
  },
  {
    section: '6',
    text: 'AS4_PATH of odd length is discarded',
    path: [AS, 23456],
    as4Path: octets(2, 1, u32(BIG), 0),
    merged: `${AS} 23456`,
  },
  {
    section: '6',
    text: 'AS4_PATH of 0 octets is discarded',
    path: [AS, 23456],
    as4Path: octets(),
    merged: `${AS} 23456`,
  },
  {
    section: '6',
    text: 'AS4_PATH of 4 octets is discarded',
    path: [AS, 23456],
    as4Path: octets(2, 1, u16(1)),
    merged: `${AS} 23456`,
  },
  {
    section: '6',
    text: 'AS4_PATH with an empty segment is discarded',
    path: [AS, 23456],
    as4Path: octets(sequence4(BIG), 2, 0),
    merged: `${AS} 23456`,
  },
  {
    section: '6',
    text: 'AS4_PATH whose segment is too long is discarded',
    path: [AS, 23456],
    as4Path: octets(2, 2, u32(BIG)),
    merged: `${AS} 23456`,
  },
  {
    section: '6',
    text: 'AS4_PATH with octets behind its segment is discarded',
    path: [AS, 23456],
    as4Path: octets(sequence4(BIG), 0, 0),
    merged: `${AS} 23456`,
  },
  {
    section: '6',
    text: 'AS4_PATH with segment type 0 is discarded',
    path: [AS, 23456],
    as4Path: segment(0, [BIG]),
    merged: `${AS} 23456`,
  },
  {
    section: '6',
    text: 'AS4_PATH with segment type 5 is discarded',
    path: [AS, 23456],
    as4Path: segment(5, [BIG]),
    merged: `${AS} 23456`,
  },
  {
    section: '6',
    text: 'confederation segments in AS4_PATH are discarded, the rest counts',
    path: [AS, 23456],
    as4Path: octets(segment(CONFED_SEQUENCE, [65100]), sequence4(BIG)),
    merged: `${AS} ${BIG}`,
  },
];

describe('routes of old speakers', () => {
  for (const { text, path, as4Path, merged, section = '4.2.3' } of MERGES) {
    conforms(`6793 §${section}`, text, async () => {
      const { bed, a, b, c } = await fromOld();
      a.send(oldRoute(attr.asPath2(...path), ...(as4Path === undefined ? [] : [attribute(17, as4Path)])));
      await bed.settle();
      expect(a.notifications).toEqual([]);
      expect(routeAt(c, P).path()).toBe(merged);
      expect(routeAt(b, P).path()).toBe(`65001 ${merged}`);
      for (const peer of [b, c]) expect(routeAt(peer, P).codes).not.toContain(17);
    });
  }

  conforms('7607 §2', 'AS 0 in AS4_PATH: AS4_PATH is discarded', async () => {
    const { bed, a, c } = await fromOld();
    a.send(oldRoute(attr.asPath2(AS, 23456), attr.as4Path(sequence4(0))));
    await bed.settle();
    expect(routeAt(c, P).path()).toBe(`${AS} 23456`);
  });

  conforms('6793 §4.2.3', 'AS_PATH of 4-octet numbers from an old speaker: treat-as-withdraw', async () => {
    const { bed, a, c } = await fromOld();
    a.send(oldRoute(attr.asPath(AS)));
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect(c.news).toEqual([]);
  });

  const AGGREGATORS: [text: string, more: Buffer[], aggregator: string | undefined, path: string][] = [
    ['AGGREGATOR alone', [attr.aggregator2(7, '10.7.7.7')], '000000070a070707', `${AS} 23456`],
    [
      'AS_TRANS in AGGREGATOR: AS4_AGGREGATOR counts',
      [attr.aggregator2(23456, '10.7.7.7'), attr.as4Aggregator(BIG, '10.7.7.7')],
      'fa56ea7b0a070707',
      `${AS} 23456`,
    ],
    [
      'AS_TRANS in AGGREGATOR: AS4_PATH counts too',
      [attr.aggregator2(23456, '10.7.7.7'), attr.as4Path(sequence4(BIG)), attr.as4Aggregator(BIG, '10.7.7.7')],
      'fa56ea7b0a070707',
      `${AS} ${BIG}`,
    ],
    [
      'another AS number in AGGREGATOR: AS4_AGGREGATOR and AS4_PATH are ignored',
      [attr.aggregator2(7, '10.7.7.7'), attr.as4Path(sequence4(BIG)), attr.as4Aggregator(BIG, '10.8.8.8')],
      '000000070a070707',
      `${AS} 23456`,
    ],
    [
      'AS_TRANS in AGGREGATOR without AS4_AGGREGATOR stays',
      [attr.aggregator2(23456, '10.7.7.7')],
      '00005ba00a070707',
      `${AS} 23456`,
    ],
    [
      'AS4_AGGREGATOR of 6 octets is discarded',
      [attr.aggregator2(23456, '10.7.7.7'), attribute(18, '00070a070707')],
      '00005ba00a070707',
      `${AS} 23456`,
    ],
    [
      'AS4_AGGREGATOR of 0 octets is discarded',
      [attr.aggregator2(23456, '10.7.7.7'), attribute(18, '')],
      '00005ba00a070707',
      `${AS} 23456`,
    ],
    [
      'AS4_AGGREGATOR of AS 0 is discarded',
      [attr.aggregator2(23456, '10.7.7.7'), attr.as4Aggregator(0, '10.7.7.7')],
      '00005ba00a070707',
      `${AS} 23456`,
    ],
    [
      'AGGREGATOR of 8 octets from an old speaker is discarded',
      [attr.aggregator(7, '10.7.7.7')],
      undefined,
      `${AS} 23456`,
    ],
  ];
  for (const [text, more, aggregator, path] of AGGREGATORS) {
    conforms('6793 §4.2.3', text, async () => {
      const { bed, a, c } = await fromOld();
      a.send(oldRoute(attr.asPath2(AS, 23456), ...more));
      await bed.settle();
      expect(a.notifications).toEqual([]);
      expect(routeAt(c, P).hex(7)).toBe(aggregator);
      expect(routeAt(c, P).path()).toBe(path);
      expect(routeAt(c, P).codes).not.toContain(18);
    });
  }

  conforms('6793 §4.2.3', "the speaker's own AS in AS4_PATH is a loop", async () => {
    const bed = await Bed.start([external(2), external(3)], { as: BIG });
    const [a, b] = [await bed.peer(2, { capabilities: OLD_CAPABILITIES }), await bed.peer(3)];
    a.send(oldRoute(attr.asPath2(AS, 23456), attr.as4Path(sequence4(BIG))));
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect(b.news).toEqual([]);
  });

  conforms('6793 §4.2.3', 'AS_TRANS in the path of a speaker of a 4-octet AS is no loop', async () => {
    const bed = await Bed.start([external(2), external(3)], { as: BIG });
    const [a, b] = [await bed.peer(2, { capabilities: OLD_CAPABILITIES }), await bed.peer(3)];
    a.send(oldRoute(attr.asPath2(AS, 23456), attr.as4Path(sequence4(BIG + 1))));
    await bed.settle();
    expect(routeAt(b, P).path()).toBe(`${BIG} ${AS} ${BIG + 1}`);
  });
});

describe('AS4_PATH and AS4_AGGREGATOR of new speakers', () => {
  for (const [name, more] of [
    ['AS4_PATH', [attr.as4Path(sequence4(BIG, BIG + 1))]],
    ['AS4_AGGREGATOR', [attr.aggregator(7, '10.7.7.7'), attr.as4Aggregator(BIG, '10.8.8.8')]],
    ['a malformed AS4_PATH', [attribute(17, '0909')]],
    ['a malformed AS4_AGGREGATOR', [attribute(18, '01')]],
  ] as const) {
    conforms('6793 §6', `${name} is discarded`, async () => {
      const bed = await Bed.start([external(2), internal(3)]);
      const [a, b] = [await bed.peer(2), await bed.peer(3)];
      a.send(announce([...replace(fromExternal(2), 2, attr.asPath(AS, 23456, 9)), ...more], P));
      await bed.settle();
      expect(a.notifications).toEqual([]);
      expect(routeAt(b, P).path()).toBe(`${AS} 23456 9`);
      expect(routeAt(b, P).codes.filter(c => c > 16)).toEqual([]);
      if (name === 'AS4_AGGREGATOR') expect(routeAt(b, P).hex(7)).toBe('000000070a070707');
    });
  }
});

describe('routes to old speakers', () => {
  interface Sent {
    text: string;
    path: number[];
    more?: Buffer[];
    path2: string;
    as4Path?: string;
    aggregator?: string;
    as4Aggregator?: string;
  }
  const SENT: Sent[] = [
    { text: 'only mappable AS numbers: no AS4_PATH', path: [AS, 65535, 1], path2: `65001 ${AS} 65535 1` },
    {
      text: 'AS_TRANS for 4-octet numbers, and AS4_PATH',
      path: [AS, BIG, 1],
      path2: `65001 ${AS} 23456 1`,
      as4Path: `65001 ${AS} ${BIG} 1`,
    },
    {
      text: 'the number 65536 does not fit',
      path: [AS, 65536],
      path2: `65001 ${AS} 23456`,
      as4Path: `65001 ${AS} 65536`,
    },
    {
      text: 'AGGREGATOR of a mappable AS: no AS4_AGGREGATOR',
      path: [AS],
      more: [attr.aggregator(7, '10.7.7.7')],
      path2: `65001 ${AS}`,
      aggregator: '00070a070707',
    },
    {
      text: 'AGGREGATOR of a 4-octet AS: AS_TRANS, and AS4_AGGREGATOR',
      path: [AS],
      more: [attr.aggregator(BIG, '10.7.7.7')],
      path2: `65001 ${AS}`,
      aggregator: '5ba00a070707',
      as4Aggregator: 'fa56ea7b0a070707',
    },
  ];
  for (const { text, path, more = [], path2, as4Path, aggregator, as4Aggregator } of SENT) {
    conforms('6793 §4.2.2', text, async () => {
      const bed = await Bed.start([external(2), external(3)]);
      const [a, b] = [await bed.peer(2), await bed.peer(3, { capabilities: OLD_CAPABILITIES })];
      a.send(announce([...replace(fromExternal(2), 2, attr.asPath(...path)), ...more], P));
      await bed.settle();
      const route = routeAt(b, P);
      expect(route.path(2, 2)).toBe(path2);
      expect(route.path(17)).toBe(as4Path);
      expect(route.hex(7)).toBe(aggregator);
      expect(route.hex(18)).toBe(as4Aggregator);
      for (const code of [17, 18]) expect([undefined, 0xc0]).toContain(route.flags(code));
    });
  }

  conforms('6793 §4.2.2', "the speaker's own 4-octet AS is AS_TRANS towards an old speaker", async () => {
    const bed = await Bed.start([external(2), external(3)], { as: BIG });
    const [a, b] = [await bed.peer(2), await bed.peer(3, { capabilities: OLD_CAPABILITIES })];
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    expect(routeAt(b, P).path(2, 2)).toBe(`23456 ${AS}`);
    expect(routeAt(b, P).path(17)).toBe(`${BIG} ${AS}`);
  });

  conforms('6793 §4.2.2', 'an empty path to an old internal speaker has no AS4_PATH', async () => {
    const bed = await Bed.start([internal(3)]);
    const b = await bed.peer(3, { capabilities: OLD_CAPABILITIES });
    bed.speaker.addRoutes([{ prefix: P }]);
    await bed.settle();
    expect(routeAt(b, P).hex(2)).toBe('');
    expect(routeAt(b, P).codes).not.toContain(17);
  });

  conforms('6793 §4.2.2', 'the same route to an old and a new speaker', async () => {
    const bed = await Bed.start([external(2), external(3), external(4)]);
    const a = await bed.peer(2);
    const [old, current] = [await bed.peer(3, { capabilities: OLD_CAPABILITIES }), await bed.peer(4)];
    a.send(announce(replace(fromExternal(2), 2, attr.asPath(AS, BIG)), P));
    await bed.settle();
    expect([routeAt(old, P).path(2, 2), routeAt(current, P).path()]).toEqual([
      `65001 ${AS} 23456`,
      `65001 ${AS} ${BIG}`,
    ]);
    expect(routeAt(current, P).codes).not.toContain(17);
  });
});
