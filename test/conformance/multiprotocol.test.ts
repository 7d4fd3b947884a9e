// Multiprotocol extensions: RFC 4760, RFC 2545, RFC 8950, End-of-RIB of RFC 4724 §2.

import { describe, expect } from 'vitest';
import { announce, Bed, conforms, external, fromExternal, has, IPV4, IPV6, internal, routeAt } from './bed.js';
import { attr, attribute, cap, nlri, octets, prefixText, readUpdate, Type, u16, update } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const GLOBAL = '20010db8000000000000000000000002';
const LINK_LOCAL = 'fe800000000000000000000000000002';
const PATH = [attr.origin(), attr.asPath(64502)];
const [P6, Q6, P4, Q4] = ['2001:db8:1::/48', '2001:db8:2::/48', '10.1.0.0/24', '10.2.0.0/24'];

const reach6 = (...prefixes: string[]): Buffer =>
  attr.reach(
    2,
    GLOBAL,
    prefixes.map(p => nlri(p)),
  );

/** A sends, B (internal, so that next hops stay) watches. */
async function pair(
  over: { a?: readonly Buffer[]; b?: readonly Buffer[] } = {},
): Promise<{ bed: Bed; a: RawPeer; b: RawPeer }> {
  const bed = await Bed.start([external(2), internal(3)]);
  const a = await bed.peer(2, { more: over.a });
  return { bed, a, b: await bed.peer(3, { more: over.b }) };
}

describe('MP_REACH_NLRI and MP_UNREACH_NLRI', () => {
  for (const [name, attributes] of [
    ['first', [reach6(P6), ...PATH]],
    ['in the middle', [PATH[0], reach6(P6), PATH[1]]],
    ['last', [...PATH, reach6(P6)]],
  ] as const) {
    conforms('7606 §5.1', `MP_REACH_NLRI ${name} among the attributes is taken`, async () => {
      const { bed, a, b } = await pair();
      a.send(update({ attributes }));
      await bed.settle(b);
      expect(routeAt(b, P6).nextHop).toBe(GLOBAL);
    });
  }

  conforms('7606 §5.1', 'reachable and unreachable prefixes of both families in one message', async () => {
    const { bed, a, b } = await pair();
    a.send(announce(fromExternal(2), Q4), update({ attributes: [reach6(Q6), ...PATH] }));
    await bed.settle(b);
    a.send(
      update({
        withdrawn: [nlri(Q4)],
        attributes: [attr.unreach(2, [nlri(Q6)]), ...fromExternal(2), reach6(P6)],
        nlri: [nlri(P4)],
      }),
    );
    await bed.settle(b);
    expect([...b.table.keys()].sort()).toEqual([P4, prefixText(P6)].sort());
    expect(routeAt(b, P6).nextHop).toBe(GLOBAL);
    expect(routeAt(b, P4).nextHop).toBe('7f000002');
  });

  conforms('4760 §4', 'MP_UNREACH_NLRI alone withdraws', async () => {
    const { bed, a, b } = await pair();
    a.send(update({ attributes: [reach6(P6, Q6), ...PATH] }));
    await bed.settle(b);
    a.send(update({ attributes: [attr.unreach(2, [nlri(P6)])] }));
    await bed.settle(b);
    expect([...b.table.keys()]).toEqual([prefixText(Q6)]);
  });

  conforms('4760 §4', 'MP_UNREACH_NLRI beside other attributes withdraws', async () => {
    const { bed, a, b } = await pair();
    a.send(update({ attributes: [reach6(P6), ...PATH] }));
    await bed.settle(b);
    a.send(update({ attributes: [...PATH, attr.med(5), attr.unreach(2, [nlri(P6)])] }));
    await bed.settle(b);
    expect(has(b, P6)).toBe(false);
    expect(a.notifications).toEqual([]);
  });

  conforms('4760 §3', 'NEXT_HOP beside MP_REACH_NLRI alone is ignored', async () => {
    const { bed, a, b } = await pair();
    a.send(update({ attributes: [...PATH, attr.nextHop('0.0.0.0'), reach6(P6)] }));
    await bed.settle(b);
    expect(a.notifications).toEqual([]);
    expect(routeAt(b, P6).nextHop).toBe(GLOBAL);
    expect(routeAt(b, P6).codes).not.toContain(3);
  });

  conforms('4760 §3', 'the reserved octet of MP_REACH_NLRI is ignored', async () => {
    const { bed, a, b } = await pair();
    a.send(update({ attributes: [attribute(14, octets(u16(2), 1, 16, GLOBAL, 0xff, nlri(P6))), ...PATH] }));
    await bed.settle(b);
    expect(has(b, P6)).toBe(true);
  });

  conforms('4760 §3', 'MP_REACH_NLRI without prefixes is no error', async () => {
    const { bed, a, b } = await pair();
    a.send(update({ attributes: [reach6(), ...PATH] }));
    await bed.settle(b);
    expect(a.notifications).toEqual([]);
    expect(b.news).toEqual([]);
  });

  for (const [code, name] of [
    [1, 'ORIGIN'],
    [2, 'AS_PATH'],
  ] as const) {
    conforms('4760 §3', `MP_REACH_NLRI without ${name}: treat-as-withdraw`, async () => {
      const { bed, a, b } = await pair();
      a.send(update({ attributes: [reach6(P6, Q6), ...PATH] }));
      await bed.settle(b);
      a.send(update({ attributes: [reach6(P6), ...PATH.filter(p => p[1] !== code)] }));
      await bed.settle(b);
      expect(a.notifications).toEqual([]);
      expect([...b.table.keys()]).toEqual([prefixText(Q6)]);
    });
  }

  conforms('7606 §2', 'treat-as-withdraw reaches the prefixes of MP_REACH_NLRI and of the NLRI field', async () => {
    const { bed, a, b } = await pair();
    a.send(update({ attributes: [reach6(P6, Q6), ...PATH] }), announce(fromExternal(2), P4, Q4));
    await bed.settle(b);
    a.send(
      update({
        attributes: [attr.origin(9), attr.asPath(64502), attr.nextHop('127.0.0.2'), reach6(P6)],
        nlri: [nlri(P4)],
      }),
    );
    await bed.settle(b);
    expect(a.notifications).toEqual([]);
    expect([...b.table.keys()].sort()).toEqual([Q4, prefixText(Q6)].sort());
  });

  conforms(
    '7606 §3.d',
    'NEXT_HOP missing for the NLRI field: the prefixes of MP_REACH_NLRI are withdrawn too',
    async () => {
      const { bed, a, b } = await pair();
      a.send(update({ attributes: [reach6(P6, Q6), ...PATH] }), announce(fromExternal(2), P4, Q4));
      await bed.settle(b);
      a.send(update({ attributes: [reach6(P6), ...PATH], nlri: [nlri(P4)] }));
      await bed.settle(b);
      expect(a.notifications).toEqual([]);
      expect([...b.table.keys()].sort()).toEqual([Q4, prefixText(Q6)].sort());
    },
  );

  conforms('4760 §3', 'IPv4 prefixes in MP_REACH_NLRI and MP_UNREACH_NLRI', async () => {
    const { bed, a, b } = await pair();
    a.send(update({ attributes: [attr.reach(1, octets(127, 0, 0, 2), [nlri(P4), nlri(Q4)]), ...PATH] }));
    await bed.settle(b);
    expect(routeAt(b, P4).nextHop).toBe('7f000002');
    a.send(update({ attributes: [attr.unreach(1, [nlri(P4)])] }), update({ withdrawn: [nlri(Q4)] }));
    await bed.settle(b);
    expect([...b.table.keys()]).toEqual([]);
  });

  conforms('4760 §3', 'MP_REACH_NLRI with Extended Length and many prefixes', async () => {
    const { bed, a, b } = await pair();
    const prefixes = Array.from({ length: 200 }, (_, i) => `2001:db8:${(i + 1).toString(16)}::/48`);
    a.send(update({ attributes: [reach6(...prefixes), ...PATH] }));
    await bed.settle(b);
    expect(b.table.size).toBe(200);
  });
});

describe('next hops of IPv6', () => {
  conforms('2545 §3', 'a global and a link-local next hop are taken', async () => {
    const { bed, a, b } = await pair();
    a.send(update({ attributes: [attr.reach(2, GLOBAL + LINK_LOCAL, [nlri(P6)]), ...PATH] }));
    await bed.settle(b);
    expect(a.notifications).toEqual([]);
    expect(routeAt(b, P6).nextHop.slice(0, 32)).toBe(GLOBAL);
  });

  for (const [name, hop] of [
    ['::', '00'.repeat(16)],
    ['ff02::1', `ff02${'00'.repeat(13)}01`],
  ] as const) {
    conforms('4271 §6.3', `next hop ${name}, no address of a host: no route, the session stays`, async () => {
      const { bed, a, b } = await pair();
      a.send(update({ attributes: [attr.reach(2, hop, [nlri(P6)]), ...PATH] }));
      await bed.settle(b);
      expect(a.notifications).toEqual([]);
      expect(b.news).toEqual([]);
    });
  }
});

describe('families that were not negotiated', () => {
  conforms('4760 §8', 'IPv6 from a neighbor that did not offer it is ignored, the session stays', async () => {
    const bed = await Bed.start([external(2), internal(3)]);
    const [a, b] = [await bed.peer(2, { capabilities: [cap.ipv4, cap.as4(64502)] }), await bed.peer(3)];
    a.send(update({ attributes: [reach6(P6), ...PATH] }), update({ attributes: [attr.unreach(2, [nlri(Q6)])] }));
    a.send(announce(fromExternal(2), P4));
    await bed.settle(b);
    expect(a.notifications).toEqual([]);
    expect([...b.table.keys()]).toEqual([P4]);
  });

  conforms('4760 §8', 'IPv6 that is not configured here is ignored, the session stays', async () => {
    const bed = await Bed.start([external(2, { families: [IPV4] }), internal(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(update({ attributes: [...fromExternal(2), reach6(P6)], nlri: [nlri(P4)] }));
    await bed.settle(b);
    expect(a.notifications).toEqual([]);
    expect([...b.table.keys()]).toEqual([P4]);
  });

  for (const [name, attributes] of [
    [
      'MP_REACH_NLRI of VPN-IPv4',
      [attr.reach(1, '00'.repeat(12), [octets(88, '000011', '00'.repeat(8))], 128), ...PATH],
    ],
    ['MP_REACH_NLRI of an unknown family', [attr.reach(4711, '0102', [octets('ffffffff')], 99), ...PATH]],
    ['MP_UNREACH_NLRI of an unknown family', [attr.unreach(4711, [octets('ffffffff')], 99)]],
    ['MP_REACH_NLRI of IPv6 multicast', [attr.reach(2, GLOBAL, [nlri('2001:db8::/32')], 2), ...PATH]],
  ] as const) {
    conforms('4760 §8', `${name} is ignored, the session stays`, async () => {
      const { bed, a, b } = await pair();
      a.send(update({ attributes }), announce(fromExternal(2), P4));
      await bed.settle(b);
      expect(a.notifications).toEqual([]);
      expect([...b.table.keys()]).toEqual([P4]);
    });
  }

  conforms('4760 §8', 'a neighbor gets only the families it offered', async () => {
    const bed = await Bed.start([external(2), internal(3), internal(4), internal(5, { families: [IPV6] })]);
    const a = await bed.peer(2);
    const as = cap.as4(65001);
    const [v4, v6, own] = [
      await bed.peer(3, { capabilities: [cap.ipv4, as] }),
      await bed.peer(4, { capabilities: [cap.ipv6, as] }),
      await bed.peer(5),
    ];
    a.send(announce(fromExternal(2), P4), update({ attributes: [reach6(P6), ...PATH] }));
    await bed.settle(a, v4);
    await v6.until('the IPv6 route', () => has(v6, P6));
    await own.until('the IPv6 route', () => has(own, P6));
    expect([...v4.table.keys()]).toEqual([P4]);
    expect([...v6.table.keys()]).toEqual([prefixText(P6)]);
    expect([...own.table.keys()]).toEqual([prefixText(P6)]);
    expect(v4.endOfRib).toEqual([1]);
    expect(v6.endOfRib).toEqual([2]);
  });

  conforms('4760 §8', 'IPv4 routes from a neighbor that offered only IPv6 are ignored', async () => {
    const bed = await Bed.start([external(2), internal(3)]);
    const [a, b] = [await bed.peer(2, { capabilities: [cap.ipv6, cap.as4(64502)] }), await bed.peer(3)];
    a.send(announce(fromExternal(2), P4), update({ attributes: [reach6(P6), ...PATH] }));
    await bed.settle(b);
    expect(a.notifications).toEqual([]);
    expect([...b.table.keys()]).toEqual([prefixText(P6)]);
  });
});

describe('IPv4 prefixes with IPv6 next hop', () => {
  const more = [cap.extendedNextHop];

  conforms('8950 §4', 'the capability is sent for IPv4 unicast', async () => {
    const bed = await Bed.start([external(2)]);
    const sent = await (await bed.connect(2)).nextOpen();
    expect(sent.capabilities).toContainEqual({ code: 5, value: '000100010002' });
  });

  for (const [length, hop] of [
    [16, GLOBAL],
    [32, GLOBAL + LINK_LOCAL],
  ] as const) {
    conforms('8950 §3', `a next hop of ${length} octets is taken and sent on unchanged in MP_REACH_NLRI`, async () => {
      const { bed, a, b } = await pair({ a: more, b: more });
      a.send(update({ attributes: [attr.reach(1, hop, [nlri(P4)]), ...PATH] }));
      await bed.settle(b);
      expect(a.notifications).toEqual([]);
      expect(routeAt(b, P4).nextHop.slice(0, 32)).toBe(GLOBAL);
      expect(routeAt(b, P4).codes).toContain(14);
    });
  }

  conforms('8950 §5', 'it is not sent to a neighbor without the capability', async () => {
    const { bed, a, b } = await pair({ a: more });
    a.send(update({ attributes: [attr.reach(1, GLOBAL, [nlri(P4)]), ...PATH] }));
    await bed.settle(b);
    expect(b.news).toEqual([]);
  });

  conforms('8950 §5', 'what such a neighbor had is withdrawn when the next hop becomes IPv6', async () => {
    const { bed, a, b } = await pair({ a: more });
    a.send(announce(fromExternal(2), P4));
    await bed.settle(b);
    a.send(update({ attributes: [attr.reach(1, GLOBAL, [nlri(P4)]), ...PATH] }));
    await bed.settle(b);
    expect(b.news.map(n => n.route !== null)).toEqual([true, false]);
  });

  conforms('8950 §3', 'MP_UNREACH_NLRI withdraws it', async () => {
    const { bed, a, b } = await pair({ a: more, b: more });
    a.send(update({ attributes: [attr.reach(1, GLOBAL, [nlri(P4)]), ...PATH] }));
    await bed.settle(b);
    a.send(update({ attributes: [attr.unreach(1, [nlri(P4)])] }));
    await bed.settle(b);
    expect(has(b, P4)).toBe(false);
  });
});

describe('End-of-RIB', () => {
  conforms('4724 §2', 'sent once for each negotiated family after the first routes', async () => {
    const bed = await Bed.start([external(2), internal(3)]);
    const a = await bed.peer(2);
    a.send(announce(fromExternal(2), P4), update({ attributes: [reach6(P6), ...PATH] }));
    await bed.settle(a);
    const b = await bed.peer(3, {
      more: [
        cap.gracefulRestart(120, [
          [1, true],
          [2, true],
        ]),
      ],
    });
    await bed.settle(b);
    expect(b.endOfRib.toSorted()).toEqual([1, 2]);
    const updates = b.messages.filter(m => m.type === Type.update);
    const at = (found: (u: ReturnType<typeof readUpdate>) => boolean) =>
      updates.findIndex(m => found(readUpdate(m.body)));
    expect(at(u => u.nlri.includes(P4))).toBeLessThan(updates.findIndex(m => m.bytes.length === 23));
    const marker6 = updates.findIndex(m => m.body.toString('hex') === '00000006800f03000201');
    expect(marker6).toBeGreaterThan(at(u => u.reach !== undefined));
  });

  conforms('4724 §2', 'sent also when there are no routes', async () => {
    const bed = await Bed.start([external(2)]);
    const a = await bed.peer(2);
    await a.until('both markers', () => a.endOfRib.length === 2);
    expect(a.endOfRib.toSorted()).toEqual([1, 2]);
    expect(a.messages.find(m => m.bytes.length === 23)?.body.toString('hex')).toBe('00000000');
  });

  conforms('4724 §2', 'received, it changes nothing', async () => {
    const { bed, a, b } = await pair();
    a.send(announce(fromExternal(2), P4), update({}), update({ attributes: [attr.unreach(2, [])] }));
    await bed.settle(b);
    expect(a.notifications).toEqual([]);
    expect([...b.table.keys()]).toEqual([P4]);
    expect(bed.status(2).families.map(f => f.endOfRib)).toEqual([true, true]);
  });
});
