// Whether the names in policies and neighbors mean something, and which sets and policies nobody names.

import {
  ACTIONS,
  type Choice,
  type PolicyChain,
  type PolicyDefinitions,
  readChoice,
  type Statement,
} from '../bgp/policy/definition.js';
import { readChain, resolveElements, type SET_WORDS, SETS_OF } from '../bgp/policy/resolve.js';
import { InputError } from '../bgp/wire/input-error.js';
import { closest } from './closest.js';
import type { Path } from './problems.js';

/** Something to say of a place in the file. */
export interface NameRemark {
  path: Path;
  message: string;
  suggestion?: string;
}

/** Where a chain of policies is named. */
export interface ChainUse {
  path: Path;
  chain: PolicyChain;
  direction: 'import' | 'export';
}

type SetKey = keyof typeof SET_WORDS;
const FILE_KEYS = {
  prefixSets: 'prefix-sets',
  neighborSets: 'neighbor-sets',
  asPathSets: 'as-path-sets',
  communitySets: 'community-sets',
} as const satisfies Record<SetKey, string>;

/** All that is wrong with names, and what is defined for nothing. */
export function checkNames(
  all: PolicyDefinitions,
  chains: readonly ChainUse[],
): { wrong: NameRemark[]; unused: NameRemark[] } {
  const wrong: NameRemark[] = [];
  const used = new Set<string>();
  const attempt = (path: Path, act: () => void) => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      wrong.push({ path, message: error.message, suggestion: error.hint });
    }
  };
  const resolve = (path: Path, elements: unknown, of: SetKey) => {
    if (typeof elements === 'string') used.add(`${FILE_KEYS[of]}.${elements}`);
    attempt(path, () => void resolveElements(elements as string, of, all));
  };
  for (const [policy, statements] of Object.entries(all.policies)) {
    if ((ACTIONS as readonly string[]).includes(policy)) {
      wrong.push({
        path: ['policies', policy],
        message: 'is a word of its own and no name for a policy',
        suggestion: 'choose another name',
      });
    }
    statements.forEach((statement, i) => {
      const place = ['policies', policy, i];
      for (const [key, of] of Object.entries(SETS_OF) as [keyof typeof SETS_OF, SetKey][]) {
        const choice = statement.match?.[key] as Choice<unknown> | undefined;
        if (choice === undefined) continue;
        const { mode, elements } = readChoice(choice);
        const written = typeof choice === 'object' && !Array.isArray(choice);
        resolve([...place, 'match', key, ...(written ? [mode] : [])], elements, of);
      }
      const remove = statement.set?.community?.remove;
      if (remove !== undefined) resolve([...place, 'set', 'community', 'remove'], remove, 'communitySets');
    });
  }
  for (const { path, chain, direction } of chains) {
    attempt(path, () => {
      readChain(chain).names.forEach((name, i) => {
        used.add(`policies.${name}`);
        const at = typeof chain === 'string' ? path : [...path, i];
        const found = Object.hasOwn(all.policies, name) ? all.policies[name] : undefined;
        if (found === undefined) wrong.push({ path: at, ...unknownPolicy(name, Object.keys(all.policies)) });
        else if (direction === 'import' && found.some(setsOwnNextHop)) {
          const message = `policy ${name} sets the next hop to self or unchanged, which only an export policy can`;
          wrong.push({ path: at, message, suggestion: 'name an address, or use the policy for export' });
        }
      });
    });
  }
  const defined = [
    ...(Object.keys(FILE_KEYS) as SetKey[]).map(of => [FILE_KEYS[of], all[of]] as const),
    ['policies', all.policies] as const,
  ];
  const unused = defined.flatMap(([key, mapping]) =>
    Object.keys(mapping)
      .filter(name => !used.has(`${key}.${name}`))
      .map(name => ({ path: [key, name], message: 'is never used' })),
  );
  return { wrong, unused };
}

function setsOwnNextHop({ set }: Statement): boolean {
  return set?.['next-hop'] === 'self' || set?.['next-hop'] === 'unchanged';
}

function unknownPolicy(name: string, known: readonly string[]): { message: string; suggestion: string } {
  const words = ['accept', 'reject', ...known];
  const near = closest(name, words);
  if (near) return { message: `there is no policy "${name}"`, suggestion: `did you mean ${near}?` };
  return {
    message: `there is no policy "${name}"`,
    suggestion: `write ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
  };
}
