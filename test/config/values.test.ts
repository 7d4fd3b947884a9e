// Values written as text: canonical forms, and the words for what cannot be used.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BadValue,
  formatPrefixRule,
  KERNEL_PROTOCOL,
  KERNEL_TABLE,
  parseAddress,
  parseAs,
  parseHostAddress,
  parseNeighborAddress,
  parsePrefixRule,
  parseRouterId,
} from '../../src/config/values.js';

/** The message and suggestion of the BadValue that is thrown. */
function refusal(attempt: () => unknown): [string, string | undefined] {
  try {
    attempt();
  } catch (error) {
    if (error instanceof BadValue) return [error.message, error.suggestion];
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('AS numbers', () => {
  test.each<[number | string, number]>([
    [1, 1],
    ['65001', 65001],
    [4294967295, 4294967295],
    ['0.1', 1],
    ['1.0', 65536],
    ['1.10', 65546],
    ['65535.65535', 4294967295],
  ])('%s is %d', (text, as) => expect(parseAs(text)).toBe(as));

  const PRIVATE = 'private use: 64512 to 65534, or 4200000000 to 4294967294 (RFC 6996)';
  test.each<[number | string, string, string | undefined]>([
    [0, 'AS 0 is reserved and cannot speak BGP (RFC 7607)', PRIVATE],
    ['0.0', 'AS 0 is reserved and cannot speak BGP (RFC 7607)', PRIVATE],
    [23456, 'AS 23456 is AS_TRANS, the placeholder for 4-octet AS numbers (RFC 6793), and belongs to nobody', PRIVATE],
    [4294967296, 'must be at most 4294967295, not 4294967296', undefined],
    ['1.65536', 'both halves of 1.65536 must be at most 65535 (asdot notation, RFC 5396)', undefined],
    [-1, 'must be an AS number such as 65001 or 1.10, not "-1"', undefined],
    ['AS65001', 'must be an AS number such as 65001 or 1.10, not "AS65001"', 'write 65001'],
    ['1.2.3', 'must be an AS number such as 65001 or 1.10, not "1.2.3"', undefined],
    ['', 'must be an AS number such as 65001 or 1.10, not ""', undefined],
  ])('%s is refused', (text, ...expected) => expect(refusal(() => parseAs(text))).toEqual(expected));
});

describe('addresses', () => {
  test.each([
    ['172.18.8.101', '172.18.8.101'],
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
    ['0:0::0', '::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fe80::0:1%eth0.5', 'fe80::1%eth0.5'],
  ])('%s is %s', (text, canonical) => expect(parseAddress(text)).toBe(canonical));

  test.each<[string, string, string | undefined]>([
    ['172.18.8.300', 'must be an IPv4 or IPv6 address, not "172.18.8.300"', undefined],
    ['010.0.0.1', 'must be an IPv4 or IPv6 address, not "010.0.0.1"', undefined],
    ['fe80::1%a b', 'must be an IPv4 or IPv6 address, not "fe80::1%a b"', undefined],
    ['x'.repeat(100), `must be an IPv4 or IPv6 address, not "${'x'.repeat(60)}…"`, undefined],
    ['10.0.0.1/24', 'must be one address, not the prefix "10.0.0.1/24"', 'write 10.0.0.1'],
    ['::ffff:10.0.0.1', 'is an IPv4 address written as IPv6', 'write 10.0.0.1'],
    ['2001:db8::1%eth0', 'only a link-local address names an interface, not "2001:db8::1%eth0"', 'write 2001:db8::1'],
  ])('%s is refused', (text, ...expected) => expect(refusal(() => parseAddress(text))).toEqual(expected));

  test.each<[string, string, string | undefined]>([
    ['0.0.0.0', '0.0.0.0 is not the address of a host', undefined],
    ['::', ':: is not the address of a host', undefined],
    ['224.0.0.5', '224.0.0.5 is a multicast or broadcast address, not the address of a host', undefined],
    ['255.255.255.255', '255.255.255.255 is a multicast or broadcast address, not the address of a host', undefined],
    ['ff02::5', 'ff02::5 is a multicast or broadcast address, not the address of a host', undefined],
    ['fe80::1', 'a link-local address needs its interface', 'for example fe80::1%eth0'],
  ])('%s is no host', (text, ...expected) => expect(refusal(() => parseHostAddress(text))).toEqual(expected));

  test('a prefix stands for neighbors', () => {
    expect(parseNeighborAddress('2001:DB8::/32')).toBe('2001:db8::/32');
    expect(refusal(() => parseNeighborAddress('10.0.0.1/8'))).toEqual([
      '10.0.0.1/8 has host bits set',
      'did you mean 10.0.0.0/8?',
    ]);
    expect(refusal(() => parseNeighborAddress('a/b'))[0]).toBe('must be an IPv4 or IPv6 address, not "a/b"');
    expect(parseNeighborAddress('FE80::1%eth1')).toBe('fe80::1%eth1');
  });

  test('router ids', () => {
    expect(parseRouterId('172.18.8.101')).toBe('172.18.8.101');
    expect(refusal(() => parseRouterId('0.0.0.0'))).toEqual([
      'must not be 0.0.0.0 (RFC 6286)',
      "usually the node's main IPv4 address",
    ]);
    for (const text of ['::1', '1.2.3', '10.0.0.0/8', 'bgp-1']) {
      expect(refusal(() => parseRouterId(text))[0]).toBe(
        `must look like an IPv4 address, such as 172.18.8.101, not "${text}"`,
      );
    }
  });
});

describe('prefix rules', () => {
  test.each<[string, string, number, number, string?]>([
    ['10.0.0.0/8', '10.0.0.0/8', 8, 8],
    ['10.233.0.0/16 le 32', '10.233.0.0/16', 16, 32],
    ['10.233.0.0/16 ge 24', '10.233.0.0/16', 24, 32, '10.233.0.0/16 ge 24 le 32'],
    ['10.233.0.0/16 ge 24 le 32', '10.233.0.0/16', 24, 32],
    [' 10.233.0.0/16   ge 24  le 28 ', '10.233.0.0/16', 24, 28, '10.233.0.0/16 ge 24 le 28'],
    ['10.233.0.0/16 ge 16 le 16', '10.233.0.0/16', 16, 16, '10.233.0.0/16'],
    ['0.0.0.0/0 le 32', '0.0.0.0/0', 0, 32],
    ['2001:DB8:0::/48 ge 64', '2001:db8::/48', 64, 128, '2001:db8::/48 ge 64 le 128'],
    ['10.0.0.1/32', '10.0.0.1/32', 32, 32],
  ])('%s', (text, prefix, ge, le, canonical = text) => {
    expect(parsePrefixRule(text)).toEqual({ prefix, ge, le });
    expect(formatPrefixRule({ prefix, ge, le })).toBe(canonical);
  });

  const FORMS = 'write PREFIX, "PREFIX le N", "PREFIX ge N" or "PREFIX ge N le M"';
  test.each<[string, string, string]>([
    ['', '"" is not a prefix rule', FORMS],
    ['10.0.0.0/8 eq 9', '"10.0.0.0/8 eq 9" is not a prefix rule', FORMS],
    ['10.0.0.0/8 le 9 ge 8', '"10.0.0.0/8 le 9 ge 8" is not a prefix rule', FORMS],
    ['10.0.0.0', '"10.0.0.0" has no length', 'write 10.0.0.0/32'],
    ['foo/8', '"foo/8" is not a prefix', 'for example 10.233.0.0/16'],
    ['fe80::%eth0/64', '"fe80::%eth0/64" is not a prefix', 'for example 10.233.0.0/16'],
    ['10.0.0.0/33', '"10.0.0.0/33" is not a prefix', 'for example 10.233.0.0/16'],
    ['10.233.1.10/24', '10.233.1.10/24 has host bits set', 'did you mean 10.233.1.0/24?'],
    ['10.0.0.0/8 ge 7', 'ge 7 is shorter than 10.0.0.0/8 itself', 'at least 8'],
    ['10.0.0.0/8 le 33', 'le 33 is longer than an address', 'at most 32'],
    ['2001:db8::/32 le 129', 'le 129 is longer than an address', 'at most 128'],
    ['10.0.0.0/8 ge 24 le 16', 'no prefix has a length from 24 to 16', FORMS],
    ['10.0.0.0/8 le 7', 'no prefix has a length from 8 to 7', FORMS],
  ])('%s is refused', (text, ...expected) => expect(refusal(() => parsePrefixRule(text))).toEqual(expected));

  test('format and parse are inverse', () => {
    const rule = fc
      .tuple(fc.integer({ min: 0, max: 32 }), fc.nat(), fc.nat())
      .map(([length, a, b]) => [length, length + (a % (33 - length)), length + (b % (33 - length))])
      .map(([length, a, b]) => ({ prefix: `0.0.0.0/${length}`, ge: Math.min(a, b), le: Math.max(a, b) }));
    fc.assert(
      fc.property(rule, data => {
        expect(parsePrefixRule(formatPrefixRule(data))).toEqual(data);
      }),
    );
  });
});

describe('kernel tables and protocols', () => {
  test.each<[number | string, number, number | string]>([
    ['main', 254, 'main'],
    [254, 254, 'main'],
    ['default', 253, 'default'],
    ['100', 100, 100],
    [4294967295, 4294967295, 4294967295],
  ])('table %s', (text, number, canonical) => {
    expect(KERNEL_TABLE.parse(text)).toBe(number);
    expect(KERNEL_TABLE.format(number)).toBe(canonical);
  });

  test.each([0, 255, 'local', 4294967296, 'toString', -1, '1e2', ''])('table %j is refused', text => {
    expect(refusal(() => KERNEL_TABLE.parse(text))[0]).toMatch(/^must be main, default or a table number/);
  });

  test('protocols', () => {
    expect([KERNEL_PROTOCOL.parse('bgp'), KERNEL_PROTOCOL.format(186)]).toEqual([186, 'bgp']);
    expect([KERNEL_PROTOCOL.parse(5), KERNEL_PROTOCOL.format(5)]).toEqual([5, 5]);
    for (const text of [4, 256, 'static']) {
      expect(refusal(() => KERNEL_PROTOCOL.parse(text))[0]).toMatch(/^must be bgp or a number from 5 to 255/);
    }
  });
});
