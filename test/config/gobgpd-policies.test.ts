// gobgpd's sets and policies: every condition and action, what is refused, and which policies a neighbor is asked by.

import { describe, expect, test } from 'vitest';
import { GLOBAL, load, problems, withNeighbor } from './gobgpd-files.js';

describe('policies', () => {
  const SETS = `defined-sets:
  prefix-sets:
    - prefix-set-name: pods
      prefix-list: [{ ip-prefix: 10.33.0.0/16, masklength-range: 21..24 }, { ip-prefix: 10.34.0.0/16 }]
  neighbor-sets:
    - { neighbor-set-name: some, neighbor-info-list: [10.0.255.1, 10.1.0.0/24] }
    - { neighbor-set-name: none, neighbor-info-list: [] }
  bgp-defined-sets:
    community-sets:
      - { community-set-name: c, community-list: ['65100:10', No-Export, 4259840010, '^6[0-9]+:[0-9]+$'] }
    ext-community-sets:
      - { ext-community-set-name: c, ext-community-list: ['RT:65100:200', 'RT:6[0-9]+:1', 'SoO:^65100:'] }
    large-community-sets:
      - { large-community-set-name: c, large-community-list: ['1:2:3', '^1:2:'] }
    as-path-sets:
      - { as-path-set-name: paths, as-path-list: ['^65100_', '_65.?00$'] }
`;
  /** A file with a policy of these statements. */
  const withPolicy = (...statements: string[]) =>
    `${GLOBAL}${SETS}policy-definitions:\n  - name: p\n    statements:\n${statements.map(it => `      - ${it}\n`).join('')}`;
  const statements = (...lines: string[]) => load(withPolicy(...lines)).config.policies.policies.p;
  const accept = 'actions: { route-disposition: accept-route }';

  test('sets keep their names; communities of a second kind with a name get their kind behind it', () => {
    expect(load(`${GLOBAL}${SETS}`).config.policies).toMatchObject({
      prefixSets: {
        pods: [
          { prefix: '10.33.0.0/16', ge: 21, le: 24 },
          { prefix: '10.34.0.0/16', ge: 16, le: 16 },
        ],
      },
      neighborSets: { some: ['10.0.255.1', '10.1.0.0/24'], none: [] },
      communitySets: {
        c: ['65100:10', 'no-export', '65000:10', '/^6[0-9]+:[0-9]+$/'],
        'c-ext-community': ['rt:65100:200', 'ext:/^rt:.*(6[0-9]+:1)/', 'ext:/^soo:65100:/'],
        'c-large-community': ['1:2:3', 'large:/^1:2:/'],
      },
      asPathSets: { paths: ['^65100_', '_65.?00$'] },
    });
  });

  test.each([
    ['match-prefix-set: { prefix-set: pods }', { prefix: { any: 'pods' } }],
    ['match-prefix-set: { prefix-set: pods, match-set-options: INVERT }', { prefix: { none: 'pods' } }],
    ['match-neighbor-set: { neighbor-set: some, match-set-options: invert }', { neighbor: { none: 'some' } }],
    ['match-neighbor-set: { neighbor-set: none }', undefined],
    ['bgp-conditions: { match-community-set: { community-set: c } }', { community: { any: 'c' } }],
    [
      'bgp-conditions: { match-ext-community-set: { ext-community-set: c, match-set-options: all } }',
      { community: { all: 'c-ext-community' } },
    ],
    [
      'bgp-conditions: { match-large-community-set: { large-community-set: c, match-set-options: invert } }',
      { community: { none: 'c-large-community' } },
    ],
    ['bgp-conditions: { match-as-path-set: { as-path-set: paths } }', { 'as-path': { any: 'paths' } }],
    ['bgp-conditions: { as-path-length: { operator: eq, value: 2 } }', { 'as-path-length': { ge: 2, le: 2 } }],
    ["bgp-conditions: { as-path-length: { operator: ge, value: '3' } }", { 'as-path-length': { ge: 3 } }],
    ['bgp-conditions: { next-hop-in-list: [10.0.0.1] }', { 'next-hop': ['10.0.0.1'] }],
    ['bgp-conditions: { route-type: external }', { source: ['ebgp'] }],
    ['bgp-conditions: { route-type: LOCAL }', { source: ['local', 'kernel'] }],
    ['bgp-conditions: { afi-safi-in-list: [ipv6-unicast] }', { family: 'ipv6-unicast' }],
  ])('condition %s', (conditions, match) => {
    const [statement] = statements(`{ conditions: { ${conditions} }, ${accept} }`);
    if (match === undefined) expect(statement.match).toBeUndefined();
    else expect(statement.match).toMatchObject(match);
    expect(statement.then).toBe('accept');
  });

  const method = (kind: string, options: string, texts: string) =>
    `set-${kind}: { options: ${options}, set-${kind}-method: { communities-list: [${texts}] } }`;
  test.each([
    ['set-med: "-200"', { med: '-200' }],
    ['set-med: 0', { med: 0 }],
    ['set-local-pref: 110', { 'local-pref': 110 }],
    ['set-next-hop: 10.0.0.1', { 'next-hop': '10.0.0.1' }],
    ['set-route-origin: EGP', { origin: 'egp' }],
    ['set-as-path-prepend: { as: "65005", repeat-n: 5 }', { prepend: { as: 65005, times: 5 } }],
    ['set-as-path-prepend: { as: last-as, repeat-n: 2 }', { prepend: { as: 'last', times: 2 } }],
    [
      `${method('community', 'ADD', "'65100:20'")}, ${method('large-community', 'add', "'1:2:3'")}`,
      { community: { add: ['65100:20', '1:2:3'] } },
    ],
    [method('community', 'REMOVE', "'^65100:.*$'"), { community: { remove: ['/^65100:.*$/'] } }],
    [method('ext-community', 'REPLACE', "'RT:65100:1'"), { community: { set: ['rt:65100:1'] } }],
    [method('large-community', 'REPLACE', ''), { community: { remove: ['*:*:*'] } }],
  ])('action %s', (actions, set) => {
    const [statement] = statements(`{ actions: { bgp-actions: { ${actions} } } }`);
    expect(statement.set).toMatchObject(set);
    expect(statement.then).toBe('next');
  });

  test('what does nothing is left out, and said so', () => {
    const { config, warnings } = load(
      withPolicy(
        '{ name: nothing }',
        '{ actions: { route-disposition: reject-route, bgp-actions: { set-med: 5 } } }',
        `{ name: last, ${accept} }`,
      ),
    );
    expect(config.policies.policies.p).toMatchObject([{ then: 'reject' }, { name: 'last', then: 'accept' }]);
    expect(config.policies.policies.p[0].set).toBeUndefined();
    expect(warnings).toEqual([
      expect.stringMatching(/: policy-definitions\[0\]\.statements\[0\]: left out: the statement does nothing$/),
      expect.stringMatching(/statements\[1\]\.actions\.bgp-actions: ignored: the route is rejected$/),
    ]);
  });

  test.each([
    [
      '{ conditions: { bgp-conditions: { rpki-validation-result: invalid } } }',
      'rpki-validation-result is not supported yet',
    ],
    ['{ conditions: { match-prefix-set: { prefix-set: nix } } }', 'there is no prefix set "nix"'],
    [
      '{ conditions: { match-prefix-set: { prefix-set: pods, match-set-options: most } } }',
      'must be any, all or invert, not "most"',
    ],
    [
      '{ conditions: { bgp-conditions: { match-community-set: { community-set: c }, match-large-community-set: { large-community-set: c } } } }',
      'a second condition on communities in one statement is not supported yet',
    ],
    ['{ actions: { route-disposition: maybe } }', 'must be accept-route, reject-route or none, not "maybe"'],
    [
      '{ actions: { bgp-actions: { set-community: { options: swap } } } }',
      'must be add, remove or replace, not "swap"',
    ],
    ['{ actions: { bgp-actions: { set-next-hop: peer-address } } }', '"peer-address" is not an address'],
  ])('%s is refused', (statement, message) => {
    expect(problems(withPolicy(statement))).toEqual(
      expect.arrayContaining([expect.arrayContaining([expect.stringContaining(message)])]),
    );
  });

  describe('asked', () => {
    const policies = withPolicy(`{ ${accept} }`).slice(GLOBAL.length);
    const asked = (global: string, own: string) => {
      const file = `${withNeighbor(own).replace('global: {', `global: { apply-policy: { config: { ${global} } },`)}${policies}`;
      const { config } = load(file);
      return [config.neighbors[0].import, config.neighbors[0].export];
    };

    test('the global ones, then the default, which accepts', () => {
      expect(
        asked('import-policy-list: [p], export-policy-list: [p], default-export-policy: reject-route', ''),
      ).toEqual([
        ['p', 'accept'],
        ['p', 'reject'],
      ]);
    });

    test("a neighbor's own never, which is said", () => {
      const own = 'apply-policy: { config: { import-policy-list: [p, p], default-import-policy: reject-route } }';
      expect(asked('import-policy-list: [p]', own)).toEqual([['p', 'accept'], 'accept']);
      const ignored =
        'ignored, as by gobgpd: only route server clients have policies of their own, the others the global ones';
      expect(problems(`${withNeighbor(own)}${policies}`)).toEqual([
        `gobgpd.yml:5:31: neighbors[0].apply-policy.config.import-policy-list: ${ignored}`,
        `gobgpd.yml:5:59: neighbors[0].apply-policy.config.default-import-policy: ${ignored}`,
      ]);
    });

    test('of route server clients their own alone, those of a peer-group among them', () => {
      const client = 'route-server: { config: { route-server-client: true } }';
      const lists = 'apply-policy: { config: { import-policy-list: [p], default-export-policy: reject-route } }';
      const asked = (text: string) => {
        const file = text
          .replace('peer-as: 65001', 'peer-as: 65002')
          .replace(
            'global: {',
            'global: { apply-policy: { config: { import-policy-list: [p], default-import-policy: reject-route, export-policy-list: [p] } },',
          );
        const [neighbor] = load(`${file}${policies}`).config.neighbors;
        return [neighbor.import, neighbor.export];
      };
      expect(asked(withNeighbor(client))).toEqual(['accept', 'accept']);
      expect(asked(withNeighbor(client, lists))).toEqual([['p', 'accept'], 'reject']);
      const words = 'apply-policy: { config: { default-in-policy: reject-route, default-out-policy: reject-route } }';
      expect(asked(withNeighbor(client, words))).toEqual(['reject', 'reject']);
      const group = (...lines: string[]) =>
        `${withNeighbor().replace('peer-as: 65001', 'peer-as: 65001, peer-group: g')}peer-groups:\n  - config: { peer-group-name: g }\n${lines.map(line => `    ${line}\n`).join('')}`;
      expect(asked(group(client))).toEqual(['accept', 'accept']);
      expect(asked(group(client, lists))).toEqual([['p', 'accept'], 'reject']);
      const some = `${group(lists).replace('peer-as: 65001', 'peer-as: 65002').replace('peer-groups:', `    ${client}\npeer-groups:`)}${policies}`;
      expect(problems(some)).toMatchObject(
        ['import-policy-list', 'default-export-policy'].map(key => [
          ...[8, expect.any(Number), `peer-groups[0].apply-policy.config.${key}`],
          'only some neighbors of the group are route server clients',
          'move it to those',
        ]),
      );
    });

    test('one that is not there is told where it is named', () => {
      const global = 'global: { apply-policy: { config: { import-policy-list: [nix] } },';
      expect(problems(withNeighbor().replace('global: {', global))).toEqual([
        [
          1,
          58,
          'global.apply-policy.config.import-policy-list[0]',
          'there is no policy "nix"',
          'write accept or reject',
        ],
      ]);
    });
  });
});
