// Aggregates of one family: routes of this speaker that stand for the more specific ones within them (RFC 4271 §9.2.2.2).
//
// A consumer of Loc-RIB that counts, for each aggregate, the prefixes within it that have a best path, and what their
// attributes make of its own. Each prefix' share in the counts is remembered, so that a change costs one subtraction and
// one addition. While the counts are made for the first time nothing is announced or withdrawn.
//
// The aggregate's AS_PATH is empty: AS_SETs are forbidden (RFC 9774). ATOMIC_AGGREGATE says that AS numbers were left out
// or that a route it stands for had it; ORIGIN is the worst of theirs; AGGREGATOR is this speaker.

import { encodeCanonical } from '../wire/canonical.js';
import { ORIGINS, type PathAttribute } from '../wire/path-attribute.js';
import type { Prefix } from '../wire/prefix.js';
import { grown } from './columns.js';
import type { DirtySet } from './dirty-set.js';
import type { LocRib } from './loc-rib.js';
import { Verdict } from './paths.js';
import { AGGREGATE_SOURCE } from './sources.js';

/** An aggregate as configured. */
export interface AggregateRule {
  prefix: Prefix;
  /** The more specific routes are not advertised. */
  summaryOnly: boolean;
  /** What the kernel does with what no more specific route covers (see Forwarding). */
  forwarding: number;
  /** Attributes beside those that follow from the routes it stands for. */
  attributes: PathAttribute[];
}

/** How an aggregate is doing. */
export interface Aggregate {
  readonly rule: AggregateRule;
  /** Prefixes within it that have a best path. */
  contributors: number;
  /** The id of its prefix while it is announced, else 0. */
  id: number;
}

/** With the counts that its attributes follow from. */
interface Counted extends Aggregate {
  /** Contributors by ORIGIN. */
  origins: Uint32Array;
  /** Contributors with ATOMIC_AGGREGATE or an AS_PATH. */
  atomic: number;
  /** Which attributes it is announced with. */
  announced: string;
}

/** Changes counted in one go. */
const SLICE = 8192;
const ATOMIC_AGGREGATE = 6;
/** A prefix' share in the counts: 0 none, else this bit, the ORIGIN and whether it is atomic. */
const Share = { counted: 1, origin: 2, atomic: 8 } as const;

/** The aggregates of one family. */
export class Aggregates {
  private readonly table: LocRib;
  private readonly aggregator: { as: number; routerId: number };
  private readonly wake: () => void;
  private all: Counted[] = [];
  private shares = new Uint8Array(0);
  private dirty: DirtySet | null = null;
  private recounting = false;
  private readonly changed = new Set<Counted>();

  /** `wake` is called when there is something to count. */
  constructor(table: LocRib, aggregator: { as: number; routerId: number }, wake: () => void) {
    this.table = table;
    this.aggregator = aggregator;
    this.wake = wake;
  }

  /** The aggregates, for people. */
  list(): readonly Aggregate[] {
    return this.all;
  }

  /** Other aggregates from now on. Those that stay are announced on while they are counted anew. */
  configure(rules: readonly AggregateRule[]): void {
    const before = new Map(this.all.map(aggregate => [keyOf(aggregate.rule.prefix), aggregate]));
    const summaries = this.all.some(({ rule }) => rule.summaryOnly) || rules.some(rule => rule.summaryOnly);
    this.dirty?.close();
    this.dirty = null;
    this.all = rules.map(rule => {
      const id = before.get(keyOf(rule.prefix))?.id ?? 0;
      before.delete(keyOf(rule.prefix));
      return { rule, id, contributors: 0, origins: new Uint32Array(ORIGINS.length), atomic: 0, announced: '' };
    });
    for (const aggregate of before.values()) this.withdraw(aggregate);
    this.changed.clear();
    for (const aggregate of this.all) this.changed.add(aggregate);
    this.shares = new Uint8Array(this.table.prefixes.capacity);
    this.table.aggregates = this.all.length === 0 ? null : this;
    if (this.all.length > 0) {
      this.dirty = this.table.subscribe(this.wake);
      this.recounting = true;
    }
    if (summaries) this.table.markAll();
    this.wake();
  }

  /** Is the prefix kept from neighbors because an aggregate stands for it? */
  suppresses(prefix: number): boolean {
    for (const { rule } of this.all) if (rule.summaryOnly && this.covers(rule, prefix)) return true;
    return false;
  }

  /** What the kernel is to do with the prefix of an aggregate. */
  forwarding(prefix: number): number {
    return this.all.find(({ id }) => id === prefix)?.rule.forwarding ?? 0;
  }

  /** Is something left to count? */
  get pending(): boolean {
    return this.dirty !== null && this.dirty.size > 0;
  }

  /** Counts a slice of what changed; returns whether more waits. */
  drain(): boolean {
    const { dirty } = this;
    if (dirty === null) return false;
    dirty.drain(SLICE, this.count);
    if (this.recounting && dirty.size > 0) return true;
    this.recounting = false;
    const changed = [...this.changed];
    this.changed.clear();
    for (const aggregate of changed) this.update(aggregate);
    return dirty.size > 0;
  }

  private readonly count = (prefix: number): void => {
    if (prefix >= this.shares.length) this.shares = grown(this.shares, this.table.prefixes.capacity);
    const before = this.shares[prefix];
    const now = this.shareOf(prefix);
    if (now === before) return;
    this.shares[prefix] = now;
    for (const aggregate of this.all) {
      if (!this.covers(aggregate.rule, prefix)) continue;
      add(aggregate, before, -1);
      add(aggregate, now, 1);
      this.changed.add(aggregate);
    }
  };

  private shareOf(prefix: number): number {
    const { table } = this;
    const best = table.prefixes.best[prefix];
    if (best === 0) return 0;
    const set = table.paths.attributes[best];
    const { origin, asPathLength } = table.sets.lengthAndOrigin(set);
    const atomic = asPathLength > 0 || table.sets.has(set, ATOMIC_AGGREGATE);
    return Share.counted + origin * Share.origin + (atomic ? Share.atomic : 0);
  }

  private covers({ prefix }: AggregateRule, id: number): boolean {
    const { prefixes } = this.table;
    return prefixes.length[id] > prefix.length && prefixes.within(id, prefix.address, prefix.length);
  }

  private update(aggregate: Counted): void {
    if (aggregate.contributors === 0) {
      this.withdraw(aggregate);
      return;
    }
    const { rule, origins, atomic } = aggregate;
    const origin = origins[2] > 0 ? 2 : origins[1] > 0 ? 1 : 0;
    const description = `${origin} ${atomic > 0}`;
    if (aggregate.announced === description) return;
    aggregate.announced = description;
    const attributes: PathAttribute[] = [
      { type: 'origin', origin: ORIGINS[origin] },
      { type: 'asPath', segments: [] },
      { type: 'aggregator', ...this.aggregator },
      ...rule.attributes,
    ];
    if (atomic > 0) attributes.push({ type: 'atomicAggregate' });
    const block = encodeCanonical(new Uint8Array(0), attributes);
    const { table } = this;
    const set = table.sets.intern(block, block.length, 0);
    aggregate.id = table.prefixes.ensure(rule.prefix.address, rule.prefix.length);
    table.announce(aggregate.id, AGGREGATE_SOURCE, 0, set, Verdict.accepted);
    table.sets.release(set);
    // A reload may have changed nothing but this.
    table.markDirty(aggregate.id);
  }

  private withdraw(aggregate: Counted): void {
    const { id } = aggregate;
    aggregate.id = 0;
    aggregate.announced = '';
    if (id !== 0) this.table.withdraw(id, AGGREGATE_SOURCE, 0);
  }
}

function keyOf({ address, length }: Prefix): string {
  return `${address.join('.')}/${length}`;
}

function add(aggregate: Counted, share: number, times: number): void {
  if (share === 0) return;
  aggregate.contributors += times;
  aggregate.origins[(share >> 1) & 3] += times;
  if ((share & Share.atomic) !== 0) aggregate.atomic += times;
}
