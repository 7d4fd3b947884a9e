// A speaker that was reloaded, whatever its configuration was before, has the tables of one that started with the new one.
//
// Neighbors have sessions without connections: what each would announce is given to it as UPDATEs, after every new session
// again. Policies, neighbors' keys, groups, aggregates and multipath are random.

import fc from 'fast-check';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { RouteSpec } from '../src/bgp/local-routes.js';
import type { Neighbor } from '../src/bgp/neighbor.js';
import { NO_POLICIES } from '../src/bgp/policy/definition.js';
import { KERNEL_SOURCES, type KernelSource } from '../src/bgp/rib/sources.js';
import { negotiate, ourOpen } from '../src/bgp/session/negotiate.js';
import { NEIGHBOR_DEFAULTS, sessionAs } from '../src/bgp/session/options.js';
import { Speaker } from '../src/bgp/speaker.js';
import type { RouteView } from '../src/bgp/views.js';
import { parseAsPath } from '../src/bgp/wire/aspath.js';
import { parseCommunity } from '../src/bgp/wire/communities.js';
import { encode } from '../src/bgp/wire/message.js';
import type { PathAttribute } from '../src/bgp/wire/path-attribute.js';
import { parseAddress, parsePrefix } from '../src/bgp/wire/prefix.js';
import { diffConfig } from '../src/config/diff.js';
import { parseConfig } from '../src/config/load.js';
import type { Config } from '../src/config/schema.js';
import { reloadSpeaker } from '../src/reload.js';
import { statement } from './bgp/policy/arbitraries.js';

const PREFIXES = ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.3/32', '10.200.0.0/16', '192.0.2.0/24'];
/** Whom there may be, with the AS that each is in. */
const PEERS = { '10.9.0.1': 65010, '10.9.0.2': 65001, '10.9.1.3': 65030 } as const;
type Peer = keyof typeof PEERS;
const ADDRESSES = Object.keys(PEERS) as Peer[];
const HEADER = 19;

const chain = fc.constantFrom<(string | string[])[]>('accept', 'accept', 'p', ['p', 'q'], ['q', 'accept'], 'reject');
const some = <T>(values: readonly T[]) => fc.uniqueArray(fc.constantFrom(...values), { maxLength: 2 });
const flags = (...names: string[]) =>
  fc.record(Object.fromEntries(names.map(name => [name, fc.boolean()])), { requiredKeys: [] });

const ofAll = fc.record(
  { import: chain, export: chain, 'allow-own-as': fc.nat(2), 'add-path': fc.constantFrom({ send: 2 }, { send: 0 }) },
  { requiredKeys: [] },
);
const anyKeys = fc
  .tuple(ofAll, flags('maintenance', 'default-originate', 'next-hop-self', 'enforce-first-as'))
  .map(([a, b]) => ({ ...a, ...b }));
const internalKeys = flags('route-reflector-client');
const externalKeys = fc.record(
  {
    'as-override': fc.boolean(),
    'next-hop-unchanged': fc.boolean(),
    'remove-private-as': fc.constantFrom(false, true, 'all', 'replace'),
    'local-as': fc.constantFrom<unknown[]>(65020, { as: 65020, 'no-prepend': true, 'replace-as': true }),
  },
  { requiredKeys: [] },
);

const neighborOf = (address: Peer) =>
  fc
    .tuple(anyKeys, PEERS[address] === 65001 ? internalKeys : externalKeys, fc.boolean())
    .map(([own, more, grouped]) => ({
      ...{ address, as: PEERS[address], passive: true, families: ['ipv4-unicast'], 'graceful-restart': false },
      ...(grouped && { group: 'g' }),
      ...own,
      ...more,
    }));

const aggregate = fc.record(
  {
    prefix: fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '192.0.0.0/16'),
    'summary-only': fc.boolean(),
    kernel: fc.constantFrom('blackhole', 'none'),
    communities: some(['65001:1', '65002:1']),
  },
  { requiredKeys: ['prefix'] },
);

const PARTS = ['first', 'second', 'third', 'group', 'aggregates', 'multipath', 'imports', 'p', 'q'] as const;
const parts = fc.record({
  first: fc.option(neighborOf(ADDRESSES[0]), { freq: 5 }),
  second: fc.option(neighborOf(ADDRESSES[1]), { freq: 5 }),
  third: fc.option(neighborOf(ADDRESSES[2]), { freq: 5 }),
  group: anyKeys,
  aggregates: fc.uniqueArray(aggregate, { selector: it => it.prefix, maxLength: 3 }),
  multipath: fc.constantFrom(1, 4),
  imports: chain,
  p: fc.array(statement, { maxLength: 3 }),
  q: fc.array(statement, { maxLength: 3 }),
});
type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

/** Two configurations that have some parts in common. */
const configurations = fc
  .tuple(parts, parts, fc.uniqueArray(fc.constantFrom(...PARTS)))
  .map(([a, b, changed]) => [a, { ...a, ...Object.fromEntries(changed.map(name => [name, b[name]])) }].map(configOf));

function configOf({ first, second, third, group, aggregates, multipath, imports, p, q }: Parts): Config {
  const neighbors = [first, second, third].filter(it => it !== null);
  // Names are looked for as the text is read, the policies behind them are put in afterwards.
  const named = [{ set: { med: 1 } }];
  const file = { neighbors, aggregates, multipath, groups: { g: group }, policies: { p: named, q: named } };
  const text = stringify({ as: 65001, 'router-id': '10.0.0.1', listen: [], ...file, fib: { import: imports } });
  const { config } = parseConfig(text, 'tsbgp.yml');
  return { ...config, policies: { ...NO_POLICIES, policies: { p, q } } };
}

const route = fc.record({
  prefix: fc.constantFrom(...PREFIXES),
  asPath: fc.constantFrom('', '65020', '64512 64513', '65001', '65030 65010', '64512 7'),
  med: fc.constantFrom(undefined, 5, 10),
  localPref: fc.constantFrom(undefined, 50, 200),
  origin: fc.constantFrom('igp', 'incomplete'),
  communities: some(['65001:1', '65001:2', '65002:1']),
}) as fc.Arbitrary<RouteSpec>;
const routes = fc.uniqueArray(route, { selector: it => it.prefix, maxLength: 5 });

/** What everybody announces. */
const announcements = fc.record({
  peers: fc.record(Object.fromEntries(ADDRESSES.map(address => [address, routes])) as Record<Peer, typeof routes>),
  local: routes,
  kernel: fc.uniqueArray(
    fc.record({
      prefix: fc.constantFrom('10.1.2.4/32', '10.77.0.0/16', '192.0.2.128/25'),
      source: fc.constantFrom(...(Object.keys(KERNEL_SOURCES) as KernelSource[])),
      metric: fc.constantFrom(0, 5),
    }),
    { selector: it => it.prefix, maxLength: 3 },
  ),
});
type Announcements = typeof announcements extends fc.Arbitrary<infer T> ? T : never;

/** A speaker whose neighbors are there as soon as it knows them. */
class Bed {
  readonly speaker: Speaker;
  private readonly said: Announcements;
  private readonly connected = new Set<Neighbor>();

  constructor(config: Config, said: Announcements) {
    this.said = said;
    this.speaker = new Speaker({ ...config, kernelImport: config.fib.import }, pino({ level: 'silent' }));
    this.speaker.addRoutes(said.local);
    for (const { prefix, ...rest } of said.kernel) this.speaker.redistribute(parsePrefix(prefix), rest);
  }

  /** Establishes sessions with neighbors that have none, and lets the tables come to rest. */
  async settle(): Promise<void> {
    // biome-ignore lint/complexity/useLiteralKeys: it is private; brackets keep the compiler's eye on the name
    for (const neighbor of this.speaker['list']) {
      if (!this.connected.has(neighbor)) this.connect(neighbor);
    }
    // biome-ignore lint/complexity/useLiteralKeys: the same
    const atWork = () => this.speaker['scheduled'];
    do await new Promise(setImmediate);
    while (atWork());
  }

  private connect(neighbor: Neighbor): void {
    this.connected.add(neighbor);
    const { options, session } = neighbor;
    const address = options.address as Peer;
    const remote = { ...session.local, as: PEERS[address], routerId: 0x0a000000 + ADDRESSES.indexOf(address) + 2 };
    const theirs = {
      ...NEIGHBOR_DEFAULTS,
      ...{ address: '10.9.0.9', as: sessionAs(options, session.local), import: '', export: '' },
      ...{ families: options.families, addPath: { receive: true, send: 0 } },
    };
    const negotiated = {
      ...negotiate(ourOpen(theirs, remote), ourOpen(options, session.local), options),
      ...{ localAddress: '10.9.0.9', localPort: 179, remoteAddress: address, remotePort: 40000 },
      nextHopSelf: { ipv4: parseAddress('10.9.0.9'), ipv6: null, linkLocal: null },
      ...{ subnets: [], interfaceName: 'eth1', interfaceIndex: 1 },
    };
    Object.defineProperty(session, 'negotiated', { value: negotiated });
    neighbor.established(negotiated);
    const external = PEERS[address] !== 65001;
    for (const spec of this.said.peers[address]) {
      const bytes = encode({ type: 'update', withdrawn: [], ...updateOf(spec, address, external) });
      neighbor.update(bytes, HEADER, bytes.length);
    }
  }

  /** Loc-RIB, and what each neighbor is told. */
  tables(): Record<string, unknown> {
    const views = (query: Parameters<Speaker['routes']>[0]) => [...this.speaker.routes(query)].map(timeless);
    const told = this.speaker
      .neighbors()
      .map(({ address }) => [address, views({ neighbor: address, direction: 'out' })]);
    return { locRib: views({}), ...Object.fromEntries(told) };
  }
}

function updateOf(
  { prefix, asPath, med, localPref, origin = 'igp', communities = [] }: RouteSpec,
  address: Peer,
  external: boolean,
) {
  const path = external ? `${PEERS[address]} ${asPath}`.trim() : (asPath ?? '');
  const attributes: PathAttribute[] = [
    { type: 'origin', origin },
    { type: 'asPath', segments: parseAsPath(path) },
    { type: 'nextHop', address: parseAddress(address) },
  ];
  if (med !== undefined) attributes.push({ type: 'med', value: med });
  if (!external) attributes.push({ type: 'localPref', value: localPref ?? 100 });
  if (communities.length > 0) {
    attributes.push({ type: 'communities', communities: communities.map(parseCommunity) });
  }
  return { attributes, nlri: [{ prefix: parsePrefix(prefix) }] };
}

/** Without times and numbers of paths, which follow from the history. */
function timeless({ prefix, paths }: RouteView) {
  const plain = paths.map(({ receivedAt: _, pathId: __, ...path }) => path);
  return { prefix, paths: plain.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) };
}

it('whatever it was before', async () => {
  await fc.assert(
    fc.asyncProperty(configurations, announcements, fc.boolean(), async ([a, b], said, quiet) => {
      const reloaded = new Bed(a, said);
      await reloaded.settle();
      // Once while everything is at rest, once while it is still at work on another reload.
      if (!quiet) reloadSpeaker(reloaded.speaker, { ...a, aggregates: [] }, diffConfig(a, { ...a, aggregates: [] }));
      const before = quiet ? a : { ...a, aggregates: [] };
      reloadSpeaker(reloaded.speaker, b, diffConfig(before, b));
      await reloaded.settle();
      const fresh = new Bed(b, said);
      await fresh.settle();
      expect(reloaded.tables()).toEqual(fresh.tables());
    }),
    { numRuns: 100 },
  );
}, 60_000);
