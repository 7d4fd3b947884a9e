import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choose, eliminate } from '../../../src/bgp/rib/decision.js';
import type { Rib } from '../../../src/bgp/rib/rib.js';
import { type Attributes, addSource, announce, newRib, withdraw } from './tables.js';

const PREFIX = '10.233.1.0/24';

/** The source of the best path and, for every other one, the step that decided against it. */
function outcome(rib: Rib, id: number): { best: string; reasons: Record<string, string> } {
  const [table] = rib.families;
  const { best, reasons } = eliminate(table, table.prefixes.firstPath[id]);
  expect(choose(table, table.prefixes.firstPath[id])).toBe(best);
  expect(table.prefixes.best[id]).toBe(best);
  const name = (path: number) => rib.sources.name(table.paths.source[path]);
  return {
    best: best === 0 ? '' : name(best),
    reasons: Object.fromEntries([...reasons].map(([path, reason]) => [name(path), reason])),
  };
}

type Kind = 'internal' | 'external';

// Each pair differs in one step alone: [step, RFC section, winner, loser].
const PAIRS: [string, string, [Kind, Attributes], [Kind, Attributes]][] = [
  ['lower local preference', 'RFC 4271 §9.1.1', ['internal', { localPref: 200 }], ['internal', { localPref: 100 }]],
  ['longer AS path', 'RFC 4271 §9.1.2.2 a', ['external', { asPath: '1 2' }], ['external', { asPath: '1 2 3' }]],
  [
    'longer AS path',
    'RFC 4271 §9.1.2.2 a (a set counts one)',
    ['external', { asPath: '1 {2,3}' }],
    ['external', { asPath: '1 2 3' }],
  ],
  ['worse origin', 'RFC 4271 §9.1.2.2 b', ['external', { origin: 'egp' }], ['external', { origin: 'incomplete' }]],
  [
    'higher MED from the same neighbor AS',
    'RFC 4271 §9.1.2.2 c',
    ['external', { asPath: '1', med: 5 }],
    ['external', { asPath: '1', med: 6 }],
  ],
  [
    'higher MED from the same neighbor AS',
    'RFC 4271 §9.1.2.2 c (absent is 0)',
    ['external', { asPath: '1' }],
    ['external', { asPath: '1', med: 1 }],
  ],
  ['internal loses to external', 'RFC 4271 §9.1.2.2 d', ['external', { asPath: '1' }], ['internal', { asPath: '1' }]],
  [
    'higher interior cost to the next hop',
    'RFC 4271 §9.1.2.2 e',
    ['internal', { nextHop: '10.0.0.1' }],
    ['internal', { nextHop: '10.0.0.2' }],
  ],
  [
    'higher BGP identifier',
    'RFC 4456 §9 (the originator counts)',
    ['internal', { originatorId: '1.1.1.1' }],
    ['internal', { originatorId: '1.1.1.2' }],
  ],
  [
    'longer cluster list',
    'RFC 4456 §9',
    ['internal', { originatorId: '1.1.1.1', clusterList: ['9.9.9.9'] }],
    ['internal', { originatorId: '1.1.1.1', clusterList: ['9.9.9.9', '9.9.9.8'] }],
  ],
];

describe('decision process', () => {
  it.each(PAIRS)('%s loses (%s), whichever comes first', (step, _rfc, [winnerKind, winner], [loserKind, loser]) => {
    for (const winnerFirst of [true, false]) {
      const rib = newRib();
      // Were it not for the step, the later steps would prefer the loser: it has the lower identifier and address.
      const losing = addSource(rib, '10.9.0.1', loserKind);
      const winning = addSource(rib, '10.9.0.2', winnerKind);
      const tell = (source: number, attributes: Attributes) =>
        announce(rib, source, PREFIX, { nextHop: '10.0.0.9', ...attributes });
      if (winnerFirst) tell(winning, winner);
      const id = tell(losing, loser);
      if (!winnerFirst) tell(winning, winner);
      for (let n = 1; n < rib.nextHops.end; n++) rib.nextHops.set(n, true, rib.nextHops.address(n)[3]);
      while (rib.work(100)) {
        // the costs are being taken over
      }
      expect(outcome(rib, id)).toEqual({ best: '10.9.0.2', reasons: { '10.9.0.1': step } });
    }
  });

  it('prefers the lower BGP identifier, then the lower address (RFC 4271 §9.1.2.2 f, g)', () => {
    const rib = newRib();
    const a = addSource(rib, '10.9.0.1', 'external');
    const b = addSource(rib, '10.9.0.2', 'external');
    rib.sources.routerId[a] = 7;
    rib.sources.routerId[b] = 6;
    announce(rib, a, PREFIX, { asPath: '1' });
    const id = announce(rib, b, PREFIX, { asPath: '2' });
    expect(outcome(rib, id)).toEqual({ best: '10.9.0.2', reasons: { '10.9.0.1': 'higher BGP identifier' } });
    rib.sources.routerId[a] = 6;
    announce(rib, a, PREFIX, { asPath: '3' });
    expect(outcome(rib, id)).toEqual({ best: '10.9.0.1', reasons: { '10.9.0.2': 'higher neighbor address' } });
  });

  it('compares MED within one neighbor AS only, whatever the order of arrival (RFC 4271 §9.1.2.2 c)', () => {
    // The classic trap: pairwise comparison of these three depends on who comes first.
    const paths: [string, Attributes][] = [
      ['10.9.0.1', { asPath: '1', med: 10 }],
      ['10.9.0.2', { asPath: '2', med: 5 }],
      ['10.9.0.3', { asPath: '1', med: 5 }],
    ];
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const rib = newRib();
      const sources = paths.map(([address]) => addSource(rib, address, 'external'));
      let id = 0;
      for (const i of order) id = announce(rib, sources[i], PREFIX, paths[i][1]);
      expect(outcome(rib, id)).toEqual({
        best: '10.9.0.2',
        reasons: { '10.9.0.1': 'higher MED from the same neighbor AS', '10.9.0.3': 'higher BGP identifier' },
      });
    }
  });

  it('lets a path return whose MED rival has got worse by an earlier step', () => {
    const rib = newRib();
    const [first, second, third] = ['10.9.0.1', '10.9.0.2', '10.9.0.3'].map(a => addSource(rib, a, 'external'));
    announce(rib, first, PREFIX, { asPath: '1', med: 5 });
    announce(rib, second, PREFIX, { asPath: '2' });
    const id = announce(rib, third, PREFIX, { asPath: '1', med: 0 });
    expect(outcome(rib, id).best).toBe('10.9.0.2');
    announce(rib, third, PREFIX, { asPath: '1', med: 0, localPref: 50 });
    expect(outcome(rib, id).best).toBe('10.9.0.1');
  });

  it('never chooses a path that is not accepted or whose next hop is unreachable (RFC 4271 §9.1.2)', () => {
    const rib = newRib();
    rib.nextHops.watch({ needed: () => {}, released: () => {} });
    const a = addSource(rib, '10.9.0.1', 'external');
    const id = announce(rib, a, PREFIX, { asPath: '1', nextHop: '10.0.0.1' });
    expect(rib.families[0].prefixes.best[id]).toBe(0);
    rib.nextHops.set(1, true, 0);
    while (rib.work(100)) {
      // until decided
    }
    expect(rib.families[0].prefixes.best[id]).not.toBe(0);
    announce(rib, a, PREFIX, { asPath: '1', nextHop: '10.0.0.1' }, { verdict: 2 });
    expect(rib.families[0].prefixes.best[id]).toBe(0);
  });

  const attributes = fc.record({
    localPref: fc.constantFrom(100, 200),
    asPath: fc.constantFrom('1', '2', '1 2', '2 1', '1 {2}'),
    origin: fc.constantFrom('igp' as const, 'incomplete' as const),
    med: fc.constantFrom(0, 1, 2),
    nextHop: fc.constantFrom('10.0.0.1', '10.0.0.2'),
  });
  const arrival = fc.record({ source: fc.nat(5), pathId: fc.nat(1), attributes, gone: fc.boolean() });

  it('chooses what the step-by-step process chooses, in any order of arrival', () => {
    fc.assert(
      fc.property(
        fc.array(arrival, { minLength: 1, maxLength: 30 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (events, order) => {
          const run = (list: typeof events) => {
            const rib = newRib();
            const sources = [0, 1, 2, 3, 4, 5].map(i =>
              addSource(rib, `10.9.0.${i + 1}`, i % 2 ? 'external' : 'internal'),
            );
            const [table] = rib.families;
            let best = 0;
            for (const { source, pathId, attributes: a, gone } of list) {
              if (gone) withdraw(rib, sources[source], PREFIX, pathId);
              else announce(rib, sources[source], PREFIX, a, { pathId });
              const id = table.prefixes.find(Uint8Array.of(10, 233, 1, 0), 24);
              best = id === 0 ? 0 : eliminate(table, table.prefixes.firstPath[id]).best;
              expect(id === 0 ? 0 : table.prefixes.best[id]).toBe(best);
            }
            if (best === 0) return 'none';
            return `${table.paths.source[best]}/${table.paths.pathId[best]}`;
          };
          // The last word of each source and path id, told again in another order, leads to the same choice.
          const last = [...new Map(events.map(e => [`${e.source}/${e.pathId}`, e])).values()].filter(e => !e.gone);
          const shuffled = last
            .map((event, i) => ({ event, key: order[i % Math.max(1, order.length)] ?? i }))
            .sort((a, b) => a.key - b.key)
            .map(({ event }) => event);
          expect(run(shuffled)).toBe(run(events));
        },
      ),
    );
  });
});
