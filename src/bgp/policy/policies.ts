// The policies of a configuration: compiled programs for who asks, and how often each statement was hit.
//
// Neighbors for whom a chain means the same share one program, so that they share an update group. When definitions are
// replaced, policies that stayed the same keep their programs and hits; whoever asks again learns by the program whether
// anything changed for it.

import type { RoutePolicy } from '../rib/route-policy.js';
import { InputError } from '../wire/input-error.js';
import { neighborSet } from './addresses.js';
import { NO_POLICIES, type PolicyChain, type PolicyDefinitions, readChoice, type Statement } from './definition.js';
import { type PlacedStatement, Program } from './program.js';
import { readChain, resolveStatement } from './resolve.js';

/** Who asks for a policy. */
export interface PolicyUser {
  /** The neighbor's 4 or 16 bytes and its name; absent for the kernel's routes. */
  neighbor?: { address: Uint8Array; name: string };
  /** Routes that no statement decides are accepted unless the chain says otherwise (RFC 8212: not with external ones). */
  acceptsRest: boolean;
}

/** What becomes of routes: all, none, or as the policy says. */
export interface BoundPolicy {
  accept: boolean;
  policy: (RoutePolicy & Program) | null;
}

interface Policy {
  id: number;
  json: string;
  /** Names of sets are resolved. */
  statements: readonly Statement[];
  hits: Float64Array;
}

/** The policies of a speaker. */
export class Policies {
  private definitions = NO_POLICIES;
  private byName = new Map<string, Policy>();
  private programs = new Map<string, Program>();
  private lastId = 0;
  private readonly ownAs: number;

  constructor(ownAs: number) {
    this.ownAs = ownAs;
  }

  /** Takes other definitions over. Throws InputError when they name sets that are not there, and changes nothing then. */
  replace(definitions: PolicyDefinitions): void {
    this.collect();
    const byName = new Map<string, Policy>();
    for (const [name, statements] of Object.entries(definitions.policies)) {
      const resolved = statements.map(statement => resolveStatement(statement, definitions));
      const json = JSON.stringify(resolved);
      const before = this.byName.get(name);
      byName.set(
        name,
        before?.json === json
          ? before
          : { id: ++this.lastId, json, statements: resolved, hits: new Float64Array(resolved.length) },
      );
    }
    this.byName = byName;
    this.definitions = definitions;
    const ids = new Set([...byName.values()].map(policy => policy.id));
    for (const key of this.programs.keys()) {
      if (!(JSON.parse(key)[0] as number[]).every(id => ids.has(id))) this.programs.delete(key);
    }
  }

  /** What a chain means for its user. Throws InputError for a name that no policy has. */
  bind(chain: PolicyChain, user: PolicyUser): BoundPolicy {
    const { names, end } = readChain(chain);
    const acceptsRest = end === undefined ? user.acceptsRest : end === 'accept';
    if (names.length === 0) return { accept: acceptsRest, policy: null };
    const policies = names.map(name => ({ name, policy: this.find(name) }));
    const statements = policies.flatMap(({ name, policy }) =>
      policy.statements.map((definition, index): PlacedStatement => ({ policy: name, index, definition })),
    );
    const asked = statements.map(({ definition }) => isFor(definition, user.neighbor));
    const key = JSON.stringify([policies.map(({ policy }) => policy.id), acceptsRest, asked.map(Number).join('')]);
    let program = this.programs.get(key);
    if (program === undefined) {
      program = new Program(
        statements.filter((_, i) => asked[i]),
        acceptsRest,
        this.ownAs,
      );
      this.programs.set(key, program);
    }
    return { accept: true, policy: program };
  }

  /** Every policy with its statements as they were written, and how many routes hit each since it came into force. */
  list(): { name: string; statements: { definition: Statement; hits: number }[] }[] {
    this.collect();
    return [...this.byName].map(([name, { hits }]) => ({
      name,
      statements: this.definitions.policies[name].map((definition, i) => ({ definition, hits: hits[i] })),
    }));
  }

  private find(name: string): Policy {
    const policy = this.byName.get(name);
    if (policy !== undefined) return policy;
    const known = [...this.byName.keys()];
    throw new InputError(
      `there is no policy "${name}"`,
      known.length === 0 ? 'there are no policies' : `the policies are ${known.join(', ')}`,
    );
  }

  private collect(): void {
    for (const program of this.programs.values()) {
      program.collect(({ policy, index }, hits) => {
        const found = this.byName.get(policy);
        if (found !== undefined) found.hits[index] += hits;
      });
    }
  }
}

/** Can the statement match at all for this neighbor? */
function isFor({ match }: Statement, neighbor: PolicyUser['neighbor']): boolean {
  if (match?.neighbor === undefined) return true;
  const { mode, elements } = readChoice(match.neighbor);
  const inside = neighbor !== undefined && neighborSet(elements as string[])(neighbor.address, neighbor.name);
  return inside === (mode !== 'none');
}
