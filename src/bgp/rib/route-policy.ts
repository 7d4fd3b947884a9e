// How the tables ask a policy about a route, and the memo that makes asking cheap.
//
// A policy (src/bgp/policy) is a pure function of an attribute block, the class its prefix belongs to, and the source.
// What it made of them is remembered, so that a table of a million prefixes runs it once for each attribute set and class;
// per route there is one look at the prefix, one at the memo and one count.

import type { AttributeSets } from './attribute-sets.js';
import type { PrefixTable } from './prefix-table.js';
import type { Sources } from './sources.js';

/** What an export policy fixed, so that the standard transformation leaves it alone: bits of RoutePolicy.fixes. */
export const Fixed = { med: 1, nextHop: 2, nextHopSelf: 4 } as const;

/** A policy as it applies to one neighbor in one direction. */
export interface RoutePolicy {
  /** Policies with the same number are the same. */
  readonly id: number;
  /** Prefixes of the same class are treated alike; 0 for all when the policy looks at none. */
  classOf(prefixes: PrefixTable, prefix: number): number;
  /**
   * Judges a route with the canonical block in octets [start, end). Returns a number for what happened: which statements
   * matched and how it ended. `block` and `length` say what the block became; length 0: it stayed as it is.
   */
  judge(bytes: Uint8Array, start: number, end: number, prefixClass: number, source: number, sources: Sources): number;
  readonly block: Uint8Array;
  readonly length: number;
  accepts(outcome: number): boolean;
  /** Bits of Fixed. */
  fixes(outcome: number): number;
  /** The outcome befell one more route. */
  count(outcome: number): void;
}

/** Columns of the memo: serial of the set, class, serial of the source, result, serial of the result, outcome. */
const COLUMNS = 6;
const LARGEST = 1 << 18;

/** A policy at work: on the routes from a neighbor, or on those to the neighbors of an update group. */
export class AppliedPolicy {
  readonly policy: RoutePolicy;
  private readonly sets: AttributeSets;
  private readonly sources: Sources;
  private readonly finish: (set: number, source: number, outcome: number) => number;
  // Direct-mapped: a newer entry takes the place of an older one. It grows with the sets that were asked about.
  private memo = new Uint32Array(64 * COLUMNS);
  private size = 64;
  private filled = 0;

  /** `finish` makes the resulting set, with a reference, of what the policy's `block` holds after an accepting judgement. */
  constructor(
    policy: RoutePolicy,
    sets: AttributeSets,
    sources: Sources,
    finish: (set: number, source: number, outcome: number) => number,
  ) {
    this.policy = policy;
    this.sets = sets;
    this.sources = sources;
    this.finish = finish;
  }

  /** What becomes of a route with this prefix and set: a set with a reference for the caller, 0 when it is rejected. */
  apply(prefixes: PrefixTable, prefix: number, set: number, source: number): number {
    const { policy, sets, sources, memo } = this;
    const prefixClass = policy.classOf(prefixes, prefix);
    const serial = sets.serial[set];
    const from = sources.serial[source];
    const at = slotOf(serial, prefixClass, from, this.size) * COLUMNS;
    if (memo[at] === serial && memo[at + 1] === prefixClass && memo[at + 2] === from) {
      const known = memo[at + 3];
      if (known === 0 || sets.serial[known] === memo[at + 4]) {
        policy.count(memo[at + 5]);
        if (known !== 0) sets.retain(known);
        return known;
      }
    }
    return this.judge(set, prefixClass, source);
  }

  private judge(set: number, prefixClass: number, source: number): number {
    const { policy, sets } = this;
    const start = sets.start(set);
    const outcome = policy.judge(sets.buffer(set), start, start + sets.size[set], prefixClass, source, this.sources);
    policy.count(outcome);
    const result = policy.accepts(outcome) ? this.finish(set, source, outcome) : 0;
    if (++this.filled > this.size && this.size < LARGEST) this.grow();
    const from = this.sources.serial[source];
    const at = slotOf(sets.serial[set], prefixClass, from, this.size) * COLUMNS;
    const { memo } = this;
    memo[at] = sets.serial[set];
    memo[at + 1] = prefixClass;
    memo[at + 2] = from;
    memo[at + 3] = result;
    memo[at + 4] = sets.serial[result];
    memo[at + 5] = outcome;
    return result;
  }

  private grow(): void {
    const old = this.memo;
    this.size *= 4;
    this.memo = new Uint32Array(this.size * COLUMNS);
    this.filled = 0;
    for (let from = 0; from < old.length; from += COLUMNS) {
      if (old[from] === 0) continue;
      this.memo.set(
        old.subarray(from, from + COLUMNS),
        slotOf(old[from], old[from + 1], old[from + 2], this.size) * COLUMNS,
      );
      this.filled++;
    }
  }
}

function slotOf(serial: number, prefixClass: number, source: number, size: number): number {
  const h = Math.imul(serial, 0x9e3779b1) ^ Math.imul(prefixClass, 0x85ebca6b) ^ Math.imul(source, 0xc2b2ae35);
  return (h ^ (h >>> 15)) & (size - 1);
}

/** A policy on the routes of a source: what it edits becomes the set that the decision process sees. */
export function importPolicy(policy: RoutePolicy, sets: AttributeSets, sources: Sources): AppliedPolicy {
  return new AppliedPolicy(policy, sets, sources, set => {
    if (policy.length > 0) return sets.intern(policy.block, policy.length, sets.scope(set));
    sets.retain(set);
    return set;
  });
}
