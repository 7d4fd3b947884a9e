// Groups of neighbors: what a neighbor has of its group, and where an error of a group is told.

import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.js';
import { brief, MINIMUM } from './files.js';

test('the AS of a neighbor in words', () => {
  const text = `${MINIMUM}groups: { g: { as: internal } }\nneighbors: [{ address: 10.0.0.1, group: g }, { address: 10.0.0.0/8, as: external }]`;
  const { neighbors } = parseConfig(text, 'tsbgp.yml').config;
  expect(neighbors.map(({ as, import: imports }) => [as, imports])).toEqual([
    [65001, 'accept'],
    [0, 'reject'],
  ]);
});

describe('groups', () => {
  const grouped = (groups: string, ...neighbors: string[]) =>
    `${MINIMUM}groups:\n  spines: ${groups}\nneighbors:${neighbors.length === 0 ? ' []' : ''}\n${neighbors.map(it => `  - ${it}\n`).join('')}`;

  test('a neighbor has what its group has, but for what it says itself', () => {
    const text = grouped(
      '{ as: 65010, hold-time: 9, import: accept, max-prefix: { limit: 10, restart: 7 } }',
      '{ address: 10.0.0.1, group: spines }',
      '{ address: 10.0.0.2, group: spines, as: 65001, hold-time: 30, max-prefix: { limit: 5 } }',
      '{ address: 10.0.0.3, as: 65001 }',
    );
    expect(parseConfig(text, 'tsbgp.yml').config.neighbors).toMatchObject([
      {
        as: 65010,
        group: 'spines',
        holdTimeSeconds: 9,
        import: 'accept',
        export: 'reject',
        maxPrefix: { limit: 10, restartSeconds: 7, warningPercent: 75, action: 'end' },
      },
      { as: 65001, holdTimeSeconds: 30, export: 'accept', maxPrefix: { limit: 5, restartSeconds: 300 } },
      { as: 65001, group: undefined, holdTimeSeconds: 90, maxPrefix: undefined },
    ]);
  });

  const one = '{ address: 10.0.0.1, group: spines }';
  test.each<[string, string, ...ReturnType<typeof brief>]>([
    [
      'a wrong value once, not for each member',
      grouped('{ as: 65001, hold-time: 1 }', one, '{ address: 10.0.0.2, group: spines }'),
      [4, 35, 'groups.spines.hold-time', 'must be 0 or at least 3 seconds', undefined],
    ],
    [
      'a wrong value that no neighbor has',
      grouped('{ hold-time: 1 }'),
      [4, 24, 'groups.spines.hold-time', 'must be 0 or at least 3 seconds', undefined],
    ],
    [
      'a key that does not go with a member',
      grouped('{ as: 65010, route-reflector-client: true }', one),
      [
        4,
        48,
        'groups.spines.route-reflector-client',
        'only an internal neighbor can be a client, and AS 65010 is not the own AS 65001 (neighbor 10.0.0.1)',
        undefined,
      ],
    ],
    [
      'a misspelled group',
      grouped('{ as: 65001 }', '{ address: 10.0.0.1, as: 65001, group: spine }'),
      [6, 44, 'neighbors[0].group', 'there is no group "spine"', 'did you mean spines?'],
    ],
    ['no AS number at all', grouped('{}', one), [6, 5, 'neighbors[0].as', 'is missing', 'add "as: 65001"']],
    [
      'a misspelled key',
      grouped('{ as: 65001, hold-tmie: 9 }', one),
      [4, 24, 'groups.spines.hold-tmie', 'unknown key', 'did you mean hold-time?'],
    ],
    [
      'an address',
      grouped('{ as: 65001, address: 10.0.0.9 }', one),
      [4, 24, 'groups.spines.address', 'does not belong here', 'it belongs under neighbors[]'],
    ],
    [
      'a policy that there is not',
      grouped('{ as: 65001, import: nope }'),
      [4, 32, 'groups.spines.import', 'there is no policy "nope"', 'write accept or reject'],
    ],
  ])('%s', (_name, text, ...expected) => {
    expect(brief(text)).toEqual(expected);
  });
});
