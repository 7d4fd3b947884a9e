// Confederations (RFC 5065): what neighbors inside and outside see, and which paths count as what.
//
// The speaker is in member AS 65001 of confederation 64999; the other members are 64502 and 64503, so that external(2) and
// external(3) of the test bed are inside, in other members. 5 and 6 are outside, 4 is in the own member.

import { describe, expect } from 'vitest';
import { announce, Bed, conforms, external, fromExternal, has, internal, OWN, replace, routeAt } from './bed.js';
import { attr, CONFED_SEQUENCE, CONFED_SET, octets, SEQUENCE, segment, u32 } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const P = '10.1.0.0/24';
const IDENTIFIER = 64999;
const confederation = { identifier: IDENTIFIER, members: [64502, 64503, OWN.as] };
const hex = (number: number) => octets(u32(number)).toString('hex');
const confed = (...ases: number[]) => segment(CONFED_SEQUENCE, ases);

interface Scene {
  bed: Bed;
  /** In member 64502, in member 64503, in the own one. */
  member: RawPeer;
  other: RawPeer;
  own: RawPeer;
  /** In ASes 64505 and 64506. */
  outside: RawPeer;
  outside2: RawPeer;
}

async function scene(): Promise<Scene> {
  const bed = await Bed.start([external(2), external(3), internal(4), external(5), external(6)], { confederation });
  const [member, other, own] = [await bed.peer(2), await bed.peer(3), await bed.peer(4)];
  return { bed, member, other, own, outside: await bed.peer(5), outside2: await bed.peer(6) };
}

/** A route of the neighbor in member 64502 with this AS_PATH. */
const fromMember = (...segments: Buffer[]) => [
  attr.origin(),
  attr.segments(...segments),
  attr.nextHop('192.0.2.9'),
  attr.med(42),
  attr.localPref(300),
];

describe('sessions', () => {
  for (const [n, as, where] of [
    [2, OWN.as, 'in another member'],
    [4, OWN.as, 'in the same member'],
    [5, IDENTIFIER, 'outside'],
  ] as const) {
    conforms('5065 §4', `to a neighbor ${where} the OPEN has AS ${as}`, async () => {
      const bed = await Bed.start([external(2), internal(4), external(5)], { confederation });
      expect((await (await bed.connect(n)).nextOpen()).as).toBe(as);
    });
  }

  conforms('5065 §4', 'the status tells where a neighbor is', async () => {
    const { bed } = await scene();
    expect([2, 4, 5].map(n => bed.status(n).type)).toEqual(['confederation', 'internal', 'external']);
  });
});

describe('AS_PATH sent', () => {
  conforms(
    '5065 §4',
    'an own route: empty to the own member, AS_CONFED_SEQUENCE to another, the identifier outside',
    async () => {
      const { bed, member, own, outside } = await scene();
      bed.speaker.addRoutes([{ prefix: P }]);
      await bed.settle();
      expect([own, member, outside].map(peer => routeAt(peer, P).hex(2))).toEqual([
        '',
        confed(OWN.as).toString('hex'),
        segment(SEQUENCE, [IDENTIFIER]).toString('hex'),
      ]);
    },
  );

  conforms('5065 §4', 'a route from outside: AS_CONFED_SEQUENCE in front to another member', async () => {
    const { bed, member, own, outside, outside2 } = await scene();
    outside.send(announce(replace(fromExternal(5), 2, attr.asPath(64505, 7)), P));
    await bed.settle(member, own, outside2);
    expect(routeAt(own, P).path()).toBe('64505 7');
    expect(routeAt(member, P).hex(2)).toBe(octets(confed(OWN.as), segment(SEQUENCE, [64505, 7])).toString('hex'));
    expect(routeAt(outside2, P).hex(2)).toBe(segment(SEQUENCE, [IDENTIFIER, 64505, 7]).toString('hex'));
  });

  conforms('5065 §4', 'a route from another member: the own member joins the leading AS_CONFED_SEQUENCE', async () => {
    const { bed, member, other, own, outside } = await scene();
    member.send(announce(fromMember(confed(64502, 64510), segment(SEQUENCE, [7])), P));
    await bed.settle(other, own, outside);
    expect(routeAt(own, P).hex(2)).toBe(octets(confed(64502, 64510), segment(SEQUENCE, [7])).toString('hex'));
    expect(routeAt(other, P).hex(2)).toBe(octets(confed(OWN.as, 64502, 64510), segment(SEQUENCE, [7])).toString('hex'));
  });

  conforms('5065 §4', 'a full leading AS_CONFED_SEQUENCE: a new one in front', async () => {
    const { bed, member, other } = await scene();
    const full = [64502, ...new Array<number>(254).fill(64510)];
    member.send(announce(fromMember(confed(...full)), P));
    await bed.settle(other);
    expect(routeAt(other, P).hex(2)).toBe(octets(confed(OWN.as), confed(...full)).toString('hex'));
  });

  conforms('5065 §5', 'no confederation segment is shown outside', async () => {
    const { bed, member, outside } = await scene();
    member.send(announce(fromMember(confed(64502, 64510), segment(SEQUENCE, [7])), P));
    member.send(announce(fromMember(confed(64502)), '10.2.0.0/24'));
    await bed.settle(outside);
    expect(routeAt(outside, P).hex(2)).toBe(segment(SEQUENCE, [IDENTIFIER, 7]).toString('hex'));
    expect(routeAt(outside, '10.2.0.0/24').hex(2)).toBe(segment(SEQUENCE, [IDENTIFIER]).toString('hex'));
  });
});

describe('other attributes sent', () => {
  conforms('5065 §5.2', 'LOCAL_PREF, MED and NEXT_HOP stay between members', async () => {
    const { bed, member, other, own } = await scene();
    member.send(announce(fromMember(confed(64502), segment(SEQUENCE, [7])), P));
    await bed.settle(other, own);
    for (const peer of [other, own]) {
      const told = routeAt(peer, P);
      expect([told.nextHop, told.hex(4), told.hex(5)]).toEqual(['c0000209', hex(42), hex(300)]);
    }
  });

  conforms('5065 §5.2', 'outside they are those of the whole AS', async () => {
    const { bed, member, outside } = await scene();
    member.send(announce(fromMember(confed(64502), segment(SEQUENCE, [7])), P));
    await bed.settle(outside);
    const told = routeAt(outside, P);
    expect([told.nextHop, told.hex(4), told.hex(5)]).toEqual(['7f000001', undefined, undefined]);
  });

  conforms('5065 §4', 'a route of the own member goes to the others, with LOCAL_PREF', async () => {
    const { bed, member, own } = await scene();
    own.send(announce([attr.origin(), attr.asPath(), attr.nextHop('127.0.0.4'), attr.localPref(200)], P));
    await bed.settle(member);
    expect([routeAt(member, P).hex(5), routeAt(member, P).nextHop]).toEqual([hex(200), '7f000004']);
  });

  conforms('4456 §8', 'ORIGINATOR_ID and CLUSTER_LIST do not leave the member', async () => {
    const { bed, member, own } = await scene();
    const reflected = [attr.originatorId('10.9.9.9'), attr.clusterList('10.9.9.8')];
    own.send(announce([attr.origin(), attr.asPath(), attr.nextHop('127.0.0.4'), attr.localPref(200), ...reflected], P));
    await bed.settle(member);
    expect(routeAt(member, P).codes).toEqual([1, 2, 3, 5]);
  });

  for (const [name, community, toMember, toOutside] of [
    ['NO_EXPORT', 0xffffff01, true, false],
    ['NO_EXPORT_SUBCONFED', 0xffffff03, false, false],
    ['NO_ADVERTISE', 0xffffff02, false, false],
  ] as const) {
    conforms('1997', `${name} in a confederation: ${toMember ? 'stays inside' : 'stays here'}`, async () => {
      const { bed, member, other, outside } = await scene();
      member.send(announce([...fromMember(confed(64502)), attr.communities(community)], P));
      await bed.settle(other, outside);
      expect([has(other, P), has(outside, P)]).toEqual([toMember, toOutside]);
    });
  }
});

describe('AS_PATH received', () => {
  const loops: [what: string, peer: 'member' | 'outside', path: Buffer[]][] = [
    ['the own member in AS_CONFED_SEQUENCE', 'member', [confed(64502, OWN.as)]],
    ['the identifier in AS_SEQUENCE, from a member', 'member', [confed(64502), segment(SEQUENCE, [7, IDENTIFIER])]],
    ['the identifier in AS_SEQUENCE, from outside', 'outside', [segment(SEQUENCE, [64505, IDENTIFIER])]],
  ];
  for (const [what, from, path] of loops) {
    conforms('5065 §4', `${what}: a loop`, async () => {
      const all = await scene();
      all[from].send(
        announce(from === 'member' ? fromMember(...path) : replace(fromExternal(5), 2, attr.segments(...path)), P),
      );
      await all.bed.settle(all.own);
      expect(all.own.news).toEqual([]);
      expect(all[from].notifications).toEqual([]);
    });
  }

  conforms('5065 §4', "the own member's number in AS_SEQUENCE is another AS of that number", async () => {
    const { bed, own, outside } = await scene();
    outside.send(announce(replace(fromExternal(5), 2, attr.asPath(64505, OWN.as)), P));
    await bed.settle(own);
    expect(has(own, P)).toBe(true);
  });

  for (const [what, path] of [
    ['an AS_SEQUENCE', [segment(SEQUENCE, [64502])]],
    ['nothing', []],
  ] as const) {
    conforms(
      '5065 §5',
      `a path from another member that begins with ${what}: not used, the session stays`,
      async () => {
        const { bed, member, own } = await scene();
        member.send(announce(fromMember(...path), P));
        await bed.settle(own);
        expect(own.news).toEqual([]);
        expect(member.notifications).toEqual([]);
      },
    );
  }

  for (const [what, type] of [
    ['AS_CONFED_SEQUENCE', CONFED_SEQUENCE],
    ['AS_CONFED_SET', CONFED_SET],
  ] as const) {
    conforms('5065 §5', `${what} from outside: treat-as-withdraw`, async () => {
      const { bed, own, outside } = await scene();
      const path = attr.segments(segment(type, [64510]), segment(SEQUENCE, [64505]));
      outside.send(announce(replace(fromExternal(5), 2, path), P));
      await bed.settle(own);
      expect(own.news).toEqual([]);
      expect(outside.notifications).toEqual([]);
    });
  }
});

describe('the decision process', () => {
  /** Which path the own member is told of when both are there, in either order. */
  async function chosen(first: Buffer[], second: Buffer[]): Promise<(string | undefined)[]> {
    const answers: (string | undefined)[] = [];
    for (const [a, b] of [
      [first, second],
      [second, first],
    ]) {
      const { bed, member, other, own } = await scene();
      for (const attributes of [a, b]) (attributes === first ? member : other).send(announce(attributes, P));
      await bed.settle(own);
      answers.push(routeAt(own, P).hex(2));
    }
    return answers;
  }
  const route = (med: number, ...segments: Buffer[]) => [
    attr.origin(),
    attr.segments(...segments),
    attr.nextHop('192.0.2.9'),
    attr.med(med),
    attr.localPref(100),
  ];

  conforms('5065 §5.3', 'confederation segments do not make a path longer', async () => {
    const long = route(0, confed(64502, 64510, 64511, 64512), segment(SEQUENCE, [7]));
    const short = route(0, confed(64503), segment(SEQUENCE, [7, 8]));
    const path = octets(confed(64502, 64510, 64511, 64512), segment(SEQUENCE, [7])).toString('hex');
    expect(await chosen(long, short)).toEqual([path, path]);
  });

  conforms('5065 §5.3', 'MEDs are compared by the first AS behind the confederation segments', async () => {
    const worse = route(20, confed(64502), segment(SEQUENCE, [7]));
    const better = route(10, confed(64503), segment(SEQUENCE, [7]));
    const path = octets(confed(64503), segment(SEQUENCE, [7])).toString('hex');
    expect(await chosen(worse, better)).toEqual([path, path]);
  });

  conforms(
    '5065 §5.3',
    'paths within the confederation have the local AS as neighbor AS: MEDs are compared',
    async () => {
      const path = confed(64503).toString('hex');
      expect(await chosen(route(20, confed(64502)), route(10, confed(64503)))).toEqual([path, path]);
    },
  );

  conforms('5065 §5.3', 'a path from another member is as good as one from the own member', async () => {
    const { bed, member, other, own } = await scene();
    own.send(announce([attr.origin(), attr.asPath(), attr.nextHop('192.0.2.9'), attr.localPref(100)], P));
    member.send(announce(route(0, confed(64502)), P));
    await bed.settle(other);
    // What is left to decide is the BGP Identifier.
    expect(routeAt(other, P).hex(2)).toBe(confed(OWN.as, 64502).toString('hex'));
  });

  conforms('5065 §5.3', 'a path from another member is internal: one from outside wins', async () => {
    const { bed, member, own, outside } = await scene();
    member.send(announce(route(0, confed(64502), segment(SEQUENCE, [7])), P));
    outside.send(announce(fromExternal(5), P));
    await bed.settle(own);
    expect(routeAt(own, P).path()).toBe('64505');
  });
});
