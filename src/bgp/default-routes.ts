// Default routes that go to neighbors with `default-originate` alone.
//
// In the tables they are paths of a source of their own, one that is never chosen: an update group that is to tell of it
// finds it at the prefix of length 0 and tells it in place of any other, whatever the export policy says. There are two of
// them: the second one goes to neighbors under maintenance (RFC 8326).

import { Verdict } from './rib/paths.js';
import type { Rib } from './rib/rib.js';
import { ORIGINATED_SOURCE } from './rib/sources.js';
import type { NeighborOptions } from './session/options.js';
import { encodeCanonical } from './wire/canonical.js';
import { parseCommunity } from './wire/communities.js';
import { FAMILIES } from './wire/family.js';
import type { PathAttribute } from './wire/path-attribute.js';

/** The path identifiers of the two. */
export const DefaultRoute = { plain: 0, maintenance: 1 } as const;

const ATTRIBUTES: PathAttribute[] = [
  { type: 'origin', origin: 'igp' },
  { type: 'asPath', segments: [] },
];
const BLOCKS: readonly [pathId: number, block: Uint8Array][] = [
  [DefaultRoute.plain, encodeCanonical(new Uint8Array(0), ATTRIBUTES)],
  [
    DefaultRoute.maintenance,
    encodeCanonical(new Uint8Array(0), [
      ...ATTRIBUTES,
      { type: 'communities', communities: [parseCommunity('graceful-shutdown')] },
    ]),
  ],
];

/** The default routes of a speaker: in the tables while a neighbor wants them. */
export class DefaultRoutes {
  private readonly rib: Rib;
  private readonly neighbors: () => Iterable<{ options: NeighborOptions }>;
  private readonly wake: () => void;
  /** By Family. */
  private readonly present = FAMILIES.map(() => false);

  constructor(rib: Rib, neighbors: () => Iterable<{ options: NeighborOptions }>, wake: () => void) {
    this.rib = rib;
    this.neighbors = neighbors;
    this.wake = wake;
  }

  /** Neighbors came, went or changed. */
  update(): void {
    const wanted = [...this.neighbors()].filter(({ options }) => options.defaultOriginate);
    for (const { family, addressBytes } of FAMILIES) {
      const want = wanted.some(({ options }) => options.families.includes(family));
      if (want === this.present[family]) continue;
      this.present[family] = want;
      this.wake();
      const table = this.rib.families[family];
      const prefix = table.prefixes.ensure(new Uint8Array(addressBytes), 0);
      table.markDirty(prefix);
      for (const [pathId, block] of BLOCKS) {
        if (!want) {
          table.withdraw(prefix, ORIGINATED_SOURCE, pathId);
          continue;
        }
        const set = this.rib.sets.intern(block, block.length, 0);
        table.announce(prefix, ORIGINATED_SOURCE, pathId, set, Verdict.forSomeNeighbors);
        this.rib.sets.release(set);
      }
    }
  }
}
