// The good messages that mutations start from: every type, every attribute and capability, all encodings of lengths.

import {
  address,
  attr,
  cap,
  capability,
  nlri,
  type Octets,
  octets,
  segment,
  Type,
  u16,
  u32,
} from '../conformance/bytes.js';
import type { Field, MessageTree, Part } from './mutator.js';

const field = (head: readonly number[], lengthOctets: 1 | 2, content: Part): Field => ({
  head,
  lengthOctets,
  lie: 0,
  content,
});
const leaf = (...parts: Octets[]): Uint8Array => Uint8Array.from(octets(...parts));

/** An attribute or capability in octets, as a field. */
function attributeField(bytes: Uint8Array): Field {
  const extended = (bytes[0] & 0x10) !== 0;
  return field([bytes[0], bytes[1]], extended ? 2 : 1, bytes.slice(extended ? 4 : 3));
}
const capabilityField = (bytes: Uint8Array): Field => field([bytes[0]], 1, bytes.slice(2));

const fixedOpen = (as: number, holdTime = 90): Uint8Array => leaf(4, u16(as), u16(holdTime), address('10.0.0.2'));

const open = (as: number, ...parameters: Uint8Array[][]): MessageTree => ({
  type: Type.open,
  body: [
    fixedOpen(as),
    field(
      [],
      1,
      parameters.map(list => field([2], 1, list.map(capabilityField))),
    ),
  ],
});

/** RFC 9072. */
const extendedOpen = (as: number, ...parameters: Uint8Array[][]): MessageTree => ({
  type: Type.open,
  body: [
    fixedOpen(as),
    field(
      [255, 255],
      2,
      parameters.map(list => field([2], 2, list.map(capabilityField))),
    ),
  ],
});

const update = (withdrawn: Octets[], attributes: Uint8Array[], routes: Octets[]): MessageTree => ({
  type: Type.update,
  body: [field([], 2, leaf(...withdrawn)), field([], 2, attributes.map(attributeField)), leaf(...routes)],
});

const message = (type: number, ...body: Octets[]): MessageTree => ({ type, body: [leaf(...body)] });

const AS = 64502;
const IPV6_NEXT_HOP = address('2001:db8::2');
const fqdn = capability(73, octets(4, [...Buffer.from('edge')], 7, [...Buffer.from('example')]));
const longLived = capability(71, octets(u16(1), 1, 0x80, 0, u16(3600), u16(2), 1, 0, 0, u16(60)));
const CAPABILITIES = [
  cap.ipv4,
  cap.ipv6,
  cap.routeRefresh,
  cap.extendedNextHop,
  cap.extendedMessage,
  cap.role(3),
  cap.gracefulRestart(
    5,
    [
      [1, true],
      [2, false],
    ],
    12,
  ),
  cap.as4(AS),
  cap.addPath([1, 3], [2, 1]),
  cap.enhancedRefresh,
  longLived,
  fqdn,
  capability(200, 'abcdef'),
];

const PLAIN = [attr.origin(), attr.asPath(AS, 64999), attr.nextHop('127.0.0.2')];
const extendedCommunities = (...values: string[]): Buffer => leafAttribute(0xc0, 16, values.join(''));
function leafAttribute(flags: number, code: number, value: Octets): Buffer {
  const content = octets(value);
  return octets(flags, code, (flags & 0x10) === 0 ? content.length : u16(content.length), content);
}

const EVERYTHING = [
  attr.origin(2),
  attr.segments(
    segment(2, [AS, 4200000001, 64999]),
    segment(1, [64900, 64901]),
    segment(3, [65100]),
    segment(4, [65101, 65102]),
  ),
  attr.nextHop('127.0.0.2'),
  attr.med(50),
  attr.localPref(200),
  attr.atomicAggregate(),
  attr.aggregator(4200000001, '10.9.9.9'),
  attr.communities(0xfde80064, 0xffffff01, 0xffff029a),
  attr.originatorId('10.7.7.7'),
  attr.clusterList('10.8.8.8', '10.8.8.9'),
  extendedCommunities('0002fde800000064', '0102c00002010064'),
  leafAttribute(0xc0, 25, '000220010db8000000000000000000000001ffff'),
  attr.large([64999, 1, 2], [64999, 1, 2], [1, 2, 3]),
  leafAttribute(0xc0, 35, u32(64999)),
  leafAttribute(0xe0, 99, '00112233'),
  leafAttribute(0x80, 98, '4455'),
];

const OLD = [
  attr.origin(1),
  attr.asPath2(AS, 23456, 23456, 64999),
  attr.nextHop('127.0.0.2'),
  attr.aggregator2(23456, '10.9.9.9'),
  attr.as4Path(segment(2, [4200000001, 4200000002, 64999])),
  attr.as4Aggregator(4200000001, '10.9.9.9'),
];

const LONG = [
  attr.origin(),
  attr.asPath(AS, ...Array.from({ length: 120 }, (_, i) => 64512 + i)),
  attr.nextHop('127.0.0.2'),
  attr.communities(...Array.from({ length: 100 }, (_, i) => 0xfde80000 + i)),
];

const V6 = [nlri('2001:db8:1::/48'), nlri('2001:db8:2::/64'), nlri('::/0'), nlri('2001:db8::1/128')];
const V4 = [nlri('10.1.0.0/16'), nlri('10.2.3.0/24'), nlri('0.0.0.0/0'), nlri('192.0.2.1/32'), nlri('10.128.0.0/9')];
const PATHS = [nlri('10.3.0.0/16', 1), nlri('10.3.0.0/16', 2), nlri('10.4.4.0/23', 0xffffffff)];

export const CORPUS: readonly MessageTree[] = [
  open(AS, CAPABILITIES),
  open(AS, [cap.ipv4, cap.ipv6, cap.routeRefresh, cap.as4(AS)]),
  open(AS, ...CAPABILITIES.map(one => [one])),
  open(AS),
  extendedOpen(AS, CAPABILITIES),
  extendedOpen(AS, CAPABILITIES, [capability(201, 'ab'.repeat(200))]),
  update([], PLAIN, V4),
  update([], EVERYTHING, V4),
  update([], OLD, V4),
  update([], LONG, [nlri('10.5.0.0/16')]),
  update([], [...PLAIN, leafAttribute(0xd0, 99, 'ab'.repeat(256))], [nlri('10.5.0.0/16')]),
  update(V4, [], []),
  update(V4, PLAIN, [nlri('10.6.0.0/16')]),
  update([], PLAIN, PATHS),
  update(PATHS, [], []),
  update([], [attr.reach(2, IPV6_NEXT_HOP, V6), attr.origin(), attr.asPath(AS)], []),
  update([], [attr.reach(2, [...IPV6_NEXT_HOP, ...address('fe80::2')], V6), ...EVERYTHING], V4),
  update([], [attr.unreach(2, V6)], []),
  update([], [attr.reach(1, IPV6_NEXT_HOP, V4), attr.origin(), attr.asPath(AS)], []),
  update([], [attr.reach(2, IPV6_NEXT_HOP, [nlri('2001:db8:3::/48', 7)]), attr.unreach(1, PATHS), ...PLAIN], []),
  update([], [attr.reach(25, '0a000001', ['00'], 65), ...PLAIN], V4),
  update([], [], []),
  update([], [attr.unreach(2, [])], []),
  message(Type.notification, 6, 2, 5, [...Buffer.from('later')]),
  message(Type.notification, 6, 9, 3, 1, '00'),
  message(Type.keepalive),
  message(Type.routeRefresh, u16(1), 0, 1),
  message(Type.routeRefresh, u16(2), 1, 1),
  message(Type.routeRefresh, u16(2), 2, 1),
  message(Type.routeRefresh, u16(1), 0, 1, '01 80 0005 80 0001 1810'),
];
