// Files and what becomes of them: defaults, values, what a neighbor outside a file has, files that cannot be read.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, expectTypeOf, test } from 'vitest';
import type { NeighborOptions } from '../../src/bgp/session/options.js';
import {
  BadValue,
  ConfigError,
  formatProblems,
  loadConfig,
  parseConfig,
  parseNeighbor,
} from '../../src/config/load.js';
import type { NeighborConfig } from '../../src/config/schema.js';
import { MINIMUM, problemsOf } from './files.js';

/** Every key of the first version, at its default where it has one. */
const EXAMPLE = `as: 65001
router-id: 172.18.8.101
cluster-id: 172.18.8.101      # route reflection; default: router-id
listen: ["0.0.0.0", "::"]     # addresses BGP listens on
port: 179
multipath: 1
neighbors:
  - address: 172.18.8.102     # later also a prefix (dynamic neighbors) or \`interface: eth1\` (unnumbered)
    as: 65001
    description: the other node
    shutdown: false           # administratively down
    passive: false
    port: 179
    local-address: 172.18.8.101
    hold-time: 90
    connect-retry: 10         # seconds, jittered
    idle-hold: 5              # seconds in Idle after an error, doubling up to 120; 0 = none
    families: [ipv4-unicast, ipv6-unicast]
    route-reflector-client: false
    next-hop-self: false
    multihop: 1
    max-prefix: { limit: 1000000, restart: 300 }
    graceful-restart: { restart-time: 120 }   # or false
    add-path: { receive: false, send: 0 }
    import: accept            # accept | reject | [policy names]
    export: accept
fib: { install: true, table: main, metric: 20, redistribute: [static, connected], prefixes: ["10.233.0.0/16 le 32"] }
api: { socket: /run/tsbgp/tsbgp.sock }
log: { level: info }
`;

const DEFAULT_NEIGHBOR = {
  address: '172.18.8.102',
  as: 65001,
  group: undefined,
  limit: 100,
  description: '',
  shutdown: false,
  passive: false,
  port: 179,
  interface: undefined,
  asRanges: undefined,
  localAddress: undefined,
  holdTimeSeconds: 90,
  connectRetrySeconds: 10,
  idleHoldSeconds: 5,
  delayOpenSeconds: 0,
  families: [0, 1],
  routeReflectorClient: false,
  routeServerClient: false,
  nextHopSelf: false,
  nextHopUnchanged: false,
  role: undefined,
  asPath: { local: undefined, allowOwn: 0, enforceFirst: true, override: false, removePrivate: false },
  multihop: 1,
  maxPrefix: undefined,
  defaultOriginate: false,
  ttlSecurity: false,
  password: undefined,
  maintenance: false,
  gracefulRestart: { restartTimeSeconds: 120, staleTimeSeconds: 360 },
  addPath: { receive: false, send: 0 },
  import: 'accept',
  export: 'accept',
  importDefaulted: true,
  exportDefaulted: true,
};

function config(text: string) {
  return parseConfig(text, 'tsbgp.yml').config;
}

describe('a usable file', () => {
  test('the smallest one has every default', () => {
    expect(config(MINIMUM)).toEqual({
      as: 65001,
      routerId: '172.18.8.101',
      clusterId: '172.18.8.101',
      listen: ['0.0.0.0', '::'],
      port: 179,
      multipath: { ebgp: 1, ibgp: 1, relaxAsPath: false, linkBandwidth: true },
      aggregates: [],
      selectionDeferralSeconds: 60,
      stateFile: '/var/lib/tsbgp/routes.json',
      groups: {},
      neighbors: [],
      policies: { prefixSets: {}, neighborSets: {}, asPathSets: {}, communitySets: {}, policies: {} },
      fib: { install: true, table: 254, metric: 20, protocol: 186, redistribute: [], prefixes: [], import: 'accept' },
      api: { socket: '/run/tsbgp/tsbgp.sock', group: 'tsbgp' },
      log: { level: 'info', format: 'auto' },
      source: 'tsbgp.yml',
    });
  });

  test('a neighbor has every default', () => {
    expect(config(`${MINIMUM}neighbors: [{ address: 172.18.8.102, as: 65001 }]`).neighbors).toStrictEqual([
      DEFAULT_NEIGHBOR,
    ]);
  });

  test('the example of every key', () => {
    const { config, warnings } = parseConfig(EXAMPLE, 'tsbgp.yml');
    expect(warnings).toEqual([]);
    expect(config.neighbors).toStrictEqual([
      {
        ...DEFAULT_NEIGHBOR,
        description: 'the other node',
        localAddress: '172.18.8.101',
        maxPrefix: { limit: 1000000, warningPercent: 75, action: 'end', restartSeconds: 300 },
        importDefaulted: false,
        exportDefaulted: false,
      },
    ]);
    expect(config.fib).toEqual({
      import: 'accept',
      install: true,
      table: 254,
      metric: 20,
      protocol: 186,
      redistribute: ['static', 'connected'],
      prefixes: [{ prefix: '10.233.0.0/16', ge: 16, le: 32 }],
    });
  });

  test('every key of a neighbor arrives', () => {
    const text = `${MINIMUM}neighbors:
  - address: FE80::0:2%eth1
    as: 1.10
    shutdown: true
    passive: true
    port: 1179
    local-address: fe80::1%eth1
    hold-time: 0
    connect-retry: 7
    idle-hold: 0
    delay-open: 3
    families: [ipv6-unicast]
    next-hop-self: true
    next-hop-unchanged: true
    role: rs-client
    strict-role: true
    route-server-client: false
    local-as: { as: 65010, no-prepend: true }
    allow-own-as: 2
    enforce-first-as: false
    as-override: true
    remove-private-as: replace
    multihop: 255
    max-prefix: { limit: 5 }
    graceful-restart: false
    add-path: { receive: true }
    import: accept
`;
    expect(config(text).neighbors[0]).toStrictEqual({
      ...DEFAULT_NEIGHBOR,
      address: 'fe80::2%eth1',
      as: 65546,
      shutdown: true,
      passive: true,
      port: 1179,
      localAddress: 'fe80::1%eth1',
      holdTimeSeconds: 0,
      connectRetrySeconds: 7,
      idleHoldSeconds: 0,
      delayOpenSeconds: 3,
      families: [1],
      nextHopSelf: true,
      nextHopUnchanged: true,
      role: { own: 'rs-client', strict: true },
      asPath: {
        local: { as: 65010, noPrepend: true, replaceAs: false },
        allowOwn: 2,
        enforceFirst: false,
        override: true,
        removePrivate: 'replace',
      },
      multihop: 255,
      maxPrefix: { limit: 5, warningPercent: 75, action: 'end', restartSeconds: 300 },
      gracefulRestart: false,
      addPath: { receive: true, send: 0 },
      import: 'accept',
      export: 'reject',
      importDefaulted: false,
      exportDefaulted: true,
    });
  });

  test('an external neighbor without policies is rejected both ways (RFC 8212)', () => {
    const [neighbor] = config(`${MINIMUM}neighbors: [{ address: 192.0.2.1, as: 64512 }]`).neighbors;
    expect(neighbor).toMatchObject({
      import: 'reject',
      export: 'reject',
      importDefaulted: true,
      exportDefaulted: true,
    });
  });

  test('a neighbor in another member of the confederation is accepted both ways', () => {
    const text = `${MINIMUM}confederation: { identifier: 1.0, members: [65002] }\nneighbors: [{ address: 192.0.2.1, as: 65002 }]`;
    expect(config(text)).toMatchObject({
      confederation: { identifier: 65536, members: [65002] },
      neighbors: [{ import: 'accept', export: 'accept' }],
    });
    expect(parseNeighbor({ address: '192.0.2.2', as: 65002 }, config(text))).toMatchObject({ import: 'accept' });
  });

  test('anchors, aliases, a byte order mark, carriage returns and JSON', () => {
    const yaml = `\ufeff${MINIMUM}neighbors:\n  - { address: 10.0.0.2, as: &as 65001, families: &f [ipv4-unicast] }\n  - { address: 10.0.0.3, as: *as, families: *f }\n`;
    const expected = config(yaml);
    expect(expected.neighbors.map(n => [n.as, n.families])).toEqual([
      [65001, [0]],
      [65001, [0]],
    ]);
    expect(config(yaml.replaceAll('\n', '\r\n'))).toEqual(expected);
    const json = { as: 65001, 'router-id': '172.18.8.101', 'state-file': false, fib: { table: 100, protocol: 200 } };
    expect(config(JSON.stringify(json))).toMatchObject({ stateFile: false, fib: { table: 100, protocol: 200 } });
  });

  test('a neighbor of the configuration is what a session takes', () => {
    expectTypeOf<NeighborConfig>().toExtend<NeighborOptions>();
  });
});

describe('a neighbor outside a file', () => {
  const own = { as: 65001, routerId: '172.18.8.101' };

  test('has the defaults of the file', () => {
    expect(parseNeighbor({ address: '172.18.8.102', as: 65001 }, own)).toStrictEqual(DEFAULT_NEIGHBOR);
    expect(parseNeighbor({ address: '10.0.0.2', as: '1.10', 'hold-time': 9 }, own)).toMatchObject({
      as: 65546,
      holdTimeSeconds: 9,
      import: 'reject',
    });
  });

  test('has the keys of a group of the file', () => {
    const { groups } = parseConfig(
      `${MINIMUM}groups: { spines: { as: 65010, families: [ipv6-unicast] } }`,
      'f.yml',
    ).config;
    const neighbor = parseNeighbor({ address: '10.0.0.2', group: 'spines' }, { ...own, groups });
    expect(neighbor).toMatchObject({ as: 65010, group: 'spines', families: [1] });
    expect(() => parseNeighbor({ address: '10.0.0.2', group: 'spies', as: 1 }, { ...own, groups })).toThrow(
      new BadValue('group: there is no group "spies"', 'did you mean spines?'),
    );
  });

  test.each<[unknown, string, string | undefined]>([
    [
      { address: 'x', as: 65001, 'hold-tmie': 9 },
      'address: must be an IPv4 or IPv6 address, not "x"; hold-tmie: unknown key',
      'for an interface write interface: x',
    ],
    [{ address: '10.0.0.2' }, 'as: is missing', 'add "as: 65001"'],
    [5, 'must be a mapping of keys, not 5', undefined],
  ])('%j is refused', (spec, message, suggestion) => {
    expect(() => parseNeighbor(spec, own)).toThrow(new BadValue(message, suggestion));
    expect(() => parseNeighbor(spec, own)).toThrow(expect.objectContaining({ suggestion }));
  });
});

describe('files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tsbgp-config-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const place = (name: string) => join(directory, name);
  const failure = (path: string) => {
    try {
      return loadConfig(path);
    } catch (error) {
      return error instanceof ConfigError ? formatProblems(error.problems) : error;
    }
  };

  test('loads a file and remembers its path', () => {
    writeFileSync(place('a.yml'), MINIMUM);
    expect(loadConfig(place('a.yml'))).toMatchObject({ config: { as: 65001, source: place('a.yml') }, warnings: [] });
  });

  test('missing, unreadable, a directory, not text', () => {
    expect(failure(place('none.yml'))).toBe(
      `${place('none.yml')}: there is no such file\n      = create it, or name another one with --config`,
    );
    expect(failure(directory)).toBe(`${directory}: is a directory\n      = name the file in it`);
    writeFileSync(place('b.yml'), Buffer.from([0x61, 0xff]));
    expect(failure(place('b.yml'))).toBe(`${place('b.yml')}: is not UTF-8 text`);
    expect(failure(place('\0'))).toContain('cannot be read: ');
  });

  test('no permission', () => {
    writeFileSync(place('c.yml'), MINIMUM);
    chmodSync(place('c.yml'), 0);
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65534);
    try {
      expect(failure(place('c.yml'))).toContain('no permission to read the file');
    } finally {
      if (root) process.seteuid?.(0);
    }
  });

  test('TOML that is not gobgpd’s, by name or by look', () => {
    const message = 'TOML is only read as a configuration of gobgpd, with [global.config]';
    const advice = "write tsbgp's own configuration in YAML";
    for (const [file, text] of [
      ['a.toml', 'as = 65001'],
      ['a.conf', '# x\n\nas = 65001'],
      ['a', '[fib]\nmetric = 1'],
      ['a.toml', ''],
    ]) {
      expect(problemsOf(text, file)).toMatchObject([{ line: 0, column: 0, path: '', message, suggestion: advice }]);
    }
  });

  test('TOML with a syntax error', () => {
    expect(problemsOf('[global.config]\nas = \n', 'a.toml')).toMatchObject([{ line: 2, sourceLine: 'as = ' }]);
  });
});
