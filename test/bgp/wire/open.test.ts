import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CAPABILITIES,
  type Capability,
  capabilityName,
  decodeCapabilities,
  encodeCapability,
  formatCapability,
} from '../../../src/bgp/wire/capabilities.js';
import { InputError } from '../../../src/bgp/wire/input-error.js';
import { decode, encode } from '../../../src/bgp/wire/message.js';
import { type OpenMessage, openMessage } from '../../../src/bgp/wire/open.js';
import { capability } from './arbitraries.js';
import { message, octets, wireError } from './octets.js';

/** Version 4, AS 65001, hold time 90, 172.18.8.101. */
const FIXED = '04 fde9 005a ac120865';

function decodeOpen(body: string): OpenMessage {
  return decode(message(1, octets(body))) as OpenMessage;
}

describe('OPEN (RFC 4271 §4.2)', () => {
  it('has version, AS, hold time, identifier and capabilities', () => {
    expect(decodeOpen(`${FIXED} 10 02 06 01 04 0001 00 01 02 06 41 04 00011170`)).toEqual({
      type: 'open',
      version: 4,
      as: 70000,
      as2: 65001,
      holdTimeSeconds: 90,
      routerId: 0xac120865,
      capabilities: [
        { type: 'multiprotocol', afi: 1, safi: 1 },
        { type: 'as4', as: 70000 },
      ],
    });
  });

  it('has no capabilities with an old speaker', () => {
    expect(decodeOpen(`${FIXED} 00`)).toMatchObject({ as: 65001, capabilities: [] });
  });

  it('of this speaker has AS_TRANS and the 4-octet AS capability (RFC 6793 §4)', () => {
    const open = openMessage(70000, 90, 1, [{ type: 'route-refresh' }]);
    expect(open).toMatchObject({ as: 70000, as2: 23456, version: 4 });
    expect(open.capabilities).toEqual([{ type: 'route-refresh' }, { type: 'as4', as: 70000 }]);
    expect(openMessage(65001, 90, 1, []).as2).toBe(65001);
    expect(decode(encode(open))).toEqual(open);
  });

  it.each([
    ['version 3: Unsupported Version Number with ours', '03 fde9 005a ac120865 00', 1, '0004'],
    ['AS 0: Bad Peer AS (RFC 7607 §2)', '04 0000 005a ac120865 00', 2, ''],
    ['AS 0 in the capability: Bad Peer AS', `${FIXED} 08 02 06 41 04 00000000`, 2, ''],
    ['identifier 0.0.0.0: Bad BGP Identifier (RFC 6286 §2.1)', '04 fde9 005a 00000000 00', 3, ''],
    ['parameter 1: Unsupported Optional Parameter', `${FIXED} 03 01 01 00`, 4, ''],
    ['hold time 1: Unacceptable Hold Time', '04 fde9 0001 ac120865 00', 6, ''],
    ['hold time 2: Unacceptable Hold Time', '04 fde9 0002 ac120865 00', 6, ''],
    ['parameters longer than the message', `${FIXED} 04 02 01 00`, 0, ''],
    ['parameters shorter than the message', `${FIXED} 00 00`, 0, ''],
    ['a parameter longer than the message', `${FIXED} 02 02 01`, 0, ''],
    ['a parameter cut short', `${FIXED} 01 02`, 0, ''],
    ['a capability longer than its parameter', `${FIXED} 04 02 02 02 01`, 0, ''],
    ['a capability cut short', `${FIXED} 03 02 01 02`, 0, ''],
    ['extended lengths cut short (RFC 9072)', `${FIXED} ff ff 00`, 0, ''],
    ['extended lengths that do not add up', `${FIXED} ff ff 0004 02 0000`, 0, ''],
    ['parameter 255 inside the extended ones (RFC 9072 §3)', `${FIXED} ff ff 0003 ff 0000`, 4, ''],
  ])('refuses %s', (_, body, subcode, data) => {
    expect(wireError(() => decodeOpen(body))).toMatchObject({ code: 2, subcode, data: octets(data) });
  });

  it('has hold time 0, or 3 and more', () => {
    expect(decodeOpen('04 fde9 0000 ac120865 00').holdTimeSeconds).toBe(0);
    expect(decodeOpen('04 fde9 0003 ac120865 00').holdTimeSeconds).toBe(3);
  });
});

describe('extended optional parameters (RFC 9072)', () => {
  it('are understood also when they are short, whatever the first length says', () => {
    const capabilities = [{ type: 'route-refresh' }];
    expect(decodeOpen(`${FIXED} ff ff 0005 02 0002 02 00`).capabilities).toEqual(capabilities);
    expect(decodeOpen(`${FIXED} 01 ff 0005 02 0002 02 00`).capabilities).toEqual(capabilities);
    expect(decodeOpen(`${FIXED} ff ff 0000`).capabilities).toEqual([]);
  });

  it('are used for more than 255 octets only', () => {
    const unknown = (length: number): Capability => ({ type: 'unknown', code: 200, value: new Uint8Array(length) });
    const open = (list: Capability[]): OpenMessage => ({
      type: 'open',
      version: 4,
      as: 1,
      as2: 1,
      holdTimeSeconds: 90,
      routerId: 1,
      capabilities: list,
    });
    expect(encode(open([unknown(251)]))[28]).toBe(255);
    expect(encode(open([unknown(251)])).slice(29, 31)).toEqual(octets('02 fd'));
    const long = open([unknown(252)]);
    expect(encode(long).slice(28, 35)).toEqual(octets('ff ff 0101 02 00fe'));
    expect(decode(encode(long))).toEqual(long);
    expect(() => encode(open(Array.from({ length: 20 }, () => unknown(255))))).toThrow(InputError);
  });
});

describe('capabilities', () => {
  const decodeOne = (hex: string) => decodeCapabilities(octets(hex), 0, octets(hex).length)[0];

  it.each<[string, Capability, string]>([
    ['01 04 0002 00 01', { type: 'multiprotocol', afi: 2, safi: 1 }, 'multiprotocol ipv6-unicast'],
    ['02 00', { type: 'route-refresh' }, 'route-refresh'],
    [
      '05 06 0001 0001 0002',
      { type: 'extended-next-hop', families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
      'extended-next-hop ipv4-unicast by AFI 2',
    ],
    ['06 00', { type: 'extended-message' }, 'extended-message'],
    ['09 01 03', { type: 'role', role: 'customer' }, 'role customer'],
    [
      '40 0a c078 0001 01 80 0002 01 00',
      {
        type: 'graceful-restart',
        restarting: true,
        notification: true,
        restartTimeSeconds: 120,
        families: [
          { afi: 1, safi: 1, forwarding: true },
          { afi: 2, safi: 1, forwarding: false },
        ],
      },
      'graceful-restart 120 s, restarted, notification, ipv4-unicast (forwarding preserved), ipv6-unicast',
    ],
    ['41 04 00011170', { type: 'as4', as: 70000 }, 'as4 70000'],
    [
      '45 04 0001 01 03',
      { type: 'add-path', families: [{ afi: 1, safi: 1, mode: 'both' }] },
      'add-path ipv4-unicast both',
    ],
    ['46 00', { type: 'enhanced-route-refresh' }, 'enhanced-route-refresh'],
    [
      '47 07 0001 01 80 015180',
      {
        type: 'long-lived-graceful-restart',
        families: [{ afi: 1, safi: 1, forwarding: true, staleTimeSeconds: 86400 }],
      },
      'long-lived-graceful-restart ipv4-unicast 86400 s (forwarding preserved)',
    ],
    ['49 08 05 6267702d31 01 78', { type: 'fqdn', hostname: 'bgp-1', domain: 'x' }, 'fqdn bgp-1.x'],
    ['80 01 aa', { type: 'unknown', code: 128, value: octets('aa') }, 'capability 128 0xaa'],
  ])('%s', (hex, expected, words) => {
    expect(decodeOne(hex)).toEqual(expected);
    const out: number[] = [];
    encodeCapability(expected, out);
    expect(Uint8Array.from(out)).toEqual(octets(hex));
    expect(`${capabilityName(expected)} ${formatCapability(expected)}`.trim()).toBe(words);
  });

  it.each([
    ['01 03 0001 01'],
    ['02 01 00'],
    ['05 05 0001 0001 00'],
    ['06 01 00'],
    ['09 00'],
    ['40 01 00'],
    ['40 05 0078 0001 01'],
    ['41 02 fde9'],
    ['45 03 0001 01'],
    ['46 01 00'],
    ['47 06 0001 01 80 0151'],
  ])('%s has an impossible length: the OPEN is malformed (RFC 4271 §6.2)', hex => {
    expect(wireError(() => decodeOne(hex))).toMatchObject({ code: 2, subcode: 0 });
  });

  it.each([
    ['ADD-PATH with Send/Receive 4 (RFC 7911 §4)', '45 08 0001 01 01 0002 01 04'],
    ['an unassigned role (RFC 9234 §4.1)', '09 01 05'],
    ['FQDN with lengths that do not add up', '49 03 05 6261'],
    ['FQDN that is not UTF-8', '49 04 02 c328 00'],
    ['an empty FQDN', '49 00'],
  ])('%s is ignored, and kept as it is', (_, hex) => {
    const all = octets(hex);
    expect(decodeOne(hex)).toEqual({ type: 'unknown', code: all[0], value: all.slice(2) });
  });

  it('ignore reserved bits (RFC 4724 §3)', () => {
    expect(decodeOne('40 06 3078 0001 01 7f')).toMatchObject({
      restarting: false,
      notification: false,
      restartTimeSeconds: 120,
      families: [{ forwarding: false }],
    });
  });

  it('are in one table, each code and type once', () => {
    expect(new Set(CAPABILITIES.map(row => row.code)).size).toBe(CAPABILITIES.length);
    expect(new Set(CAPABILITIES.map(row => row.type)).size).toBe(CAPABILITIES.length);
  });

  it('always have words', () => {
    fc.assert(
      fc.property(capability, c => {
        expect(capabilityName(c)).not.toBe('');
        expect(formatCapability(c)).not.toMatch(/undefined|null|NaN/);
      }),
    );
  });

  it('do not exceed 255 octets', () => {
    expect(() => encodeCapability({ type: 'fqdn', hostname: 'x'.repeat(254), domain: 'y' }, [])).toThrow(InputError);
    expect(() => encodeCapability({ type: 'fqdn', hostname: 'x'.repeat(256), domain: '' }, [])).toThrow(InputError);
  });
});
