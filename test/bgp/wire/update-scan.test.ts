import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AttributeCode } from '../../../src/bgp/wire/attribute-table.js';
import { codeOf, decodeAttributes, type PathAttribute } from '../../../src/bgp/wire/attributes.js';
import type { DecodeContext, ScanContext } from '../../../src/bgp/wire/context.js';
import { Family } from '../../../src/bgp/wire/family.js';
import { encode } from '../../../src/bgp/wire/message.js';
import { decodeNlri } from '../../../src/bgp/wire/nlri.js';
import { WireError } from '../../../src/bgp/wire/notification.js';
import { endOfRib } from '../../../src/bgp/wire/update.js';
import { scanUpdate, UpdateScan } from '../../../src/bgp/wire/update-scan.js';
import { bytes, context, damaged, update } from './arbitraries.js';
import { AS_PATH, MP_REACH, NEXT_HOP, NLRI, ORIGIN, octets, updateBody, wireError } from './octets.js';
import { expectError, GOOD, INTERNAL, route, scan } from './scanning.js';

/** All that a scan says: what is beyond its counts and of absent attributes does not matter. */
function meaning(out: UpdateScan): unknown {
  const codes = [...out.codes.subarray(0, out.codeCount)];
  const present = codes.map(code => [code, out.flags[code], out.valueEnd[code]]);
  return { ...out, codes, present, flags: null, valueEnd: null, metCodes: out.metCodes.slice(0, out.metCount) };
}

describe('a good UPDATE', () => {
  it('has its fields and attributes located', () => {
    const body = updateBody({ withdrawn: '08 0a', attributes: GOOD, nlri: NLRI });
    const out = scan(body);
    expect(out).toMatchObject({ withdrawnStart: 2, withdrawnEnd: 4, nlriEnd: body.length, nlriStart: body.length - 4 });
    expect([...out.codes.subarray(0, out.codeCount)]).toEqual([1, 2, 3]);
    expect(body.slice(out.valueStart[3], out.valueEnd[3])).toEqual(octets('ac 12 08 65'));
    expect(out.flags[3]).toBe(0x40);
    expect(out.errors).toEqual([]);
    expect(Object.isFrozen(out.errors)).toBe(true);
    expect(out.treatAsWithdraw).toBe(false);
    expect(out.endOfRib).toBe(-1);
  });

  it('has its attributes listed in ascending order, however they came', () => {
    const out = route(`c0 20 0c 00000001 00000002 00000003 ${NEXT_HOP} ${AS_PATH} ${ORIGIN}`);
    expect([...out.codes.subarray(0, out.codeCount)]).toEqual([1, 2, 3, 32]);
  });

  it('has MP_REACH_NLRI and MP_UNREACH_NLRI located and not among the codes', () => {
    const body = updateBody({ attributes: `${MP_REACH} 80 0f 06 0002 01 10 2001 ${ORIGIN} ${AS_PATH}` });
    const out = scan(body);
    expect(out.reachFamily).toBe(Family.ipv6Unicast);
    expect(body.slice(out.reachStart, out.reachEnd)).toEqual(octets('30 20010db80001'));
    expect(out.nextHopEnd - out.nextHopStart).toBe(16);
    expect(out.unreachFamily).toBe(Family.ipv6Unicast);
    expect(body.slice(out.unreachStart, out.unreachEnd)).toEqual(octets('10 2001'));
    expect([...out.codes.subarray(0, out.codeCount)]).toEqual([1, 2]);
  });

  it('leaves nothing behind for the next scan, also after an error', () => {
    const out = new UpdateScan();
    const first = updateBody({ attributes: `${GOOD} 80 04 04 00000001 ${MP_REACH}`, nlri: NLRI });
    scanUpdate(first, 0, first.length, INTERNAL, out);
    const second = updateBody({ attributes: `${ORIGIN} ${ORIGIN} 40 02 01 00`, nlri: NLRI });
    scanUpdate(second, 0, second.length, INTERNAL, out);
    const third = updateBody({ attributes: '80 0f 00' });
    expect(() => scanUpdate(third, 0, third.length, INTERNAL, out)).toThrow(WireError);
    const last = updateBody({ withdrawn: '08 0a' });
    scanUpdate(last, 0, last.length, INTERNAL, out);
    expect(meaning(out)).toEqual(meaning(scan(last)));
  });
});

describe('End-of-RIB (RFC 4724 §2)', () => {
  it('is the empty UPDATE for IPv4 unicast', () => {
    expect(scan(updateBody({})).endOfRib).toBe(Family.ipv4Unicast);
    expect(scan(updateBody({}), { ...INTERNAL, families: 2 }).endOfRib).toBe(-1);
  });

  it('is an empty MP_UNREACH_NLRI alone for other families', () => {
    const body = encode(endOfRib(Family.ipv6Unicast)).subarray(19);
    expect(scan(body).endOfRib).toBe(Family.ipv6Unicast);
    expect(scan(body, { ...INTERNAL, families: 1 }).endOfRib).toBe(-1);
    expect(scan(updateBody({ attributes: `80 0f 03 0002 01 ${ORIGIN}` })).endOfRib).toBe(-1);
    expect(scan(updateBody({ attributes: '80 0f 03 0002 01', withdrawn: '08 0a' })).endOfRib).toBe(-1);
    expect(scan(updateBody({ attributes: '80 0f 05 0002 01 08 20' })).endOfRib).toBe(-1);
  });
});

describe('length fields', () => {
  it.each([
    ['Withdrawn Routes Length', octets('0005 0000')],
    ['Total Path Attribute Length', octets('0000 0001')],
    ['a body of 3 octets', octets('0000 00')],
  ])('%s beyond the message: Malformed Attribute List (RFC 4271 §6.3, RFC 7606 §3b)', (_, body) => {
    expect(wireError(() => scan(body))).toMatchObject({ code: 3, subcode: 1, data: octets('') });
  });

  it('an attribute overrunning the block: treat-as-withdraw, NLRI found by the total length (RFC 7606 §4)', () => {
    const out = route(`${GOOD} 80 04 05 00000001`);
    expectError(out, 'treat-as-withdraw', AttributeCode.med);
    expect(out.nlriEnd - out.nlriStart).toBe(4);
    expect(out.valueStart[AttributeCode.med]).toBe(-1);
  });

  it.each(['80', '80 04', '90 04 00'])('the rest %s, less than an attribute: treat-as-withdraw (RFC 7606 §4)', rest => {
    expectError(route(`${GOOD} ${rest}`), 'treat-as-withdraw', 0);
  });

  it('MP_REACH_NLRI overrunning the block cannot be parsed: session reset (RFC 7606 §3j)', () => {
    const body = updateBody({ attributes: `${GOOD} ${MP_REACH.replace('1c', '1d')}`, nlri: NLRI });
    expect(wireError(() => scan(body))).toMatchObject({ code: 3, subcode: 1 });
  });
});

describe('NLRI (RFC 7606 §5.3)', () => {
  it.each([
    ['a withdrawn prefix of length 33', { withdrawn: '21 0a000000 00' }],
    ['withdrawn routes cut short', { withdrawn: '18 0a e9' }],
    ['NLRI of length 33', { attributes: GOOD, nlri: '21 0a00000000' }],
    ['NLRI cut short', { attributes: GOOD, nlri: `${NLRI} 18 0a` }],
  ])('%s: Invalid Network Field (RFC 4271 §6.3)', (_, fields) => {
    expect(wireError(() => scan(updateBody(fields)))).toMatchObject({ code: 3, subcode: 10 });
  });

  it('takes path identifiers into account (RFC 7911 §3)', () => {
    const ctx = { ...INTERNAL, addPath: 1 << Family.ipv4Unicast };
    expect(scan(updateBody({ attributes: GOOD, nlri: `00000007 ${NLRI} 00000008 00` }), ctx).errors).toEqual([]);
    const short = updateBody({ attributes: GOOD, nlri: `00000007 ${NLRI} 0000` });
    expect(wireError(() => scan(short, ctx))).toMatchObject({ code: 3, subcode: 10 });
    const idOnly = updateBody({ attributes: GOOD, nlri: '00000007' });
    expect(wireError(() => scan(idOnly, ctx))).toMatchObject({ code: 3, subcode: 10 });
  });

  it.each([
    ['MP_REACH_NLRI of 4 octets', '80 0e 04 0002 01 00'],
    ['MP_REACH_NLRI marked transitive', MP_REACH.replace('80', 'c0')],
    [
      'MP_REACH_NLRI with a prefix of length 129',
      '80 0e 27 0002 01 10 20010db8000000000000000000000001 00 81 20010db800000000000000000000000100',
    ],
    ['MP_REACH_NLRI with NLRI cut short', MP_REACH.replace('1c', '1b').slice(0, -3)],
    ['MP_UNREACH_NLRI of 2 octets', '80 0f 02 0002'],
    ['MP_UNREACH_NLRI marked well-known', '40 0f 03 0002 01'],
    ['MP_UNREACH_NLRI with a prefix of length 33 in IPv4', '80 0f 09 0001 01 21 0a00000000'],
  ])('%s: session reset, Optional Attribute Error with the attribute (RFC 4760 §7)', (_, attribute) => {
    const body = updateBody({ attributes: `${GOOD} ${attribute}`, nlri: NLRI });
    expect(wireError(() => scan(body))).toMatchObject({ code: 3, subcode: 9, data: octets(attribute) });
  });

  it('of a family that was not negotiated is ignored, with an error to tell (RFC 4760 §7)', () => {
    const body = updateBody({ attributes: `${MP_REACH} ${GOOD} 80 0f 03 0019 41`, nlri: NLRI });
    const out = scan(body, { ...INTERNAL, families: 1 });
    expect(out.errors.map(error => [error.class, error.code])).toEqual([
      ['attribute-discard', 14],
      ['attribute-discard', 15],
    ]);
    expect(out.errors[1].reason).toBe('MP_UNREACH_NLRI: AFI 25 SAFI 65 was not negotiated');
    expect([out.reachFamily, out.unreachFamily, out.treatAsWithdraw]).toEqual([-1, -1, false]);
  });

  it('of a family that was not negotiated is NLRI all the same: no reset for other errors (RFC 7606 §5.2)', () => {
    const out = scan(updateBody({ attributes: `${MP_REACH} 40 01 01 07 ${AS_PATH}` }), { ...INTERNAL, families: 1 });
    expect(out.errors.map(error => [error.class, error.code])).toEqual([
      ['attribute-discard', 14],
      ['treat-as-withdraw', 1],
    ]);
  });

  it('of IPv4 unicast is ignored when only other families were negotiated', () => {
    const out = scan(updateBody({ withdrawn: '08 0a', attributes: GOOD, nlri: NLRI }), { ...INTERNAL, families: 2 });
    expectError(out, 'attribute-discard', 0);
    expect(out.nlriEnd).toBe(out.nlriStart);
    expect(out.withdrawnEnd).toBe(out.withdrawnStart);
  });
});

describe('next hops of MP_REACH_NLRI', () => {
  const address = '20010db8000000000000000000000001';
  const linkLocal = 'fe800000000000000000000000000001';
  const reach = (afi: string, nextHop: string, nlri: string) => {
    const value = `${afi} 01 ${(nextHop.length / 2).toString(16).padStart(2, '0')} ${nextHop} 00 ${nlri}`;
    const length = octets(value).length.toString(16).padStart(2, '0');
    return updateBody({ attributes: `80 0e ${length} ${value} ${ORIGIN} ${AS_PATH}` });
  };

  it.each([
    ['IPv6 by a global address', '0002', address],
    ['IPv6 by a global and a link-local address (RFC 2545 §3)', '0002', address + linkLocal],
    ['IPv6 by a link-local address', '0002', linkLocal],
    ['IPv6 by a link-local address behind an unspecified one', '0002', '00'.repeat(16) + linkLocal],
    ['IPv4 by IPv4', '0001', 'ac120865'],
    ['IPv4 by IPv6 (RFC 8950 §3)', '0001', address],
    ['IPv4 by IPv6 with a link-local address (RFC 8950 §3)', '0001', address + linkLocal],
  ])('%s is accepted', (_, afi, nextHop) => {
    const body = reach(afi, nextHop, '10 0a0a');
    const out = scan(body);
    expect(out.errors).toEqual([]);
    expect(body.slice(out.nextHopStart, out.nextHopEnd)).toEqual(octets(nextHop));
  });

  it.each([
    ['IPv6 by 4 octets', '0002', 'ac120865'],
    ['IPv6 by 24 octets', '0002', '00'.repeat(8) + address],
    ['IPv6 by nothing', '0002', ''],
    ['IPv4 by 8 octets', '0001', '0000000000000000'],
  ])('%s: session reset (RFC 7606 §7.11)', (_, afi, nextHop) => {
    expect(wireError(() => scan(reach(afi, nextHop, '10 0a0a')))).toMatchObject({ code: 3, subcode: 9 });
  });

  it.each([
    ['unspecified', '00'.repeat(16)],
    ['multicast', `ff02${'00'.repeat(13)}01`],
    ['unspecified twice', '00'.repeat(32)],
    ['multicast link-local', `20010db8${'00'.repeat(12)}ff02${'00'.repeat(13)}01`],
  ])('an %s address: treat-as-withdraw (RFC 4271 §6.3, RFC 7606 §3e)', (_, nextHop) => {
    expectError(scan(reach('0002', nextHop, '10 2001')), 'treat-as-withdraw', 14);
  });
});

describe('properties', () => {
  const exchanged = context.chain(ctx => fc.record({ ctx: fc.constant(ctx), message: update(ctx) }));
  const scanContext = (ctx: DecodeContext): ScanContext => ({
    as4: ctx.as4,
    addPath: ctx.addPath.reduce<number>((mask, family) => mask | (1 << family), 0),
    internal: true,
    families: 3,
  });

  it('finds in an encoded UPDATE what was encoded', () => {
    fc.assert(
      fc.property(exchanged, ({ ctx, message }) => {
        const body = encode(message, { ...ctx, extendedMessage: true }).subarray(19);
        const out = scan(body, scanContext(ctx));
        const list = (family: Family, start: number, end: number) =>
          decodeNlri(body, start, end, family, ctx.addPath.includes(family));
        expect(out.errors).toEqual([]);
        expect(list(0, out.withdrawnStart, out.withdrawnEnd)).toEqual(message.withdrawn);
        expect(list(0, out.nlriStart, out.nlriEnd)).toEqual(message.nlri);
        const others: PathAttribute[] = [];
        for (const attribute of message.attributes) {
          if (attribute.type === 'mpReach') {
            expect(out.reachFamily).toBe(attribute.family);
            expect(body.slice(out.nextHopStart, out.nextHopEnd)).toEqual(attribute.nextHop);
            expect(list(attribute.family, out.reachStart, out.reachEnd)).toEqual(attribute.nlri);
          } else if (attribute.type === 'mpUnreach') {
            expect(out.unreachFamily).toBe(attribute.family);
            expect(list(attribute.family, out.unreachStart, out.unreachEnd)).toEqual(attribute.withdrawn);
          } else {
            others.push(attribute);
          }
        }
        expect([...out.codes.subarray(0, out.codeCount)]).toEqual(others.map(codeOf));
        const found = decodeAttributes(
          body,
          out.attributesStart,
          out.attributesEnd,
          ctx,
          code => out.valueStart[code] !== -1,
        );
        expect(found).toEqual(others);
      }),
      { numRuns: 300 },
    );
  });

  it('ends in a scan or a WireError whatever the octets are, and keeps its promises', () => {
    const anything = fc.oneof(
      exchanged.chain(({ ctx, message }) => {
        const body = encode(message, { ...ctx, extendedMessage: true }).slice(19);
        return damaged(body);
      }),
      bytes(0, 100),
    );
    const anyContext = fc.record({
      as4: fc.boolean(),
      addPath: fc.nat(3),
      internal: fc.boolean(),
      families: fc.nat(3),
      rejectAsSets: fc.boolean(),
    });
    const out = new UpdateScan();
    fc.assert(
      fc.property(anything, anyContext, (body, ctx) => {
        try {
          scanUpdate(body, 0, body.length, ctx, out);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
          return;
        }
        expect(out.treatAsWithdraw).toBe(out.errors.some(error => error.class === 'treat-as-withdraw'));
        const codes = [...out.codes.subarray(0, out.codeCount)];
        expect(codes).toEqual([...codes].sort((a, b) => a - b));
        expect(codes).toEqual([...out.valueStart.keys()].filter(code => out.valueStart[code] !== -1));
        const regions = [
          [out.withdrawnStart, out.withdrawnEnd],
          [out.nlriStart, out.nlriEnd],
          [out.reachStart, out.reachEnd],
          [out.unreachStart, out.unreachEnd],
          ...codes.map(code => [out.valueStart[code], out.valueEnd[code]]),
        ];
        for (const [start, end] of regions) {
          expect(start).toBeLessThanOrEqual(end);
          expect(end).toBeLessThanOrEqual(body.length);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
