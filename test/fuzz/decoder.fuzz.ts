// What must hold for any octets given to the codec: an answer or a WireError that can be sent, and answers that agree.
//
// - decode(): what it understands it can encode, and understands that as the same message
// - scanUpdate(): stays inside the message (what lies around it changes nothing), and all regions are in order
// - canonical blocks: fit their buffer, have one form, and survive the way over the wire

import { deepStrictEqual } from 'node:assert/strict';
import { codeOf, type PathAttribute } from '../../src/bgp/wire/attributes.js';
import { canonicalize, decodeCanonical, encodeCanonical, writeWireAttributes } from '../../src/bgp/wire/canonical.js';
import type { DecodeContext, ScanContext } from '../../src/bgp/wire/context.js';
import { checkHeader, decode, encode, type Message, MessageType } from '../../src/bgp/wire/message.js';
import { describeNotification, WireError } from '../../src/bgp/wire/notification.js';
import { scanUpdate, UpdateScan } from '../../src/bgp/wire/update-scan.js';
import { octets, u16 } from '../conformance/bytes.js';

const CONTEXTS: readonly DecodeContext[] = [
  { as4: true, addPath: [], extendedMessage: false },
  { as4: false, addPath: [], extendedMessage: false },
  { as4: true, addPath: [0, 1], extendedMessage: true },
  { as4: false, addPath: [0], extendedMessage: true },
];

const SCANS: readonly ScanContext[] = [
  { as4: true, addPath: 0, internal: true, families: 3, localPrefRequired: true },
  { as4: true, addPath: 0, internal: false, families: 3, rejectAsSets: true },
  { as4: false, addPath: 0, internal: false, families: 3 },
  { as4: true, addPath: 3, internal: false, families: 3, ipv4NextHopsOnly: true },
  { as4: false, addPath: 1, internal: true, families: 1 },
];

/** What `action` gives, or the WireError it threw, which has a code and data that can be sent. */
export function orWireError<T>(action: () => T): T | WireError {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const words = describeNotification(error.code, error.subcode, error.data);
    if (isUnknown(error.code, error.subcode)) throw new Error(`WireError that nobody knows: ${words}`);
    encode({ type: 'notification', code: error.code, subcode: error.subcode, data: error.data });
    return error;
  }
}

/** True for codes and subcodes that no RFC has. */
export function isUnknown(code: number, subcode: number): boolean {
  return /(error code|subcode) \d/.test(describeNotification(code, subcode)) || code === 0;
}

/** Throws when something does not hold for the message in `bytes`. */
export function checkDecoding(bytes: Uint8Array): void {
  for (const ctx of CONTEXTS) checkRoundTrip(bytes, ctx);
  const framed = bytes.length >= 19 && !(orWireError(() => checkHeader(bytes, 0, 65535)) instanceof WireError);
  if (!framed || bytes[18] !== MessageType.update) return;
  const body = bytes.subarray(19);
  for (const ctx of SCANS) checkScan(body, ctx);
}

function checkRoundTrip(bytes: Uint8Array, ctx: DecodeContext): void {
  const message = orWireError(() => decode(bytes, ctx));
  if (message instanceof WireError) return;
  const again = decode(encode(message, ctx), ctx);
  deepStrictEqual(withoutErrors(again), withoutErrors(message));
}

/** The encoder puts attributes in order, and large communities once (RFC 8092 §3); what was wrong is gone. */
function withoutErrors(message: Message): Message {
  if (message.type !== 'update') return message;
  const rank = (attribute: PathAttribute) => (codeOf(attribute) + 242) & 255;
  const { type, withdrawn, nlri } = message;
  const order = (a: PathAttribute, b: PathAttribute) => rank(a) - rank(b);
  return { type, withdrawn, nlri, attributes: message.attributes.map(distinct).sort(order) };
}

function distinct(attribute: PathAttribute): PathAttribute {
  if (attribute.type !== 'largeCommunities') return attribute;
  const byText = new Map(attribute.communities.map(community => [String(community), community]));
  return { ...attribute, communities: [...byText.values()] };
}

const AROUND = 40;
const scans = [new UpdateScan(), new UpdateScan()];

function checkScan(body: Uint8Array, ctx: ScanContext): void {
  const end = AROUND + body.length;
  const [inZeros, inOnes] = [0x00, 0xff].map((octet, i) => {
    const buf = new Uint8Array(end + AROUND).fill(octet);
    buf.set(body, AROUND);
    return { buf, outcome: orWireError(() => scanUpdate(buf, AROUND, end, ctx, scans[i])) };
  });
  if (inZeros.outcome instanceof WireError || inOnes.outcome instanceof WireError) {
    deepStrictEqual(String(inOnes.outcome), String(inZeros.outcome));
    return;
  }
  const [scan, other] = scans;
  deepStrictEqual(summary(other), summary(scan));
  checkRegions(scan, end);
  if (scan.treatAsWithdraw) return;
  if (scan.nlriStart < scan.nlriEnd) checkBlock(inZeros.buf, scan, ctx, scan.valueStart[3], scan.valueEnd[3]);
  if (scan.reachStart < scan.reachEnd) checkBlock(inZeros.buf, scan, ctx, scan.nextHopStart, scan.nextHopEnd);
}

const REGIONS = ['withdrawn', 'attributes', 'nlri', 'nextHop', 'reach', 'unreach'] as const;

function summary(scan: UpdateScan): unknown {
  const codes = [...scan.codes.subarray(0, scan.codeCount)];
  return {
    regions: REGIONS.map(name => [scan[`${name}Start`], scan[`${name}End`]]),
    values: codes.map(code => [code, scan.flags[code], scan.valueStart[code], scan.valueEnd[code]]),
    families: [scan.reachFamily, scan.unreachFamily, scan.endOfRib],
    errors: scan.errors,
    withdraw: scan.treatAsWithdraw,
  };
}

function checkRegions(scan: UpdateScan, end: number): void {
  const inside = (what: string, from: number, to: number, low: number, high: number) => {
    if (from < low || from > to || to > high) throw new Error(`${what}: ${from} to ${to}, not in ${low} to ${high}`);
  };
  const { attributesStart, attributesEnd } = scan;
  inside('withdrawn', scan.withdrawnStart, scan.withdrawnEnd, AROUND + 2, attributesStart - 2);
  inside('attributes', attributesStart, attributesEnd, AROUND + 4, end);
  inside('nlri', scan.nlriStart, scan.nlriEnd, attributesEnd, end);
  if (scan.reachFamily !== -1) {
    inside('next hop', scan.nextHopStart, scan.nextHopEnd, attributesStart, attributesEnd);
    inside('reach', scan.reachStart, scan.reachEnd, scan.nextHopEnd + 1, attributesEnd);
  }
  if (scan.unreachFamily !== -1) {
    inside('unreach', scan.unreachStart, scan.unreachEnd, attributesStart, attributesEnd);
  }
  let before = 0;
  for (const code of scan.codes.subarray(0, scan.codeCount)) {
    if (code < before || code === 14 || code === 15) throw new Error(`attribute ${code} after ${before}`);
    inside(`attribute ${code}`, scan.valueStart[code], scan.valueEnd[code], attributesStart + 3, attributesEnd);
    before = code + 1;
  }
  if (scan.treatAsWithdraw !== scan.errors.some(error => error.class === 'treat-as-withdraw')) {
    throw new Error(`treatAsWithdraw ${scan.treatAsWithdraw} with errors ${JSON.stringify(scan.errors)}`);
  }
}

/** What `canonicalize` promises to fit in. */
const BLOCK_OCTETS = 65_600;
const room = new Uint8Array(BLOCK_OCTETS);
const wire = new Uint8Array(BLOCK_OCTETS * 2);
const second = new UpdateScan();

function checkBlock(buf: Uint8Array, scan: UpdateScan, ctx: ScanContext, hopStart: number, hopEnd: number): void {
  const length = canonicalize(buf, scan, ctx.as4, hopStart, hopEnd, room);
  if (length > BLOCK_OCTETS) throw new Error(`a canonical block of ${length} octets`);
  const block = room.slice(0, length);
  const { nextHop, attributes } = decodeCanonical(block);
  deepStrictEqual(encodeCanonical(nextHop, attributes), block);
  for (const as4 of [true, false]) {
    const written = writeWireAttributes(block, 0, length, as4, nextHop.length === 4, wire, 0);
    if (written > 0xffff) continue;
    const ipv4NextHop = nextHop.length === 4;
    const body = Uint8Array.from(octets(0, 0, u16(written), wire.subarray(0, written), ipv4NextHop ? [8, 10] : []));
    scanUpdate(body, 0, body.length, { as4, addPath: 0, internal: true, families: 3 }, second);
    deepStrictEqual(second.errors, []);
    // Confederation segments are not in AS4_PATH: they do not come back (RFC 6793 §4.2.2).
    if (!ipv4NextHop || (!as4 && attributes.some(hasConfederation))) continue;
    const back = canonicalize(body, second, as4, second.valueStart[3], second.valueEnd[3], room);
    deepStrictEqual(room.slice(0, back), block);
  }
}

function hasConfederation(attribute: PathAttribute): boolean {
  return attribute.type === 'asPath' && attribute.segments.some(({ type }) => type !== 'sequence' && type !== 'set');
}
