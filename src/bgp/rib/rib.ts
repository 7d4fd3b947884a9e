// The routing tables as a whole: attribute sets, next hops and sources shared by the two families' Loc-RIBs.

import { FAMILIES, type Family } from '../wire/family.js';
import { AttributeSets } from './attribute-sets.js';
import type { Multipath } from './decision.js';
import { LocRib } from './loc-rib.js';
import { NextHops } from './next-hops.js';
import { Sources } from './sources.js';

/** All tables of a speaker. */
export class Rib {
  readonly nextHops: NextHops;
  readonly sets: AttributeSets;
  readonly sources = new Sources();
  /** Indexed by Family. */
  readonly families: readonly LocRib[];

  /** `onWork` is called when a table has scanning to do (see `work`). */
  constructor(options: { multipath: Multipath; onWork: () => void }) {
    this.nextHops = new NextHops(id => {
      for (const table of this.families) table.nextHopChanged(id);
      options.onWork();
    });
    this.sets = new AttributeSets(this.nextHops);
    this.families = FAMILIES.map(
      ({ family }) => new LocRib(family as Family, this.sets, this.nextHops, this.sources, options.multipath),
    );
  }

  /** Time given to paths that change from now on. */
  set now(epochSeconds: number) {
    for (const table of this.families) table.now = epochSeconds;
  }

  /** One slice of scanning in each family; returns whether more is to be done. */
  work(budget: number): boolean {
    let more = false;
    for (const table of this.families) if (table.busy && table.work(budget)) more = true;
    return more;
  }
}
