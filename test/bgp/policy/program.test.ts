import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRoute } from '../../../src/bgp/local-routes.js';
import { attributesView } from '../../../src/bgp/path-view.js';
import { NO_POLICIES } from '../../../src/bgp/policy/definition.js';
import { Policies } from '../../../src/bgp/policy/policies.js';
import { importPolicy } from '../../../src/bgp/rib/route-policy.js';
import { KERNEL_SOURCES, LOCAL_SOURCE } from '../../../src/bgp/rib/sources.js';
import { parseAddress } from '../../../src/bgp/wire/prefix.js';
import { addSource, newRib } from '../rib/tables.js';
import { plainRoute, SENDERS, statement } from './arbitraries.js';
import { interpret, type PlainRoute } from './interpreter.js';

const OWN_AS = 65001;

describe('compiled policies', () => {
  it('do what the naive interpreter does, and count what it matches', () => {
    const scene = fc.record({
      statements: fc.array(statement, { maxLength: 6 }),
      split: fc.nat(6),
      acceptsRest: fc.boolean(),
      neighbor: fc.constantFrom(...SENDERS),
      routes: fc.array(fc.tuple(plainRoute, fc.nat(1)), { minLength: 1, maxLength: 12 }),
    });
    fc.assert(
      fc.property(scene, ({ statements, split, acceptsRest, neighbor, routes }) => {
        const rib = newRib();
        const policies = new Policies(OWN_AS);
        const definitions = { a: statements.slice(0, split), b: statements.slice(split) };
        policies.replace({ ...NO_POLICIES, policies: definitions });
        const { policy } = policies.bind(['a', 'b'], {
          neighbor: { address: parseAddress(neighbor), name: neighbor },
          acceptsRest,
        });
        if (policy === null) throw new Error('no program');
        const applied = importPolicy(policy, rib.sets, rib.sources);
        const ebgp = addSource(rib, SENDERS[0], 'external');
        const ibgp = addSource(rib, SENDERS[2], 'internal');
        const sources = { local: LOCAL_SOURCE, ...KERNEL_SOURCES, ebgp, ibgp };
        const senders: Partial<Record<PlainRoute['source'], string>> = { ebgp: SENDERS[0], ibgp: SENDERS[2] };
        const hits = statements.map(() => 0);
        for (const [route, again] of routes) {
          const { prefix, block } = buildRoute(route);
          const table = rib.families[prefix.family];
          const set = rib.sets.intern(block, block.length, 0);
          const id = table.prefixes.ensure(prefix.address, prefix.length);
          const expected = interpret(statements, acceptsRest, route, neighbor, senders[route.source], OWN_AS);
          for (let i = 0; i <= again; i++) {
            for (const number of expected.matched) hits[number]++;
            const result = applied.apply(table.prefixes, id, set, sources[route.source]);
            const view = result === 0 ? null : attributesView(rib.sets.block(result), prefix.family);
            expect(view).toEqual(expected.route && viewOf(expected.route));
            if (result !== 0) rib.sets.release(result);
          }
          rib.sets.release(set);
        }
        const counted = policies.list().flatMap(({ statements: list }) => list.map(it => it.hits));
        expect(counted).toEqual(hits);
        expect(rib.sets.count).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

function viewOf(route: PlainRoute) {
  const { prefix, block } = buildRoute(route);
  return attributesView(block, prefix.family);
}
