// Names of sets and policies replaced by what they stand for.

import { parseCommunity } from '../wire/communities.js';
import { InputError } from '../wire/input-error.js';
import {
  ACTIONS,
  type Choice,
  type Elements,
  type Match,
  type PolicyChain,
  type PolicyDefinitions,
  readChoice,
  type Statement,
} from './definition.js';

/** Which sets a key of `match` names. */
export const SETS_OF = {
  prefix: 'prefixSets',
  neighbor: 'neighborSets',
  'learned-from': 'neighborSets',
  'as-path': 'asPathSets',
  community: 'communitySets',
} as const satisfies { readonly [K in keyof Match]?: keyof PolicyDefinitions };
type NamingKey = keyof typeof SETS_OF;

/** The names of sets as people know them. */
export const SET_WORDS = {
  prefixSets: 'prefix set',
  neighborSets: 'neighbor set',
  asPathSets: 'AS path set',
  communitySets: 'community set',
} as const;

/** What a list or a name stands for. Throws InputError for a name that nothing has. */
export function resolveElements<T>(elements: Elements<T>, of: keyof typeof SET_WORDS, all: PolicyDefinitions): T[] {
  if (typeof elements !== 'string') return elements;
  const sets = all[of];
  if (Object.hasOwn(sets, elements)) return sets[elements] as T[];
  if (of === 'communitySets' && isCommunity(elements)) return [elements as T];
  const known = Object.keys(sets);
  const hint = known.length === 0 ? `there are no ${SET_WORDS[of]}s` : `the ${SET_WORDS[of]}s are ${known.join(', ')}`;
  throw new InputError(`there is no ${SET_WORDS[of]} "${elements}"`, hint);
}

function isCommunity(text: string): boolean {
  try {
    parseCommunity(text);
    return true;
  } catch {
    return false;
  }
}

/** A statement without names. Throws InputError. */
export function resolveStatement(statement: Statement, all: PolicyDefinitions): Statement {
  const match: Record<string, unknown> = { ...statement.match };
  for (const key of Object.keys(SETS_OF) as NamingKey[]) {
    const choice = statement.match?.[key] as Choice<unknown> | undefined;
    if (choice === undefined) continue;
    const { mode, elements } = readChoice(choice);
    match[key] = { [mode]: resolveElements(elements, SETS_OF[key], all) };
  }
  const edit = statement.set?.community;
  const remove = edit?.remove && resolveElements(edit.remove, 'communitySets', all);
  const set = edit ? { ...statement.set, community: { ...edit, remove } } : statement.set;
  return { ...statement, match: match as Match, set };
}

/** The policies of a chain, and how it ends: undefined where that is left to the kind of neighbor. Throws InputError. */
export function readChain(chain: PolicyChain): { names: readonly string[]; end: 'accept' | 'reject' | undefined } {
  const words = typeof chain === 'string' ? [chain] : chain;
  const last = words.at(-1);
  const end = last === 'accept' || last === 'reject' ? last : undefined;
  const names = end === undefined ? words : words.slice(0, -1);
  const misplaced = names.find(name => (ACTIONS as readonly string[]).includes(name));
  if (misplaced !== undefined) throw new InputError(`"${misplaced}" can only be the last of a list`);
  if (words.length === 0) throw new InputError('an empty list of policies', 'write accept, reject or a policy');
  return { names, end };
}
