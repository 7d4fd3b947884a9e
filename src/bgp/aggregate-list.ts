// The aggregates of a speaker: those of its configuration, and those added by hand since.
//
// Another configuration leaves the added ones alone, but takes over those whose prefix it has. What was added is told to
// listeners, so that somebody can keep it through a restart.

import { type AggregateSpec, aggregateRule } from './aggregate-rules.js';
import { Aggregates } from './rib/aggregates.js';
import type { Rib } from './rib/rib.js';
import type { AggregateView } from './views.js';
import { InputError } from './wire/input-error.js';
import { formatPrefix, parsePrefix } from './wire/prefix.js';

/** Aggregates added by hand, and prefixes of those that went. */
export interface AggregatesChange {
  added: AggregateSpec[];
  removed: string[];
}

/** By prefix, as formatPrefix writes it. */
type Specs = ReadonlyMap<string, AggregateSpec>;

const byPrefix = (specs: readonly AggregateSpec[]): Specs =>
  new Map(
    specs.map(spec => {
      const prefix = formatPrefix(parsePrefix(spec.prefix));
      return [prefix, { ...spec, prefix }];
    }),
  );

/** See above. */
export class AggregateList {
  /** By Family. */
  readonly families: readonly Aggregates[];
  private configured: Specs = new Map();
  private added: Specs = new Map();
  private readonly listeners = new Set<(change: AggregatesChange) => void>();

  /** `wake` is called when there is something to count. */
  constructor(rib: Rib, aggregator: { as: number; routerId: number }, wake: () => void) {
    this.families = rib.families.map(table => new Aggregates(table, aggregator, wake));
  }

  /** Other ones in the configuration. Throws InputError, and then nothing has changed. */
  configure(specs: readonly AggregateSpec[]): void {
    const configured = byPrefix(specs);
    const taken = [...this.added.keys()].filter(prefix => configured.has(prefix));
    this.use(configured, without(this.added, taken));
    if (taken.length > 0) this.changed({ added: [], removed: taken });
  }

  /** Adds one, or replaces an added one. Throws InputError, also when the configuration has its prefix. */
  add(spec: AggregateSpec): void {
    const more = byPrefix([spec]);
    for (const prefix of more.keys()) {
      if (!this.configured.has(prefix)) continue;
      throw new InputError(`${prefix} is an aggregate of the configuration`, 'change it there and reload');
    }
    this.use(this.configured, new Map([...this.added, ...more]));
    this.changed({ added: [...more.values()], removed: [] });
  }

  /** Removes added ones; returns how many there were. Throws InputError. */
  delete(prefixes: readonly string[]): number {
    const named = prefixes.map(text => formatPrefix(parsePrefix(text)));
    const removed = [...this.added.keys()].filter(prefix => named.includes(prefix));
    if (removed.length === 0) return 0;
    this.use(this.configured, without(this.added, removed));
    this.changed({ added: [], removed });
    return removed.length;
  }

  /** Calls `listener` after added ones changed; returns the way to stop that. */
  onChange(listener: (change: AggregatesChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** All of them with how they are doing. */
  views(): AggregateView[] {
    const specs = new Map([...this.configured, ...this.added]);
    return this.families.flatMap(family =>
      family.list().map(({ rule, contributors, id }) => {
        const prefix = formatPrefix(rule.prefix);
        const spec = specs.get(prefix) as AggregateSpec;
        return { ...spec, contributors, announced: id !== 0, added: this.added.has(prefix) };
      }),
    );
  }

  private use(configured: Specs, added: Specs): void {
    const rules = [...configured.values(), ...added.values()].map(aggregateRule);
    this.configured = configured;
    this.added = added;
    this.families.forEach((aggregates, family) => {
      const own = rules.filter(({ prefix }) => prefix.family === family);
      if (own.length > 0 || aggregates.list().length > 0) aggregates.configure(own);
    });
  }

  private changed(change: AggregatesChange): void {
    for (const listener of this.listeners) listener(change);
  }
}

function without(specs: Specs, prefixes: readonly string[]): Specs {
  return new Map([...specs].filter(([prefix]) => !prefixes.includes(prefix)));
}
