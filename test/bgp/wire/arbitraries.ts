// Messages that could be real, for property tests (fast-check).

import fc from 'fast-check';
import type { AsPathSegment } from '../../../src/bgp/wire/aspath.js';
import { ATTRIBUTES } from '../../../src/bgp/wire/attribute-table.js';
import { codeOf } from '../../../src/bgp/wire/attributes.js';
import { ADD_PATH_MODES, CAPABILITIES, type Capability, ROLES } from '../../../src/bgp/wire/capabilities.js';
import type { DecodeContext } from '../../../src/bgp/wire/context.js';
import { FAMILIES, Family } from '../../../src/bgp/wire/family.js';
import type { Message } from '../../../src/bgp/wire/message.js';
import type { Nlri } from '../../../src/bgp/wire/nlri.js';
import type { OpenMessage } from '../../../src/bgp/wire/open.js';
import { ORIGINS, type PathAttribute } from '../../../src/bgp/wire/path-attribute.js';
import { clearHostBits, type Prefix } from '../../../src/bgp/wire/prefix.js';
import type { UpdateMessage } from '../../../src/bgp/wire/update.js';

export const u8 = fc.integer({ min: 0, max: 0xff });
export const u16 = fc.integer({ min: 0, max: 0xffff });
export const u32 = fc.integer({ min: 0, max: 0xffffffff });
/** An AS number for a field of 4 or 2 octets; often around the border between them. */
export const asn = (as4: boolean) =>
  as4
    ? fc.oneof(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 0x10000, max: 0xffffffff }))
    : fc.integer({ min: 1, max: 0xffff });
export const bytes = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength });

export const context: fc.Arbitrary<DecodeContext> = fc.record({
  as4: fc.boolean(),
  addPath: fc.subarray([Family.ipv4Unicast, Family.ipv6Unicast]),
  extendedMessage: fc.boolean(),
});

export function prefix(family: Family): fc.Arbitrary<Prefix> {
  const { bits, addressBytes } = FAMILIES[family];
  return fc.record({ length: fc.integer({ min: 0, max: bits }), address: bytes(addressBytes) }).map(p => {
    clearHostBits(p.address, p.length);
    return { family, address: p.address, length: p.length };
  });
}

export function nlri(family: Family, addPath: boolean): fc.Arbitrary<Nlri> {
  return addPath ? fc.record({ prefix: prefix(family), pathId: u32 }) : fc.record({ prefix: prefix(family) });
}

export function segments(as4: boolean): fc.Arbitrary<AsPathSegment[]> {
  const type = fc.constantFrom<AsPathSegment['type']>('sequence', 'sequence', 'set', 'confedSequence', 'confedSet');
  const few = fc.array(asn(as4), { minLength: 1, maxLength: 6 });
  const many = fc.array(asn(as4), { minLength: 60, maxLength: 255 });
  return fc.array(fc.record({ type, asns: fc.oneof({ weight: 9, arbitrary: few }, { weight: 1, arbitrary: many }) }), {
    maxLength: 4,
  });
}

const nextHop4 = bytes(4).map(address => Uint8Array.from([10, address[1], address[2], address[3]]));
const nextHop6 = bytes(16).map(address => Uint8Array.from([0x20, ...address.subarray(1)]));
const nextHop32 = fc.tuple(nextHop6, bytes(16)).map(([global, link]) => {
  return Uint8Array.from([...global, 0xfe, 0x80, ...link.subarray(2)]);
});

/** One attribute of a type: without the Partial bit, or with it. */
const partial = <T extends object>(attribute: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.tuple(attribute, fc.boolean()).map(([a, set]) => (set ? { ...a, partial: true } : a));
const rows = new Set(ATTRIBUTES.flatMap(row => (row ? [row.code] : [])));
const unknownCode = u8.filter(code => !rows.has(code));

/** Attributes in canonical order (MP first, then ascending) as two neighbors with this context exchange them. */
export function attributes(ctx: DecodeContext): fc.Arbitrary<PathAttribute[]> {
  const { as4 } = ctx;
  const mp = (family: Family) => fc.array(nlri(family, ctx.addPath.includes(family)), { maxLength: 5 });
  const nextHopOf = (family: Family) =>
    family === Family.ipv4Unicast ? fc.oneof(nextHop4, nextHop6, nextHop32) : fc.oneof(nextHop6, nextHop32);
  const family = fc.constantFrom(Family.ipv4Unicast, Family.ipv6Unicast);
  const routerId = u32;
  const optional: fc.Arbitrary<PathAttribute>[] = [
    fc.record({ type: fc.constant('med' as const), value: u32 }),
    fc.record({ type: fc.constant('localPref' as const), value: u32 }),
    fc.record({ type: fc.constant('atomicAggregate' as const) }),
    partial(fc.record({ type: fc.constant('aggregator' as const), as: asn(as4), routerId })),
    partial(
      fc.record({
        type: fc.constant('communities' as const),
        communities: fc.array(u32, { minLength: 1, maxLength: 80 }),
      }),
    ),
    fc.record({ type: fc.constant('originatorId' as const), routerId }),
    fc.record({ type: fc.constant('clusterList' as const), clusterIds: fc.array(u32, { minLength: 1, maxLength: 5 }) }),
    family.chain(f =>
      fc.record({ type: fc.constant('mpReach' as const), family: fc.constant(f), nextHop: nextHopOf(f), nlri: mp(f) }),
    ),
    family.chain(f => fc.record({ type: fc.constant('mpUnreach' as const), family: fc.constant(f), withdrawn: mp(f) })),
    partial(
      fc.record({
        type: fc.constant('extendedCommunities' as const),
        communities: fc.array(bytes(8), { minLength: 1, maxLength: 5 }),
      }),
    ),
    partial(
      fc.record({
        type: fc.constant('ipv6ExtendedCommunities' as const),
        communities: fc.array(bytes(20), { minLength: 1, maxLength: 5 }),
      }),
    ),
    partial(
      fc.record({
        type: fc.constant('largeCommunities' as const),
        communities: fc.uniqueArray(fc.tuple(u32, u32, u32), { minLength: 1, maxLength: 5, selector: String }),
      }),
    ),
    partial(fc.record({ type: fc.constant('onlyToCustomer' as const), as: u32 })),
    fc.record({
      type: fc.constant('unknown' as const),
      code: unknownCode,
      flags: fc.constantFrom(0x80, 0xc0, 0xe0),
      value: bytes(0, 300),
    }),
  ];
  if (!as4) {
    const as4Segments = segments(true).filter(list => list.length > 0);
    optional.push(
      partial(fc.record({ type: fc.constant('as4Path' as const), segments: as4Segments })),
      partial(fc.record({ type: fc.constant('as4Aggregator' as const), as: asn(true), routerId })),
    );
  }
  const mandatory = fc.tuple(
    fc.record({ type: fc.constant('origin' as const), origin: fc.constantFrom(...ORIGINS) }),
    fc.record({ type: fc.constant('asPath' as const), segments: segments(as4) }),
    fc.record({ type: fc.constant('nextHop' as const), address: nextHop4 }),
  );
  const others = fc.uniqueArray(fc.oneof(...optional), { selector: codeOf, maxLength: 8 });
  return fc.tuple(mandatory, others).map(([first, rest]) => {
    const rank = (a: PathAttribute) => (a.type === 'mpReach' || a.type === 'mpUnreach' ? codeOf(a) - 256 : codeOf(a));
    return [...first, ...rest].sort((a, b) => rank(a) - rank(b));
  });
}

/** An UPDATE without errors. */
export function update(ctx: DecodeContext): fc.Arbitrary<UpdateMessage> {
  const list = fc.array(nlri(Family.ipv4Unicast, ctx.addPath.includes(Family.ipv4Unicast)), { maxLength: 8 });
  return fc
    .record({
      type: fc.constant('update' as const),
      withdrawn: list,
      attributes: fc.oneof(
        { weight: 9, arbitrary: attributes(ctx) },
        { weight: 1, arbitrary: fc.constant<PathAttribute[]>([]) },
      ),
      nlri: list,
    })
    .map(message => (message.attributes.length === 0 ? { ...message, nlri: [] } : message));
}

const afiSafi = { afi: u16, safi: u8 };
const known = new Set(CAPABILITIES.map(row => row.code));
const name = fc.string({ maxLength: 60, unit: 'grapheme-ascii' });

export const capability: fc.Arbitrary<Capability> = fc.oneof<fc.Arbitrary<Capability>[]>(
  fc.record({ type: fc.constant('multiprotocol' as const), ...afiSafi }),
  fc.record({
    type: fc.constantFrom('route-refresh' as const, 'extended-message' as const, 'enhanced-route-refresh' as const),
  }),
  fc.record({
    type: fc.constant('extended-next-hop' as const),
    families: fc.array(fc.record({ afi: u16, safi: u16, nextHopAfi: u16 }), { maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('role' as const), role: fc.constantFrom(...ROLES) }),
  fc.record({
    type: fc.constant('graceful-restart' as const),
    restarting: fc.boolean(),
    notification: fc.boolean(),
    restartTimeSeconds: fc.integer({ min: 0, max: 0xfff }),
    families: fc.array(fc.record({ ...afiSafi, forwarding: fc.boolean() }), { maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('as4' as const), as: asn(true) }),
  fc.record({
    type: fc.constant('add-path' as const),
    families: fc.array(fc.record({ ...afiSafi, mode: fc.constantFrom(...ADD_PATH_MODES) }), { maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant('long-lived-graceful-restart' as const),
    families: fc.array(
      fc.record({ ...afiSafi, forwarding: fc.boolean(), staleTimeSeconds: fc.integer({ min: 0, max: 0xffffff }) }),
      { maxLength: 4 },
    ),
  }),
  fc.record({ type: fc.constant('fqdn' as const), hostname: name, domain: name }),
  fc.record({ type: fc.constant('unknown' as const), code: u8.filter(code => !known.has(code)), value: bytes(0, 255) }),
);

export const open: fc.Arbitrary<OpenMessage> = fc
  .record({
    type: fc.constant('open' as const),
    version: fc.constant(4),
    as2: fc.integer({ min: 1, max: 0xffff }),
    holdTimeSeconds: fc.oneof(fc.constant(0), fc.integer({ min: 3, max: 0xffff })),
    routerId: fc.integer({ min: 1, max: 0xffffffff }),
    capabilities: fc.array(capability, { maxLength: 12 }),
  })
  .map(message => {
    const as4 = message.capabilities.find(c => c.type === 'as4');
    return { ...message, as: as4 ? as4.as : message.as2 };
  });

const small: fc.Arbitrary<Message> = fc.oneof<fc.Arbitrary<Message>[]>(
  open,
  fc.record({ type: fc.constant('notification' as const), code: u8, subcode: u8, data: bytes(0, 200) }),
  fc.constant({ type: 'keepalive' }),
  fc.record({ type: fc.constant('routeRefresh' as const), afi: u16, safi: u8, subtype: u8 }),
);

/** Any message, with the context it is exchanged in; UPDATEs may need more than 4,096 octets. */
export const exchange: fc.Arbitrary<{ ctx: DecodeContext; message: Message }> = fc.oneof(
  fc.record({ ctx: context, message: small }),
  context.chain(({ as4, addPath }) => {
    const ctx = { as4, addPath, extendedMessage: true };
    return fc.record({ ctx: fc.constant(ctx), message: update(ctx) });
  }),
);

/** Octets with some of them changed, some removed at an end, or some added. */
export function damaged(original: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(Math.max(0, original.length - 1)), u8);
  return fc
    .record({ changes: fc.array(change, { maxLength: 4 }), cut: fc.nat(6), tail: bytes(0, 4) })
    .map(({ changes, cut, tail }) => {
      const out = Uint8Array.from([
        ...original.subarray(0, Math.max(0, original.length - (cut > 3 ? cut - 3 : 0))),
        ...tail,
      ]);
      for (const [at, value] of changes) if (at < out.length) out[at] = value;
      return out;
    });
}
