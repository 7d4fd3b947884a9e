// Configurations of gobgpd: the demo's own, every mapped key, and what is said of the others.

import { describe, expect, test } from 'vitest';
import { GLOBAL, load, problems, withNeighbor } from './gobgpd-files.js';

const DEMO = `global:
  config:
    as: 65001
    router-id: 172.18.8.101
neighbors:
  - config:
      neighbor-address: 172.18.8.102
      peer-as: 65001
zebra:
  config:
    enabled: true
    url: unix:/var/run/frr/zserv.api
    redistribute-route-type-list: [static, connect]
    version: 6
`;

const DEMO_TOML = `[global.config]
  as = 65001
  router-id = "172.18.8.101"

[[neighbors]]
  [neighbors.config]
    neighbor-address = "172.18.8.102"
    peer-as = 65001

[zebra]
  [zebra.config]
    enabled = true
    url = "unix:/var/run/frr/zserv.api"
    redistribute-route-type-list = ["static", "connect"]
    version = 6
`;

const neighbor = (...lines: string[]) => load(withNeighbor(...lines)).config.neighbors[0];
const warnings = (...lines: string[]) => load(withNeighbor(...lines)).warnings;

describe('the demo', () => {
  const expected = {
    as: 65001,
    routerId: '172.18.8.101',
    clusterId: '172.18.8.101',
    listen: ['0.0.0.0', '::'],
    port: 179,
    neighbors: [
      {
        address: '172.18.8.102',
        as: 65001,
        holdTimeSeconds: 90,
        families: [0],
        gracefulRestart: false,
        import: 'accept',
        export: 'accept',
      },
    ],
    fib: { install: true, table: 254, metric: 20, protocol: 186, redistribute: ['static', 'connected'], prefixes: [] },
  };

  test('as YAML', () => {
    const { config, warnings } = load(DEMO);
    expect(config).toMatchObject({ ...expected, source: 'gobgpd.yml' });
    expect(warnings).toEqual([
      'gobgpd.yml:12:5: zebra.config.url: ignored: tsbgp talks to the kernel itself, there is no zebra',
      'gobgpd.yml:14:5: zebra.config.version: ignored: tsbgp talks to the kernel itself, there is no zebra',
    ]);
  });

  test.each(['gobgpd.toml', 'gobgpd.conf', 'gobgpd'])('as TOML in %s', file => {
    const { config, warnings } = load(DEMO_TOML, file);
    expect(config).toMatchObject({ ...expected, source: file });
    expect(warnings).toEqual([
      `${file}: zebra.config.url: ignored: tsbgp talks to the kernel itself, there is no zebra`,
      `${file}: zebra.config.version: ignored: tsbgp talks to the kernel itself, there is no zebra`,
    ]);
  });
});

describe('the speaker', () => {
  const global = (config: string, more = '') =>
    load(
      `global: { config: { as: 65001, router-id: 10.0.0.1, ${config} }, ${more} }\nzebra: { config: { enabled: true } }`,
    );

  test('port and addresses', () => {
    expect(global('port: 1790').config).toMatchObject({ port: 1790, listen: ['0.0.0.0', '::'] });
    expect(global('port: 0').config).toMatchObject({ port: 179 });
    expect(global('port: -1').config).toMatchObject({ port: 179, listen: [] });
    expect(global('local-address-list: [10.0.0.1]').config).toMatchObject({ listen: ['10.0.0.1'] });
  });

  test('multipath', () => {
    expect(global('', 'use-multiple-paths: { config: { enabled: false } }').config.multipath).toMatchObject({
      ebgp: 1,
      ibgp: 1,
    });
    const limited =
      'use-multiple-paths: { config: { enabled: true }, ebgp: { config: { maximum-paths: 4, allow-multiple-as: true } } }';
    expect(global('', limited)).toMatchObject({
      config: { multipath: { ebgp: 4, ibgp: 16, relaxAsPath: true } },
      warnings: [],
    });
    const confederation =
      "confederation: { config: { enabled: true, identifier: '64999', member-as-list: [65002, 65003] } }";
    expect(global('', confederation).config.confederation).toEqual({ identifier: 64999, members: [65002, 65003] });
    expect(global('', confederation.replace('true', 'false')).config.confederation).toBeUndefined();
    expect(global('', 'use-multiple-paths: { config: { enabled: true } }')).toMatchObject({
      config: { multipath: { ebgp: 16, ibgp: 16, relaxAsPath: false } },
      warnings: [expect.stringContaining('tsbgp shares the traffic over at most 16 paths here')],
    });
  });

  test('without zebra nothing is installed', () => {
    const { config, warnings } = load('global: { config: { as: 65001, router-id: 10.0.0.1 } }');
    const off = 'zebra: { config: { enabled: false, redistribute-route-type-list: [static] } }';
    expect(load(`global: { config: { as: 65001, router-id: 10.0.0.1 } }\n${off}`)).toMatchObject({
      config: { fib: { install: false, redistribute: [] } },
      warnings: ['gobgpd.yml:2:1: zebra: zebra is not enabled, so no routes are installed in the kernel'],
    });
    expect(config.fib).toMatchObject({ install: false, redistribute: [] });
    expect(warnings).toEqual([
      'gobgpd.yml:1:1: global: zebra is not enabled, so no routes are installed in the kernel',
    ]);
  });

  test('zebra’s route types', () => {
    const zebra =
      '{ config: { enabled: true, redistribute-route-type-list: [kernel, directly-connected, connect, ospf] } }';
    const { config, warnings } = load(`global: { config: { as: 65001, router-id: 10.0.0.1 } }\nzebra: ${zebra}`);
    expect(config.fib.redistribute).toEqual(['kernel', 'connected']);
    expect(warnings).toEqual([
      'gobgpd.yml:2:103: zebra.config.redistribute-route-type-list[3]: ignored: ospf is not a kind of kernel route that tsbgp announces',
    ]);
  });

  test('default policies', () => {
    const more =
      'apply-policy: { config: { default-import-policy: accept-route, default-export-policy: reject-route } }';
    const text = `global: { config: { as: 65001, router-id: 10.0.0.1 }, ${more} }\nzebra: { config: { enabled: true } }\nneighbors: [{ config: { neighbor-address: 10.0.0.2, peer-as: 65002 } }]`;
    const { config, warnings } = load(text);
    expect(config.neighbors[0]).toMatchObject({
      import: 'accept',
      export: 'reject',
      importDefaulted: false,
      exportDefaulted: false,
    });
    expect(warnings).toEqual([]);
  });
});

describe('a neighbor', () => {
  test.each<[string, Record<string, unknown>]>([
    [
      'timers: { config: { hold-time: 9, connect-retry: 5.5, idle-hold-time-after-reset: "30" } }',
      { holdTimeSeconds: 9, connectRetrySeconds: 6, idleHoldSeconds: 30 },
    ],
    [
      'transport: { config: { passive-mode: true, local-address: 172.18.8.101, remote-port: "1790" } }',
      { passive: true, localAddress: '172.18.8.101', port: 1790 },
    ],
    [
      'transport: { config: { local-address: 0.0.0.0, passive-mode: "false" } }',
      { passive: false, localAddress: undefined },
    ],
    ['transport: { config: { ttl: 3 } }', { multihop: 3 }],
    ['ebgp-multihop: { config: { enabled: true, multihop-ttl: 100 } }', { multihop: 100 }],
    ['ebgp-multihop: { config: { enabled: true } }', { multihop: 255 }],
    ['ebgp-multihop: { config: { enabled: false, multihop-ttl: 100 } }', { multihop: 1 }],
    ['route-reflector: { config: { route-reflector-client: true } }', { routeReflectorClient: true }],
    [
      'graceful-restart: { config: { enabled: true } }',
      { gracefulRestart: { restartTimeSeconds: 90, staleTimeSeconds: 360 } },
    ],
    [
      'graceful-restart: { config: { enabled: true, restart-time: 120 } }',
      { gracefulRestart: { restartTimeSeconds: 120, staleTimeSeconds: 360 } },
    ],
    ['graceful-restart: { config: { enabled: false, restart-time: 120 } }', { gracefulRestart: false }],
    [
      `graceful-restart: { config: { enabled: true, restart-time: 120, long-lived-enabled: true } }
    afi-safis: [{ config: { afi-safi-name: ipv4-unicast }, long-lived-graceful-restart: { config: { enabled: true, restart-time: 3600 } } }, { config: { afi-safi-name: ipv6-unicast } }]`,
      {
        gracefulRestart: {
          restartTimeSeconds: 120,
          staleTimeSeconds: 360,
          longLived: { families: [{ family: 0, staleTimeSeconds: 3600 }] },
        },
      },
    ],
    ['add-paths: { config: { receive: true } }', { addPath: { receive: true, send: 0 } }],
    ['add-paths: { config: { send-max: 8 } }', { addPath: { receive: false, send: 8 } }],
    ['afi-safis: [{ config: { afi-safi-name: ipv6-unicast } }]', { families: [1] }],
    [
      'afi-safis: [{ afi-safi-name: ipv4-unicast }, { config: { afi-safi-name: ipv6-unicast, enabled: false } }]',
      { families: [0] },
    ],
    [
      'afi-safis: [{ config: { afi-safi-name: ipv4-unicast }, add-paths: { config: { receive: true } } }]',
      { addPath: { receive: true, send: 0 } },
    ],
    [
      'afi-safis: [{ config: { afi-safi-name: ipv4-unicast }, mp-graceful-restart: { config: { enabled: true } } }]',
      { families: [0] },
    ],
    [
      'afi-safis: [{ config: { afi-safi-name: ipv4-unicast }, prefix-limit: { config: { max-prefixes: 10 } } }]',
      { maxPrefix: { limit: 10, warningPercent: 75, action: 'end', restartSeconds: 0 } },
    ],
    [
      'afi-safis: [{ config: { afi-safi-name: ipv4-unicast }, prefix-limit: { config: { max-prefixes: 10, restart-timer: 60 } } }]',
      { maxPrefix: { limit: 10, warningPercent: 75, action: 'end', restartSeconds: 60 } },
    ],
    ['apply-policy: { config: { import-policy-list: [] } }', { import: 'accept' }],
    ['route-server: { config: { route-server-client: false } }', { routeServerClient: false }],
    ['state: { session-state: established }', {}],
  ])('%s', (line, expected) => {
    expect(neighbor(line)).toMatchObject(expected);
    expect(warnings(line)).toEqual([]);
  });

  test('the longest of the deferral times is the one of the speaker', () => {
    const one = (address: string, time: number) =>
      `{ config: { neighbor-address: ${address}, peer-as: 65001 }, graceful-restart: { config: { enabled: true, deferral-time: ${time} } } }`;
    const { config, warnings } = load(
      `${GLOBAL}neighbors: [${one('10.0.0.2', 90)}, ${one('10.0.0.3', 360)}, ${one('10.0.0.4', 30)}]`,
    );
    expect(config.selectionDeferralSeconds).toBe(360);
    expect(warnings).toEqual([]);
  });

  test('keys of its config', () => {
    const text = `${GLOBAL}neighbors: [{ config: { neighbor-address: "2001:db8::2", peer-as: 65001, local-as: 65001, description: x, admin-down: true, auth-password: "" } }]`;
    expect(load(text).config.neighbors[0]).toMatchObject({
      address: '2001:db8::2',
      description: 'x',
      shutdown: true,
      families: [1],
    });
    expect(load(text).warnings).toEqual([]);
  });

  test('external without a policy: accepted as in gobgpd, and said so', () => {
    const { config, warnings } = load(withNeighbor().replace('peer-as: 65001', 'peer-as: 65002'));
    expect(config.neighbors[0]).toMatchObject({
      import: 'accept',
      export: 'accept',
      importDefaulted: false,
      exportDefaulted: false,
    });
    expect(warnings).toEqual([
      'gobgpd.yml:4:47: neighbors[0].config.peer-as: external neighbor without a policy: mapped to import and export: accept, as gobgpd does; RFC 8212 would reject',
    ]);
  });

  test('the cluster id is the speaker’s', () => {
    const line = 'route-reflector: { config: { route-reflector-client: true, route-reflector-cluster-id: 1.1.1.1 } }';
    const second = `  - config: { neighbor-address: 172.18.8.103, peer-as: 65001 }\n    ${line.replace('1.1.1.1', '2.2.2.2')}\n`;
    const { config, warnings } = load(withNeighbor(line) + second);
    expect(config.clusterId).toBe('1.1.1.1');
    expect(warnings).toEqual([
      'gobgpd.yml:7:64: neighbors[1].route-reflector.config.route-reflector-cluster-id: ignored: tsbgp has one cluster-id, here 1.1.1.1',
    ]);
  });

  test('limits of two families add up', () => {
    const limit = (family: string) =>
      `{ config: { afi-safi-name: ${family} }, prefix-limit: { config: { max-prefixes: 10 } } }`;
    const line = `afi-safis: [${limit('ipv4-unicast')}, ${limit('ipv6-unicast')}]`;
    expect(neighbor(line).maxPrefix).toMatchObject({ limit: 20, restartSeconds: 0 });
    expect(warnings(line)).toEqual([expect.stringContaining('tsbgp has one limit for all families: 20')]);
  });

  test.each([
    [
      'timers: { config: { keepalive-interval: 30 } }',
      '5:25: neighbors[0].timers.config.keepalive-interval: ignored: KEEPALIVEs are sent three times in a hold time',
    ],
    [
      'timers: { config: { minimum-advertisement-interval: 5 } }',
      '5:25: neighbors[0].timers.config.minimum-advertisement-interval: ignored: changes are sent at once',
    ],
    [
      'afi-safis: [{ config: { afi-safi-name: ipv4-unicast }, long-lived-graceful-restart: { config: { enabled: true, restart-time: 60 } } }]',
      '5:116: neighbors[0].afi-safis[0].long-lived-graceful-restart.config.restart-time: ignored: graceful-restart beside afi-safis does not have long-lived-enabled',
    ],
    [
      'afi-safis: [{ config: { afi-safi-name: ipv4-unicast } }, { config: { afi-safi-name: l2vpn-evpn } }]',
      '5:74: neighbors[0].afi-safis[1].config.afi-safi-name: left out: l2vpn-evpn is not supported yet',
    ],
    ['colour: red', '5:5: neighbors[0].colour: ignored: it has no counterpart'],
  ])('%s gives a warning', (line, expected) => expect(warnings(line)).toEqual([`gobgpd.yml:${expected}`]));
});

test('passwords and TTL security', () => {
  const text = withNeighbor('ttl-security: { config: { enabled: true, ttl-min: 254 } }').replace(
    '{ neighbor-address',
    '{ auth-password: hunter2, neighbor-address',
  );
  expect(load(text).config.neighbors[0]).toMatchObject({ ttlSecurity: true, multihop: 2, password: 'hunter2' });
});

describe('peer groups', () => {
  test('are groups', () => {
    const { config, warnings } = load(`${GLOBAL}
peer-groups:
  - config: { peer-group-name: g, peer-as: 65010 }
    timers: { config: { hold-time: 30 } }
    graceful-restart: { config: { enabled: true } }
    afi-safis: [{ config: { afi-safi-name: ipv6-unicast } }]
    apply-policy: { config: { default-import-policy: reject-route } }
neighbors:
  - config: { neighbor-address: 10.0.0.2, peer-group: g }
  - config: { neighbor-address: 10.0.0.3, peer-group: g, peer-as: 65001 }
    timers: { config: { hold-time: 9 } }
    graceful-restart: { config: { enabled: false } }
    afi-safis: [{ config: { afi-safi-name: ipv4-unicast } }]
`);
    expect(config.neighbors).toMatchObject([
      {
        group: 'g',
        as: 65010,
        holdTimeSeconds: 30,
        families: [1],
        gracefulRestart: { restartTimeSeconds: 30, staleTimeSeconds: 360 },
        import: 'accept',
        export: 'accept',
      },
      { group: 'g', as: 65001, holdTimeSeconds: 9, families: [0], gracefulRestart: false, import: 'accept' },
    ]);
    expect(config.groups).toMatchObject({ g: { as: 65010, 'hold-time': 30 } });
    expect(warnings).toEqual([
      expect.stringMatching(/peer-groups\[0\].apply-policy.config.default-import-policy: ignored, as by gobgpd/),
      expect.stringMatching(/peer-as: external neighbor without a policy: mapped to import and export: accept/),
    ]);
  });

  test('wrong values are told at the group', () => {
    const text = `${GLOBAL}peer-groups: [{ config: { peer-group-name: g }, timers: { config: { hold-time: 1 } } }]\nneighbors: [{ config: { neighbor-address: 10.0.0.2, peer-as: 65001, peer-group: g } }]`;
    expect(problems(text)).toEqual([
      [3, 80, 'peer-groups[0].timers.config.hold-time', 'must be 0 or at least 3 seconds', undefined],
    ]);
  });
});

test('dynamic neighbors', () => {
  const { config } = load(`${GLOBAL}peer-groups: [{ config: { peer-group-name: g, peer-as: 65010 } }]
dynamic-neighbors: [{ config: { prefix: 10.0.0.0/8, peer-group: g } }]`);
  expect(config.neighbors).toMatchObject([
    { address: '10.0.0.0/8', group: 'g', as: 65010, limit: 4000, families: [0], import: 'accept' },
  ]);
});

describe('neighbor-interface', () => {
  const byInterface = (config: string) => load(`${GLOBAL}neighbors: [{ config: { ${config} } }]`);

  test('both families, in the AS that is given', () => {
    const { config, warnings } = byInterface('neighbor-interface: eth1, peer-as: 65002');
    expect(config.neighbors).toMatchObject([
      { address: 'eth1', interface: 'eth1', as: 65002, families: [0, 1], import: 'accept' },
    ]);
    expect(warnings.join()).not.toContain('neighbor-interface');
  });

  test('without an AS any but the own one, which is told', () => {
    const { config, warnings } = byInterface('neighbor-interface: eth1');
    expect(config.neighbors).toMatchObject([{ interface: 'eth1', as: 0 }]);
    expect(warnings).toContainEqual(expect.stringContaining('without peer-as any AS but the own one is taken'));
  });

  test('empty, it is none', () => {
    expect(
      byInterface("neighbor-interface: '', neighbor-address: 10.0.0.2, peer-as: 1").config.neighbors,
    ).toMatchObject([{ address: '10.0.0.2', interface: undefined }]);
  });
});

describe('refused', () => {
  test.each([
    [
      'apply-policy: { config: { in-policy-list: [p] } }',
      31,
      'neighbors[0].apply-policy.config.in-policy-list',
      "gobgpd's policies are not supported yet",
    ],
  ])('%s', (line, column, path, message) => {
    expect(problems(withNeighbor(line))).toEqual([[5, column, path, message, 'remove it']]);
  });

  test('a VRF of a peer group', () => {
    expect(problems(`${GLOBAL}peer-groups: [{ config: { peer-group-name: g, vrf: x } }]`)).toEqual([
      [3, 47, 'peer-groups[0].config.vrf', 'VRFs are not supported yet', 'remove it'],
    ]);
  });
});

describe('wrong values are told with gobgpd’s paths', () => {
  test('YAML', () => {
    const text = `global: { config: { as: 0 } }\nneighbors:\n  - config: { neighbor-address: foo }\n    timers: { config: { hold-time: 1 } }\n  - 5\n`;
    expect(problems(text)).toEqual([
      [1, 11, 'global.config.router-id', 'is missing', 'add "router-id: 172.18.8.101"'],
      [1, 25, 'global.config.as', 'AS 0 is reserved and cannot speak BGP (RFC 7607)', expect.any(String)],
      [3, 5, 'neighbors[0].config.peer-as', 'is missing', 'add "peer-as: 65001"'],
      [3, 33, 'neighbors[0].config.neighbor-address', 'must be an IPv4 or IPv6 address, not "foo"', expect.any(String)],
      [4, 36, 'neighbors[0].timers.config.hold-time', 'must be 0 or at least 3 seconds', undefined],
      [5, 5, 'neighbors[1]', 'must be a mapping of keys, not 5', undefined],
    ]);
  });

  test('TOML', () => {
    expect(problems('[global.config]\nas = 65001\nrouter-id = "x"\nport = 70000', 'g.toml')).toEqual([
      [0, 0, 'global.config.router-id', 'must look like an IPv4 address, such as 172.18.8.101, not "x"', undefined],
      [0, 0, 'global.config.port', 'must be at most 65535, not 70000', undefined],
    ]);
  });

  test('an empty list of neighbors', () => {
    expect(load(`${GLOBAL}neighbors:\n`)).toMatchObject({ config: { neighbors: [] }, warnings: [] });
  });

  test('neighbors that are no list, words that are no policy or truth', () => {
    expect(problems(`${GLOBAL}neighbors: { a: 1 }`)).toEqual([
      [3, 12, 'neighbors', 'must be a list, not a mapping', undefined],
    ]);
    const policy = 'global: { apply-policy: { config: { default-import-policy: maybe } },';
    const text = withNeighbor('transport: { config: { passive-mode: maybe } }').replace('global: {', policy);
    expect(problems(text)).toEqual([
      [
        1,
        37,
        'global.apply-policy.config.default-import-policy',
        'must be accept-route or reject-route, not "maybe"',
        undefined,
      ],
      [5, 42, 'neighbors[0].transport.config.passive-mode', 'must be true or false, not "maybe"', undefined],
    ]);
  });
});
