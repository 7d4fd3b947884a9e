// The hot path: one pass over the body of an UPDATE that finds and checks everything, and makes no object of it.
//
// The result is offsets into the scanned buffer, in an UpdateScan that its owner uses again for every message. What is
// wrong becomes an AttributeError with its RFC 7606 class; where the session must be reset, a WireError is thrown. A good
// message allocates nothing, and resetting the scan touches only what the message before it had set.
//
// RFC 4271 §4.3 and §6.3, RFC 4724 §2, RFC 4760 §3, §4 and §7, RFC 6793 §4.1 and §6, RFC 7606 §3 to §7, RFC 7911 §3.

import {
  DISCARD_AS4,
  DISCARD_EXTERNAL,
  DISCARD_FROM,
  FLAGS,
  LENGTH_MULTIPLE,
  MAX_LENGTH,
  MIN_LENGTH,
  NO_ROW,
  VALIDATE,
} from './attribute-columns.js';
import { ATTRIBUTES, AttributeCode, AttributeFlag } from './attribute-table.js';
import { EMPTY, readU16 } from './bytes.js';
import type { ScanContext } from './context.js';
import { FAMILIES, Family, familyOf, formatFamily } from './family.js';
import { checkNextHop, isNextHopLength } from './next-hop.js';
import { isNlri } from './nlri.js';
import { NotificationErrors, WireError } from './notification.js';
import {
  type AttributeError,
  discard,
  incorrect,
  NO_ERRORS,
  nameOf,
  note,
  reportByTable,
  withdraw,
  withoutNlri,
} from './update-error.js';

const {
  attributeFlagsError,
  attributeLengthError,
  invalidNetworkField,
  malformedAsPath,
  malformedAttributeList,
  missingWellKnownAttribute,
  optionalAttributeError,
  unrecognizedWellKnownAttribute,
} = NotificationErrors;

export type { ScanContext } from './context.js';
export type { AttributeError } from './update-error.js';

/** Where everything is in the scanned buffer; an empty region has start = end. */
export class UpdateScan {
  /** WITHDRAWN ROUTES and NLRI fields: IPv4 unicast. */
  withdrawnStart = 0;
  withdrawnEnd = 0;
  attributesStart = 0;
  attributesEnd = 0;
  nlriStart = 0;
  nlriEnd = 0;
  /** Family of MP_REACH_NLRI, or -1: absent, or of a family that was not negotiated. */
  reachFamily: Family | -1 = -1;
  nextHopStart = 0;
  nextHopEnd = 0;
  reachStart = 0;
  reachEnd = 0;
  /** Family of MP_UNREACH_NLRI, or -1. */
  unreachFamily: Family | -1 = -1;
  unreachStart = 0;
  unreachEnd = 0;
  /** Value of each attribute by type code; -1 = absent or discarded. */
  readonly valueStart = new Int32Array(256).fill(-1);
  readonly valueEnd = new Int32Array(256);
  /** Attribute Flags as received, where valueStart is not -1. */
  readonly flags = new Uint8Array(256);
  /** The attributes present and kept, in ascending order, without MP_REACH_NLRI and MP_UNREACH_NLRI. */
  readonly codes = new Uint8Array(256);
  codeCount = 0;
  /** All NLRI of this message are to be withdrawn (RFC 7606 §2). */
  treatAsWithdraw = false;
  /** Empty (and frozen) when all is well. */
  errors: AttributeError[] = NO_ERRORS;
  /** The family whose initial routes are complete with this message (RFC 4724 §2), or -1. */
  endOfRib: Family | -1 = -1;

  // Type codes met in this message, kept or not: what the next scan has to reset, and how duplicates are found.
  readonly met = new Uint8Array(256);
  readonly metCodes = new Uint8Array(256);
  metCount = 0;
}

/**
 * Scans the UPDATE body in octets [start, end) of `buf` into `out`. NLRI of all regions are syntactically right
 * afterwards; bits beyond a prefix' length may still be set (RFC 4271 §4.3). Throws WireError where RFC 7606 keeps the
 * session reset.
 */
export function scanUpdate(buf: Uint8Array, start: number, end: number, ctx: ScanContext, out: UpdateScan): void {
  reset(out);
  locateFields(buf, start, end, out);
  const { attributesEnd, met, metCodes, valueStart, valueEnd } = out;
  let at = out.attributesStart;
  while (at < attributesEnd) {
    const flags = buf[at];
    const extended = flags & AttributeFlag.extendedLength;
    const valueAt = extended === 0 ? at + 3 : at + 4;
    if (valueAt > attributesEnd) {
      note(out, 'treat-as-withdraw', malformedAttributeList, 0, CUT_SHORT, buf.slice(at, attributesEnd));
      break;
    }
    const code = buf[at + 1];
    const length = extended === 0 ? buf[at + 2] : (buf[at + 2] << 8) | buf[at + 3];
    const next = valueAt + length;
    if (next > attributesEnd) {
      if (isMultiprotocol(code)) throw new WireError(malformedAttributeList, `${nameOf(code)}: ${OVERRUN}`);
      withdraw(out, buf, at, attributesEnd, malformedAttributeList, OVERRUN);
      break;
    }
    if (met[code] !== 0) {
      duplicate(out, buf, at, next, code);
    } else {
      met[code] = 1;
      metCodes[out.metCount++] = code;
      if (code === AttributeCode.mpReach) scanReach(buf, at, valueAt, next, ctx, out);
      else if (code === AttributeCode.mpUnreach) scanUnreach(buf, at, valueAt, next, ctx, out);
      else if (accepts(buf, at, valueAt, next, ctx, out)) {
        valueStart[code] = valueAt;
        valueEnd[code] = next;
        out.flags[code] = flags;
        insertCode(out, code);
      }
    }
    at = next;
  }
  finish(buf, start, end, ctx, out);
}

const CUT_SHORT = 'the last attribute is cut short';
const OVERRUN = 'it is longer than the rest of the path attributes';

function reset(out: UpdateScan): void {
  const { met, metCodes, valueStart } = out;
  for (let i = 0; i < out.metCount; i++) {
    const code = metCodes[i];
    met[code] = 0;
    valueStart[code] = -1;
  }
  out.metCount = 0;
  out.codeCount = 0;
  out.reachFamily = -1;
  out.unreachFamily = -1;
  out.nextHopStart = out.nextHopEnd = out.reachStart = out.reachEnd = out.unreachStart = out.unreachEnd = 0;
  out.treatAsWithdraw = false;
  out.errors = NO_ERRORS;
  out.endOfRib = -1;
}

/** The three fields of the body by their lengths (RFC 4271 §4.3, §6.3; RFC 7606 §3b). */
function locateFields(buf: Uint8Array, start: number, end: number, out: UpdateScan): void {
  const withdrawnEnd = end - start < 4 ? end + 1 : start + 2 + readU16(buf, start);
  if (withdrawnEnd + 2 > end) {
    throw new WireError(malformedAttributeList, 'Withdrawn Routes Length is larger than the message');
  }
  const attributesEnd = withdrawnEnd + 2 + readU16(buf, withdrawnEnd);
  if (attributesEnd > end) {
    throw new WireError(malformedAttributeList, 'Total Path Attribute Length is larger than the message');
  }
  out.withdrawnStart = start + 2;
  out.withdrawnEnd = withdrawnEnd;
  out.attributesStart = withdrawnEnd + 2;
  out.attributesEnd = attributesEnd;
  out.nlriStart = attributesEnd;
  out.nlriEnd = end;
}

/** Keeps `codes` ascending; most speakers send them so. */
function insertCode(out: UpdateScan, code: number): void {
  const { codes } = out;
  let i = out.codeCount++;
  for (; i > 0 && codes[i - 1] > code; i--) codes[i] = codes[i - 1];
  codes[i] = code;
}

/** Flags, length and contents of an attribute by the table; reports what is wrong and returns false. */
function accepts(
  buf: Uint8Array,
  at: number,
  valueAt: number,
  next: number,
  ctx: ScanContext,
  out: UpdateScan,
): boolean {
  const code = buf[at + 1];
  const flags = FLAGS[code];
  if (flags === NO_ROW) {
    if ((buf[at] & AttributeFlag.optional) !== 0) return true;
    throw new WireError(
      unrecognizedWellKnownAttribute,
      `attribute ${code} is marked well-known and is not`,
      buf.slice(at, next),
    );
  }
  const discardFrom = DISCARD_FROM[code];
  if (discardFrom !== 0) {
    if (discardFrom === DISCARD_EXTERNAL && !ctx.internal) {
      discard(out, buf, at, next, optionalAttributeError, FROM_EXTERNAL);
      return false;
    }
    if (discardFrom === DISCARD_AS4 && ctx.as4) {
      discard(out, buf, at, next, optionalAttributeError, FROM_AS4);
      return false;
    }
  }
  if ((buf[at] & (AttributeFlag.optional | AttributeFlag.transitive)) !== flags) {
    withdraw(out, buf, at, next, attributeFlagsError, BAD_FLAGS);
    return false;
  }
  const length = next - valueAt;
  const multiple = LENGTH_MULTIPLE[code];
  if (length < MIN_LENGTH[code] || length > MAX_LENGTH[code] || (multiple !== 1 && length % multiple !== 0)) {
    reportByTable(out, buf, at, next, attributeLengthError, BAD_LENGTH);
    return false;
  }
  // NEXT_HOP is ignored where only MP_REACH_NLRI has destinations (RFC 4760 §3).
  if (code === AttributeCode.nextHop && out.nlriStart === out.nlriEnd) return true;
  const validate = VALIDATE[code];
  const reason = validate === null ? null : validate(buf, valueAt, next, ctx);
  if (reason === null) return true;
  reportByTable(out, buf, at, next, ATTRIBUTES[code]?.contentError ?? optionalAttributeError, reason);
  return false;
}

const FROM_EXTERNAL = 'it comes from another AS';
const FROM_AS4 = 'it comes from a neighbor that uses 4-octet AS numbers';
const BAD_FLAGS = 'its Optional and Transitive flags are wrong';
const BAD_LENGTH = 'its length is invalid';

/** All but the first are discarded; of MP_REACH_NLRI and MP_UNREACH_NLRI there is one, or none (RFC 7606 §3g). */
function duplicate(out: UpdateScan, buf: Uint8Array, at: number, next: number, code: number): void {
  if (isMultiprotocol(code)) {
    throw new WireError(malformedAttributeList, `${nameOf(code)} appears twice`);
  }
  discard(out, buf, at, next, malformedAttributeList, 'it appears twice');
}

function isMultiprotocol(code: number): boolean {
  return code === AttributeCode.mpReach || code === AttributeCode.mpUnreach;
}

/** MP_REACH_NLRI: <AFI, SAFI, next hop, reserved octet, NLRI> (RFC 4760 §3; RFC 7606 §5.3, §7.11). */
function scanReach(
  buf: Uint8Array,
  at: number,
  valueAt: number,
  next: number,
  ctx: ScanContext,
  out: UpdateScan,
): void {
  if ((buf[at] & 0xc0) !== FLAGS[AttributeCode.mpReach]) throw incorrect(buf, at, next, BAD_FLAGS);
  if (next - valueAt < MIN_LENGTH[AttributeCode.mpReach]) throw incorrect(buf, at, next, BAD_LENGTH);
  const family = negotiated(buf, at, valueAt, next, ctx, out);
  if (family === -1) return;
  const { bits } = FAMILIES[family];
  const nextHopStart = valueAt + 4;
  const nextHopLength = buf[valueAt + 3];
  const nlriStart = nextHopStart + nextHopLength + 1;
  if (!isNextHopLength(nextHopLength, bits, ctx.ipv4NextHopsOnly))
    throw incorrect(buf, at, next, `its next hop has ${nextHopLength} octets`);
  if (nlriStart > next || !isNlri(buf, nlriStart, next, bits, pathIdOctets(ctx, family))) {
    throw incorrect(buf, at, next, BAD_NLRI);
  }
  out.reachFamily = family;
  out.nextHopStart = nextHopStart;
  out.nextHopEnd = nlriStart - 1;
  out.reachStart = nlriStart;
  out.reachEnd = next;
  if (nlriStart === next) return;
  const reason = checkNextHop(buf, nextHopStart, nlriStart - 1);
  if (reason !== null) withdraw(out, buf, at, next, optionalAttributeError, `next hop: ${reason}`);
}

/** MP_UNREACH_NLRI: <AFI, SAFI, withdrawn routes> (RFC 4760 §4; RFC 7606 §5.3). */
function scanUnreach(
  buf: Uint8Array,
  at: number,
  valueAt: number,
  next: number,
  ctx: ScanContext,
  out: UpdateScan,
): void {
  if ((buf[at] & 0xc0) !== FLAGS[AttributeCode.mpUnreach]) throw incorrect(buf, at, next, BAD_FLAGS);
  if (next - valueAt < MIN_LENGTH[AttributeCode.mpUnreach]) throw incorrect(buf, at, next, BAD_LENGTH);
  const family = negotiated(buf, at, valueAt, next, ctx, out);
  if (family === -1) return;
  const withdrawnStart = valueAt + 3;
  if (!isNlri(buf, withdrawnStart, next, FAMILIES[family].bits, pathIdOctets(ctx, family))) {
    throw incorrect(buf, at, next, BAD_NLRI);
  }
  out.unreachFamily = family;
  out.unreachStart = withdrawnStart;
  out.unreachEnd = next;
}

const BAD_NLRI = 'its NLRI is syntactically incorrect';

/** The family of an MP attribute, or -1 with a report when it was not negotiated: then it is ignored. */
function negotiated(
  buf: Uint8Array,
  at: number,
  valueAt: number,
  next: number,
  ctx: ScanContext,
  out: UpdateScan,
): Family | -1 {
  const afi = readU16(buf, valueAt);
  const safi = buf[valueAt + 2];
  const family = familyOf(afi, safi);
  if (family !== -1 && (ctx.families & (1 << family)) !== 0) return family;
  const reason = `${formatFamily(afi, safi)} was not negotiated`;
  discard(out, buf, at, next, optionalAttributeError, reason);
  return -1;
}

function pathIdOctets(ctx: ScanContext, family: Family): number {
  return (ctx.addPath & (1 << family)) === 0 ? 0 : 4;
}

/** What can be said only when all attributes have been seen. */
function finish(buf: Uint8Array, start: number, end: number, ctx: ScanContext, out: UpdateScan): void {
  checkIpv4Fields(buf, ctx, out);
  const { valueStart } = out;
  const nlri = out.nlriStart < out.nlriEnd;
  if (nlri || out.reachStart < out.reachEnd) {
    if (valueStart[AttributeCode.origin] === -1) missing(out, AttributeCode.origin);
    if (valueStart[AttributeCode.asPath] === -1) missing(out, AttributeCode.asPath);
    if (nlri && valueStart[AttributeCode.nextHop] === -1) missing(out, AttributeCode.nextHop);
    if (ctx.localPrefRequired && valueStart[AttributeCode.localPref] === -1) missing(out, AttributeCode.localPref);
    if (!ctx.as4) checkRoomForAsPath(buf, out);
  }
  if (end - start === 4) {
    if ((ctx.families & (1 << Family.ipv4Unicast)) !== 0) out.endOfRib = Family.ipv4Unicast;
  } else if (
    out.unreachFamily !== -1 &&
    out.unreachStart === out.unreachEnd &&
    out.metCount === 1 &&
    out.withdrawnStart === out.withdrawnEnd &&
    !nlri
  ) {
    out.endOfRib = out.unreachFamily;
  }
  if (out.treatAsWithdraw && out.attributesEnd === end && out.reachStart === out.reachEnd) {
    const ignored = out.met[AttributeCode.mpReach] !== 0 && out.reachFamily === -1;
    if (!ignored) throw withoutNlri(out.errors);
  }
}

/** Withdrawn routes and NLRI of the base message (RFC 7606 §5.3): Invalid Network Field resets the session. */
function checkIpv4Fields(buf: Uint8Array, ctx: ScanContext, out: UpdateScan): void {
  const { withdrawnStart, withdrawnEnd, nlriStart, nlriEnd } = out;
  if (withdrawnStart === withdrawnEnd && nlriStart === nlriEnd) return;
  if ((ctx.families & (1 << Family.ipv4Unicast)) === 0) {
    out.withdrawnEnd = withdrawnStart;
    out.nlriEnd = nlriStart;
    const reason = 'ipv4-unicast was not negotiated';
    note(out, 'attribute-discard', invalidNetworkField, 0, reason, EMPTY);
    return;
  }
  const idOctets = pathIdOctets(ctx, Family.ipv4Unicast);
  if (!isNlri(buf, withdrawnStart, withdrawnEnd, 32, idOctets)) {
    throw new WireError(invalidNetworkField, 'the withdrawn routes are syntactically incorrect');
  }
  if (!isNlri(buf, nlriStart, nlriEnd, 32, idOctets)) {
    throw new WireError(invalidNetworkField, 'the NLRI is syntactically incorrect');
  }
}

/** RFC 7606 §3d; nothing to add when it was there and malformed. */
function missing(out: UpdateScan, code: number): void {
  if (out.met[code] !== 0) return;
  note(out, 'treat-as-withdraw', missingWellKnownAttribute, code, 'it is missing', EMPTY);
}

/** A path of 2-octet AS numbers must still fit an attribute with 4-octet ones: twice the octets. */
function checkRoomForAsPath(buf: Uint8Array, out: UpdateScan): void {
  const start = out.valueStart[AttributeCode.asPath];
  if (start === -1) return;
  const end = out.valueEnd[AttributeCode.asPath];
  if (out.attributesEnd - out.attributesStart + end - start <= 0xffff) return;
  withdraw(out, buf, start - 4, end, malformedAsPath, TOO_LONG);
}

const TOO_LONG = 'it does not fit an UPDATE with 4-octet AS numbers';
