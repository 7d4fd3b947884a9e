// Routes through the packer and back: whatever was added is in the messages, once, with its attributes, and in the stretch
// of its source.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ExportOptions, ExportProfile } from '../../../src/bgp/rib/export.js';
import { Packer } from '../../../src/bgp/rib/packer.js';
import type { Rib } from '../../../src/bgp/rib/rib.js';
import { encodeCanonical } from '../../../src/bgp/wire/canonical.js';
import { FAMILIES, Family } from '../../../src/bgp/wire/family.js';
import { decode } from '../../../src/bgp/wire/message.js';
import type { Nlri } from '../../../src/bgp/wire/nlri.js';
import { formatPrefix, parseAddress } from '../../../src/bgp/wire/prefix.js';
import type { UpdateMessage } from '../../../src/bgp/wire/update.js';
import { addSource, block, newRib } from './tables.js';

const MAX_MESSAGE_BYTES = 4096;

interface Case {
  family: Family;
  nextHop: string;
  addPath?: 'all';
}

const CASES: [string, Case][] = [
  ['IPv4 routes', { family: Family.ipv4Unicast, nextHop: '10.0.0.9' }],
  ['IPv4 routes with path identifiers', { family: Family.ipv4Unicast, nextHop: '10.0.0.9', addPath: 'all' }],
  ['IPv4 routes by an IPv6 next hop', { family: Family.ipv4Unicast, nextHop: '2001:db8::9' }],
  ['IPv6 routes', { family: Family.ipv6Unicast, nextHop: '2001:db8::9' }],
];

/** One set has room for a few routes in a message, one for none. */
const COMMUNITIES = [0, 3, 60, 900, 1100];

/** Routes of one set, whose `communities` are so many of COMMUNITIES; -1: withdrawn. */
interface Run {
  communities: number;
  med: number;
  source: number;
  count: number;
}

const runs: fc.Arbitrary<Run[]> = fc.array(
  fc.record({
    communities: fc.integer({ min: -1, max: COMMUNITIES.length - 1 }),
    med: fc.nat(30),
    source: fc.nat(2),
    count: fc.constantFrom(1, 2, 7, 90, 1500),
  }),
  { maxLength: 60 },
);

function optionsOf({ family, nextHop, addPath }: Case): ExportOptions {
  return {
    family,
    internal: false,
    localAs: 65001,
    routerId: 1,
    clusterId: 1,
    client: false,
    nextHopSelf: false,
    nextHopUnchanged: true,
    asPath: null,
    ownNextHop: parseAddress(nextHop),
    accept: true,
    policy: null,
    longLived: false,
    as4: true,
    maxMessageLength: MAX_MESSAGE_BYTES,
    extendedNextHop: nextHop.includes(':'),
    ...(addPath === undefined ? {} : { addPath }),
  };
}

function setOf(rib: Rib, nextHop: string, communities: number, med: number): number {
  const bytes = block({
    nextHop,
    asPath: '65010 65020',
    med,
    communities: Array.from({ length: COMMUNITIES[communities] }, (_, i) => `65010:${i}`),
  });
  return rib.sets.intern(bytes, bytes.length, 0);
}

/** What messages say of each route: its attributes as a canonical block, or that it is withdrawn. */
function read(bytes: Uint8Array, start: number, end: number, family: Family, addPath: boolean): Map<string, string> {
  const told = new Map<string, string>();
  const tell = (routes: Nlri[], what: string) => {
    for (const { prefix, pathId } of routes) {
      const route = `${formatPrefix(prefix)} ${pathId ?? 0}`;
      expect(told.has(route)).toBe(false);
      told.set(route, what);
    }
  };
  for (let at = start; at < end; ) {
    const length = (bytes[at + 16] << 8) | bytes[at + 17];
    expect(length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    const context = { as4: true, addPath: addPath ? [family] : [], extendedMessage: false };
    const message = decode(bytes.subarray(at, at + length), context) as UpdateMessage;
    expect(message.errors).toBeUndefined();
    let nextHop = new Uint8Array(0);
    let routes = message.nlri;
    const rest = message.attributes.filter(attribute => {
      if (attribute.type === 'nextHop') nextHop = Uint8Array.from(attribute.address);
      else if (attribute.type === 'mpReach') [nextHop, routes] = [Uint8Array.from(attribute.nextHop), attribute.nlri];
      else if (attribute.type === 'mpUnreach') tell(attribute.withdrawn, 'withdrawn');
      else return true;
      return false;
    });
    tell(message.withdrawn, 'withdrawn');
    if (routes.length > 0) tell(routes, Buffer.from(encodeCanonical(nextHop, rest)).toString('hex'));
    at += length;
  }
  return told;
}

/** Packs the batches one after the other with one packer, and reads what comes of each. */
function packAndRead(kind: Case, batches: Run[][]): void {
  const { family, nextHop, addPath } = kind;
  const rib = newRib();
  const table = rib.families[family];
  const sources = ['10.1.0.1', '10.1.0.2', '10.1.0.3'].map(address => addSource(rib, address, 'external'));
  const profile = new ExportProfile(optionsOf(kind), rib.sets, rib.sources);
  const packer = new Packer();
  const address = new Uint8Array(FAMILIES[family].addressBytes);
  for (const batch of batches) {
    const expected = new Map<string, { what: string; source: number }>();
    for (const { communities, med, source: of, count } of batch) {
      const source = sources[of];
      const set = communities < 0 ? 0 : setOf(rib, nextHop, communities, med);
      const tooLong = communities === COMMUNITIES.length - 1;
      const rendered = () => Buffer.from(profile.rendered.slice(0, profile.render(set, source))).toString('hex');
      const what = set === 0 || tooLong ? 'withdrawn' : rendered();
      for (let i = 0; i < count; i++) {
        const place = expected.size;
        address.set([20, place >>> 16, place >>> 8, place], 0);
        const zeros = Math.clz32(place & -place) ^ 31;
        const length = place % 3 === 0 ? 32 : 32 - Math.min(8, zeros);
        const pathId = addPath === undefined ? 0 : place * 3;
        packer.add(table.prefixes.ensure(address, length), set, source, pathId);
        expected.set(`${formatPrefix({ family, address, length })} ${pathId}`, { what, source });
      }
    }
    const bytes = packer.pack(table, profile);
    const told = new Set<string>();
    let updates = 0;
    for (let i = 0; i < packer.segments; i++) {
      const end = i + 1 < packer.segments ? packer.segmentStart[i + 1] : bytes.length;
      const stretch = read(bytes, packer.segmentStart[i], end, family, addPath !== undefined);
      for (const [route, what] of stretch) {
        expect(told.has(route)).toBe(false);
        expect(expected.get(route)).toEqual({ what, source: packer.segmentSource[i] });
        told.add(route);
      }
      updates += packer.segmentMessages[i];
    }
    expect(told.size).toBe(expected.size);
    expect(updates).toBe(packer.messages);
  }
}

describe.each(CASES)('%s', (_title, kind) => {
  it('are in the messages, once, with their attributes, in the stretch of their source', () => {
    const batches = fc.array(runs, { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(batches, some => packAndRead(kind, some)),
      { numRuns: 12 },
    );
  });

  it('are so when each has attributes of its own, and there are thousands', () => {
    const each = (communities: number, length: number) =>
      Array.from({ length }, (_, med) => ({ communities, med, source: 0, count: 1 }));
    packAndRead(kind, [[...each(3, 200), ...each(1, 5000)]]);
  });
});
