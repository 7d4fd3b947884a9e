// From an UPDATE's bytes to Adj-RIB-In: one scan of the message, one attribute set, then a plain loop over the NLRI.
//
// RFC 4271 §6.3 (multicast prefixes), §9.1.1–9.1.2 (loops), RFC 4456 §8 (reflection loops), RFC 5065 §4 and §5 (confederations), RFC 7606 (treat-as-withdraw),
// RFC 7911 (path ids), RFC 9234 §5 (route leaks).

import { SegmentType } from '../wire/aspath.js';
import { readU32, wordOf } from '../wire/bytes.js';
import { canonicalize } from '../wire/canonical.js';
import { Family } from '../wire/family.js';
import { NotificationErrors } from '../wire/notification.js';
import { note } from '../wire/update-error.js';
import { type ScanContext, scanUpdate, UpdateScan } from '../wire/update-scan.js';
import { MAX_BLOCK_BYTES } from './arena.js';
import { prependAs } from './as-path-edits.js';
import type { LocRib } from './loc-rib.js';
import { judgeNextHop, type NextHopRule } from './next-hop-rule.js';
import { isLeak, markOnlyToCustomer, ONLY_TO_CUSTOMER, type OtcRule } from './only-to-customer.js';
import { Verdict } from './paths.js';
import type { Rib } from './rib.js';
import type { AppliedPolicy } from './route-policy.js';
import { honorCommunities } from './well-known.js';

/** What the session with a neighbor means for its UPDATEs. */
export interface ImportContext {
  source: number;
  scan: ScanContext;
  link: number;
  /** The neighbor is in this AS or in another one of the confederation. */
  internal: boolean;
  /** It is in another AS of the confederation (RFC 5065). */
  member: boolean;
  /** Well-known communities in its routes are for others (RFC 7947 §2.2.4). */
  routeServerClient: boolean;
  /** The AS that this speaker is in for those outside, … */
  localAs: number;
  /** … and the one within the confederation; without one, the same. */
  memberAs: number;
  /** The AS that this speaker is in towards the neighbor. */
  sessionAs: number;
  /** The AS put in front of paths from the neighbor (RFC 7705 §3.2); 0: none. */
  prepended: number;
  /** How often the own AS may be in a path. */
  allowOwnAs: number;
  enforceFirstAs: boolean;
  /** RFC 9234; null: without a role. */
  otc: OtcRule | null;
  remoteAs: number;
  routerId: number;
  clusterId: number;
  nextHops: NextHopRule;
  accept: boolean;
  /** Judges what is accepted so far. */
  policy: AppliedPolicy | null;
}

const NEXT_HOP = 3;
const COMMUNITIES = 8;
const scan = new UpdateScan();
const block = new Uint8Array(MAX_BLOCK_BYTES);

/**
 * Takes one UPDATE body `buf[start..end)` into the tables. Returns the scan, valid until the next call: its `errors`
 * tell what was malformed and mended. Throws WireError when the session must be reset.
 */
export function ingest(rib: Rib, context: ImportContext, buf: Uint8Array, start: number, end: number): UpdateScan {
  scanUpdate(buf, start, end, context.scan, scan);
  const ipv4 = rib.families[Family.ipv4Unicast];
  const { addPath } = context.scan;
  const pathIds4 = (addPath & (1 << Family.ipv4Unicast)) !== 0;

  if (scan.withdrawnStart < scan.withdrawnEnd) {
    applyIpv4(ipv4, context.source, buf, scan.withdrawnStart, scan.withdrawnEnd, pathIds4, 0, Verdict.accepted, null);
  }
  if (scan.unreachFamily !== -1) {
    apply(rib, context, buf, scan.unreachFamily, scan.unreachStart, scan.unreachEnd, 0);
  }
  if (scan.nlriStart < scan.nlriEnd) {
    const set = scan.treatAsWithdraw
      ? 0
      : intern(rib, context, buf, scan.valueStart[NEXT_HOP], scan.valueEnd[NEXT_HOP]);
    apply(rib, context, buf, Family.ipv4Unicast, scan.nlriStart, scan.nlriEnd, set);
    if (set !== 0) rib.sets.release(set);
  }
  if (scan.reachFamily !== -1) {
    const set = scan.treatAsWithdraw ? 0 : intern(rib, context, buf, scan.nextHopStart, scan.nextHopEnd);
    apply(rib, context, buf, scan.reachFamily, scan.reachStart, scan.reachEnd, set);
    if (set !== 0) rib.sets.release(set);
  }
  return scan;
}

/** What import makes of an attribute set from this neighbor, before its policy. */
export function importVerdict(rib: Rib, context: ImportContext, set: number): Verdict {
  const { sets } = rib;
  const bytes = sets.buffer(set);
  const start = sets.start(set);
  const end = start + sets.size[set];
  let firstAs = 0;
  let firstSegment = 0;
  let own = 0;
  // A prepended AS is ours to have put there.
  let skipped = context.prepended === 0 ? 0 : 1;
  for (let at = start + 1 + bytes[start]; at < end; ) {
    const code = bytes[at + 1];
    const extended = (bytes[at] & 0x10) !== 0;
    const value = at + (extended ? 4 : 3);
    at = value + (extended ? (bytes[at + 2] << 8) | bytes[at + 3] : bytes[at + 2]);
    if (code === 2) {
      for (let segment = value; segment < at; segment += 2 + bytes[segment + 1] * 4) {
        const confederation = bytes[segment] > 2;
        const ownAs = confederation ? context.memberAs : context.localAs;
        if (segment === value) firstSegment = bytes[segment];
        for (let i = 0; i < bytes[segment + 1]; i++) {
          const as = readU32(bytes, segment + 2 + i * 4);
          if (skipped > 0) {
            skipped--;
            continue;
          }
          const isOwn = as === ownAs || (!confederation && as === context.sessionAs);
          if (isOwn && ++own > context.allowOwnAs) return Verdict.asLoop;
          if (segment === value && i === (context.prepended === 0 ? 0 : 1)) firstAs = as;
        }
      }
    } else if (code === 9 && readU32(bytes, value) === context.routerId) {
      return Verdict.originatorLoop;
    } else if (code === 10) {
      for (let i = value; i < at; i += 4) if (readU32(bytes, i) === context.clusterId) return Verdict.clusterLoop;
    } else if (code === ONLY_TO_CUSTOMER && context.otc !== null) {
      if (isLeak(context.otc, readU32(bytes, value), context.remoteAs)) return Verdict.routeLeak;
    }
  }
  if (context.member && firstSegment !== SegmentType.confedSequence) return Verdict.confederation;
  if ((!context.internal || context.member) && context.enforceFirstAs && firstAs !== context.remoteAs)
    return Verdict.firstAs;
  const nextHop = judgeNextHop(context.nextHops, bytes, start + 1, bytes[start]);
  if (nextHop !== Verdict.accepted) return nextHop;
  return context.accept ? Verdict.accepted : Verdict.importPolicy;
}

function intern(rib: Rib, context: ImportContext, buf: Uint8Array, nextHopStart: number, nextHopEnd: number): number {
  let length = canonicalize(buf, scan, context.scan.as4, nextHopStart, nextHopEnd, block);
  if (!context.internal && !context.routeServerClient && scan.valueStart[COMMUNITIES] !== -1)
    length = honorCommunities(block, length);
  if (context.prepended !== 0) length = prependAs(block, length, context.prepended);
  if (context.otc?.marksTaken && scan.valueStart[ONLY_TO_CUSTOMER] === -1)
    length = markOnlyToCustomer(block, length, context.remoteAs);
  return rib.sets.intern(block, length, context.link);
}

/** Announces (or with `set` 0 withdraws) the NLRI in `buf[start..end)`, whose syntax the scan has checked. */
function apply(
  rib: Rib,
  context: ImportContext,
  buf: Uint8Array,
  family: Family,
  start: number,
  end: number,
  set: number,
): void {
  const pathIds = (context.scan.addPath & (1 << family)) !== 0;
  const verdict = set === 0 ? Verdict.accepted : importVerdict(rib, context, set);
  const one = family === Family.ipv4Unicast ? applyIpv4 : applyIpv6;
  const policy = verdict === Verdict.accepted ? context.policy : null;
  one(rib.families[family], context.source, buf, start, end, pathIds, set, verdict, policy);
}

function applyIpv4(
  table: LocRib,
  source: number,
  buf: Uint8Array,
  start: number,
  end: number,
  pathIds: boolean,
  set: number,
  verdict: Verdict,
  policy: AppliedPolicy | null,
): void {
  const { prefixes } = table;
  let pathId = 0;
  for (let at = start; at < end; ) {
    if (pathIds) {
      pathId = readU32(buf, at);
      at += 4;
    }
    const length = buf[at++];
    const octets = (length + 7) >>> 3;
    const address = wordOf(buf, at, octets) & maskOf(length);
    at += octets;
    if (set !== 0) {
      if (address >>> 28 === 0xe && length >= 4) ignoreMulticast(buf, at - octets - 1, at);
      else if (policy !== null) table.announceBy(policy, prefixes.ensure4(address, length), source, pathId, set);
      else table.announce(prefixes.ensure4(address, length), source, pathId, set, verdict);
    } else {
      const prefix = prefixes.find4(address, length);
      if (prefix !== 0) table.withdraw(prefix, source, pathId);
    }
  }
}

function applyIpv6(
  table: LocRib,
  source: number,
  buf: Uint8Array,
  start: number,
  end: number,
  pathIds: boolean,
  set: number,
  verdict: Verdict,
  policy: AppliedPolicy | null,
): void {
  const { prefixes } = table;
  let pathId = 0;
  for (let at = start; at < end; ) {
    if (pathIds) {
      pathId = readU32(buf, at);
      at += 4;
    }
    const length = buf[at++];
    const octets = (length + 7) >>> 3;
    const a = wordOf(buf, at, octets) & maskOf(length);
    const b = length <= 32 ? 0 : wordOf(buf, at + 4, octets - 4) & maskOf(length - 32);
    const c = length <= 64 ? 0 : wordOf(buf, at + 8, octets - 8) & maskOf(length - 64);
    const d = length <= 96 ? 0 : wordOf(buf, at + 12, octets - 12) & maskOf(length - 96);
    at += octets;
    if (set !== 0) {
      if (a >>> 24 === 0xff && length >= 8) {
        ignoreMulticast(buf, at - octets - 1, at);
        continue;
      }
      const prefix = prefixes.ensure6(a, b, c, d, length);
      if (policy !== null) table.announceBy(policy, prefix, source, pathId, set);
      else table.announce(prefix, source, pathId, set, verdict);
    } else {
      const prefix = prefixes.find6(a, b, c, d, length);
      if (prefix !== 0) table.withdraw(prefix, source, pathId);
    }
  }
}

/** The mask of a prefix' word of which `bits` or more count. */
function maskOf(bits: number): number {
  return bits === 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits);
}

// RFC 4271 §6.3: a prefix that makes no sense is ignored, the others of the message count.
function ignoreMulticast(buf: Uint8Array, start: number, end: number): void {
  const reason = 'a multicast prefix is ignored';
  note(scan, 'attribute-discard', NotificationErrors.invalidNetworkField, 0, reason, buf.slice(start, end));
}
