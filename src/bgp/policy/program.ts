// A chain of policies compiled for one neighbor and direction: what the tables call (rib/route-policy.ts).
//
// What does not depend on the attributes is settled first. Statements whose neighbor does not match are left out; which
// statements a prefix can reach is known by its class. The others run in order over the block. Plain communities, the most
// common condition, are looked up in one index for all statements together. What happened is a number: the node of a
// tree whose edges are the statements that matched; hits are counted there and summed up when somebody asks.

import type { PrefixTable } from '../rib/prefix-table.js';
import type { RoutePolicy } from '../rib/route-policy.js';
import { Fixed } from '../rib/route-policy.js';
import type { Sources } from '../rib/sources.js';
import { readU32 } from '../wire/bytes.js';
import { FAMILIES, Family } from '../wire/family.js';
import { KINDS, parseCommunityPattern } from './community-pattern.js';
import { type Condition, compileConditions } from './conditions.js';
import { type Action, type Choice, type PrefixRule, readChoice, type Statement } from './definition.js';
import { compileEdits, type Edit, fixedBy } from './edits.js';
import { PrefixClasses } from './prefix-classes.js';
import { Route } from './route.js';

/** A statement with the names of its sets resolved, and where it stands. */
export interface PlacedStatement {
  policy: string;
  /** From 0. */
  index: number;
  definition: Statement;
}

interface Compiled {
  /** Condition on plain communities: its number in the index, or -1. */
  indexed: number;
  conditions: readonly Condition[];
  edits: readonly Edit[];
  fixed: number;
  then: Action;
}

const route = new Route();
const COMMUNITIES = KINDS.standard.code;
let lastId = 0;

/** See rib/route-policy.ts. */
export class Program implements RoutePolicy {
  readonly id = ++lastId;
  readonly statements: readonly PlacedStatement[];
  private readonly acceptsRest: boolean;
  private readonly compiled: readonly Compiled[];
  private readonly classes: PrefixClasses;
  private readonly looksAtPrefixes: boolean;
  /** By prefix class: the statements it can reach. */
  private readonly reachable: readonly Int32Array[];
  private readonly communities = new Map<number, number[]>();
  private indexSize = 0;
  /** By number in the index: the generation in which a community of it was seen. */
  private seen = new Uint32Array(0);
  private generation = 0;
  // The tree of outcomes; node 0 is that nothing matched.
  private readonly children = new Map<number, number>();
  private readonly parents = [0];
  private readonly last = [-1];
  private readonly fixed = [0];
  private hits = new Float64Array(16);

  /** `acceptsRest`: routes that no statement decides are accepted. Throws InputError. */
  constructor(statements: readonly PlacedStatement[], acceptsRest: boolean, ownAs: number) {
    this.statements = statements;
    this.acceptsRest = acceptsRest;
    const sets: (readonly PrefixRule[])[] = [];
    const prefixes = statements.map(({ definition }) => prefixCondition(definition.match?.prefix, sets));
    this.classes = new PrefixClasses(sets);
    this.compiled = statements.map(({ definition }) => this.compile(definition, ownAs));
    this.seen = new Uint32Array(Math.max(1, this.indexSize));
    this.reachable = this.classes.classes.map(({ family, sets: inside }) =>
      Int32Array.from(
        statements.flatMap(({ definition: { match } }, i) => {
          const sameFamily = match?.family === undefined || match.family === FAMILIES[family].name;
          const { set, inverted } = prefixes[i] ?? {};
          return sameFamily && (set === undefined || inside.has(set) !== inverted) ? [i] : [];
        }),
      ),
    );
    this.looksAtPrefixes = sets.length > 0;
  }

  get block(): Uint8Array {
    return route.bytes;
  }

  get length(): number {
    return route.changedLength;
  }

  classOf(prefixes: PrefixTable, prefix: number): number {
    // Without prefix sets there are two classes, one a family, in the families' order.
    return this.looksAtPrefixes ? this.classes.of(prefixes, prefix) : prefixes.family;
  }

  judge(bytes: Uint8Array, start: number, end: number, prefixClass: number, source: number, sources: Sources): number {
    const ipv6 = this.classes.classes[prefixClass].family === Family.ipv6Unicast;
    const reachable = this.reachable[prefixClass];
    let outcome = 0;
    route.load(bytes, start, end);
    this.lookUpCommunities();
    for (let i = 0; i < reachable.length; i++) {
      const number = reachable[i];
      const statement = this.compiled[number];
      if (statement.indexed >= 0 && this.seen[statement.indexed] !== this.generation) continue;
      if (!holds(statement.conditions, source, sources)) continue;
      outcome = this.child(outcome, number);
      if (statement.then === 'reject') return outcome;
      for (const edit of statement.edits) edit(route, ipv6);
      if (statement.then === 'accept') return outcome;
      if (statement.edits.length > 0) this.lookUpCommunities();
    }
    return outcome;
  }

  accepts(outcome: number): boolean {
    const last = this.last[outcome];
    const action = last < 0 ? 'next' : this.compiled[last].then;
    return action === 'next' ? this.acceptsRest : action === 'accept';
  }

  fixes(outcome: number): number {
    return this.fixed[outcome];
  }

  count(outcome: number): void {
    this.hits[outcome]++;
  }

  /** The statements that matched, in order. */
  matched(outcome: number): PlacedStatement[] {
    const matched: PlacedStatement[] = [];
    for (let at = outcome; at !== 0; at = this.parents[at]) matched.unshift(this.statements[this.last[at]]);
    return matched;
  }

  /** Hands what was counted to `add`, statement by statement, and begins anew. */
  collect(add: (statement: PlacedStatement, hits: number) => void): void {
    for (let outcome = 1; outcome < this.parents.length; outcome++) {
      const hits = this.hits[outcome];
      if (hits === 0) continue;
      for (const statement of this.matched(outcome)) add(statement, hits);
      this.hits[outcome] = 0;
    }
  }

  private compile({ match = {}, set = {}, then = 'next' }: Statement, ownAs: number): Compiled {
    const indexed = this.index(match.community);
    const { community, ...rest } = match;
    return {
      indexed,
      conditions: compileConditions(indexed < 0 ? match : rest),
      edits: compileEdits(set, ownAs),
      fixed: fixedBy(set),
      then,
    };
  }

  /** Puts a condition on plain communities, one of which suffices, into the index; -1 for another. */
  private index(choice: Choice<string> | undefined): number {
    if (choice === undefined) return -1;
    const { mode, elements } = readChoice(choice);
    if (mode !== 'any') return -1;
    const patterns = (elements as string[]).map(parseCommunityPattern);
    if (!patterns.every(({ kind, exact }) => kind === 'standard' && exact !== undefined)) return -1;
    const number = this.indexSize++;
    for (const { exact } of patterns) {
      const value = readU32(exact as Uint8Array, 0) | 0;
      this.communities.set(value, [...(this.communities.get(value) ?? []), number]);
    }
    return number;
  }

  private lookUpCommunities(): void {
    if (this.communities.size === 0) return;
    this.generation++;
    const { bytes } = route;
    const end = route.valueEnd(COMMUNITIES);
    for (let at = route.valueStart(COMMUNITIES); at < end; at += 4) {
      const numbers = this.communities.get(readU32(bytes, at) | 0);
      if (numbers !== undefined) for (const number of numbers) this.seen[number] = this.generation;
    }
  }

  private child(outcome: number, statement: number): number {
    const key = outcome * this.statements.length + statement;
    const known = this.children.get(key);
    if (known !== undefined) return known;
    const node = this.parents.length;
    const { fixed } = this.compiled[statement];
    const before = this.fixed[outcome];
    this.children.set(key, node);
    this.parents.push(outcome);
    this.last.push(statement);
    this.fixed.push((fixed & Fixed.nextHop) !== 0 ? (before & Fixed.med) | fixed : before | fixed);
    if (node === this.hits.length) {
      const bigger = new Float64Array(node * 2);
      bigger.set(this.hits);
      this.hits = bigger;
    }
    return node;
  }
}

function holds(conditions: readonly Condition[], source: number, sources: Sources): boolean {
  for (let i = 0; i < conditions.length; i++) if (!conditions[i](route, source, sources)) return false;
  return true;
}

/** A condition on the prefix as the number of its set among `sets`, to which it is added. */
function prefixCondition(choice: Choice<PrefixRule> | undefined, sets: (readonly PrefixRule[])[]) {
  if (choice === undefined) return undefined;
  const { mode, elements } = readChoice(choice);
  const key = JSON.stringify(elements);
  let set = sets.findIndex(known => JSON.stringify(known) === key);
  if (set < 0) set = sets.push(elements as PrefixRule[]) - 1;
  return { set, inverted: mode === 'none' };
}
