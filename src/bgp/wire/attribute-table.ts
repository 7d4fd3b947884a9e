// Path attributes: the one table.
//
// A row says everything about an attribute: code, name, category (which fixes its flags), length rule, what a malformed
// one costs (RFC 7606 §7), check of the contents, octets ↔ object, words. The object codec (attributes.ts) works from
// the rows; the hot path's scan takes its numbers from typed-array columns (attribute-columns.ts). Attributes without a
// row are unknown: kept as they are.
//
// RFC 4271 §4.3 and §5, RFC 1997, RFC 4360, RFC 4456, RFC 4760, RFC 5701, RFC 6793, RFC 7606, RFC 7607, RFC 8092, RFC 9234.

import { checkAs4Path, checkAsPath, decodeAsPath, encodeAsPath, formatAsPath, toTwoOctets } from './aspath.js';
import { pushBytes, pushU16, pushU32, readU16, readU32, toHex } from './bytes.js';
import { formatCommunity, formatExtendedCommunity, formatLargeCommunity, type LargeCommunity } from './communities.js';
import type { DecodeContext, ScanContext } from './context.js';
import { FAMILIES, familyOf } from './family.js';
import { checkNextHop, formatNextHop } from './next-hop.js';
import { decodeNlri, encodeNlri, type Nlri } from './nlri.js';
import { type NotificationError, NotificationErrors } from './notification.js';
import { type AttributeOf, type AttributeType, ORIGINS, type PathAttribute } from './path-attribute.js';
import { formatAddress, formatPrefix, formatRouterId } from './prefix.js';

/** Bits of the Attribute Flags octet (RFC 4271 §4.3). */
export const AttributeFlag = { optional: 0x80, transitive: 0x40, partial: 0x20, extendedLength: 0x10 } as const;

/** Optional and Transitive bits of each category (RFC 4271 §5). */
const CATEGORIES = {
  'well-known mandatory': AttributeFlag.transitive,
  'well-known discretionary': AttributeFlag.transitive,
  'optional transitive': AttributeFlag.optional | AttributeFlag.transitive,
  'optional non-transitive': AttributeFlag.optional,
} as const;
export type AttributeCategory = keyof typeof CATEGORIES;

/** How an error is handled (RFC 7606 §2), the weakest first. */
export const ERROR_CLASSES = ['attribute-discard', 'treat-as-withdraw', 'session-reset'] as const;
export type ErrorClass = (typeof ERROR_CLASSES)[number];

/** The attribute type codes this speaker knows. */
export const AttributeCode = {
  origin: 1,
  asPath: 2,
  nextHop: 3,
  med: 4,
  localPref: 5,
  atomicAggregate: 6,
  aggregator: 7,
  communities: 8,
  originatorId: 9,
  clusterList: 10,
  mpReach: 14,
  mpUnreach: 15,
  extendedCommunities: 16,
  as4Path: 17,
  as4Aggregator: 18,
  ipv6ExtendedCommunities: 25,
  largeCommunities: 32,
  onlyToCustomer: 35,
} as const satisfies Record<Exclude<AttributeType, 'unknown'>, number>;

/** A row of the table; `T` is the shape of its objects. */
export interface AttributeRow<T extends PathAttribute = PathAttribute> {
  readonly code: number;
  readonly type: T['type'];
  /** The RFC's name. */
  readonly name: string;
  readonly category: AttributeCategory;
  /** A valid length is from `min` to `max` octets and a multiple of `multiple`. */
  readonly length: { readonly min: number; readonly max: number; readonly multiple: number };
  /** What a bad length or bad contents cost. Bad flags cost treat-as-withdraw (RFC 7606 §3c) or more. */
  readonly errorClass: ErrorClass;
  /** UPDATE error subcode of bad contents, where the session is reset after all (RFC 4271 §6.3). */
  readonly contentError: NotificationError;
  /** Neighbors from which it is discarded unseen: in another AS, or able to use 4-octet AS numbers. */
  readonly discardFrom?: 'external' | 'as4';
  /** Check of the contents of an attribute with a valid length: a constant reason, or null. */
  validate?(buf: Uint8Array, start: number, end: number, ctx: ScanContext): string | null;
  /** Object of a checked value. */
  decode(buf: Uint8Array, start: number, end: number, ctx: DecodeContext): T | AttributeOf<'unknown'>;
  /** Appends the value. */
  encode(attribute: T, out: number[], ctx: DecodeContext): void;
  /** The value in words. */
  format(attribute: T): string;
}

const exactly = (octets: number) => ({ min: octets, max: octets, multiple: 1 });
const listOf = (octets: number) => ({ min: octets, max: 0xffff, multiple: octets });
const atLeast = (octets: number) => ({ min: octets, max: 0xffff, multiple: 1 });

const AS_ZERO = 'its AS is 0 (RFC 7607)';
const WRONG_LENGTH = 'its length does not fit the size of AS numbers';

/** RFC 7606 §7.7, RFC 7607 §2. */
function checkAggregator(buf: Uint8Array, start: number, end: number, ctx: ScanContext): string | null {
  if (end - start !== (ctx.as4 ? 8 : 6)) return WRONG_LENGTH;
  return (ctx.as4 ? readU32(buf, start) : readU16(buf, start)) === 0 ? AS_ZERO : null;
}

function readList(buf: Uint8Array, start: number, end: number): number[] {
  const list: number[] = [];
  for (let at = start; at < end; at += 4) list.push(readU32(buf, at));
  return list;
}

function pushList(list: readonly number[], out: number[]): void {
  for (const value of list) pushU32(out, value);
}

function readRecords(buf: Uint8Array, start: number, end: number, octets: number): Uint8Array[] {
  const list: Uint8Array[] = [];
  for (let at = start; at < end; at += octets) list.push(buf.slice(at, at + octets));
  return list;
}

function pushRecords(list: readonly Uint8Array[], out: number[]): void {
  for (const record of list) pushBytes(out, record);
}

/** MP_REACH_NLRI or MP_UNREACH_NLRI of a family this speaker does not know. */
function unknownFamily(code: number, buf: Uint8Array, start: number, end: number): AttributeOf<'unknown'> {
  return { type: 'unknown', code, flags: AttributeFlag.optional, value: buf.slice(start, end) };
}

function formatAggregator({ as, routerId }: { as: number; routerId: number }): string {
  return `AS ${as} ${formatRouterId(routerId)}`;
}

function formatNlri(list: readonly Nlri[]): string {
  return list.map(nlri => formatPrefix(nlri.prefix)).join(' ');
}

function row<T extends PathAttribute>(row: AttributeRow<T>): AttributeRow {
  return row;
}

const ROWS: readonly AttributeRow[] = [
  row<AttributeOf<'origin'>>({
    code: AttributeCode.origin,
    type: 'origin',
    name: 'ORIGIN',
    category: 'well-known mandatory',
    length: exactly(1),
    errorClass: 'treat-as-withdraw',
    contentError: NotificationErrors.invalidOriginAttribute,
    validate: (buf, start) => (buf[start] > 2 ? 'its value is undefined' : null),
    decode: (buf, start) => ({ type: 'origin', origin: ORIGINS[buf[start]] }),
    encode: (attribute, out) => out.push(ORIGINS.indexOf(attribute.origin)),
    format: attribute => attribute.origin,
  }),
  row<AttributeOf<'asPath'>>({
    code: AttributeCode.asPath,
    type: 'asPath',
    name: 'AS_PATH',
    category: 'well-known mandatory',
    length: atLeast(0),
    errorClass: 'treat-as-withdraw',
    contentError: NotificationErrors.malformedAsPath,
    validate: checkAsPath,
    decode: (buf, start, end, ctx) => ({ type: 'asPath', segments: decodeAsPath(buf, start, end, ctx.as4) }),
    encode: (attribute, out, ctx) => encodeAsPath(attribute.segments, ctx.as4, out),
    format: attribute => formatAsPath(attribute.segments),
  }),
  row<AttributeOf<'nextHop'>>({
    code: AttributeCode.nextHop,
    type: 'nextHop',
    name: 'NEXT_HOP',
    category: 'well-known mandatory',
    length: exactly(4),
    errorClass: 'treat-as-withdraw',
    contentError: NotificationErrors.invalidNextHopAttribute,
    validate: checkNextHop,
    decode: (buf, start, end) => ({ type: 'nextHop', address: buf.slice(start, end) }),
    encode: (attribute, out) => pushBytes(out, attribute.address),
    format: attribute => formatAddress(attribute.address),
  }),
  row<AttributeOf<'med'>>({
    code: AttributeCode.med,
    type: 'med',
    name: 'MULTI_EXIT_DISC',
    category: 'optional non-transitive',
    length: exactly(4),
    errorClass: 'treat-as-withdraw',
    contentError: NotificationErrors.optionalAttributeError,
    decode: (buf, start) => ({ type: 'med', value: readU32(buf, start) }),
    encode: (attribute, out) => pushU32(out, attribute.value),
    format: attribute => String(attribute.value),
  }),
  row<AttributeOf<'localPref'>>({
    code: AttributeCode.localPref,
    type: 'localPref',
    name: 'LOCAL_PREF',
    category: 'well-known discretionary',
    length: exactly(4),
    errorClass: 'treat-as-withdraw',
    contentError: NotificationErrors.attributeLengthError,
    discardFrom: 'external',
    decode: (buf, start) => ({ type: 'localPref', value: readU32(buf, start) }),
    encode: (attribute, out) => pushU32(out, attribute.value),
    format: attribute => String(attribute.value),
  }),
  row<AttributeOf<'atomicAggregate'>>({
    code: AttributeCode.atomicAggregate,
    type: 'atomicAggregate',
    name: 'ATOMIC_AGGREGATE',
    category: 'well-known discretionary',
    length: exactly(0),
    errorClass: 'attribute-discard',
    contentError: NotificationErrors.attributeLengthError,
    decode: () => ({ type: 'atomicAggregate' }),
    encode: () => {},
    format: () => 'yes',
  }),
  row<AttributeOf<'aggregator'>>({
    code: AttributeCode.aggregator,
    type: 'aggregator',
    name: 'AGGREGATOR',
    category: 'optional transitive',
    length: { min: 6, max: 8, multiple: 2 },
    errorClass: 'attribute-discard',
    contentError: NotificationErrors.optionalAttributeError,
    validate: checkAggregator,
    decode: (buf, start, end, ctx) => ({
      type: 'aggregator',
      as: ctx.as4 ? readU32(buf, start) : readU16(buf, start),
      routerId: readU32(buf, end - 4),
    }),
    encode: (attribute, out, ctx) => {
      if (ctx.as4) pushU32(out, attribute.as);
      else pushU16(out, toTwoOctets(attribute.as));
      pushU32(out, attribute.routerId);
    },
    format: formatAggregator,
  }),
  row<AttributeOf<'communities'>>({
    code: AttributeCode.communities,
    type: 'communities',
    name: 'COMMUNITIES',
    category: 'optional transitive',
    length: listOf(4),
    errorClass: 'treat-as-withdraw',
    contentError: NotificationErrors.optionalAttributeError,
    decode: (buf, start, end) => ({ type: 'communities', communities: readList(buf, start, end) }),
    encode: (attribute, out) => pushList(attribute.communities, out),
    format: attribute => attribute.communities.map(formatCommunity).join(' '),
  }),
  row<AttributeOf<'originatorId'>>({
    code: AttributeCode.originatorId,
    type: 'originatorId',
    name: 'ORIGINATOR_ID',
    category: 'optional non-transitive',
    length: exactly(4),
    errorClass: 'treat-as-withdraw',
    contentError: NotificationErrors.optionalAttributeError,
    discardFrom: 'external',
    decode: (buf, start) => ({ type: 'originatorId', routerId: readU32(buf, start) }),
    encode: (attribute, out) => pushU32(out, attribute.routerId),
    format: attribute => formatRouterId(attribute.routerId),
  }),
  row<AttributeOf<'clusterList'>>({
    code: AttributeCode.clusterList,
    type: 'clusterList',
    name: 'CLUSTER_LIST',
    category: 'optional non-transitive',
    length: listOf(4),
    errorClass: 'treat-as-withdraw',
    contentError: NotificationErrors.optionalAttributeError,
    discardFrom: 'external',
    decode: (buf, start, end) => ({ type: 'clusterList', clusterIds: readList(buf, start, end) }),
    encode: (attribute, out) => pushList(attribute.clusterIds, out),
    format: attribute => attribute.clusterIds.map(formatRouterId).join(' '),
  }),
  row<AttributeOf<'mpReach'>>({
    code: AttributeCode.mpReach,
    type: 'mpReach',
    name: 'MP_REACH_NLRI',
    category: 'optional non-transitive',
    length: atLeast(5),
    errorClass: 'session-reset',
    contentError: NotificationErrors.optionalAttributeError,
    decode: (buf, start, end, ctx) => {
      const family = familyOf(readU16(buf, start), buf[start + 2]);
      if (family === -1) return unknownFamily(AttributeCode.mpReach, buf, start, end);
      const nextHopEnd = start + 4 + buf[start + 3];
      const nlri = decodeNlri(buf, nextHopEnd + 1, end, family, ctx.addPath.includes(family));
      return { type: 'mpReach', family, nextHop: buf.slice(start + 4, nextHopEnd), nlri };
    },
    encode: (attribute, out, ctx) => {
      const { afi, safi } = FAMILIES[attribute.family];
      pushU16(out, afi);
      out.push(safi, attribute.nextHop.length);
      pushBytes(out, attribute.nextHop);
      out.push(0);
      encodeNlri(attribute.nlri, ctx.addPath.includes(attribute.family), out);
    },
    format: attribute => `${formatNlri(attribute.nlri)} by ${formatNextHop(attribute.nextHop)}`,
  }),
  row<AttributeOf<'mpUnreach'>>({
    code: AttributeCode.mpUnreach,
    type: 'mpUnreach',
    name: 'MP_UNREACH_NLRI',
    category: 'optional non-transitive',
    length: atLeast(3),
    errorClass: 'session-reset',
    contentError: NotificationErrors.optionalAttributeError,
    decode: (buf, start, end, ctx) => {
      const family = familyOf(readU16(buf, start), buf[start + 2]);
      if (family === -1) return unknownFamily(AttributeCode.mpUnreach, buf, start, end);
      const withdrawn = decodeNlri(buf, start + 3, end, family, ctx.addPath.includes(family));
      return { type: 'mpUnreach', family, withdrawn };
    },
    encode: (attribute, out, ctx) => {
      const { afi, safi } = FAMILIES[attribute.family];
      pushU16(out, afi);
      out.push(safi);
      encodeNlri(attribute.withdrawn, ctx.addPath.includes(attribute.family), out);
    },
    format: attribute => formatNlri(attribute.withdrawn),
  }),
  row<AttributeOf<'extendedCommunities'>>({
    code: AttributeCode.extendedCommunities,
    type: 'extendedCommunities',
    name: 'EXTENDED COMMUNITIES',
    category: 'optional transitive',
    length: listOf(8),
    errorClass: 'treat-as-withdraw',
    contentError: NotificationErrors.optionalAttributeError,
    decode: (buf, start, end) => ({ type: 'extendedCommunities', communities: readRecords(buf, start, end, 8) }),
    encode: (attribute, out) => pushRecords(attribute.communities, out),
    format: attribute => attribute.communities.map(formatExtendedCommunity).join(' '),
  }),
  row<AttributeOf<'ipv6ExtendedCommunities'>>({
    code: AttributeCode.ipv6ExtendedCommunities,
    type: 'ipv6ExtendedCommunities',
    name: 'IPv6 ADDRESS SPECIFIC EXTENDED COMMUNITY',
    category: 'optional transitive',
    length: listOf(20),
    errorClass: 'treat-as-withdraw',
    contentError: NotificationErrors.optionalAttributeError,
    decode: (buf, start, end) => ({ type: 'ipv6ExtendedCommunities', communities: readRecords(buf, start, end, 20) }),
    encode: (attribute, out) => pushRecords(attribute.communities, out),
    format: attribute => attribute.communities.map(community => `0x${toHex(community)}`).join(' '),
  }),
  row<AttributeOf<'as4Path'>>({
    code: AttributeCode.as4Path,
    type: 'as4Path',
    name: 'AS4_PATH',
    category: 'optional transitive',
    length: { min: 6, max: 0xffff, multiple: 2 },
    errorClass: 'attribute-discard',
    contentError: NotificationErrors.optionalAttributeError,
    discardFrom: 'as4',
    validate: checkAs4Path,
    decode: (buf, start, end) => ({ type: 'as4Path', segments: decodeAsPath(buf, start, end, true) }),
    encode: (attribute, out) => encodeAsPath(attribute.segments, true, out),
    format: attribute => formatAsPath(attribute.segments),
  }),
  row<AttributeOf<'as4Aggregator'>>({
    code: AttributeCode.as4Aggregator,
    type: 'as4Aggregator',
    name: 'AS4_AGGREGATOR',
    category: 'optional transitive',
    length: exactly(8),
    errorClass: 'attribute-discard',
    contentError: NotificationErrors.optionalAttributeError,
    discardFrom: 'as4',
    validate: (buf, start) => (readU32(buf, start) === 0 ? AS_ZERO : null),
    decode: (buf, start) => ({ type: 'as4Aggregator', as: readU32(buf, start), routerId: readU32(buf, start + 4) }),
    encode: (attribute, out) => {
      pushU32(out, attribute.as);
      pushU32(out, attribute.routerId);
    },
    format: formatAggregator,
  }),
  row<AttributeOf<'largeCommunities'>>({
    code: AttributeCode.largeCommunities,
    type: 'largeCommunities',
    name: 'LARGE_COMMUNITY',
    category: 'optional transitive',
    length: listOf(12),
    errorClass: 'treat-as-withdraw',
    contentError: NotificationErrors.optionalAttributeError,
    decode: (buf, start, end) => {
      const list: LargeCommunity[] = [];
      for (let at = start; at < end; at += 12)
        list.push([readU32(buf, at), readU32(buf, at + 4), readU32(buf, at + 8)]);
      return { type: 'largeCommunities', communities: list };
    },
    encode: (attribute, out) => {
      const texts = attribute.communities.map(formatLargeCommunity);
      const once = attribute.communities.filter((_, i) => texts.indexOf(texts[i]) === i);
      for (const community of once) pushList(community, out);
    },
    format: attribute => attribute.communities.map(formatLargeCommunity).join(' '),
  }),
  row<AttributeOf<'onlyToCustomer'>>({
    code: AttributeCode.onlyToCustomer,
    type: 'onlyToCustomer',
    name: 'ONLY_TO_CUSTOMER',
    category: 'optional transitive',
    length: exactly(4),
    errorClass: 'treat-as-withdraw',
    contentError: NotificationErrors.optionalAttributeError,
    decode: (buf, start) => ({ type: 'onlyToCustomer', as: readU32(buf, start) }),
    encode: (attribute, out) => pushU32(out, attribute.as),
    format: attribute => String(attribute.as),
  }),
];

/** The table, indexed by type code; a hole is an attribute this speaker does not know. */
export const ATTRIBUTES: readonly (AttributeRow | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  ROWS.find(row => row.code === code),
);

/** Optional and Transitive bits of a row. */
export function flagsOf(row: AttributeRow): number {
  return CATEGORIES[row.category];
}
