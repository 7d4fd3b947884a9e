import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ATTRIBUTES, AttributeCode, ERROR_CLASSES, flagsOf } from '../../../src/bgp/wire/attribute-table.js';
import { codeOf, decodeAttributes, encodeAttributes, formatAttribute } from '../../../src/bgp/wire/attributes.js';
import { DEFAULT_CONTEXT } from '../../../src/bgp/wire/context.js';
import { Family } from '../../../src/bgp/wire/family.js';
import { InputError } from '../../../src/bgp/wire/input-error.js';
import type { PathAttribute } from '../../../src/bgp/wire/path-attribute.js';
import { attributes } from './arbitraries.js';
import { octets } from './octets.js';

function encoded(attribute: PathAttribute, as4 = true): Uint8Array {
  const out: number[] = [];
  encodeAttributes([attribute], out, { ...DEFAULT_CONTEXT, as4 });
  return Uint8Array.from(out);
}

const prefix = { family: Family.ipv6Unicast, address: octets(`20010db80001${'00'.repeat(10)}`), length: 48 };

/** One of each: type code and flags, octets and words. */
const EXAMPLES: [string, PathAttribute, string][] = [
  ['40 01 01 02', { type: 'origin', origin: 'incomplete' }, 'ORIGIN incomplete'],
  ['40 02 06 02 01 0000fde9', { type: 'asPath', segments: [{ type: 'sequence', asns: [65001] }] }, 'AS_PATH 65001'],
  ['40 02 00', { type: 'asPath', segments: [] }, 'AS_PATH'],
  ['40 03 04 ac120865', { type: 'nextHop', address: octets('ac120865') }, 'NEXT_HOP 172.18.8.101'],
  ['80 04 04 fffffffe', { type: 'med', value: 0xfffffffe }, 'MULTI_EXIT_DISC 4294967294'],
  ['40 05 04 00000064', { type: 'localPref', value: 100 }, 'LOCAL_PREF 100'],
  ['40 06 00', { type: 'atomicAggregate' }, 'ATOMIC_AGGREGATE yes'],
  [
    'c0 07 08 00011170 ac120865',
    { type: 'aggregator', as: 70000, routerId: 0xac120865 },
    'AGGREGATOR AS 70000 172.18.8.101',
  ],
  [
    'c0 08 08 ffff029a fde90064',
    { type: 'communities', communities: [0xffff029a, 0xfde90064] },
    'COMMUNITIES blackhole 65001:100',
  ],
  ['80 09 04 ac120865', { type: 'originatorId', routerId: 0xac120865 }, 'ORIGINATOR_ID 172.18.8.101'],
  [
    '80 0a 08 0a000001 0a000002',
    { type: 'clusterList', clusterIds: [0x0a000001, 0x0a000002] },
    'CLUSTER_LIST 10.0.0.1 10.0.0.2',
  ],
  [
    `80 0e 1c 0002 01 10 20010db8${'00'.repeat(11)}01 00 30 20010db80001`,
    {
      type: 'mpReach',
      family: Family.ipv6Unicast,
      nextHop: octets(`20010db8${'00'.repeat(11)}01`),
      nlri: [{ prefix }],
    },
    'MP_REACH_NLRI 2001:db8:1::/48 by 2001:db8::1',
  ],
  [
    '80 0f 0a 0002 01 30 20010db80001',
    { type: 'mpUnreach', family: Family.ipv6Unicast, withdrawn: [{ prefix }] },
    'MP_UNREACH_NLRI 2001:db8:1::/48',
  ],
  [
    'c0 10 08 0002fde900000001',
    { type: 'extendedCommunities', communities: [octets('0002fde900000001')] },
    'EXTENDED COMMUNITIES rt:65001:1',
  ],
  [
    'c0 19 14 0002 20010db8000000000000000000000001 0001',
    { type: 'ipv6ExtendedCommunities', communities: [octets('0002 20010db8000000000000000000000001 0001')] },
    'IPv6 ADDRESS SPECIFIC EXTENDED COMMUNITY 0x000220010db80000000000000000000000010001',
  ],
  ['c0 11 06 02 01 00011170', { type: 'as4Path', segments: [{ type: 'sequence', asns: [70000] }] }, 'AS4_PATH 70000'],
  [
    'c0 12 08 00011170 0a000001',
    { type: 'as4Aggregator', as: 70000, routerId: 0x0a000001 },
    'AS4_AGGREGATOR AS 70000 10.0.0.1',
  ],
  [
    'c0 20 0c 0000fde9 00000001 00000002',
    { type: 'largeCommunities', communities: [[65001, 1, 2]] },
    'LARGE_COMMUNITY 65001:1:2',
  ],
  ['c0 23 04 0000fde9', { type: 'onlyToCustomer', as: 65001 }, 'ONLY_TO_CUSTOMER 65001'],
  [
    'e0 63 02 aabb',
    { type: 'unknown', code: 99, flags: 0xe0, value: octets('aabb') },
    'attribute 99 (flags 0xe0) 0xaabb',
  ],
];

describe('path attributes', () => {
  it.each(EXAMPLES)('%s', (hex, attribute, words) => {
    const bytes = octets(hex);
    expect(decodeAttributes(bytes, 0, bytes.length, DEFAULT_CONTEXT)).toEqual([attribute]);
    expect(encoded(attribute)).toEqual(bytes);
    expect(formatAttribute(attribute)).toBe(words);
  });

  it('are all in the examples above', () => {
    const codes = EXAMPLES.map(([, attribute]) => codeOf(attribute));
    expect(ATTRIBUTES.flatMap(row => (row ? [row.code] : [])).filter(code => !codes.includes(code))).toEqual([]);
  });

  it('have 2-octet AS numbers for old speakers (RFC 6793 §4.2.2)', () => {
    expect(encoded({ type: 'aggregator', as: 70000, routerId: 1 }, false)).toEqual(octets('c0 07 06 5ba0 00000001'));
    const path: PathAttribute = { type: 'asPath', segments: [{ type: 'sequence', asns: [65001, 70000] }] };
    expect(encoded(path, false)).toEqual(octets('40 02 06 02 02 fde9 5ba0'));
  });

  it('have Extended Length above 255 octets only', () => {
    const unknown = (length: number): PathAttribute => ({
      type: 'unknown',
      code: 99,
      flags: 0xc0,
      value: new Uint8Array(length),
    });
    expect(encoded(unknown(255)).slice(0, 3)).toEqual(octets('c0 63 ff'));
    expect(encoded(unknown(256)).slice(0, 4)).toEqual(octets('d0 63 0100'));
  });

  it('keep Partial where it can be', () => {
    const bytes = octets('e0 08 04 fde90064 a0 04 04 00000001');
    const [communities, med] = decodeAttributes(bytes, 0, bytes.length, DEFAULT_CONTEXT);
    expect(communities).toEqual({ type: 'communities', communities: [0xfde90064], partial: true });
    expect(med).toEqual({ type: 'med', value: 1 });
    expect(encoded(communities)).toEqual(bytes.slice(0, 7));
  });

  it('have each large community once (RFC 8092 §3)', () => {
    const twice: PathAttribute = {
      type: 'largeCommunities',
      communities: [
        [1, 2, 3],
        [1, 2, 4],
        [1, 2, 3],
      ],
    };
    expect(encoded(twice)).toEqual(octets('c0 20 18 000000010000000200000003 000000010000000200000004'));
  });

  it.each<PathAttribute>([
    { type: 'communities', communities: [] },
    { type: 'largeCommunities', communities: [] },
    { type: 'clusterList', clusterIds: [] },
    { type: 'extendedCommunities', communities: [octets('0002fd')] },
    { type: 'nextHop', address: octets('0a00000100') },
    { type: 'asPath', segments: [{ type: 'sequence', asns: [] }] },
    { type: 'asPath', segments: [{ type: 'set', asns: new Array(256).fill(1) }] },
  ])('that nobody could read are not encoded: %o', attribute => {
    expect(() => encoded(attribute)).toThrow(InputError);
  });

  it('always have words', () => {
    fc.assert(
      fc.property(attributes({ ...DEFAULT_CONTEXT, as4: false }), list => {
        for (const attribute of list) expect(formatAttribute(attribute)).not.toMatch(/undefined|null|NaN/);
      }),
    );
  });
});

describe('the table', () => {
  it('is indexed by type code, and its types have the codes they are known by', () => {
    for (const [code, row] of ATTRIBUTES.entries()) {
      if (!row) continue;
      expect(row.code).toBe(code);
      if (row.type !== 'unknown') expect(AttributeCode[row.type]).toBe(code);
    }
  });

  it('has an error class, flags and lengths for each', () => {
    for (const row of ATTRIBUTES) {
      if (!row) continue;
      expect(ERROR_CLASSES).toContain(row.errorClass);
      expect([0x40, 0x80, 0xc0]).toContain(flagsOf(row));
      expect(row.length.min).toBeLessThanOrEqual(row.length.max);
    }
  });
});
