// NOTIFICATION messages (RFC 4271 §4.5): the table of error codes and subcodes, the error that carries one, and words for
// people.
//
// RFC 4271 §4.5 and §6, RFC 4486 and RFC 9003 (Cease), RFC 5492 §5, RFC 6608 (FSM), RFC 7313 §5, RFC 8538 §3 (Hard Reset),
// RFC 9234 §4.2 (Role Mismatch), RFC 9384 (BFD Down), RFC 9687 (Send Hold Timer).

import { EMPTY, pushBytes, readU16, readU32, toHex } from './bytes.js';
import { formatFamily } from './family.js';
import { InputError } from './input-error.js';

export interface NotificationMessage {
  type: 'notification';
  code: number;
  subcode: number;
  data: Uint8Array;
}

/** A row of the table: an error's numbers, its name, and words for its Data field when that has a form. */
export interface NotificationError {
  readonly code: number;
  /** 0: the code alone says it all (Unspecific). */
  readonly subcode: number;
  readonly name: string;
  readonly data?: (data: Uint8Array) => string;
}

const CODES: readonly string[] = [
  'Reserved',
  'Message Header Error',
  'OPEN Message Error',
  'UPDATE Message Error',
  'Hold Timer Expired',
  'Finite State Machine Error',
  'Cease',
  'ROUTE-REFRESH Message Error',
  'Send Hold Timer Expired',
];

/** The errors this speaker knows, by name; the keys are how the code speaks of them. */
export const NotificationErrors = {
  connectionNotSynchronized: { code: 1, subcode: 1, name: 'Connection Not Synchronized' },
  badMessageLength: { code: 1, subcode: 2, name: 'Bad Message Length', data: wordsOfU16('length') },
  badMessageType: { code: 1, subcode: 3, name: 'Bad Message Type', data: wordsOfU8('type') },

  openMalformed: { code: 2, subcode: 0, name: '' },
  unsupportedVersionNumber: { code: 2, subcode: 1, name: 'Unsupported Version Number', data: wordsOfU16('version') },
  badPeerAs: { code: 2, subcode: 2, name: 'Bad Peer AS' },
  badBgpIdentifier: { code: 2, subcode: 3, name: 'Bad BGP Identifier' },
  unsupportedOptionalParameter: { code: 2, subcode: 4, name: 'Unsupported Optional Parameter' },
  authenticationFailure: { code: 2, subcode: 5, name: 'Authentication Failure' },
  unacceptableHoldTime: { code: 2, subcode: 6, name: 'Unacceptable Hold Time' },
  unsupportedCapability: { code: 2, subcode: 7, name: 'Unsupported Capability' },
  roleMismatch: { code: 2, subcode: 11, name: 'Role Mismatch' },

  malformedAttributeList: { code: 3, subcode: 1, name: 'Malformed Attribute List' },
  unrecognizedWellKnownAttribute: { code: 3, subcode: 2, name: 'Unrecognized Well-known Attribute' },
  missingWellKnownAttribute: {
    code: 3,
    subcode: 3,
    name: 'Missing Well-known Attribute',
    data: wordsOfU8('attribute'),
  },
  attributeFlagsError: { code: 3, subcode: 4, name: 'Attribute Flags Error' },
  attributeLengthError: { code: 3, subcode: 5, name: 'Attribute Length Error' },
  invalidOriginAttribute: { code: 3, subcode: 6, name: 'Invalid ORIGIN Attribute' },
  asRoutingLoop: { code: 3, subcode: 7, name: 'AS Routing Loop' },
  invalidNextHopAttribute: { code: 3, subcode: 8, name: 'Invalid NEXT_HOP Attribute' },
  optionalAttributeError: { code: 3, subcode: 9, name: 'Optional Attribute Error' },
  invalidNetworkField: { code: 3, subcode: 10, name: 'Invalid Network Field' },
  malformedAsPath: { code: 3, subcode: 11, name: 'Malformed AS_PATH' },

  holdTimerExpired: { code: 4, subcode: 0, name: '' },

  fsmError: { code: 5, subcode: 0, name: '' },
  unexpectedMessageInOpenSent: { code: 5, subcode: 1, name: 'Receive Unexpected Message in OpenSent State' },
  unexpectedMessageInOpenConfirm: { code: 5, subcode: 2, name: 'Receive Unexpected Message in OpenConfirm State' },
  unexpectedMessageInEstablished: { code: 5, subcode: 3, name: 'Receive Unexpected Message in Established State' },

  cease: { code: 6, subcode: 0, name: '' },
  maximumPrefixesReached: {
    code: 6,
    subcode: 1,
    name: 'Maximum Number of Prefixes Reached',
    data: wordsOfPrefixLimit,
  },
  administrativeShutdown: { code: 6, subcode: 2, name: 'Administrative Shutdown', data: wordsOfShutdown },
  peerDeconfigured: { code: 6, subcode: 3, name: 'Peer De-configured' },
  administrativeReset: { code: 6, subcode: 4, name: 'Administrative Reset', data: wordsOfShutdown },
  connectionRejected: { code: 6, subcode: 5, name: 'Connection Rejected' },
  otherConfigurationChange: { code: 6, subcode: 6, name: 'Other Configuration Change' },
  connectionCollisionResolution: { code: 6, subcode: 7, name: 'Connection Collision Resolution' },
  outOfResources: { code: 6, subcode: 8, name: 'Out of Resources' },
  hardReset: { code: 6, subcode: 9, name: 'Hard Reset', data: wordsOfHardReset },
  bfdDown: { code: 6, subcode: 10, name: 'BFD Down' },

  routeRefreshLength: { code: 7, subcode: 1, name: 'Invalid Message Length' },

  sendHoldTimerExpired: { code: 8, subcode: 0, name: '' },
} as const satisfies Record<string, NotificationError>;

const BY_NUMBER = new Map<number, NotificationError>(
  Object.values(NotificationErrors).map(row => [(row.code << 8) | row.subcode, row]),
);

/** The longest Data field: a NOTIFICATION stays within 4,096 octets, whatever was negotiated (RFC 8654 §5). */
const MAX_DATA = 4096 - 21;

/** A message that ends its session: the NOTIFICATION to answer with, and the reason in words. */
export class WireError extends Error {
  readonly code: number;
  readonly subcode: number;
  /** Data field of the NOTIFICATION. */
  readonly data: Uint8Array;
  /** What exactly was wrong; `message` has the error's name before it. */
  readonly reason: string;

  constructor(error: NotificationError, reason: string, data: Uint8Array = EMPTY) {
    super(`${describeNotification(error.code, error.subcode)}: ${reason}`);
    this.name = 'WireError';
    this.code = error.code;
    this.subcode = error.subcode;
    this.data = data.slice(0, MAX_DATA);
    this.reason = reason;
  }
}

/**
 * Words for an error: 'Cease/Administrative Shutdown: back in an hour'. Text from the neighbor is made harmless for
 * terminals and logs; data without a known form is shown in hexadecimal.
 */
export function describeNotification(code: number, subcode: number, data: Uint8Array = EMPTY): string {
  const row = BY_NUMBER.get((code << 8) | subcode);
  const codeName = CODES[code] ?? `error code ${code}`;
  const name = row ? row.name : subcode === 0 ? '' : `subcode ${subcode}`;
  const dataWords = data.length === 0 ? '' : (row?.data?.(data) ?? wordsOfBytes(data));
  return codeName + (name && `/${name}`) + (dataWords && `: ${dataWords}`);
}

function wordsOfBytes(data: Uint8Array): string {
  return `0x${toHex(data.subarray(0, 64))}${data.length > 64 ? `… (${data.length} octets)` : ''}`;
}

function wordsOfU8(what: string): (data: Uint8Array) => string {
  return data => (data.length === 1 ? `${what} ${data[0]}` : wordsOfBytes(data));
}

function wordsOfU16(what: string): (data: Uint8Array) => string {
  return data => (data.length === 2 ? `${what} ${readU16(data, 0)}` : wordsOfBytes(data));
}

/** RFC 4486 §4: AFI, SAFI and the limit. */
function wordsOfPrefixLimit(data: Uint8Array): string {
  if (data.length !== 7) return wordsOfBytes(data);
  return `${formatFamily(readU16(data, 0), data[2])}, limit ${readU32(data, 3)}`;
}

/** RFC 9003 §2. Octets that are not UTF-8, or more than announced, are shown in hexadecimal (§4). */
function wordsOfShutdown(data: Uint8Array): string {
  if (data[0] !== data.length - 1) return wordsOfBytes(data);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data.subarray(1));
    return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
  } catch {
    return wordsOfBytes(data);
  }
}

/** RFC 8538 §3: the NOTIFICATION that the Hard Reset carries. */
function wordsOfHardReset(data: Uint8Array): string {
  if (data.length < 2) return wordsOfBytes(data);
  return describeNotification(data[0], data[1], data.subarray(2));
}

/**
 * Data of a Cease/Administrative Shutdown or Reset with a message for the neighbor's operator (RFC 9003 §2).
 * Throws InputError when the message is longer than 255 octets of UTF-8.
 */
export function encodeShutdownCommunication(message: string): Uint8Array {
  const text = new TextEncoder().encode(message);
  if (text.length > 255) {
    throw new InputError(`the shutdown message has ${text.length} octets`, 'RFC 9003 allows 255: shorten it');
  }
  const data = new Uint8Array(1 + text.length);
  data[0] = text.length;
  data.set(text, 1);
  return data;
}

/** NOTIFICATION body: octets [start, end) after the header; there is no answer to a bad one (RFC 4271 §6.4). */
export function decodeNotification(buf: Uint8Array, start: number, end: number): NotificationMessage {
  return { type: 'notification', code: buf[start], subcode: buf[start + 1], data: buf.slice(start + 2, end) };
}

export function encodeNotification(message: NotificationMessage, out: number[]): void {
  out.push(message.code, message.subcode);
  pushBytes(out, message.data);
}
