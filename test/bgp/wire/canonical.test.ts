import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AsPathSegment, formatAsPath, parseAsPath } from '../../../src/bgp/wire/aspath.js';
import { codeOf, decodeAttributes } from '../../../src/bgp/wire/attributes.js';
import {
  canonicalize,
  decodeCanonical,
  encodeCanonical,
  findAttribute,
  writeWireAttributes,
} from '../../../src/bgp/wire/canonical.js';
import type { ScanContext } from '../../../src/bgp/wire/context.js';
import { encode } from '../../../src/bgp/wire/message.js';
import { WireError } from '../../../src/bgp/wire/notification.js';
import type { AttributeOf, PathAttribute } from '../../../src/bgp/wire/path-attribute.js';
import { scanUpdate, UpdateScan } from '../../../src/bgp/wire/update-scan.js';
import { attributes, damaged, update } from './arbitraries.js';
import { AS_PATH, NEXT_HOP, NLRI, ORIGIN, octets, updateBody } from './octets.js';

const AS4 = { as4: true, addPath: [], extendedMessage: true };
const OLD = { ...AS4, as4: false };
const scanContext = (as4: boolean): ScanContext => ({ as4, addPath: 0, internal: true, families: 3 });
const scan = new UpdateScan();
const out = new Uint8Array(65600);
const wire = new Uint8Array(2 * 65600);

/** The canonical block of an UPDATE body with an IPv4 route. */
function canonicalOf(body: Uint8Array, as4: boolean): Uint8Array {
  scanUpdate(body, 0, body.length, scanContext(as4), scan);
  expect(scan.treatAsWithdraw).toBe(false);
  return out.slice(0, canonicalize(body, scan, as4, scan.valueStart[3], scan.valueEnd[3], out));
}

/** The UPDATE body by which a block is sent to a neighbor. */
function sent(block: Uint8Array, as4: boolean): Uint8Array {
  const length = writeWireAttributes(block, 0, block.length, as4, true, wire, 4);
  const body = new Uint8Array(length + 4);
  body.set(wire.subarray(4, length), 4);
  body.set([0, 0, (length - 4) >> 8, (length - 4) & 0xff]);
  body.set(octets(NLRI), length);
  return body;
}

const isIn =
  (...types: PathAttribute['type'][]) =>
  (attribute: PathAttribute) =>
    types.includes(attribute.type);

describe('canonicalize', () => {
  it('writes the next hop, then the attributes in ascending order with the flags of their category', () => {
    const body = updateBody({
      attributes: `df 63 0001 aa 40 06 00 ${NEXT_HOP} c0 08 04 fde90064 ${AS_PATH} 5f 01 0001 00`,
      nlri: NLRI,
    });
    expect(canonicalOf(body, true)).toEqual(
      octets(`04 ac120865 ${ORIGIN} ${AS_PATH} 40 06 00 c0 08 04 fde90064 c0 63 01 aa`),
    );
  });

  it('keeps Partial of optional transitive attributes only (RFC 4271 §4.3)', () => {
    const body = updateBody({
      attributes: `60 01 01 00 ${AS_PATH} ${NEXT_HOP} a0 04 04 00000001 e0 08 04 fde90064 e0 63 00`,
      nlri: NLRI,
    });
    expect(canonicalOf(body, true)).toEqual(
      octets(`04 ac120865 ${ORIGIN} ${AS_PATH} 80 04 04 00000001 e0 08 04 fde90064 e0 63 00`),
    );
  });

  it('keeps each large community once (RFC 8092 §3)', () => {
    const a = '0000fde9 00000001 00000002';
    const b = '0000fde9 00000001 00000003';
    const body = updateBody({
      attributes: `${ORIGIN} ${AS_PATH} ${NEXT_HOP} c0 20 30 ${a} ${b} ${a} ${b}`,
      nlri: NLRI,
    });
    expect(canonicalOf(body, true)).toEqual(octets(`04 ac120865 ${ORIGIN} ${AS_PATH} c0 20 18 ${a} ${b}`));
    const long = (list: string[]) => `d0 20 ${(list.length * 12).toString(16).padStart(4, '0')} ${list.join('')}`;
    const many = Array.from({ length: 22 }, (_, i) => `0000fde9 00000001 000000${(i + 16).toString(16)}`);
    const twice = updateBody({ attributes: `${ORIGIN} ${AS_PATH} ${NEXT_HOP} ${long([...many, a, a])}`, nlri: NLRI });
    expect(canonicalOf(twice, true)).toEqual(octets(`04 ac120865 ${ORIGIN} ${AS_PATH} ${long([...many, a])}`));
  });

  it('drops unknown attributes that are not transitive (RFC 4271 §5)', () => {
    const body = updateBody({ attributes: `${ORIGIN} ${AS_PATH} ${NEXT_HOP} 80 63 01 aa`, nlri: NLRI });
    expect(canonicalOf(body, true)).toEqual(octets(`04 ac120865 ${ORIGIN} ${AS_PATH}`));
  });

  it('agrees with the object decoder', () => {
    fc.assert(
      fc.property(attributes(AS4), list => {
        const kept = list.filter(a => !isIn('mpReach', 'mpUnreach')(a));
        const nlri = [{ prefix: { family: 0 as const, address: octets('0a000000'), length: 8 } }];
        const body = encode({ type: 'update', withdrawn: [], attributes: kept, nlri }, AS4).subarray(19);
        const block = decodeCanonical(canonicalOf(body, true));
        const decoded = decodeAttributes(body, scan.attributesStart, scan.attributesEnd, AS4);
        const nextHop = decoded.find(isIn('nextHop')) as AttributeOf<'nextHop'>;
        expect(block.nextHop).toEqual(nextHop.address);
        const local = (a: PathAttribute) => a.type === 'unknown' && (a.flags & 0x40) === 0;
        expect(block.attributes).toEqual(decoded.filter(a => a.type !== 'nextHop' && !local(a)));
      }),
      { numRuns: 200 },
    );
  });

  it('makes the same block of the same attributes in any order', () => {
    const shuffled = attributes(AS4).chain(list =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        const nextHop = octets('0a000001');
        expect(encodeCanonical(nextHop, other)).toEqual(encodeCanonical(nextHop, list));
      }),
    );
  });
});

describe('canonical blocks', () => {
  it('decode to what was encoded, without NEXT_HOP, MP and AS4 attributes', () => {
    fc.assert(
      fc.property(attributes(OLD), fc.constantFrom(0, 4, 16, 32), (list, length) => {
        const nextHop = new Uint8Array(length).fill(7);
        const kept = list.filter(a => !isIn('nextHop', 'mpReach', 'mpUnreach', 'as4Path', 'as4Aggregator')(a));
        expect(decodeCanonical(encodeCanonical(nextHop, list))).toEqual({ nextHop, attributes: kept });
      }),
    );
  });

  it('have their attributes found by code', () => {
    fc.assert(
      fc.property(attributes(AS4), fc.nat(20), (list, before) => {
        const block = encodeCanonical(octets('0a000001'), list);
        const arena = new Uint8Array(before + block.length + 5);
        arena.set(block, before);
        const codes = new Set(decodeCanonical(block).attributes.map(codeOf));
        for (let code = 0; code < 256; code++) {
          const at = findAttribute(arena, before, before + block.length, code);
          expect(at === -1 ? -1 : arena[at + 1]).toBe(codes.has(code) ? code : -1);
        }
      }),
    );
  });
});

describe('writeWireAttributes', () => {
  const block = octets(`04 ac120865 ${ORIGIN} 40 02 0e 02 03 0000fde9 00011170 00000002 80 04 04 00000005
    c0 07 08 00011170 0a000001 c0 08 04 fde90064 c0 10 08 0002fde900000001 c0 20 0c 000000010000000200000003`);

  it('puts NEXT_HOP in its place, or leaves it to MP_REACH_NLRI', () => {
    const length = writeWireAttributes(block, 0, block.length, true, true, wire, 0);
    const rest = block.subarray(5 + 4 + 17);
    expect(wire.slice(0, length)).toEqual(
      Uint8Array.from([...block.subarray(5, 5 + 4 + 17), ...octets(NEXT_HOP), ...rest]),
    );
    const without = writeWireAttributes(block, 0, block.length, true, false, wire, 3);
    expect(wire.slice(3, without)).toEqual(block.slice(5));
  });

  it('reads a block in the middle of an arena', () => {
    const arena = Uint8Array.from([9, 9, 9, ...block, 9, 9]);
    const length = writeWireAttributes(arena, 3, 3 + block.length, true, false, wire, 0);
    expect(wire.slice(0, length)).toEqual(block.slice(5));
  });

  it('gives a 2-octet neighbor AS_TRANS, AS4_PATH and AS4_AGGREGATOR (RFC 6793 §4.2.2)', () => {
    const length = writeWireAttributes(block, 0, block.length, false, true, wire, 0);
    expect(wire.slice(0, length)).toEqual(
      octets(`${ORIGIN} 40 02 08 02 03 fde9 5ba0 0002 ${NEXT_HOP} 80 04 04 00000005 c0 07 06 5ba0 0a000001
        c0 08 04 fde90064 c0 10 08 0002fde900000001 c0 11 0e 02 03 0000fde9 00011170 00000002
        c0 12 08 00011170 0a000001 c0 20 0c 000000010000000200000003`),
    );
  });

  it('gives no AS4 attributes when all AS numbers fit (RFC 6793 §4.2.2)', () => {
    const small = octets(`04 ac120865 ${ORIGIN} ${AS_PATH} e0 07 08 0000fde9 0a000001`);
    const length = writeWireAttributes(small, 0, small.length, false, true, wire, 0);
    expect(wire.slice(0, length)).toEqual(octets(`${ORIGIN} 40 02 04 02 01 fde9 ${NEXT_HOP} e0 07 06 fde9 0a000001`));
  });

  it('leaves confederation segments out of AS4_PATH (RFC 6793 §4.2.2)', () => {
    const confed = octets(`04 ac120865 40 02 0c 03 01 0000fde9 02 01 00011170`);
    const length = writeWireAttributes(confed, 0, confed.length, false, false, wire, 0);
    expect(wire.slice(0, length)).toEqual(octets('40 02 08 03 01 fde9 02 01 5ba0 c0 11 06 02 01 00011170'));
    const confedOnly = octets(`04 ac120865 40 02 06 03 01 00011170`);
    const end = writeWireAttributes(confedOnly, 0, confedOnly.length, false, false, wire, 0);
    expect(wire.slice(0, end)).toEqual(octets('40 02 04 03 01 5ba0'));
  });

  it('comes back as the same block from a 4-octet neighbor', () => {
    fc.assert(
      fc.property(attributes(AS4), list => {
        const original = encodeCanonical(octets('0a000001'), list.filter(isPassedOn));
        expect(canonicalOf(sent(original, true), true)).toEqual(original);
      }),
      { numRuns: 200 },
    );
  });

  it('comes back as the same block from a 2-octet neighbor (RFC 6793 §4.2)', () => {
    fc.assert(
      fc.property(attributes(AS4), list => {
        const original = encodeCanonical(octets('0a000001'), list.filter(isPassedOn).map(withConfedInFront));
        expect(canonicalOf(sent(original, false), false)).toEqual(original);
      }),
      { numRuns: 400 },
    );
  });

  const isPassedOn = (a: PathAttribute) => a.type !== 'unknown' || (a.flags & 0x40) !== 0;

  /** Confederation segments lead a path, and their AS numbers fit 2 octets (RFC 5065 §3, RFC 6793 §7). */
  function withConfedInFront(attribute: PathAttribute): PathAttribute {
    if (attribute.type !== 'asPath') return attribute;
    const isConfed = (segment: AsPathSegment) => segment.type.startsWith('confed');
    const confed = attribute.segments
      .filter(isConfed)
      .map(({ type, asns }) => ({ type, asns: asns.map(as => as & 0xffff || 1) }));
    return { type: 'asPath', segments: [...confed, ...attribute.segments.filter(s => !isConfed(s))] };
  }
});

describe('AS paths from a 2-octet neighbor (RFC 6793 §4.2.3)', () => {
  /** The path that AS_PATH and AS4_PATH (and AGGREGATOR, AS4_AGGREGATOR) give together. */
  function merged(path: string, as4Path: string, more: PathAttribute[] = []): string {
    const list: PathAttribute[] = [
      { type: 'origin', origin: 'igp' },
      { type: 'asPath', segments: parseAsPath(path) },
      { type: 'nextHop', address: octets('0a000001') },
      { type: 'as4Path', segments: parseAsPath(as4Path) },
      ...more,
    ];
    const nlri = [{ prefix: { family: 0 as const, address: octets('0a000000'), length: 8 } }];
    const body = encode({ type: 'update', withdrawn: [], attributes: list, nlri }, OLD).subarray(19);
    const { attributes } = decodeCanonical(canonicalOf(body, false));
    expect(attributes.some(isIn('as4Path', 'as4Aggregator'))).toBe(false);
    return formatAsPath((attributes.find(isIn('asPath')) as AttributeOf<'asPath'>).segments);
  }

  it.each([
    ['an old speaker has prepended', '64512 23456 2', '70000 2', '64512 70000 2'],
    ['both are as long', '23456 2', '70000 2', '70000 2'],
    ['AS4_PATH is longer: it is ignored', '64512', '70000 2', '64512'],
    ['a set counts one', '64512 {23456,3} 23456', '{70000,3} 70001', '64512 {70000,3} 70001'],
    ['a leading set is kept', '{1,2} 23456', '70000', '{1,2} 70000'],
    ['the cut goes through a sequence', '1 2 3 4 23456', '4 70000', '1 2 3 4 70000'],
    ['leading confederation segments are kept', '(65010) 23456', '70000', '(65010) 70000'],
    ['so is one behind a whole prepended segment', '1 (65010) 23456', '70000', '1 (65010) 70000'],
    ['but not one behind the cut', '1 23456 (65010) 23456', '70000 70001', '1 70000 70001'],
    ['confederation segments in AS4_PATH are discarded (§6)', '1 23456', '(65010) 70000', '1 70000'],
    ['AS4_PATH of confederation segments only is none', '1 2', '(65010)', '1 2'],
  ])('%s', (_, path, as4Path, expected) => {
    expect(merged(path, as4Path)).toBe(expected);
  });

  it('splits what a segment cannot hold', () => {
    const head = Array.from({ length: 200 }, (_, i) => i + 1).join(' ');
    const tail = Array.from({ length: 100 }, (_, i) => i + 70000).join(' ');
    const old = Array.from({ length: 100 }, () => 23456).join(' ');
    expect(merged(`${head} ${old}`, tail)).toBe(`${head} ${tail}`);
  });

  const aggregator = (as: number): PathAttribute => ({ type: 'aggregator', as, routerId: 7 });
  const as4Aggregator: PathAttribute = { type: 'as4Aggregator', as: 70005, routerId: 9 };

  it('is AS_PATH alone when an old speaker has aggregated: AGGREGATOR is not AS_TRANS', () => {
    expect(merged('64512 23456', '70000', [aggregator(64512), as4Aggregator])).toBe('64512 23456');
    expect(merged('64512 23456', '70000', [aggregator(23456), as4Aggregator])).toBe('64512 70000');
    expect(merged('64512 23456', '70000', [aggregator(64512)])).toBe('64512 70000');
    expect(merged('64512 23456', '70000', [as4Aggregator])).toBe('64512 70000');
  });

  it.each([
    ['AS_TRANS gives way to AS4_AGGREGATOR', 23456, true, { as: 70005, routerId: 9 }],
    ['another AS stays', 64512, true, { as: 64512, routerId: 7 }],
    ['AS_TRANS alone stays', 23456, false, { as: 23456, routerId: 7 }],
  ])('AGGREGATOR: %s', (_, as, withAs4, expected) => {
    const list: PathAttribute[] = [
      { type: 'origin', origin: 'igp' },
      { type: 'asPath', segments: [] },
      { type: 'nextHop', address: octets('0a000001') },
      aggregator(as),
      ...(withAs4 ? [as4Aggregator] : []),
    ];
    const nlri = [{ prefix: { family: 0 as const, address: octets('0a000000'), length: 8 } }];
    const body = encode({ type: 'update', withdrawn: [], attributes: list, nlri }, OLD).subarray(19);
    const { attributes } = decodeCanonical(canonicalOf(body, false));
    expect(attributes.filter(isIn('aggregator', 'as4Aggregator'))).toEqual([{ type: 'aggregator', ...expected }]);
  });
});

describe('whatever the scan accepts', () => {
  it.each([true, false])('can be stored and sent on without an error (as4 %s)', as4 => {
    const ctx = as4 ? AS4 : OLD;
    const body = update(ctx).chain(message => damaged(encode(message, ctx).slice(19)));
    fc.assert(
      fc.property(body, body => {
        try {
          scanUpdate(body, 0, body.length, scanContext(as4), scan);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
          return;
        }
        if (scan.treatAsWithdraw || scan.nlriStart === scan.nlriEnd) return;
        const block = out.slice(0, canonicalize(body, scan, as4, scan.valueStart[3], scan.valueEnd[3], out));
        const { nextHop, attributes } = decodeCanonical(block);
        expect(encodeCanonical(nextHop, attributes)).toEqual(block);
        const again = sent(block, true);
        expect(canonicalOf(again, true)).toEqual(block);
        expect(scan.errors).toEqual([]);
        const old = sent(block, false);
        scanUpdate(old, 0, old.length, scanContext(false), scan);
        expect(scan.errors).toEqual([]);
      }),
      { numRuns: 600 },
    );
  });
});
