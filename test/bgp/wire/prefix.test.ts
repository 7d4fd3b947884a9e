import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAMILIES, Family, familyOf, formatFamily } from '../../../src/bgp/wire/family.js';
import { InputError } from '../../../src/bgp/wire/input-error.js';
import { formatNextHop } from '../../../src/bgp/wire/next-hop.js';
import {
  formatAddress,
  formatPrefix,
  formatRouterId,
  parseAddress,
  parsePrefix,
  parseRouterId,
} from '../../../src/bgp/wire/prefix.js';
import { bytes, prefix, u32 } from './arbitraries.js';
import { octets } from './octets.js';

/** Message and hint of the InputError that `work` throws. */
function inputError(work: () => unknown): { message: string; hint?: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof InputError) return { message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('families', () => {
  it('are indexed by their number and found by <AFI, SAFI>', () => {
    for (const [index, row] of FAMILIES.entries()) {
      expect(row.family).toBe(index);
      expect(familyOf(row.afi, row.safi)).toBe(index);
      expect(formatFamily(row.afi, row.safi)).toBe(row.name);
    }
    expect([familyOf(1, 2), familyOf(3, 1), familyOf(25, 65)]).toEqual([-1, -1, -1]);
    expect(formatFamily(25, 65)).toBe('AFI 25 SAFI 65');
  });
});

describe('addresses', () => {
  it.each([
    ['172.18.8.101', 'ac120865'],
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['::', '00'.repeat(16)],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
  ])('%s', (text, hex) => {
    expect(parseAddress(text)).toEqual(octets(hex));
    expect(formatAddress(octets(hex))).toBe(text);
  });

  it.each([
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ])('%s is written %s (RFC 5952 §4)', (text, expected) => {
    expect(formatAddress(parseAddress(text))).toBe(expected);
  });

  it('survive being written and read', () => {
    fc.assert(
      fc.property(fc.oneof(bytes(4), bytes(16)), a => {
        expect(parseAddress(formatAddress(a))).toEqual(a);
      }),
    );
  });

  it.each(['', '10.1', '10.1.1.256', '010.1.1.1', '1::2::3', 'bgp-1', '::g', '10.1.1.1.1'])('"%s" is none', text => {
    expect(inputError(() => parseAddress(text)).message).toBe(`"${text}" is not an address`);
  });

  it('with a length or an interface are told apart', () => {
    expect(inputError(() => parseAddress('10.1.1.1/32'))).toEqual({
      message: '"10.1.1.1/32" is a prefix, not an address',
      hint: 'did you mean 10.1.1.1?',
    });
    expect(inputError(() => parseAddress('fe80::1%eth1')).hint).toBe('did you mean fe80::1?');
  });

  it('of next hops may come in pairs (RFC 2545 §3)', () => {
    expect(formatNextHop(octets('ac120865'))).toBe('172.18.8.101');
    const pair = octets(`20010db8${'00'.repeat(11)}01 fe80${'00'.repeat(13)}01`);
    expect(formatNextHop(pair)).toBe('2001:db8::1 fe80::1');
  });
});

describe('router ids', () => {
  it('survive being written and read', () => {
    fc.assert(
      fc.property(
        u32.filter(id => id !== 0),
        id => {
          expect(parseRouterId(formatRouterId(id))).toBe(id);
        },
      ),
    );
  });

  it('are IPv4 addresses other than 0.0.0.0 (RFC 6286 §2.1)', () => {
    expect(inputError(() => parseRouterId('0.0.0.0')).message).toBe('0.0.0.0 is not a router id');
    expect(inputError(() => parseRouterId('::1')).message).toBe('"::1" is an IPv6 address');
  });
});

describe('prefixes', () => {
  it('have family, address and length', () => {
    expect(parsePrefix('10.233.1.0/24')).toEqual({
      family: Family.ipv4Unicast,
      address: octets('0ae90100'),
      length: 24,
    });
    expect(parsePrefix(' ::/0 ')).toEqual({ family: Family.ipv6Unicast, address: new Uint8Array(16), length: 0 });
    expect(formatPrefix(parsePrefix('2001:DB8::/33'))).toBe('2001:db8::/33');
  });

  it('survive being written and read', () => {
    const any = fc.oneof(prefix(Family.ipv4Unicast), prefix(Family.ipv6Unicast));
    fc.assert(
      fc.property(any, p => {
        expect(parsePrefix(formatPrefix(p))).toEqual(p);
      }),
    );
  });

  it.each([
    ['10.233.1.10/24', '10.233.1.10/24 has host bits set', 'did you mean 10.233.1.0/24?'],
    ['2001:db8::1/63', '2001:db8::1/63 has host bits set', 'did you mean 2001:db8::/63?'],
    ['0.0.0.1/31', '0.0.0.1/31 has host bits set', 'did you mean 0.0.0.0/31?'],
    ['10.233.1.10', '10.233.1.10 has no prefix length', 'did you mean 10.233.1.10/32?'],
    ['2001:db8::', '2001:db8:: has no prefix length', 'did you mean 2001:db8::/128?'],
    [
      '10.0.0.0/33',
      '"33" is not a prefix length of 10.0.0.0/33',
      'the length of an IPv4 prefix is a number from 0 to 32',
    ],
    ['::/129', '"129" is not a prefix length of ::/129', 'the length of an IPv6 prefix is a number from 0 to 128'],
    ['10.0.0.0/', '"" is not a prefix length of 10.0.0.0/', 'the length of an IPv4 prefix is a number from 0 to 32'],
    [
      '10.0.0.0/-1',
      '"-1" is not a prefix length of 10.0.0.0/-1',
      'the length of an IPv4 prefix is a number from 0 to 32',
    ],
    [
      '10.0.0.0/8/9',
      '"8/9" is not a prefix length of 10.0.0.0/8/9',
      'the length of an IPv4 prefix is a number from 0 to 32',
    ],
    ['10.0.0/8', '"10.0.0/8" is not a prefix', 'write it like 10.233.1.0/24 or 2001:db8::/32'],
    ['all', '"all" is not a prefix', 'write it like 10.233.1.0/24 or 2001:db8::/32'],
  ])('%s is refused', (text, message, hint) => {
    expect(inputError(() => parsePrefix(text))).toEqual({ message, hint });
  });

  it('end in a prefix or an InputError, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:./%]{0,20}$/)), text => {
        try {
          expect(parsePrefix(text).length).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
    );
  });
});
