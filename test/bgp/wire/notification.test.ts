import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/bgp/wire/input-error.js';
import {
  describeNotification,
  encodeShutdownCommunication,
  NotificationErrors,
  WireError,
} from '../../../src/bgp/wire/notification.js';
import { octets } from './octets.js';

describe('the table of errors', () => {
  it('has each code and subcode once', () => {
    const numbers = Object.values(NotificationErrors).map(row => `${row.code}/${row.subcode}`);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it.each([
    [1, 3, 'Message Header Error/Bad Message Type'],
    [2, 0, 'OPEN Message Error'],
    [2, 7, 'OPEN Message Error/Unsupported Capability'],
    [2, 11, 'OPEN Message Error/Role Mismatch'],
    [3, 11, 'UPDATE Message Error/Malformed AS_PATH'],
    [4, 0, 'Hold Timer Expired'],
    [5, 3, 'Finite State Machine Error/Receive Unexpected Message in Established State'],
    [6, 7, 'Cease/Connection Collision Resolution'],
    [6, 77, 'Cease/subcode 77'],
    [7, 1, 'ROUTE-REFRESH Message Error/Invalid Message Length'],
    [8, 0, 'Send Hold Timer Expired'],
    [99, 1, 'error code 99/subcode 1'],
  ])('%i/%i is %s', (code, subcode, words) => {
    expect(describeNotification(code, subcode)).toBe(words);
  });
});

describe('data in words', () => {
  it.each([
    ['Bad Message Length', 1, 2, '1388', 'Message Header Error/Bad Message Length: length 5000'],
    ['Bad Message Type', 1, 3, '07', 'Message Header Error/Bad Message Type: type 7'],
    ['the version', 2, 1, '0003', 'OPEN Message Error/Unsupported Version Number: version 3'],
    ['the missing attribute', 3, 3, '02', 'UPDATE Message Error/Missing Well-known Attribute: attribute 2'],
    [
      'the prefix limit (RFC 4486 §4)',
      6,
      1,
      '0001 01 000003e8',
      'Cease/Maximum Number of Prefixes Reached: ipv4-unicast, limit 1000',
    ],
    ['a malformed attribute', 3, 5, '40010200', 'UPDATE Message Error/Attribute Length Error: 0x40010200'],
    ['a Hard Reset (RFC 8538 §3)', 6, 9, '06 02 03 627965', 'Cease/Hard Reset: Cease/Administrative Shutdown: bye'],
    ['an empty message', 6, 2, '00', 'Cease/Administrative Shutdown'],
  ])('%s', (_, code, subcode, data, words) => {
    expect(describeNotification(code, subcode, octets(data))).toBe(words);
  });

  it('is cut when there is much of it', () => {
    const words = describeNotification(3, 4, new Uint8Array(1000));
    expect(words).toBe(`UPDATE Message Error/Attribute Flags Error: 0x${'00'.repeat(64)}… (1000 octets)`);
  });
});

describe('shutdown communication (RFC 9003)', () => {
  it('carries UTF-8 both ways', () => {
    const data = encodeShutdownCommunication('[T-1] zurück in 2 h');
    expect(data[0]).toBe(data.length - 1);
    expect(describeNotification(6, 2, data)).toBe('Cease/Administrative Shutdown: [T-1] zurück in 2 h');
    expect(describeNotification(6, 4, data)).toBe('Cease/Administrative Reset: [T-1] zurück in 2 h');
  });

  it('has at most 255 octets, not characters', () => {
    expect(encodeShutdownCommunication('x'.repeat(255)).length).toBe(256);
    expect(() => encodeShutdownCommunication('ü'.repeat(128))).toThrow(InputError);
  });

  it('cannot forge log lines (RFC 9003 §6)', () => {
    const data = encodeShutdownCommunication('a\nb\u001b[2Jc\u2028d');
    expect(describeNotification(6, 2, data)).toBe('Cease/Administrative Shutdown: a\ufffdb\ufffd[2Jc\ufffdd');
  });

  it('is shown in hexadecimal when it is not UTF-8 or has another length than it says (RFC 9003 §4)', () => {
    expect(describeNotification(6, 2, octets('02 c328'))).toBe('Cease/Administrative Shutdown: 0x02c328');
    expect(describeNotification(6, 2, octets('05 6162'))).toBe('Cease/Administrative Shutdown: 0x056162');
  });
});

describe('WireError', () => {
  it('says the error and the reason', () => {
    const error = new WireError(NotificationErrors.badPeerAs, 'AS 65002 instead of 65001', octets('fdea'));
    expect(error.message).toBe('OPEN Message Error/Bad Peer AS: AS 65002 instead of 65001');
    expect(error).toMatchObject({ code: 2, subcode: 2, data: octets('fdea'), reason: 'AS 65002 instead of 65001' });
  });

  it('keeps its NOTIFICATION within 4,096 octets (RFC 8654 §5)', () => {
    const error = new WireError(NotificationErrors.optionalAttributeError, 'long', new Uint8Array(60000));
    expect(error.data.length + 21).toBe(4096);
  });
});
