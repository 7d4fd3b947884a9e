// Random policies and random routes that meet each other often.

import * as fc from 'fast-check';
import type { PrefixRule, Statement } from '../../../src/bgp/policy/definition.js';
import type { PlainRoute } from './interpreter.js';

const PREFIXES = [
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.128.0/17',
  '10.1.2.0/24',
  '10.1.2.3/32',
  '192.0.2.0/24',
];
const PREFIXES6 = ['::/0', '2001:db8::/32', '2001:db8:1::/48', '2001:db8:1:2::/64', '2001:db8:1:2::1/128'];
const HOPS = ['10.0.0.1', '10.0.0.2', '192.0.2.9'];
export const SENDERS = ['10.9.0.1', '10.9.0.2', '10.9.1.3'];
const COMMUNITIES = ['65001:1', '65001:2', '65002:1'];
const LARGE = ['65001:1:1', '65001:1:2', '65002:1:1'];
const EXTENDED = ['rt:65001:1', 'rt:65001:2', 'soo:65001:1'];
const AS_PATHS = ['', '65010', '65010 65020', '65020 65010', '65010 {65020,65030}', '65010 65010 65010'];

const some = <T>(values: readonly T[], maxLength = 3) => fc.uniqueArray(fc.constantFrom(...values), { maxLength });
const list = <T>(values: readonly T[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
const optional = <T>(value: fc.Arbitrary<T>, freq = 4) => fc.option(value, { nil: undefined, freq });

const rule: fc.Arbitrary<PrefixRule> = fc
  .tuple(fc.constantFrom(...PREFIXES, ...PREFIXES6), fc.nat(128), fc.nat(128))
  .map(([prefix, a, b]) => {
    const length = Number(prefix.split('/')[1]);
    const bits = prefix.includes(':') ? 128 : 32;
    const ge = length + (a % (bits - length + 1));
    return { prefix, ge, le: ge + (b % (bits - ge + 1)) };
  });
const exactRule = fc.constantFrom(...PREFIXES, ...PREFIXES6).map(prefix => {
  const length = Number(prefix.split('/')[1]);
  return { prefix, ge: length, le: length };
});

const choice = <T>(elements: fc.Arbitrary<T[]>, all = true) =>
  fc.oneof(
    elements,
    elements.map(any => ({ any })),
    elements.map(none => ({ none })),
    ...(all ? [elements.map(every => ({ all: every }))] : []),
  );
const range = (values: readonly number[]) =>
  fc
    .tuple(fc.constantFrom(...values), fc.constantFrom(...values))
    .map(([a, b]) => ({ ge: Math.min(a, b), le: Math.max(a, b) }));

const patterns = list([...COMMUNITIES, ...LARGE, ...EXTENDED, '65001:*', '*:1', '65001:*:1', '*:*:*', 'rt:65001:*']);
const match = fc.record({
  prefix: optional(choice(fc.array(fc.oneof(rule, exactRule), { minLength: 1, maxLength: 5 }), false), 2),
  family: optional(fc.constantFrom('ipv4-unicast' as const, 'ipv6-unicast' as const)),
  neighbor: optional(choice(list(['10.9.0.1', '10.9.0.0/16', '10.9.1.0/24', '2001:db8::/32']), false)),
  'learned-from': optional(choice(list([...SENDERS, '10.9.0.0/24']), false)),
  source: optional(list(['local', 'kernel', 'connected', 'static', 'ibgp', 'ebgp'] as const)),
  community: optional(choice(fc.oneof(list(COMMUNITIES), patterns)), 2),
  'as-path': optional(choice(list(['^65010_', '_65020$', '^$', '_65030_', '^65010 {', '65010 65010']))),
  'as-path-length': optional(range([0, 1, 2, 3])),
  'origin-as': optional(list([65010, 65020])),
  'neighbor-as': optional(list([65010, 65020])),
  'next-hop': optional(list(['10.0.0.1', '10.0.0.0/8', '2001:db8::/32'])),
  origin: optional(list(['igp', 'egp', 'incomplete'] as const)),
  med: optional(range([0, 5, 10, 20])),
  'local-pref': optional(range([50, 100, 200])),
});

const set = fc.record({
  'local-pref': optional(fc.constantFrom(50, 100, 200)),
  med: optional(fc.constantFrom<(string | number)[]>(5, '+10', '-7', 'none', '+4294967295')),
  origin: optional(fc.constantFrom('igp' as const, 'incomplete' as const)),
  'next-hop': optional(fc.constantFrom('10.0.0.2', '2001:db8::7')),
  prepend: optional(
    fc.record({
      as: fc.constantFrom<('own' | 'last' | number)[]>('own', 'last', 65099),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  ),
  community: optional(
    fc.record({
      set: optional(list([...COMMUNITIES, ...LARGE, ...EXTENDED])),
      remove: optional(patterns),
      add: optional(list([...COMMUNITIES, ...LARGE, ...EXTENDED])),
    }),
    2,
  ),
});

export const statement: fc.Arbitrary<Statement> = fc.record(
  { match, set, then: fc.constantFrom('accept' as const, 'reject' as const, 'next' as const, 'next' as const) },
  { requiredKeys: ['then'] },
);

export const plainRoute: fc.Arbitrary<PlainRoute> = fc
  .record(
    {
      prefix: fc.constantFrom(...PREFIXES, ...PREFIXES6, '10.1.2.0/25', '10.200.0.0/16', '2001:db8:1:2::/65'),
      source: fc.constantFrom('local', 'kernel', 'connected', 'static', 'ibgp', 'ebgp'),
      nextHop: fc.constantFrom(...HOPS),
      origin: fc.constantFrom('igp', 'egp', 'incomplete'),
      asPath: fc.constantFrom(...AS_PATHS),
      med: fc.constantFrom(0, 5, 10, 20),
      localPref: fc.constantFrom(50, 100, 200),
      communities: some(COMMUNITIES),
      largeCommunities: some(LARGE),
      extendedCommunities: some(EXTENDED),
    },
    {
      requiredKeys: [
        'prefix',
        'source',
        'nextHop',
        'origin',
        'asPath',
        'communities',
        'largeCommunities',
        'extendedCommunities',
      ],
    },
  )
  .map(route =>
    route.prefix.includes(':') ? { ...route, nextHop: '2001:db8::9' } : route,
  ) as fc.Arbitrary<PlainRoute>;
