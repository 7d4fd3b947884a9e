// The decision process: which path of a prefix is the best (RFC 4271 §9.1.2.2, RFC 4456 §9, RFC 5065 §5.3, RFC 9494 §4.4).
//
// STEPS is the process as the RFCs write it: step by step, every path that is worse than another leaves. `eliminate`
// follows it and remembers who left where, for people. `choose` gives the same answer for the hot path: one pass over
// a key that packs the first steps, and the rest only among those that tie; `chooseAfter` gives it after a single change. MED is the step that is no order: it is
// compared between paths of one neighbor AS only, so it is settled over the set of ties, never pair by pair; that makes
// the outcome independent of the order of arrival.

import { type AttributeSets, LONG_LIVED_STALE, Mark } from './attribute-sets.js';
import type { NextHops } from './next-hops.js';
import type { Paths } from './paths.js';
import { SourceKind, type Sources } from './sources.js';

/** The columns the process reads. */
export interface DecisionTables {
  readonly paths: Paths;
  readonly sets: AttributeSets;
  readonly nextHops: NextHops;
  readonly sources: Sources;
}

/** A step: the smaller key wins. Paths compare only within the same `group`, where a step has one. */
interface Step {
  name: string;
  key(t: DecisionTables, path: number): number;
  group?(t: DecisionTables, path: number): number;
}

const preferenceOf = (t: DecisionTables, path: number) => t.sets.preference[t.paths.attributes[path]];
const kindOf = (t: DecisionTables, path: number) => Math.min(t.sources.kind[t.paths.source[path]], SourceKind.internal);

/** The steps in order, each named as `--explain` prints it. */
export const STEPS: readonly Step[] = [
  { name: 'own routes win over learned ones', key: (t, p) => Math.min(kindOf(t, p), SourceKind.external) },
  { name: 'long-lived stale', key: (t, p) => Math.floor(preferenceOf(t, p) / LONG_LIVED_STALE) },
  { name: 'lower local preference', key: (t, p) => Math.floor((preferenceOf(t, p) % LONG_LIVED_STALE) / 0x40000) },
  { name: 'longer AS path', key: (t, p) => Math.floor((preferenceOf(t, p) % 0x40000) / 4) },
  { name: 'worse origin', key: (t, p) => preferenceOf(t, p) % 4 },
  {
    name: 'higher MED from the same neighbor AS',
    key: (t, p) => t.sets.med[t.paths.attributes[p]],
    group: (t, p) => t.sets.neighborAs[t.paths.attributes[p]],
  },
  { name: 'internal loses to external', key: kindOf },
  { name: 'higher interior cost to the next hop', key: (t, p) => costOf(t, p) },
  { name: 'higher BGP identifier', key: (t, p) => identifierOf(t, p) },
  { name: 'longer cluster list', key: (t, p) => t.sets.clusterListLength[t.paths.attributes[p]] },
  { name: 'higher neighbor address', key: (t, p) => t.sources.rank[t.paths.source[p]] },
  { name: 'higher path identifier', key: (t, p) => t.paths.pathId[p] },
];

/** May the path be chosen: accepted, with a next hop that can be reached (RFC 4271 §9.1.2)? */
export function eligible(t: DecisionTables, path: number): boolean {
  const attributes = t.paths.attributes[path];
  return attributes !== 0 && t.nextHops.reachable[t.sets.nextHop[attributes]] === 1;
}

function nextHopOf(t: DecisionTables, path: number): number {
  return t.sets.nextHop[t.paths.attributes[path]];
}

function costOf(t: DecisionTables, path: number): number {
  return t.nextHops.cost[nextHopOf(t, path)];
}

// RFC 4456 §9: a reflected path counts with its originator's identifier.
function identifierOf(t: DecisionTables, path: number): number {
  const attributes = t.paths.attributes[path];
  return (t.sets.marks[attributes] & Mark.originatorId) !== 0
    ? t.sets.originatorId[attributes]
    : t.sources.routerId[t.paths.source[path]];
}

/** Lists the paths from the best to the first eliminated, each loser with the step that decided against it. */
export function eliminate(t: DecisionTables, first: number): { best: number; reasons: Map<number, string> } {
  const reasons = new Map<number, string>();
  let left: number[] = [];
  for (let p = first; p !== 0; p = t.paths.next[p]) if (eligible(t, p)) left.push(p);
  for (const step of STEPS) {
    const lowest = new Map<number, number>();
    for (const p of left) {
      const group = step.group?.(t, p) ?? 0;
      lowest.set(group, Math.min(lowest.get(group) ?? Number.POSITIVE_INFINITY, step.key(t, p)));
    }
    left = left.filter(p => {
      if (step.key(t, p) === lowest.get(step.group?.(t, p) ?? 0)) return true;
      reasons.set(p, step.name);
      return false;
    });
  }
  return { best: left[0] ?? 0, reasons };
}

let ties = new Int32Array(64);

/** The best path of the list that begins with `first`, 0 when none is eligible. */
export function choose(t: DecisionTables, first: number): number {
  if (first !== 0 && t.paths.next[first] === 0) return eligible(t, first) ? first : 0;
  const count = collectTies(t, first);
  if (count === 0) return 0;
  let best = ties[0];
  for (let i = 1; i < count; i++) if (compareTied(t, ties[i], best) < 0) best = ties[i];
  return best;
}

/**
 * The same after `changed` was added, replaced or removed, where `before` was the best path: mostly these two tell. A path that
 * wins before MED is looked at, or is new and eliminated before it, changes nothing between the others (RFC 4271 §9.1.2.2 a, b).
 */
export function chooseAfter(t: DecisionTables, first: number, before: number, changed: number, added: boolean): number {
  const { paths, sets } = t;
  const present = paths.prefix[changed] > 0;
  if (before !== 0 && before !== changed && present && eligible(t, changed)) {
    const kind = Math.min(kindOf(t, changed), SourceKind.external);
    const kindBefore = Math.min(kindOf(t, before), SourceKind.external);
    const preference = sets.preference[paths.attributes[changed]];
    const preferenceBefore = sets.preference[paths.attributes[before]];
    if (kind < kindBefore || (kind === kindBefore && preference < preferenceBefore)) return changed;
    if (added && (kind > kindBefore || preference > preferenceBefore)) return before;
    const better = added ? betterOfTied(t, changed, before) : 0;
    if (better !== 0) return better;
  }
  return choose(t, first);
}

// 0: the others have to be looked at. A path that comes takes others away by MED only from its own neighbor AS.
function betterOfTied(t: DecisionTables, added: number, best: number): number {
  const { paths, sets } = t;
  const attributes = paths.attributes[added];
  const bestAttributes = paths.attributes[best];
  const med = sets.med[attributes];
  let survives = med === 0;
  if (sets.neighborAs[attributes] === sets.neighborAs[bestAttributes]) {
    if (med < sets.med[bestAttributes]) return 0;
    if (med > sets.med[bestAttributes]) return best;
    survives = true;
  }
  if (compareTied(t, added, best) > 0) return best;
  return survives ? added : 0;
}

/** The paths set aside by `visitInOrder`, and the attributes they had. */
const aside: { path: number; attributes: number }[] = [];

/** Visits the eligible paths from the best one on, each the best when those before it are gone, while `visit` says so. */
export function visitInOrder(t: DecisionTables, first: number, visit: (path: number) => boolean): void {
  const { attributes } = t.paths;
  for (let path = choose(t, first); path !== 0 && visit(path); path = choose(t, first)) {
    aside.push({ path, attributes: attributes[path] });
    attributes[path] = 0;
  }
  for (const { path, attributes: kept } of aside) attributes[path] = kept;
  aside.length = 0;
}

/** How many equal paths share the traffic of a prefix, and what equal means. RFC 4271 leaves it to the speaker. */
export interface Multipath {
  /** At most so many of external neighbors … */
  ebgp: number;
  /** … and so many of internal ones. */
  ibgp: number;
  /** AS_PATHs of the same length are equal enough; else they must be the same. */
  relaxAsPath: boolean;
  /** They share by their link bandwidth communities where all of them have one, else evenly. */
  linkBandwidth: boolean;
}

/** The best path has all of the traffic. */
export const SINGLE_PATH: Multipath = { ebgp: 1, ibgp: 1, relaxAsPath: false, linkBandwidth: true };

/**
 * The paths that share the traffic with `best`: equal to it up to the interior cost, each over another next hop; where
 * there are more than may be, those that the last tie-breaks prefer. Writes them, the best one first, into `out`;
 * returns how many.
 */
export function sharingPaths(
  t: DecisionTables,
  first: number,
  best: number,
  multipath: Multipath,
  out: Int32Array,
): number {
  out[0] = best;
  const limit = Math.min(kindOf(t, best) === SourceKind.internal ? multipath.ibgp : multipath.ebgp, out.length);
  if (limit <= 1 || t.paths.next[first] === 0) return 1;
  const count = collectTies(t, first);
  let sharing = 0;
  for (let i = 0; i < count; i++) {
    if (ties[i] !== best && sharesTraffic(t, ties[i], best, multipath)) ties[sharing++] = ties[i];
  }
  if (sharing > 1) ties.subarray(0, sharing).sort((a, b) => compareTied(t, a, b));
  let found = 1;
  for (let i = 0; i < sharing && found < limit; i++) {
    const nextHop = nextHopOf(t, ties[i]);
    let known = false;
    for (let j = 0; j < found; j++) known ||= nextHopOf(t, out[j]) === nextHop;
    if (!known) out[found++] = ties[i];
  }
  return found;
}

/** Is `path`, which tied with `best` up to MED, as good as it up to the interior cost? */
function sharesTraffic(t: DecisionTables, path: number, best: number, { relaxAsPath }: Multipath): boolean {
  return (
    kindOf(t, path) === kindOf(t, best) &&
    costOf(t, path) === costOf(t, best) &&
    (relaxAsPath || t.sets.sameAsPath(t.paths.attributes[path], t.paths.attributes[best]))
  );
}

/** The eligible paths that no step up to MED eliminates, in `ties`; returns how many. */
function collectTies(t: DecisionTables, first: number): number {
  const { paths, sets } = t;
  let count = 0;
  let bestKind = 0;
  let bestPreference = 0;
  let sameMed = true;
  for (let p = first; p !== 0; p = paths.next[p]) {
    if (!eligible(t, p)) continue;
    const kind = Math.min(kindOf(t, p), SourceKind.external);
    const preference = sets.preference[paths.attributes[p]];
    if (count > 0) {
      if (kind > bestKind || (kind === bestKind && preference > bestPreference)) continue;
      if (kind !== bestKind || preference !== bestPreference) {
        count = 0;
        sameMed = true;
      }
    }
    if (count === 0) {
      bestKind = kind;
      bestPreference = preference;
    } else if (sets.med[paths.attributes[p]] !== sets.med[paths.attributes[ties[0]]]) {
      sameMed = false;
    }
    if (count === ties.length) {
      const bigger = new Int32Array(count * 2);
      bigger.set(ties);
      ties = bigger;
    }
    ties[count++] = p;
  }
  return sameMed ? count : withoutWorseMed(t, count);
}

function withoutWorseMed(t: DecisionTables, count: number): number {
  const { paths, sets } = t;
  const lowest = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const attributes = paths.attributes[ties[i]];
    const known = lowest.get(sets.neighborAs[attributes]);
    if (known === undefined || sets.med[attributes] < known)
      lowest.set(sets.neighborAs[attributes], sets.med[attributes]);
  }
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const attributes = paths.attributes[ties[i]];
    if (sets.med[attributes] === lowest.get(sets.neighborAs[attributes])) ties[kept++] = ties[i];
  }
  return kept;
}

/** Steps d to g and the RFC 4456 and RFC 7911 ones, for paths that tie before them; below 0 when `a` is better. */
function compareTied(t: DecisionTables, a: number, b: number): number {
  const { paths, sets, sources } = t;
  const sourceA = paths.source[a];
  const sourceB = paths.source[b];
  return (
    kindOf(t, a) - kindOf(t, b) ||
    costOf(t, a) - costOf(t, b) ||
    identifierOf(t, a) - identifierOf(t, b) ||
    sets.clusterListLength[paths.attributes[a]] - sets.clusterListLength[paths.attributes[b]] ||
    sources.rank[sourceA] - sources.rank[sourceB] ||
    paths.pathId[a] - paths.pathId[b]
  );
}
