// Prefixes: RFC 4271 §4.3 and §6.3, RFC 7606 §5.3, RFC 4760 §5.

import { describe, expect } from 'vitest';
import { announce, Bed, conforms, external, fromExternal, fromInternal, has, internal } from './bed.js';
import { attr, attribute, nlri, type Octets, octets, prefixText, u16, update } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const HOP6 = '20010db8000000000000000000000002';

/** An internal sender (next hops stay as they are) and an external and a second internal observer are not needed here. */
async function pair(): Promise<{ bed: Bed; a: RawPeer; b: RawPeer }> {
  const bed = await Bed.start([external(2), internal(3)]);
  return { bed, a: await bed.peer(2), b: await bed.peer(3) };
}

const reach6 = (...routes: Octets[]): Buffer => attr.reach(2, HOP6, routes);
const path6 = [attr.origin(), attr.asPath(64502)];

const BROKEN: [rfc: string, text: string, bytes: Buffer, error: string, data: string][] = [
  [
    '4271 §6.3',
    'NLRI of 33 bits',
    update({ attributes: fromExternal(2), nlri: [octets(33, 10, 1, 2, 3, 0)] }),
    '3/10',
    '',
  ],
  [
    '4271 §6.3',
    'NLRI of 255 bits',
    update({ attributes: fromExternal(2), nlri: [octets(255, '00'.repeat(32))] }),
    '3/10',
    '',
  ],
  [
    '4271 §6.3',
    'NLRI cut in its prefix',
    update({ attributes: fromExternal(2), nlri: [octets(24, 10, 1)] }),
    '3/10',
    '',
  ],
  ['4271 §6.3', 'NLRI that is only a length', update({ attributes: fromExternal(2), nlri: [octets(8)] }), '3/10', ''],
  [
    '4271 §6.3',
    'a good NLRI before one of 33 bits',
    update({ attributes: fromExternal(2), nlri: [nlri('10.0.0.0/8'), octets(33, 10, 1, 2, 3, 0)] }),
    '3/10',
    '',
  ],
  ['7606 §5.3', 'withdrawn route of 33 bits', update({ withdrawn: [octets(33, 10, 1, 2, 3, 0)] }), '3/10', ''],
  ['7606 §5.3', 'withdrawn route cut in its prefix', update({ withdrawn: [octets(24, 10, 1)] }), '3/10', ''],
  ['7606 §5.3', 'withdrawn route that is only a length', update({ withdrawn: [octets(32)] }), '3/10', ''],
];

const BROKEN6: [rfc: string, text: string, attribute14: Buffer, others: Buffer[]][] = [
  ['7606 §5.3', 'MP_REACH_NLRI with a prefix of 129 bits', reach6(octets(129, '20'.repeat(17))), path6],
  ['7606 §5.3', 'MP_REACH_NLRI with a prefix cut', reach6(octets(64, '20010db8')), path6],
  [
    '7606 §5.3',
    'MP_REACH_NLRI of IPv4 with a prefix of 33 bits',
    attr.reach(1, '7f000002', [octets(33, 10, 1, 2, 3, 0)]),
    path6,
  ],
  ['7606 §5.3', 'MP_REACH_NLRI of 4 octets', attribute(14, octets(u16(2), 1, 0)), path6],
  ['7606 §5.3', 'MP_REACH_NLRI of 0 octets', attribute(14, ''), path6],
  [
    '7606 §5.3',
    'MP_REACH_NLRI with Transitive set',
    attribute(14, octets(u16(2), 1, 16, HOP6, 0, nlri('2001:db8::/32')), { flags: 0xc0 }),
    path6,
  ],
  [
    '7606 §5.3',
    'MP_REACH_NLRI without Optional',
    attribute(14, octets(u16(2), 1, 16, HOP6, 0, nlri('2001:db8::/32')), { flags: 0x00 }),
    path6,
  ],
  ['7606 §5.3', 'MP_UNREACH_NLRI with a prefix of 129 bits', attr.unreach(2, [octets(129, '20'.repeat(17))]), []],
  ['7606 §5.3', 'MP_UNREACH_NLRI with a prefix cut', attr.unreach(2, [octets(64, '20010db8')]), []],
  ['7606 §5.3', 'MP_UNREACH_NLRI of 2 octets', attribute(15, u16(2)), []],
  ['7606 §5.3', 'MP_UNREACH_NLRI of 0 octets', attribute(15, ''), []],
  [
    '7606 §5.3',
    'MP_UNREACH_NLRI with Transitive set',
    attribute(15, octets(u16(2), 1, nlri('2001:db8::/32')), { flags: 0xc0 }),
    [],
  ],
  ...[0, 4, 8, 15, 17, 24, 31, 33, 48].map((length): [string, string, Buffer, Buffer[]] => [
    '7606 §7.11',
    `MP_REACH_NLRI of IPv6 with a next hop of ${length} octets`,
    attr.reach(2, '20'.repeat(length), [nlri('2001:db8::/32')]),
    path6,
  ]),
  ['7606 §7.11', 'MP_REACH_NLRI whose next hop overruns it', attribute(14, octets(u16(2), 1, 16, '20010db8')), path6],
  [
    '7606 §7.11',
    'MP_REACH_NLRI of IPv4 with a next hop of 5 octets',
    attr.reach(1, '7f00000200', [nlri('10.0.0.0/8')]),
    path6,
  ],
  [
    '8950 §4',
    'MP_REACH_NLRI of IPv4 with an IPv6 next hop that was not negotiated',
    attr.reach(1, HOP6, [nlri('10.0.0.0/8')]),
    path6,
  ],
];

describe('prefixes that cannot be read', () => {
  for (const [rfc, text, bytes, error, data] of BROKEN) {
    conforms(rfc, `${text}: ${error}`, async () => {
      const { bed, a, b } = await pair();
      a.send(announce(fromExternal(2), '10.9.0.0/24'));
      await bed.settle(b);
      a.send(bytes);
      expect(await a.notification()).toEqual({ error, data });
      await bed.settle(b);
      expect([...b.table.keys()]).toEqual([]);
    });
  }

  for (const [rfc, text, attribute14, others] of BROKEN6) {
    conforms(rfc, `${text}: 3/9 with the attribute as data`, async () => {
      const { bed, a, b } = await pair();
      a.send(announce(fromExternal(2), '10.9.0.0/24'));
      await bed.settle(b);
      a.send(update({ attributes: [attribute14, ...others] }));
      expect(await a.notification()).toEqual({ error: '3/9', data: attribute14.toString('hex') });
      await bed.settle(b);
      expect([...b.table.keys()]).toEqual([]);
    });
  }

  conforms('7606 §3.g', 'MP_REACH_NLRI twice: 3/1', async () => {
    const { a } = await pair();
    a.send(update({ attributes: [reach6(nlri('2001:db8:1::/48')), reach6(nlri('2001:db8:2::/48')), ...path6] }));
    expect(await a.notification()).toEqual({ error: '3/1', data: '' });
  });

  conforms('7606 §3.g', 'MP_UNREACH_NLRI twice: 3/1', async () => {
    const { a } = await pair();
    a.send(update({ attributes: [attr.unreach(2, []), attr.unreach(2, [])] }));
    expect(await a.notification()).toEqual({ error: '3/1', data: '' });
  });

  conforms('7606 §3.j', 'MP_REACH_NLRI that overruns the attributes: session reset', async () => {
    const { a } = await pair();
    const whole = reach6(nlri('2001:db8:1::/48'));
    a.send(update({ attributes: [...path6, whole.subarray(0, whole.length - 3)] }));
    expect((await a.notification()).error).toMatch(/^3\//);
  });
});

describe('prefixes', () => {
  for (const prefix of [
    '0.0.0.0/0',
    '128.0.0.0/1',
    '10.0.0.0/8',
    '10.128.0.0/9',
    '10.1.2.0/23',
    '10.1.2.128/25',
    '10.1.2.3/32',
  ]) {
    conforms('4271 §4.3', `${prefix} is taken and sent on`, async () => {
      const { bed, a, b } = await pair();
      a.send(announce(fromExternal(2), prefix));
      await bed.settle(b);
      expect([...b.table.keys()]).toEqual([prefix]);
    });
  }

  for (const prefix of ['::/0', '2000::/3', '2001:db8::/32', '2001:db8:8000::/33', '2001:db8::1/128']) {
    conforms('4760 §5', `${prefix} is taken and sent on`, async () => {
      const { bed, a, b } = await pair();
      a.send(update({ attributes: [reach6(nlri(prefix)), ...path6] }));
      await bed.settle(b);
      expect([...b.table.keys()]).toEqual([prefixText(prefix)]);
    });
  }

  conforms('4271 §4.3', 'bits behind the prefix length are irrelevant', async () => {
    const { bed, a, b } = await pair();
    a.send(update({ attributes: fromExternal(2), nlri: [octets(20, 10, 1, 0x1f), octets(20, 10, 1, 0x10)] }));
    await bed.settle(b);
    expect([...b.table.keys()]).toEqual(['10.1.16.0/20']);
    a.send(update({ withdrawn: [octets(20, 10, 1, 0x18)] }));
    await bed.settle(b);
    expect([...b.table.keys()]).toEqual([]);
  });

  for (const prefix of [
    '2fff:8000::/17',
    '2fff:ffff:f000::/36',
    '2fff:ffff:ffff:ffff:8000::/65',
    '2fff:ffff:ffff:ffff:ffff:ffff:fff0:0/108',
  ]) {
    conforms('4271 §4.3', `bits behind the prefix length are irrelevant: ${prefix}`, async () => {
      const { bed, a, b } = await pair();
      const trailing = nlri(prefix);
      trailing[trailing.length - 1] |= 0xff >>> (trailing[0] & 7);
      expect(trailing).not.toEqual(nlri(prefix));
      a.send(update({ attributes: [reach6(trailing), ...path6] }));
      await bed.settle(b);
      expect([...b.table.keys()]).toEqual([prefixText(prefix)]);
      a.send(update({ attributes: [attr.unreach(2, [nlri(prefix)])] }));
      await bed.settle(b);
      expect([...b.table.keys()]).toEqual([]);
    });
  }

  for (const prefix of ['224.0.0.0/24', '239.1.2.3/32', '224.0.0.0/4']) {
    conforms('4271 §6.3', `multicast ${prefix} is ignored, the session and the other prefixes stay`, async () => {
      const { bed, a, b } = await pair();
      a.send(announce(fromExternal(2), '10.1.0.0/24', prefix, '10.2.0.0/24'));
      await bed.settle(b);
      expect(a.notifications).toEqual([]);
      expect([...b.table.keys()]).toEqual(['10.1.0.0/24', '10.2.0.0/24']);
    });
  }

  conforms('4271 §6.3', 'IPv6 multicast is ignored, the session and the other prefixes stay', async () => {
    const { bed, a, b } = await pair();
    a.send(update({ attributes: [reach6(nlri('ff02::/16'), nlri('2001:db8::/32')), ...path6] }));
    await bed.settle(b);
    expect(a.notifications).toEqual([]);
    expect([...b.table.keys()]).toEqual([prefixText('2001:db8::/32')]);
  });

  conforms('4271 §4.3', 'a prefix that is in the same NLRI twice counts once', async () => {
    const { bed, a, b } = await pair();
    a.send(announce(fromExternal(2), '10.1.0.0/24', '10.1.0.0/24'));
    await bed.settle(b);
    expect(b.news.map(n => n.prefix)).toEqual(['10.1.0.0/24']);
  });

  conforms('4271 §4.3', 'a prefix in the withdrawn routes and the NLRI of one message is announced', async () => {
    const { bed, a, b } = await pair();
    a.send(announce(fromExternal(2), '10.1.0.0/24'));
    await bed.settle(b);
    a.send(
      update({
        withdrawn: [nlri('10.1.0.0/24')],
        attributes: [...fromExternal(2), attr.med(7)],
        nlri: [nlri('10.1.0.0/24')],
      }),
    );
    await bed.settle(b);
    expect(b.table.get('10.1.0.0/24')?.hex(4)).toBe('00000007');
  });

  conforms('4271 §9.1.4', 'a prefix and a more specific one of it live side by side', async () => {
    const { bed, a, b } = await pair();
    a.send(announce(fromExternal(2), '10.0.0.0/8', '10.0.0.0/16', '10.0.0.0/24', '10.0.0.0/32'));
    await bed.settle(b);
    expect([...b.table.keys()].sort()).toEqual(['10.0.0.0/16', '10.0.0.0/24', '10.0.0.0/32', '10.0.0.0/8']);
    a.send(update({ withdrawn: [nlri('10.0.0.0/16')] }));
    await bed.settle(b);
    expect([...b.table.keys()].sort()).toEqual(['10.0.0.0/24', '10.0.0.0/32', '10.0.0.0/8']);
  });

  conforms('4271 §4.3', 'all 33 lengths in one message', async () => {
    const { bed, a, b } = await pair();
    const all = Array.from({ length: 33 }, (_, bits) => `0.0.0.0/${bits}`);
    a.send(announce(fromExternal(2), ...all));
    await bed.settle(b);
    expect([...b.table.keys()].sort()).toEqual(all.sort());
  });

  conforms('4271 §4.3', 'withdrawing what is not there is no error and says nothing', async () => {
    const { bed, a, b } = await pair();
    a.send(
      update({ withdrawn: [nlri('10.1.0.0/24')] }),
      update({ attributes: [attr.unreach(2, [nlri('2001:db8::/32')])] }),
    );
    await bed.settle(b);
    expect(a.notifications).toEqual([]);
    expect(b.news).toEqual([]);
  });

  conforms('4271 §9.2', 'no prefix of the internal neighbor is held back because of its length', async () => {
    const bed = await Bed.start([internal(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(fromInternal(2), '0.0.0.0/0', '10.1.2.3/32'));
    await bed.settle(b);
    expect([has(b, '0.0.0.0/0'), has(b, '10.1.2.3/32')]).toEqual([true, true]);
  });
});
