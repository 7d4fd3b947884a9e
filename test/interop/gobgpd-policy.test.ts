// One gobgpd.yml with policies, read by gobgpd and by tsbgp: what others announce comes through both in the same way.

import { describe, expect } from 'vitest';
import { it, soon } from './machines.js';
import { startTsbgp, type Tsbgp } from './tsbgp.js';
import { Gobgpd } from './vendors/gobgpd.js';

const CONFIGURATION = `
global:
  config: { as: 65001, router-id: 10.0.0.9 }
  apply-policy:
    config:
      import-policy-list: [filter, mark]
      default-import-policy: accept-route
      export-policy-list: [tell]
      default-export-policy: reject-route
neighbors:
  - config: { neighbor-address: 10.0.0.1, peer-as: 65000 }
    timers: { config: { connect-retry: 1, idle-hold-time-after-reset: 1 } }
    # Only route server clients have policies of their own.
    apply-policy: { config: { import-policy-list: [tell], default-import-policy: reject-route } }
defined-sets:
  prefix-sets:
    - prefix-set-name: exact
      prefix-list: [{ ip-prefix: 10.10.0.0/16 }]
    - prefix-set-name: range
      prefix-list: [{ ip-prefix: 10.20.0.0/16, masklength-range: 21..24 }]
  neighbor-sets:
    - { neighbor-set-name: feeder, neighbor-info-list: [10.0.0.0/28] }
    - { neighbor-set-name: elsewhere, neighbor-info-list: [192.0.2.1] }
  bgp-defined-sets:
    community-sets:
      - { community-set-name: one, community-list: ['65000:10'] }
      - { community-set-name: both, community-list: ['65000:20', '65000:21'] }
      - { community-set-name: expression, community-list: ['^65000:3[0-9]+$'] }
      - { community-set-name: loose, community-list: ['77'] }
      - { community-set-name: named, community-list: [blackhole] }
    large-community-sets:
      - { large-community-set-name: one, large-community-list: ['65000:1:1'] }
      - { large-community-set-name: expression, large-community-list: ['^65000:2:'] }
    ext-community-sets:
      - { ext-community-set-name: one, ext-community-list: ['RT:65000:1'] }
      - { ext-community-set-name: expression, ext-community-list: ['RT:65000:2[0-9]$'] }
    as-path-sets:
      - { as-path-set-name: origin, as-path-list: ['_65030$'] }
      - { as-path-set-name: through, as-path-list: ['^65000_65040_', '_65041_'] }
policy-definitions:
  - name: filter
    statements:
      - name: exact
        conditions: { match-prefix-set: { prefix-set: exact } }
        actions: { route-disposition: reject-route }
      - name: range
        conditions: { match-prefix-set: { prefix-set: range }, match-neighbor-set: { neighbor-set: feeder } }
        actions: { route-disposition: reject-route }
      - name: elsewhere
        conditions: { match-neighbor-set: { neighbor-set: elsewhere } }
        actions: { route-disposition: reject-route }
      - name: origin
        conditions: { bgp-conditions: { match-as-path-set: { as-path-set: origin } } }
        actions: { route-disposition: reject-route }
      - name: long
        conditions: { bgp-conditions: { as-path-length: { operator: ge, value: 5 } } }
        actions: { route-disposition: reject-route }
      - name: blackhole
        conditions: { bgp-conditions: { match-community-set: { community-set: named } } }
        actions: { route-disposition: reject-route }
  - name: mark
    statements:
      - name: one
        conditions: { bgp-conditions: { match-community-set: { community-set: one } } }
        actions:
          bgp-actions: { set-med: '100', set-community: { options: remove, set-community-method: { communities-list: ['^65000:.*$'] } } }
      - name: both
        conditions: { bgp-conditions: { match-community-set: { community-set: both, match-set-options: all } } }
        actions:
          bgp-actions: { set-local-pref: 200, set-community: { options: replace, set-community-method: { communities-list: ['65001:1'] } } }
      - name: expression
        conditions: { bgp-conditions: { match-community-set: { community-set: expression } } }
        actions: { route-disposition: accept-route, bgp-actions: { set-med: '+7', set-as-path-prepend: { as: '65099', repeat-n: 2 } } }
      - name: loose
        conditions: { bgp-conditions: { match-community-set: { community-set: loose } } }
        actions:
          bgp-actions: { set-large-community: { options: add, set-large-community-method: { communities-list: ['65001:7:7'] } } }
      - name: large
        conditions: { bgp-conditions: { match-large-community-set: { large-community-set: one } } }
        actions: { bgp-actions: { set-local-pref: 90, set-as-path-prepend: { as: last-as, repeat-n: 3 } } }
      - name: large expression
        conditions: { bgp-conditions: { match-large-community-set: { large-community-set: expression } } }
        actions: { bgp-actions: { set-next-hop: 10.0.0.77 } }
      - name: extended
        conditions: { bgp-conditions: { match-ext-community-set: { ext-community-set: one } } }
        actions: { bgp-actions: { set-local-pref: 91 } }
      - name: extended expression
        conditions: { bgp-conditions: { match-ext-community-set: { ext-community-set: expression } } }
        actions: { bgp-actions: { set-local-pref: 92 } }
      - name: through
        conditions: { bgp-conditions: { match-as-path-set: { as-path-set: through } } }
        actions: { bgp-actions: { set-local-pref: 93 } }
  - name: tell
    statements:
      - name: none
        conditions: { match-neighbor-set: { neighbor-set: feeder } }
        actions: { route-disposition: reject-route }
`;

const ROUTES = [
  '10.10.0.0/16',
  '10.10.0.0/17',
  '10.20.0.0/16',
  '10.20.0.0/21',
  '10.20.4.0/24',
  '10.20.4.0/25',
  '10.30.0.0/24 aspath "65020 65030"',
  '10.30.1.0/24 aspath "65030 65020"',
  '10.30.2.0/24 aspath "1 2 3 4"',
  '10.30.3.0/24 aspath "1 2 3"',
  '10.40.0.0/24 community 65000:10',
  '10.40.1.0/24 community 65000:10,65002:10 med 5',
  '10.40.2.0/24 community 65000:20',
  '10.40.3.0/24 community 65000:20,65000:21,65002:1',
  '10.40.4.0/24 community 65000:3',
  '10.40.5.0/24 community 65000:35 med 10',
  '10.40.6.0/24 community 1:177',
  '10.40.7.0/24 community blackhole',
  '10.50.0.0/24 large-community 65000:1:1',
  '10.50.1.0/24 large-community 65000:2:9',
  '10.50.2.0/24 large-community 65000:1:11',
  '10.60.0.0/24 ext-community rt:65000:1',
  '10.60.1.0/24 ext-community rt:65000:25',
  '10.60.2.0/24 ext-community rt:65000:250',
  '10.60.3.0/24 ext-community soo:65000:1',
  '10.70.0.0/24 aspath "65040 1"',
  '10.70.1.0/24 aspath "2 65041 1"',
  '10.70.2.0/24 aspath "1 65040"',
];

describe('a gobgpd.yml with policies', () => {
  it('does to routes what it does to them in gobgpd', async ({ star: [one, two, three] }) => {
    const feeder = await startTsbgp(
      one,
      `
      as: 65000
      router-id: 10.0.0.1
      neighbors:
        - { address: 10.0.0.2, as: 65001, connect-retry: 1, import: accept, export: accept }
        - { address: 10.0.0.3, as: 65001, connect-retry: 1, import: accept, export: accept }`,
    );
    await feeder.announce(...ROUTES);
    const gobgpd = new Gobgpd(two, { as: 65001, routerId: '10.0.0.9', neighbors: [] });
    await gobgpd.startWith(CONFIGURATION, 'yaml');
    const tsbgp = await startTsbgp(three, CONFIGURATION);

    await soon(() => gobgpd.state('10.0.0.1')).toBe('Established');
    await soon(() => tsbgp.state('10.0.0.1')).toBe('Established');
    const last = ROUTES[ROUTES.length - 1].split(' ')[0];
    await soon(() => gobgpd.route(last)).toBeDefined();
    await soon(() => tsbgp.route(last)).toBeDefined();
    const theirs = await gobgpd.table();
    const ours = new Map<string, object>();
    for (const [prefix] of ROUTES.map(line => line.split(' '))) {
      const path = (await tsbgp.paths(prefix)).find(({ reason }) => reason !== 'rejected by the import policy');
      if (path !== undefined) ours.set(prefix, essence(path));
    }
    expect(ours).toEqual(new Map([...theirs].map(([prefix, [path]]) => [prefix, essence(path)])));
    expect(await tsbgp.prefixes('out', '10.0.0.1')).toEqual([]);
  }, 60_000);
});

const SERVER = `
global:
  config: { as: 65009, router-id: 10.0.0.9 }
  apply-policy: { config: { import-policy-list: [of-all], default-import-policy: reject-route, default-export-policy: reject-route } }
neighbors:
  - config: { neighbor-address: 10.0.0.1, peer-as: 65001 }
    timers: { config: { connect-retry: 1, idle-hold-time-after-reset: 1 } }
    route-server: { config: { route-server-client: true } }
    apply-policy: { config: { import-policy-list: [from-1] } }
  - config: { neighbor-address: 10.0.0.4, peer-as: 65004 }
    timers: { config: { connect-retry: 1, idle-hold-time-after-reset: 1 } }
    route-server: { config: { route-server-client: true } }
    apply-policy: { config: { import-policy-list: [from-4], default-import-policy: reject-route, export-policy-list: [to-4] } }
  - config: { neighbor-address: 10.0.0.5, peer-as: 65005 }
    timers: { config: { connect-retry: 1, idle-hold-time-after-reset: 1 } }
    route-server: { config: { route-server-client: true } }
    apply-policy: { config: { export-policy-list: [to-5], default-export-policy: reject-route } }
defined-sets:
  prefix-sets:
    - { prefix-set-name: four, prefix-list: [{ ip-prefix: 10.4.0.0/16, masklength-range: 16..24 }] }
  neighbor-sets:
    - { neighbor-set-name: one, neighbor-info-list: [10.0.0.1] }
    - { neighbor-set-name: four, neighbor-info-list: [10.0.0.4] }
    - { neighbor-set-name: five, neighbor-info-list: [10.0.0.5] }
  bgp-defined-sets:
    community-sets:
      - { community-set-name: secret, community-list: ['1:1'] }
      - { community-set-name: dear, community-list: ['1:2'] }
      - { community-set-name: marked, community-list: ['65009:1'] }
policy-definitions:
  - name: of-all
    statements: [{ name: mark, actions: { bgp-actions: { set-med: '99' } } }]
  - name: from-1
    statements:
      - name: secret 1
        conditions: { bgp-conditions: { match-community-set: { community-set: secret } } }
        actions: { route-disposition: reject-route }
      - name: mark 2
        conditions: { match-neighbor-set: { neighbor-set: one } }
        actions: { bgp-actions: { set-community: { options: add, set-community-method: { communities-list: ['65009:1'] } } } }
      - name: dear 3
        conditions: { bgp-conditions: { match-community-set: { community-set: dear } } }
        actions: { bgp-actions: { set-local-pref: 300, set-as-path-prepend: { as: '65099', repeat-n: 2 } } }
  - name: from-4
    statements:
      - name: four 4
        conditions: { match-prefix-set: { prefix-set: four } }
        actions: { route-disposition: accept-route, bgp-actions: { set-med: '40' } }
  - name: to-4
    statements:
      - name: marked 5
        conditions: { bgp-conditions: { match-community-set: { community-set: marked } }, match-neighbor-set: { neighbor-set: four } }
        actions: { bgp-actions: { set-med: '+14' } }
      - name: not for 4 6
        conditions: { match-neighbor-set: { neighbor-set: one } }
        actions: { route-disposition: reject-route }
  - name: to-5
    statements:
      - name: marked 7
        conditions: { bgp-conditions: { match-community-set: { community-set: marked } } }
        actions: { route-disposition: accept-route, bgp-actions: { set-large-community: { options: add, set-large-community-method: { communities-list: ['65009:5:5'] } } } }
`;

/** What each client announces. */
const OF_CLIENTS: readonly [number, string[]][] = [
  [1, ['10.1.0.0/24', '10.1.1.0/24 community 1:1', '10.1.2.0/24 community 1:2 med 7', '10.9.0.0/24 community 1:2']],
  [4, ['10.4.0.0/24', '10.4.1.0/24 community 65009:1', '10.5.0.0/24', '10.9.0.0/24', '10.4.9.0/24']],
  [5, ['10.5.1.0/24 med 3', '10.4.9.0/24 aspath "1 2 3"']],
];

/** What each client is told. */
const TOLD: Readonly<Record<number, string[]>> = {
  1: ['10.4.0.0/24', '10.4.1.0/24', '10.4.9.0/24', '10.5.1.0/24'],
  4: ['10.1.0.0/24', '10.1.2.0/24', '10.4.9.0/24', '10.5.1.0/24', '10.9.0.0/24'],
  5: ['10.1.0.0/24', '10.1.2.0/24', '10.4.1.0/24', '10.9.0.0/24'],
};

describe('a gobgpd.yml of a route server', () => {
  it('gives each client what gobgpd gives it', async ({ five }) => {
    const gobgpd = new Gobgpd(five[1], { as: 65009, routerId: '10.0.0.9', neighbors: [] });
    await gobgpd.startWith(SERVER, 'yaml');
    await startTsbgp(five[2], SERVER);
    const clients = await Promise.all(
      OF_CLIENTS.map(async ([n, routes]) => {
        const keys = 'as: 65009, connect-retry: 1, enforce-first-as: false, import: accept, export: own';
        const client = await startTsbgp(
          five[n - 1],
          `
          as: 6500${n}
          router-id: 10.0.0.${n}
          policies: { own: [{ match: { source: local }, then: accept }] }
          neighbors: [{ address: 10.0.0.2, ${keys} }, { address: 10.0.0.3, ${keys} }]`,
        );
        await client.announce(...routes);
        return [n, client] as const;
      }),
    );
    const told = async (client: Tsbgp, from: string) => {
      const prefixes = await client.prefixes('in', from);
      const paths = await Promise.all(prefixes.map(prefix => client.paths(prefix)));
      const theirs = paths.map(all => all.find(({ source }) => source === from));
      return new Map(theirs.map((path, i) => [prefixes[i], path && essence(path)]));
    };
    for (const [n, client] of clients) {
      for (const from of ['10.0.0.2', '10.0.0.3'])
        await soon(() => client.prefixes('in', from), 20_000).toEqual(TOLD[n]);
      expect(await told(client, '10.0.0.3')).toEqual(await told(client, '10.0.0.2'));
    }
    expect((await told(clients[1][1], '10.0.0.3')).get('10.1.2.0/24')).toMatchObject({
      asPath: '65099 65099 65001',
      med: 21,
      communities: ['1:2', '65009:1'],
    });
  }, 60_000);
});

interface Essence {
  origin?: string;
  asPath: string;
  nextHop?: string | null;
  med?: number | null;
  localPref?: number | null;
  communities: readonly string[];
  largeCommunities: readonly string[];
}

/** What is compared; a LOCAL_PREF of 100 is none. */
function essence({ origin, asPath, nextHop, med, localPref, communities, largeCommunities }: Essence) {
  return {
    ...{ origin, asPath, nextHop, med: med ?? 0, localPref: localPref ?? 100 },
    ...{ communities: [...communities].sort(), largeCommunities: [...largeCommunities].sort() },
  };
}
