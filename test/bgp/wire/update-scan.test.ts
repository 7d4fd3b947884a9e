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

const INTERNAL: ScanContext = { as4: true, addPath: 0, internal: true, families: 3 };
const EXTERNAL: ScanContext = { ...INTERNAL, internal: false };
const TWO_OCTET: ScanContext = { ...INTERNAL, as4: false };
const AS_PATH_2 = '40 02 04 02 01 fd e9';
const GOOD = `${ORIGIN} ${AS_PATH} ${NEXT_HOP}`;

function scan(body: Uint8Array, ctx = INTERNAL): UpdateScan {
  const out = new UpdateScan();
  scanUpdate(body, 0, body.length, ctx, out);
  return out;
}

/** A route with these attributes and one NLRI. */
function route(attributes: string, ctx = INTERNAL): UpdateScan {
  return scan(updateBody({ attributes, nlri: NLRI }), ctx);
}

/** Expects one error of this class in a route, and says whether the attribute is gone. */
function expectError(out: UpdateScan, errorClass: string, code: number): void {
  expect(out.errors.map(error => [error.class, error.code])).toEqual([[errorClass, code]]);
  expect(out.treatAsWithdraw).toBe(errorClass === 'treat-as-withdraw');
}

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

describe('malformed attributes of a route (RFC 7606 §3, §4, §7)', () => {
  it.each([
    // §7.1 ORIGIN
    ['ORIGIN of length 2', `40 01 02 00 00 ${AS_PATH} ${NEXT_HOP}`, 'treat-as-withdraw', 1],
    ['ORIGIN of length 0', `40 01 00 ${AS_PATH} ${NEXT_HOP}`, 'treat-as-withdraw', 1],
    ['ORIGIN with value 3', `40 01 01 03 ${AS_PATH} ${NEXT_HOP}`, 'treat-as-withdraw', 1],
    ['ORIGIN marked optional', `c0 01 01 00 ${AS_PATH} ${NEXT_HOP}`, 'treat-as-withdraw', 1],
    // §7.2 AS_PATH
    ['AS_PATH with an unknown segment type', `${ORIGIN} 40 02 06 05 01 0000fde9 ${NEXT_HOP}`, 'treat-as-withdraw', 2],
    ['AS_PATH with segment type 0', `${ORIGIN} 40 02 06 00 01 0000fde9 ${NEXT_HOP}`, 'treat-as-withdraw', 2],
    ['AS_PATH with a segment overrun', `${ORIGIN} 40 02 06 02 02 0000fde9 ${NEXT_HOP}`, 'treat-as-withdraw', 2],
    ['AS_PATH with a single octet left', `${ORIGIN} 40 02 07 02 01 0000fde9 02 ${NEXT_HOP}`, 'treat-as-withdraw', 2],
    ['AS_PATH with an empty segment', `${ORIGIN} 40 02 02 02 00 ${NEXT_HOP}`, 'treat-as-withdraw', 2],
    ['AS_PATH with 2-octet AS numbers', `${ORIGIN} ${AS_PATH_2} ${NEXT_HOP}`, 'treat-as-withdraw', 2],
    ['AS_PATH with AS 0 (RFC 7607 §2)', `${ORIGIN} 40 02 06 02 01 00000000 ${NEXT_HOP}`, 'treat-as-withdraw', 2],
    // §7.3 NEXT_HOP, RFC 4271 §6.3
    ['NEXT_HOP of length 5', `${ORIGIN} ${AS_PATH} 40 03 05 0a00000100`, 'treat-as-withdraw', 3],
    ['NEXT_HOP 0.0.0.0', `${ORIGIN} ${AS_PATH} 40 03 04 00000000`, 'treat-as-withdraw', 3],
    ['NEXT_HOP 224.0.0.1', `${ORIGIN} ${AS_PATH} 40 03 04 e0000001`, 'treat-as-withdraw', 3],
    ['NEXT_HOP 255.255.255.255', `${ORIGIN} ${AS_PATH} 40 03 04 ffffffff`, 'treat-as-withdraw', 3],
    // §7.4 MULTI_EXIT_DISC
    ['MULTI_EXIT_DISC of length 3', `${GOOD} 80 04 03 000001`, 'treat-as-withdraw', 4],
    ['MULTI_EXIT_DISC marked transitive', `${GOOD} c0 04 04 00000001`, 'treat-as-withdraw', 4],
    // §7.5 LOCAL_PREF
    ['LOCAL_PREF of length 3', `${GOOD} 40 05 03 000001`, 'treat-as-withdraw', 5],
    // §7.6 ATOMIC_AGGREGATE
    ['ATOMIC_AGGREGATE of length 1', `${GOOD} 40 06 01 00`, 'attribute-discard', 6],
    ['ATOMIC_AGGREGATE marked optional', `${GOOD} c0 06 00`, 'treat-as-withdraw', 6],
    // §7.7 AGGREGATOR
    ['AGGREGATOR of length 6 with 4-octet AS numbers', `${GOOD} c0 07 06 fde9 0a000001`, 'attribute-discard', 7],
    ['AGGREGATOR of length 7', `${GOOD} c0 07 07 0000fde9 0a0000`, 'attribute-discard', 7],
    ['AGGREGATOR with AS 0 (RFC 7607 §2)', `${GOOD} c0 07 08 00000000 0a000001`, 'attribute-discard', 7],
    // §7.8 Community
    ['COMMUNITIES of length 0', `${GOOD} c0 08 00`, 'treat-as-withdraw', 8],
    ['COMMUNITIES of length 6', `${GOOD} c0 08 06 fde90001fde9`, 'treat-as-withdraw', 8],
    // §7.9, §7.10 ORIGINATOR_ID, CLUSTER_LIST
    ['ORIGINATOR_ID of length 8', `${GOOD} 80 09 08 0a0000010a000001`, 'treat-as-withdraw', 9],
    ['CLUSTER_LIST of length 0', `${GOOD} 80 0a 00`, 'treat-as-withdraw', 10],
    ['CLUSTER_LIST of length 5', `${GOOD} 80 0a 05 0a00000100`, 'treat-as-withdraw', 10],
    // §7.14 Extended Community
    ['EXTENDED COMMUNITIES of length 0', `${GOOD} c0 10 00`, 'treat-as-withdraw', 16],
    ['EXTENDED COMMUNITIES of length 9', `${GOOD} c0 10 09 0002fde90000000100`, 'treat-as-withdraw', 16],
    // RFC 8092 §6, RFC 9234 §5
    ['LARGE_COMMUNITY of length 8', `${GOOD} c0 20 08 0000000100000002`, 'treat-as-withdraw', 32],
    ['ONLY_TO_CUSTOMER of length 2', `${GOOD} c0 23 02 fde9`, 'treat-as-withdraw', 35],
    // RFC 6793 §4.1, §6: between speakers that use 4-octet AS numbers
    ['AS4_PATH', `${GOOD} c0 11 06 02 01 00011170`, 'attribute-discard', 17],
    ['AS4_AGGREGATOR', `${GOOD} c0 12 08 00011170 0a000001`, 'attribute-discard', 18],
  ])('%s', (_, attributes, errorClass, code) => {
    const out = route(attributes);
    expectError(out, errorClass, code);
    expect(out.valueStart[code]).toBe(-1);
    expect([...out.codes.subarray(0, out.codeCount)]).not.toContain(code);
    expect(out.errors[0].bytes[1]).toBe(code);
  });

  it.each([
    ['AS4_PATH of odd length', 'c0 11 07 02 01 00011170 00', 17],
    ['AS4_PATH of length 4', 'c0 11 04 02 01 0001', 17],
    ['AS4_PATH with an empty segment', 'c0 11 08 02 01 00011170 02 00', 17],
    ['AS4_PATH with a segment overrun', 'c0 11 06 02 02 00011170', 17],
    ['AS4_PATH with an unknown segment type', 'c0 11 06 09 01 00011170', 17],
    ['AS4_PATH with AS 0 (RFC 7607 §2)', 'c0 11 06 02 01 00000000', 17],
    ['AS4_AGGREGATOR of length 6', 'c0 12 06 0001 0a000001', 18],
    ['AS4_AGGREGATOR with AS 0 (RFC 7607 §2)', 'c0 12 08 00000000 0a000001', 18],
    ['AGGREGATOR of length 8', 'c0 07 08 0000fde9 0a000001', 7],
  ])('%s from a 2-octet neighbor: attribute discard (RFC 6793 §6, RFC 7606 §7.7)', (_, attribute, code) => {
    const out = route(`${ORIGIN} ${AS_PATH_2} ${NEXT_HOP} ${attribute}`, TWO_OCTET);
    expectError(out, 'attribute-discard', code);
    expect(out.valueStart[code]).toBe(-1);
  });

  it('accepts AS4_PATH with confederation segments: they are skipped later (RFC 6793 §6)', () => {
    const out = route(`${ORIGIN} ${AS_PATH_2} ${NEXT_HOP} c0 11 0c 03 01 0000fde8 02 01 00011170`, TWO_OCTET);
    expect(out.errors).toEqual([]);
  });

  it.each([
    ['LOCAL_PREF (RFC 7606 §7.5)', '40 05 04 00000064', 5],
    ['LOCAL_PREF of any length', '40 05 00', 5],
    ['ORIGINATOR_ID (RFC 7606 §7.9)', '80 09 04 0a000001', 9],
    ['CLUSTER_LIST (RFC 7606 §7.10)', '80 0a 04 0a000001', 10],
  ])('discards %s from an external neighbor', (_, attribute, code) => {
    expectError(route(`${GOOD} ${attribute}`, EXTERNAL), 'attribute-discard', code);
    expect(route(`${GOOD} ${attribute}`, EXTERNAL).valueStart[code]).toBe(-1);
  });

  it('takes confederation segments from outside as malformed (RFC 5065 §5)', () => {
    const attributes = `${ORIGIN} 40 02 06 03 01 0000fde9 ${NEXT_HOP}`;
    expectError(route(attributes, EXTERNAL), 'treat-as-withdraw', 2);
    expect(route(attributes, INTERNAL).errors).toEqual([]);
  });

  it('takes AS_SET as malformed only where it is asked to (RFC 9774)', () => {
    const attributes = `${ORIGIN} 40 02 06 01 01 0000fde9 ${NEXT_HOP}`;
    expect(route(attributes).errors).toEqual([]);
    expectError(route(attributes, { ...INTERNAL, rejectAsSets: true }), 'treat-as-withdraw', 2);
  });

  it('accepts empty AS_PATH and ATOMIC_AGGREGATE (RFC 7606 §4), and lengths of two octets where one would do', () => {
    expect(route(`${ORIGIN} 40 02 00 ${NEXT_HOP} 40 06 00`).errors).toEqual([]);
    expect(route(`50 01 0001 00 ${AS_PATH} ${NEXT_HOP}`).errors).toEqual([]);
  });

  it('ignores the Partial bit and the unused ones (RFC 4271 §4.3)', () => {
    expect(route(`6f 01 01 00 ${AS_PATH} ${NEXT_HOP}`).errors).toEqual([]);
  });
});

describe('missing and repeated attributes', () => {
  it.each([
    ['ORIGIN', `${AS_PATH} ${NEXT_HOP}`, 1],
    ['AS_PATH', `${ORIGIN} ${NEXT_HOP}`, 2],
    ['NEXT_HOP', `${ORIGIN} ${AS_PATH}`, 3],
  ])('%s missing: treat-as-withdraw (RFC 7606 §3d)', (_, attributes, code) => {
    expectError(route(attributes), 'treat-as-withdraw', code);
  });

  it('NEXT_HOP is not missing with MP_REACH_NLRI, and ignored there (RFC 4760 §3)', () => {
    expect(scan(updateBody({ attributes: `${MP_REACH} ${ORIGIN} ${AS_PATH}` })).errors).toEqual([]);
    const zero = updateBody({ attributes: `${MP_REACH} ${ORIGIN} ${AS_PATH} 40 03 04 00000000` });
    expect(scan(zero).errors).toEqual([]);
    expectError(scan(updateBody({ attributes: `${MP_REACH} ${ORIGIN}` })), 'treat-as-withdraw', 2);
  });

  it('all but the first of an attribute are discarded, known or not (RFC 7606 §3g)', () => {
    const out = route(`${GOOD} 40 01 01 02 c0 63 01 aa c0 63 01 bb`);
    expect(out.errors.map(error => [error.class, error.code])).toEqual([
      ['attribute-discard', 1],
      ['attribute-discard', 99],
    ]);
    expect(out.valueEnd[99] - out.valueStart[99]).toBe(1);
    expect(out.valueStart[99]).toBeLessThan(out.attributesEnd - 4);
  });

  it('a second one does not replace a discarded first', () => {
    const out = route(`${GOOD} 40 06 01 00 40 06 00`);
    expect(out.errors.map(error => error.class)).toEqual(['attribute-discard', 'attribute-discard']);
    expect(out.valueStart[6]).toBe(-1);
  });

  it.each([
    ['MP_REACH_NLRI', `${MP_REACH} ${MP_REACH}`],
    ['MP_UNREACH_NLRI', '80 0f 03 0002 01 80 0f 03 0002 01'],
  ])('%s twice: session reset, Malformed Attribute List (RFC 7606 §3g)', (_, attributes) => {
    expect(wireError(() => route(`${GOOD} ${attributes}`))).toMatchObject({ code: 3, subcode: 1 });
  });

  it('the strongest approach wins, and all errors are told (RFC 7606 §3h)', () => {
    const out = route(`40 01 01 07 ${AS_PATH} ${NEXT_HOP} 40 06 01 00`);
    expect(out.errors.map(error => error.class)).toEqual(['treat-as-withdraw', 'attribute-discard']);
    expect(out.treatAsWithdraw).toBe(true);
  });
});

describe('errors without reachable NLRI (RFC 7606 §5.2)', () => {
  it.each([
    ['Invalid ORIGIN', '40 01 01 07', 6, '40 01 01 07'],
    ['Attribute Length Error', '80 04 02 0000', 5, '80 04 02 0000'],
    ['Attribute Flags Error', '00 04 04 00000000', 4, '00 04 04 00000000'],
    ['Malformed AS_PATH, without data', '40 02 02 02 00', 11, ''],
    ['Optional Attribute Error', 'c0 07 08 00000000 0a000001 c0 08 00', 5, 'c0 08 00'],
    ['Malformed Attribute List, without data', '40 01 05 00', 1, ''],
  ])('reset the session: %s (RFC 4271 §6.3)', (_, attributes, subcode, data) => {
    const body = updateBody({ withdrawn: '08 0a', attributes });
    expect(wireError(() => scan(body))).toMatchObject({ code: 3, subcode, data: octets(data) });
    const unreach = updateBody({ attributes: `80 0f 05 0002 01 08 20 ${attributes}` });
    expect(wireError(() => scan(unreach))).toMatchObject({ code: 3, subcode, data: octets(data) });
  });

  it('but not for attribute discard', () => {
    expectError(scan(updateBody({ withdrawn: '08 0a', attributes: '40 06 01 00' })), 'attribute-discard', 6);
  });
});

describe('unrecognized attributes', () => {
  it('are kept when optional', () => {
    const out = route(`${GOOD} c0 63 02 aabb 80 64 00`);
    expect(out.errors).toEqual([]);
    expect([...out.codes.subarray(0, out.codeCount)]).toEqual([1, 2, 3, 99, 100]);
  });

  it('reset the session when well-known, with the attribute as data (RFC 4271 §6.3)', () => {
    const error = wireError(() => route(`${GOOD} 40 63 02 aabb`));
    expect(error).toMatchObject({ code: 3, subcode: 2, data: octets('40 63 02 aabb') });
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

describe('AS_PATH from a 2-octet neighbor', () => {
  it('must fit an attribute with 4-octet AS numbers', () => {
    const path = (asns: number) => {
      const segments = Array.from({ length: asns / 250 }, () => `02 fa ${'fde9'.repeat(250)}`).join('');
      const length = octets(segments).length.toString(16).padStart(4, '0');
      return `${ORIGIN} 50 02 ${length} ${segments} ${NEXT_HOP}`;
    };
    expect(route(path(16000), TWO_OCTET).errors).toEqual([]);
    expectError(route(path(16500), TWO_OCTET), 'treat-as-withdraw', 2);
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
