// Policies as people write them: the configuration's words, with names still unresolved.
//
// The same shape goes through configuration, reload and API; resolve.ts puts sets in the place of their names and
// compile.ts makes programs of it. Names of keys are those of the file.

import type { Origin } from '../wire/path-attribute.js';

/** Prefixes inside `prefix` whose length is `ge` to `le`. */
export interface PrefixRule {
  prefix: string;
  ge: number;
  le: number;
}

/** A number from `ge` to `le`. */
export interface NumberRange {
  ge: number;
  le: number;
}

/** Elements by the name of a set, or listed. */
export type Elements<T> = string | T[];
/** One element at least, all of them, or none must match; elements alone mean `any`. */
export type Choice<T> = Elements<T> | { any: Elements<T> } | { all: Elements<T> } | { none: Elements<T> };

/** Where a route came into this speaker; `kernel` is any that was redistributed, `connected` and `static` such ones. */
export type RouteOrigin = 'local' | 'kernel' | 'connected' | 'static' | 'ibgp' | 'ebgp';

/** Conditions, all of which must hold. */
export interface Match {
  prefix?: Choice<PrefixRule>;
  /** Addresses or prefixes of the neighbor the policy is asked for. */
  neighbor?: Choice<string>;
  /** Addresses or prefixes of the neighbor a route was learned from. */
  'learned-from'?: Choice<string>;
  /** Regular expressions; see regex.ts. */
  'as-path'?: Choice<string>;
  'as-path-length'?: NumberRange;
  'origin-as'?: number[];
  'neighbor-as'?: number[];
  /** Patterns; see community-pattern.ts. */
  community?: Choice<string>;
  /** Addresses or prefixes. */
  'next-hop'?: string[];
  origin?: Origin[];
  family?: 'ipv4-unicast' | 'ipv6-unicast';
  med?: NumberRange;
  'local-pref'?: NumberRange;
  source?: RouteOrigin[];
}

/** Changes of communities, in this order. */
export interface CommunityEdit {
  /** Instead of all communities of the kinds that are listed. */
  set?: string[];
  remove?: Elements<string>;
  add?: string[];
}

/** Changes of attributes. */
export interface Edits {
  'local-pref'?: number;
  /** A number, "+N", "-N" or "none". */
  med?: number | string;
  origin?: Origin;
  /** "self", "unchanged" or an address. */
  'next-hop'?: string;
  /** `as` is "own" unless named; "last" is the path's leftmost one. */
  prepend?: { as?: number | 'own' | 'last'; times?: number };
  community?: CommunityEdit;
}

/** What ends the evaluation, or goes on with the next statement. */
export type Action = 'accept' | 'reject' | 'next';

export interface Statement {
  name?: string;
  match?: Match;
  set?: Edits;
  /** Default: next. */
  then?: Action;
}

/** Everything about policies in a configuration. */
export interface PolicyDefinitions {
  prefixSets: Record<string, PrefixRule[]>;
  neighborSets: Record<string, string[]>;
  asPathSets: Record<string, string[]>;
  communitySets: Record<string, string[]>;
  policies: Record<string, Statement[]>;
}

/** No sets, no policies. */
export const NO_POLICIES: PolicyDefinitions = {
  prefixSets: {},
  neighborSets: {},
  asPathSets: {},
  communitySets: {},
  policies: {},
};

/** `accept`, `reject`, the name of a policy, or names of which the last may be `accept` or `reject`. */
export type PolicyChain = string | readonly string[];

/** Words that are no names of policies. */
export const ACTIONS: readonly Action[] = ['accept', 'reject', 'next'];

/** The elements of a choice, and how many of them must match. */
export function readChoice<T>(choice: Choice<T>): { mode: 'any' | 'all' | 'none'; elements: Elements<T> } {
  if (typeof choice === 'string' || Array.isArray(choice)) return { mode: 'any', elements: choice };
  if ('any' in choice) return { mode: 'any', elements: choice.any };
  if ('all' in choice) return { mode: 'all', elements: choice.all };
  return { mode: 'none', elements: choice.none };
}
