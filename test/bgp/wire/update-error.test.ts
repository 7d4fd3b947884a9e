import { describe, expect, it } from 'vitest';
import { AS_PATH, MP_REACH, NEXT_HOP, ORIGIN, octets, updateBody, wireError } from './octets.js';
import { AS_PATH_2, EXTERNAL, expectError, GOOD, INTERNAL, route, scan, TWO_OCTET } from './scanning.js';

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
