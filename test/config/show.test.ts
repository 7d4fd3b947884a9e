// The effective configuration as YAML: complete, and the same when loaded again.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseConfig } from '../../src/config/load.js';
import { showConfig, viewConfig } from '../../src/config/show.js';

const load = (text: string) => parseConfig(text, 'tsbgp.yml').config;

test('groups stay groups', () => {
  const text = `as: 65001\nrouter-id: 10.0.0.1\ngroups: { g: { families: [ipv6-unicast], local-as: { as: 65002 } } }
neighbors: [{ address: 10.0.0.2, as: 65010, group: g }]`;
  const shown = showConfig(load(text));
  expect(shown).toContain('groups:\n  g:\n    families: [ ipv6-unicast ]\n');
  expect(shown).toContain('group: g\n');
  expect(load(shown)).toEqual(load(text));
});

test('every key with its default', () => {
  const text = showConfig(
    load('as: 65001\nrouter-id: 172.18.8.101\nneighbors: [{ address: 172.18.8.102, as: 65001 }]'),
  );
  expect(text).toBe(`# Effective configuration of tsbgp.yml

as: 65001
router-id: 172.18.8.101
cluster-id: 172.18.8.101
listen: [ 0.0.0.0, "::" ]
port: 179
multipath: 1
selection-deferral-time: 60
state-file: /var/lib/tsbgp/routes.json
neighbors:
  - address: 172.18.8.102
    as: 65001
    limit: 100
    description: ""
    shutdown: false
    passive: false
    port: 179
    hold-time: 90
    connect-retry: 10
    idle-hold: 5
    delay-open: 0
    families: [ ipv4-unicast, ipv6-unicast ]
    route-reflector-client: false
    next-hop-self: false
    next-hop-unchanged: false
    strict-role: false
    route-server-client: false
    allow-own-as: 0
    enforce-first-as: true
    as-override: false
    remove-private-as: false
    multihop: 1
    ttl-security: false
    default-originate: false
    maintenance: false
    graceful-restart: { restart-time: 120, stale-time: 360 }
    add-path: { receive: false, send: 0 }
    # import: accept   by default (internal)
    # export: accept   by default (internal)
aggregates: []
fib:
  install: true
  table: main
  metric: 20
  protocol: bgp
  redistribute: []
  prefixes: []
  import: accept
api: { socket: /run/tsbgp/tsbgp.sock, group: tsbgp }
log: { level: info, format: auto }
`);
});

test('a policy that was left out stays out, and is told', () => {
  const text = showConfig(load('as: 1\nrouter-id: 1.1.1.1\nneighbors: [{ address: 10.0.0.2, as: 2, import: accept }]'));
  expect(parse(text).neighbors[0]).toMatchObject({ import: 'accept' });
  expect(parse(text).neighbors[0]).not.toHaveProperty('export');
  expect(text).toContain('    # export: reject   by default (external, RFC 8212)\n');
});

test('the plain view is what the YAML says', () => {
  const config = load('as: 1\nrouter-id: 1.1.1.1\nneighbors: [{ address: 10.0.0.2, as: 2 }]');
  expect(JSON.parse(JSON.stringify(viewConfig(config)))).toEqual(parse(showConfig(config)));
});

/** A mapping in which each key may be absent. */
const some = (keys: Record<string, fc.Arbitrary<unknown>>, required: string[] = []) =>
  fc.record(keys, { requiredKeys: required });
const whole = (min: number, max: number) => fc.integer({ min, max });
const as = whole(1, 4294967295).filter(n => n !== 23456);
const staleTime = whole(0, 0xffffff);
const policy = fc.constantFrom('accept', 'reject');
const octets = fc.tuple(whole(1, 223), whole(0, 255), whole(0, 255), whole(0, 255)).map(parts => parts.join('.'));
const neighbor = some(
  {
    address: octets,
    as,
    description: fc.string({ maxLength: 255 }),
    shutdown: fc.boolean(),
    passive: fc.boolean(),
    port: whole(1, 65535),
    'local-address': octets,
    'hold-time': fc.oneof(fc.constant(0), whole(3, 65535)),
    'connect-retry': whole(1, 65535),
    'idle-hold': whole(0, 120),
    'delay-open': whole(0, 65535),
    families: fc.subarray(['ipv4-unicast', 'ipv6-unicast'], { minLength: 1 }),
    'next-hop-self': fc.boolean(),
    multihop: whole(1, 255),
    'max-prefix': some({ limit: whole(1, 4294967295), restart: whole(0, 65535) }, ['limit']),
    'graceful-restart': fc.oneof(
      fc.constant(false),
      some({
        'restart-time': whole(0, 4095),
        'stale-time': whole(1, 65535),
        'long-lived': some({ 'ipv4-unicast': staleTime, 'ipv6-unicast': staleTime, limit: staleTime }),
      }),
    ),
    'add-path': some({ receive: fc.boolean(), send: fc.constantFrom(0, 1, 65535, 'all') }),
    import: policy,
    export: policy,
  },
  ['address', 'as'],
);
const rule = fc.constantFrom('10.0.0.0/8', '10.233.0.0/16 le 32', '10.0.0.0/8 ge 24', '2001:db8::/32 ge 48 le 64');
const configuration = some(
  {
    as,
    'router-id': octets,
    'cluster-id': octets,
    listen: fc.subarray(['0.0.0.0', '::', '2001:DB8:0::1', '172.18.8.101']),
    port: whole(1, 65535),
    multipath: fc.oneof(
      whole(1, 64),
      some(
        {
          paths: whole(1, 64),
          ebgp: whole(1, 64),
          ibgp: whole(1, 64),
          'relax-as-path': fc.boolean(),
          'link-bandwidth': fc.boolean(),
        },
        ['paths'],
      ),
    ),
    'state-file': fc.constantFrom(false, '/tmp/routes: #1.json'),
    neighbors: fc.uniqueArray(neighbor, { selector: n => n.address, maxLength: 5 }),
    aggregates: fc.subarray([
      { prefix: '10.233.0.0/16', 'summary-only': true },
      {
        prefix: '2001:DB8::/32',
        kernel: 'none',
        communities: ['65001:1', 'no-export'],
        'large-communities': ['1:2:3'],
      },
    ]),
    fib: some({
      install: fc.boolean(),
      table: fc.constantFrom('main', 'default', 100, 254),
      metric: whole(1, 4294967295),
      protocol: fc.constantFrom('bgp', 5, 255),
      redistribute: fc.subarray(['static', 'connected', 'kernel']),
      import: fc.constantFrom('accept', 'reject', ['accept']),
      prefixes: fc.array(rule, { maxLength: 3 }),
    }),
    api: some({ socket: fc.constant('/tmp/x y.sock'), group: fc.constantFrom('netops', 'null', 'true') }),
    log: some({ level: fc.constantFrom('debug', 'silent'), format: fc.constantFrom('auto', 'json', 'pretty') }),
  },
  ['as', 'router-id'],
);

test('loading it again gives the same configuration', () => {
  fc.assert(
    fc.property(configuration, input => {
      const config = load(stringify(input));
      expect(load(showConfig(config))).toStrictEqual(config);
    }),
    { numRuns: 100 },
  );
});
