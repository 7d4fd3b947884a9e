// OPEN messages (RFC 4271 §4.2 and §6.2, RFC 5492, RFC 6286, RFC 6793 §4.1, RFC 7607, RFC 9072).
//
// All capabilities travel in one optional parameter; when they exceed 255 octets, with extended lengths (RFC 9072).
// Checked here is what a message can be judged by alone; whether the AS is the one expected is the session's business.

import { toTwoOctets } from './aspath.js';
import { pushBytes, pushU16, pushU32, readU16, readU32 } from './bytes.js';
import { type Capability, decodeCapabilities, encodeCapability } from './capabilities.js';
import { InputError } from './input-error.js';
import { NotificationErrors, WireError } from './notification.js';

export interface OpenMessage {
  type: 'open';
  /** 4. */
  version: number;
  /** AS of the sender: the 4-octet capability's where there is one (RFC 6793 §4.1), else `as2`. Not encoded by itself. */
  as: number;
  /** The "My Autonomous System" field; AS_TRANS for an AS that does not fit. */
  as2: number;
  /** 0 (no keepalives) or at least 3. */
  holdTimeSeconds: number;
  /** BGP Identifier, u32. */
  routerId: number;
  capabilities: Capability[];
}

const VERSION = 4;
const CAPABILITIES_PARAMETER = 2;
const EXTENDED_LENGTH = 255;

/** An OPEN of this speaker, with the 4-octet AS capability last (RFC 6793 §4.1). */
export function openMessage(
  as: number,
  holdTimeSeconds: number,
  routerId: number,
  capabilities: readonly Capability[],
): OpenMessage {
  return {
    type: 'open',
    version: VERSION,
    as,
    as2: toTwoOctets(as),
    holdTimeSeconds,
    routerId,
    capabilities: [...capabilities, { type: 'as4', as }],
  };
}

/** OPEN body: octets [start, end) after the header, at least 10. Throws WireError (OPEN Message Error). */
export function decodeOpen(buf: Uint8Array, start: number, end: number): OpenMessage {
  const version = buf[start];
  if (version !== VERSION) {
    throw new WireError(
      NotificationErrors.unsupportedVersionNumber,
      `version ${version}, this speaker has ${VERSION}`,
      Uint8Array.of(0, VERSION),
    );
  }
  const as2 = readU16(buf, start + 1);
  const holdTimeSeconds = readU16(buf, start + 3);
  const routerId = readU32(buf, start + 5);
  const capabilities = decodeOptionalParameters(buf, start + 9, end);
  const as4 = capabilities.find(capability => capability.type === 'as4');
  const as = as4 ? as4.as : as2;
  if (as === 0) throw new WireError(NotificationErrors.badPeerAs, 'AS 0 is reserved (RFC 7607)');
  if (routerId === 0) throw new WireError(NotificationErrors.badBgpIdentifier, 'it is 0.0.0.0 (RFC 6286)');
  if (holdTimeSeconds === 1 || holdTimeSeconds === 2) {
    throw new WireError(NotificationErrors.unacceptableHoldTime, `${holdTimeSeconds} s; it must be 0 or at least 3 s`);
  }
  return { type: 'open', version, as, as2, holdTimeSeconds, routerId, capabilities };
}

/** Optional Parameters from their length octet on (RFC 4271 §4.2, RFC 9072 §2): all capabilities in their order. */
function decodeOptionalParameters(buf: Uint8Array, start: number, end: number): Capability[] {
  const extended = buf[start] !== 0 && start + 1 < end && buf[start + 1] === EXTENDED_LENGTH;
  if (extended && end - start < 4) throw malformed('the extended length of the optional parameters is cut short');
  let at = start + (extended ? 4 : 1);
  const parametersLength = extended ? readU16(buf, start + 2) : buf[start];
  if (at + parametersLength !== end) throw malformed('the optional parameters do not end where the message does');
  const lengthOctets = extended ? 2 : 1;
  const capabilities: Capability[] = [];
  while (at < end) {
    const type = buf[at];
    const value = at + 1 + lengthOctets;
    if (value > end) throw malformed('an optional parameter is cut short');
    const next = value + (extended ? readU16(buf, at + 1) : buf[at + 1]);
    if (next > end) throw malformed('an optional parameter is longer than the message');
    if (type !== CAPABILITIES_PARAMETER) {
      throw new WireError(NotificationErrors.unsupportedOptionalParameter, `optional parameter ${type} is not known`);
    }
    capabilities.push(...decodeCapabilities(buf, value, next));
    at = next;
  }
  return capabilities;
}

function malformed(reason: string): WireError {
  return new WireError(NotificationErrors.openMalformed, reason);
}

/** Appends the body. Throws InputError when the capabilities exceed 65,535 octets. */
export function encodeOpen(message: OpenMessage, out: number[]): void {
  out.push(message.version);
  pushU16(out, message.as2);
  pushU16(out, message.holdTimeSeconds);
  pushU32(out, message.routerId);
  const capabilities: number[] = [];
  for (const capability of message.capabilities) encodeCapability(capability, capabilities);
  if (capabilities.length === 0) {
    out.push(0);
  } else if (capabilities.length + 2 <= 255) {
    out.push(capabilities.length + 2, CAPABILITIES_PARAMETER, capabilities.length);
  } else {
    if (capabilities.length + 3 > 0xffff) {
      throw new InputError(`the capabilities have ${capabilities.length} octets`, 'an OPEN message holds 4,096 in all');
    }
    out.push(255, EXTENDED_LENGTH);
    pushU16(out, capabilities.length + 3);
    out.push(CAPABILITIES_PARAMETER);
    pushU16(out, capabilities.length);
  }
  pushBytes(out, capabilities);
}
