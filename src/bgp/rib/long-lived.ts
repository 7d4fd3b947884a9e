// Long-lived stale routes (RFC 9494 §4.2): what is marked LLGR_STALE is the last choice (see `preference` of the attribute
// sets), and told only to neighbors that know what it means. NO_LLGR: the route is not kept that long.

import { MAX_BLOCK_BYTES } from './arena.js';
import { type AttributeSets, Mark } from './attribute-sets.js';
import { addCommunity } from './well-known.js';

const LLGR_STALE = Uint8Array.of(0xff, 0xff, 0x00, 0x06);
const block = new Uint8Array(MAX_BLOCK_BYTES);

/** Does a set forbid that its route is kept? 0, the set of a rejected route, does not. */
export function refusesLongLife(sets: AttributeSets, set: number): boolean {
  return set !== 0 && (sets.marks[set] & Mark.noLlgr) !== 0;
}

/** The set with LLGR_STALE in place of `set`, whose reference goes over to it. */
export function longLived(sets: AttributeSets, set: number): number {
  if ((sets.marks[set] & Mark.llgrStale) !== 0) return set;
  const bytes = sets.block(set);
  block.set(bytes);
  const marked = sets.intern(block, addCommunity(block, bytes.length, LLGR_STALE), sets.scope(set));
  sets.release(set);
  return marked;
}
