import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Community,
  formatCommunity,
  formatExtendedCommunity,
  formatLargeCommunity,
  parseCommunity,
  parseExtendedCommunity,
  parseLargeCommunity,
  WELL_KNOWN_COMMUNITIES,
} from '../../../src/bgp/wire/communities.js';
import { InputError } from '../../../src/bgp/wire/input-error.js';
import { bytes, u32 } from './arbitraries.js';
import { octets } from './octets.js';

describe('communities (RFC 1997)', () => {
  it.each([
    ['65001:100', 0xfde90064],
    ['0:0', 0],
    ['65535:65535', 0xffffffff],
    ['blackhole', 0xffff029a],
    ['no-export', 0xffffff01],
    ['no-advertise', 0xffffff02],
  ])('%s', (text, value) => {
    expect(parseCommunity(text)).toBe(value);
    expect(formatCommunity(value)).toBe(text);
  });

  it('are known by the names of their RFCs, too', () => {
    expect(parseCommunity('NO_EXPORT')).toBe(Community.noExport);
    expect(parseCommunity('Blackhole')).toBe(Community.blackhole);
    expect(parseCommunity('65535:666')).toBe(Community.blackhole);
  });

  it('survive being written and read', () => {
    const values = fc.oneof(u32, fc.constantFrom(...WELL_KNOWN_COMMUNITIES.map(row => row.value)));
    fc.assert(
      fc.property(values, value => {
        expect(parseCommunity(formatCommunity(value))).toBe(value);
      }),
    );
  });

  it.each(['', '65001', '65001:', ':1', '65001:65536', '65001:1:2', 'x:1', '01:1', '1:2:3:4', 'no-such'])(
    '"%s" is refused',
    text => {
      expect(() => parseCommunity(text)).toThrow(InputError);
    },
  );

  it('with a 4-octet AS are hinted to large communities', () => {
    expect(() => parseCommunity('4200000000:1')).toThrow(
      expect.objectContaining({ hint: 'use the large community 4200000000:1:0 instead' }),
    );
    expect(() => parseCommunity('65001:1:2')).toThrow('"65001:1:2" is a large community');
  });
});

describe('large communities (RFC 8092)', () => {
  it('survive being written and read', () => {
    fc.assert(
      fc.property(fc.tuple(u32, u32, u32), value => {
        expect(parseLargeCommunity(formatLargeCommunity(value))).toEqual(value);
      }),
    );
  });

  it.each(['64496:1', '64496:1:2:3', '64496:01:2', '64496:1:4294967296', '64496:1:', 'a:b:c'])(
    '"%s" is refused',
    text => {
      expect(() => parseLargeCommunity(text)).toThrow(InputError);
    },
  );
});

describe('extended communities (RFC 4360)', () => {
  it.each([
    ['rt:65001:1', '0002 fde9 00000001'],
    ['soo:65001:4294967295', '0003 fde9 ffffffff'],
    ['rt:172.18.8.101:7', '0102 ac120865 0007'],
    ['rt:4200000000:7', '0202 fa56ea00 0007'],
    ['rt:65001L:7', '0202 0000fde9 0007'],
    ['lb:65001:125000000', '4004 fde94cee6b28'],
    ['lb:65001:1.1920928955078125e-7', '4004 fde9 34000000'],
    ['transitive-lb:65535:1250000000', '0004 ffff 4e9502f9'],
    ['generic:0x4004:0xfde9ff800000', '4004 fde9 ff800000'],
    ['generic:0x0004:0xfde97fc00000', '0004 fde9 7fc00000'],
  ])('%s', (text, hex) => {
    expect(parseExtendedCommunity(text)).toEqual(octets(hex));
    expect(formatExtendedCommunity(octets(hex))).toBe(text);
  });

  it('survive being written and read', () => {
    const named = fc
      .tuple(fc.constantFrom(0, 1, 2, 3), fc.constantFrom(2, 3, 4), bytes(6))
      .map(([type, subtype, rest]) => {
        return Uint8Array.from([type, subtype, ...rest]);
      });
    fc.assert(
      fc.property(fc.oneof(bytes(8), named), value => {
        expect(parseExtendedCommunity(formatExtendedCommunity(value))).toEqual(value);
      }),
    );
  });

  it.each([
    '65001:1',
    'rt:65001',
    'rt:65001:1:2',
    'rt:65001:4294967296',
    'rt:4200000000:65536',
    'rt:10.0.0.256:1',
    'rt:::1:1',
    'xx:65001:1',
    'generic:0x40:0x00',
  ])('"%s" is refused', text => {
    expect(() => parseExtendedCommunity(text)).toThrow(InputError);
  });
});
