import { describe, expect, it } from 'vitest';
import { honorCommunities } from '../../../src/bgp/rib/well-known.js';
import { decodeCanonical, encodeCanonical } from '../../../src/bgp/wire/canonical.js';
import type { PathAttribute } from '../../../src/bgp/wire/path-attribute.js';

const BLACKHOLE = 0xffff029a;
const GRACEFUL_SHUTDOWN = 0xffff0000;
const NO_EXPORT = 0xffffff01;
const NO_ADVERTISE = 0xffffff02;
const NEXT_HOP = Uint8Array.of(10, 0, 0, 1);

/** The attributes after the well-known communities were honored. */
function honored(attributes: PathAttribute[]): PathAttribute[] {
  const block = encodeCanonical(NEXT_HOP, attributes);
  const room = new Uint8Array(block.length + 100).fill(0xaa);
  room.set(block);
  const length = honorCommunities(room, block.length);
  const result = decodeCanonical(room.slice(0, length));
  expect(result.nextHop).toEqual(NEXT_HOP);
  return result.attributes;
}

const before: PathAttribute[] = [
  { type: 'origin', origin: 'igp' },
  { type: 'med', value: 7 },
];
const after: PathAttribute[] = [{ type: 'originatorId', routerId: 9 }];
const tagged = (...communities: number[]): PathAttribute => ({ type: 'communities', communities });

describe('well-known communities of external neighbors', () => {
  it('leave a route alone that has none of them', () => {
    for (const attributes of [before, [...before, tagged(NO_EXPORT, 1), ...after]]) {
      expect(honored(attributes)).toEqual(attributes);
    }
  });

  it.each([
    [
      [BLACKHOLE, 1],
      [BLACKHOLE, 1, NO_EXPORT],
    ],
    [
      [BLACKHOLE, NO_EXPORT],
      [BLACKHOLE, NO_EXPORT],
    ],
    [
      [NO_ADVERTISE, BLACKHOLE],
      [NO_ADVERTISE, BLACKHOLE],
    ],
  ])('BLACKHOLE stays in the AS (RFC 7999 §3.2): %j', (sent, kept) => {
    expect(honored([...before, tagged(...sent), ...after])).toEqual([...before, tagged(...kept), ...after]);
  });

  it.each([62, 63, 64, 65])('BLACKHOLE among %i communities', count => {
    const many = [BLACKHOLE, ...Array.from({ length: count - 1 }, (_, i) => i)];
    expect(honored([...before, tagged(...many), ...after])).toEqual([...before, tagged(...many, NO_EXPORT), ...after]);
  });

  it('GRACEFUL_SHUTDOWN makes the route the last choice (RFC 8326 §4.3)', () => {
    const last: PathAttribute = { type: 'localPref', value: 0 };
    const communities = tagged(GRACEFUL_SHUTDOWN);
    expect(honored([...before, communities])).toEqual([...before, last, communities]);
    expect(honored([...before, { type: 'atomicAggregate' }, communities, ...after])).toEqual([
      ...before,
      last,
      { type: 'atomicAggregate' },
      communities,
      ...after,
    ]);
    const both = tagged(GRACEFUL_SHUTDOWN, BLACKHOLE);
    expect(honored([both])).toEqual([last, tagged(GRACEFUL_SHUTDOWN, BLACKHOLE, NO_EXPORT)]);
  });
});
