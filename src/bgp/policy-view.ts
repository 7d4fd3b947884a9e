// The policies as people read them: each statement in words, who uses it, how many routes it matched.

import type { PolicyChain } from './policy/definition.js';
import type { Policies } from './policy/policies.js';
import { matchWords, setWords } from './policy/words.js';
import type { PolicyView } from './views.js';

/** Who may use policies: a neighbor, or the kernel. */
export interface ChainUser {
  address: string;
  import: PolicyChain;
  export?: PolicyChain;
}

/** Every policy; `all` are those who may use them. */
export function policyViews(policies: Policies, all: readonly ChainUser[]): PolicyView[] {
  const users = all.flatMap(options =>
    (['import', 'export'] as const).flatMap(direction =>
      [options[direction] ?? []].flat().map(name => ({ name, user: `${options.address} ${direction}` })),
    ),
  );
  return policies.list().map(({ name, statements }) => ({
    name,
    usedBy: users.filter(it => it.name === name).map(it => it.user),
    statements: statements.map(({ definition, hits }, i) => ({
      number: i + 1,
      name: definition.name,
      match: matchWords(definition),
      set: setWords(definition),
      then: definition.then ?? 'next',
      hits,
    })),
  }));
}
