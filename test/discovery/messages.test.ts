// What neighbor discovery sends, octet by octet, and what it understands of the kernel's neighbor table.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeDiscovery } from '../../src/discovery/advertisement.js';
import { decodeNeighbor, neighborDump } from '../../src/discovery/neighbor-message.js';
import { neighborMessage } from './kernel-messages.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const MAC = Uint8Array.from([2, 0, 0, 0, 0, 9]);

describe('encodeDiscovery', () => {
  test('a router advertisement (RFC 4861 §4.2): lifetime 0, nothing but the link-layer address', () => {
    expect(hex(encodeDiscovery('routerAdvertisement', MAC))).toBe(
      '86000000000000000000000000000000' + '0101020000000009',
    );
  });

  test('a router solicitation (RFC 4861 §4.1)', () => {
    expect(hex(encodeDiscovery('routerSolicitation', MAC))).toBe('8500000000000000' + '0101020000000009');
  });

  test('a link without link-layer addresses has no option', () => {
    expect(hex(encodeDiscovery('routerAdvertisement', new Uint8Array(0)))).toBe('86000000000000000000000000000000');
  });

  test('the option has whole units of 8 octets, whatever the link-layer address', () => {
    const address = fc.uint8Array({ minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(address, fc.constantFrom('routerAdvertisement', 'routerSolicitation'), (own, type) => {
        const message = encodeDiscovery(type, own);
        const option = message.subarray(type === 'routerAdvertisement' ? 16 : 8);
        expect([option[0], option[1] * 8]).toEqual([1, option.length]);
        expect(hex(option.subarray(2, 2 + own.length))).toBe(hex(own));
        expect(option.subarray(2 + own.length).every(octet => octet === 0)).toBe(true);
        expect(option.length - own.length).toBeLessThan(2 + 8);
      }),
    );
  });
});

describe('decodeNeighbor', () => {
  test('an entry is read as it was written', () => {
    const entry = fc.record({
      interfaceIndex: fc.integer({ min: 1, max: 0x7fffffff }),
      address: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      state: fc.constantFrom(1, 2, 4, 8, 16, 32, 64, 128),
      router: fc.boolean(),
    });
    fc.assert(
      fc.property(entry, entry => {
        const buf = neighborMessage(entry);
        expect(decodeNeighbor(buf, 0, buf.length)).toEqual(entry);
      }),
    );
  });

  test('no octets make it fail', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
        const found = decodeNeighbor(Buffer.from(bytes), 0, bytes.length);
        expect(found === null || found.address.length === 16).toBe(true);
      }),
    );
  });

  test('a cut entry of an IPv6 neighbor is none or whole', () => {
    const whole = neighborMessage({ interfaceIndex: 3, address: new Uint8Array(16).fill(7), state: 4, router: true });
    for (let size = 0; size < whole.length; size++) expect(decodeNeighbor(whole.subarray(0, size), 0, size)).toBeNull();
  });
});

test('the dump asks for IPv6 neighbors', () => {
  expect(hex(neighborDump())).toBe('1c000000' + '1e00' + '0103' + '0000000000000000' + '0a0000000000000000000000');
});
