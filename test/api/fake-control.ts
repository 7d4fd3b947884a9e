// The other side of the API's boundary, in memory: what the server calls, with tables that tests fill.

import type { Control, ReloadResult, RouteSpec } from '../../src/api/control.js';
import { aggregateRule } from '../../src/bgp/aggregate-rules.js';
import { OwnRoutes } from '../../src/bgp/own-routes.js';
import { SINGLE_PATH } from '../../src/bgp/rib/decision.js';
import { Rib } from '../../src/bgp/rib/rib.js';
import type { RouteQuery } from '../../src/bgp/route-query.js';
import type {
  AggregateView,
  FibRouteView,
  NeighborEvent,
  NeighborStatus,
  PathView,
  RouteEvent,
  RouteView,
} from '../../src/bgp/views.js';
import { FAMILIES } from '../../src/bgp/wire/family.js';
import { InputError } from '../../src/bgp/wire/input-error.js';
import { formatAddress, formatPrefix, parseAddress, parsePrefix } from '../../src/bgp/wire/prefix.js';

/** A path; a moment ago from a neighbor unless said otherwise. */
export function path(more: Partial<PathView> = {}): PathView {
  return {
    source: '172.18.8.102',
    best: true,
    multipath: false,
    eligible: true,
    stale: false,
    nextHop: '172.18.8.102',
    receivedAt: Date.now() - 65_000,
    origin: 'incomplete',
    asPath: '',
    communities: [],
    largeCommunities: [],
    extendedCommunities: [],
    ...more,
  };
}

/** An established internal neighbor unless said otherwise. */
export function neighbor(address: string, more: Partial<NeighborStatus> = {}): NeighborStatus {
  const counts = { open: 1, update: 3, notification: 0, keepalive: 12, routeRefresh: 0 };
  return {
    address,
    as: 65001,
    description: 'the other node',
    type: 'internal',
    state: 'Established',
    shutdown: false,
    since: Date.now() - 3_725_000,
    received: 2,
    accepted: 2,
    advertised: 1,
    families: [{ family: 'ipv4-unicast', received: 2, accepted: 2, advertised: 1, endOfRib: true, stale: 0 }],
    import: 'accept',
    export: 'accept',
    routeReflectorClient: false,
    routeServerClient: false,
    defaultOriginate: false,
    protection: [],
    maintenance: false,
    session: {
      remoteRouterId: '172.18.8.102',
      localAddress: '172.18.8.101',
      localPort: 179,
      remotePort: 40123,
      holdTimeSeconds: { configured: 90, negotiated: 90 },
      keepaliveSeconds: 30,
      timers: { hold: 82_100, keepalive: 12_000 },
      capabilities: [{ name: 'route-refresh', local: true, remote: true, detail: '' }],
      messages: { received: counts, sent: { ...counts, update: 1 } },
      established: 1,
      lastError: {
        at: Date.now() - 10_000,
        text: 'Cease/Administrative Reset',
        direction: 'received',
        code: 6,
        subcode: 4,
      },
    },
    errors: { attributeDiscard: 0, treatAsWithdraw: 0, sessionReset: 0 },
    ...more,
  };
}

/** What the fake holds, and what was asked of it. */
export interface Fake extends Control {
  learned: Map<string, RouteView>;
  fibRoutes: FibRouteView[];
  peers: Map<string, NeighborStatus>;
  /** Calls that act on a neighbor or the daemon, in order. */
  calls: unknown[][];
  reloadResult: ReloadResult;
  /** Thrown by summary(). */
  bug: Error | undefined;
  tellRoute(event: RouteEvent): void;
  tellNeighbor(event: NeighborEvent): void;
  listeners(): number;
  /** Routes taken from the last listing. */
  taken: number;
}

/** A speaker with one neighbor that has sent 10.233.2.0/24. */
export function fakeControl(): Fake {
  const local = new Map<string, RouteSpec>();
  const own = new OwnRoutes(new Rib({ multipath: SINGLE_PATH, onWork: () => {} }), () => {});
  own.onChange(({ added, removed }) => {
    for (const spec of added) local.set(spec.prefix, spec);
    for (const prefix of removed) local.delete(prefix);
  });
  const rib = new Set<(event: RouteEvent) => void>();
  const sessions = new Set<(event: NeighborEvent) => void>();
  const peers = new Map([['172.18.8.102', neighbor('172.18.8.102')]]);
  const learned = new Map<string, RouteView>([
    ['10.233.2.0/24', { prefix: '10.233.2.0/24', family: 'ipv4-unicast', paths: [path({ localPref: 100 })] }],
  ]);
  const aggregates = new Map<string, AggregateView>([
    [
      '10.233.0.0/16',
      {
        prefix: '10.233.0.0/16',
        summaryOnly: true,
        kernel: 'blackhole',
        communities: [],
        largeCommunities: [],
        contributors: 2,
        announced: true,
        added: false,
      },
    ],
  ]);
  const spelled = (address: string) => formatAddress(parseAddress(address));

  function view(prefix: string): RouteView {
    const spec = local.get(prefix);
    const paths = learned.get(prefix)?.paths ?? [];
    const family = FAMILIES[parsePrefix(prefix).family].name;
    if (!spec) return { prefix, family, paths };
    const {
      nextHop = family === 'ipv4-unicast' ? '0.0.0.0' : '::',
      origin = 'incomplete',
      asPath = '',
      ...rest
    } = spec;
    const own = path({ ...rest, source: 'local', nextHop, origin, asPath });
    return {
      prefix,
      family,
      paths: [own, ...paths.map(it => ({ ...it, best: false, reason: 'local route preferred' }))],
    };
  }

  function* routes(query: RouteQuery): Iterable<RouteView> {
    fake.taken = 0;
    const only = query.prefix === undefined ? undefined : formatPrefix(parsePrefix(query.prefix));
    if (query.address !== undefined) parseAddress(query.address);
    for (const prefix of new Set([...local.keys(), ...learned.keys()])) {
      if (only !== undefined && prefix !== only) continue;
      if (query.address !== undefined && !prefix.startsWith(query.address.slice(0, query.address.lastIndexOf('.'))))
        continue;
      if (query.family !== undefined && parsePrefix(prefix).family !== query.family) continue;
      if (fake.taken === query.limit) return;
      fake.taken++;
      yield view(prefix);
    }
  }

  const fake: Fake = {
    learned,
    peers,
    fibRoutes: [
      {
        prefix: '10.233.2.0/24',
        kind: 'unicast',
        nextHops: [{ gateway: '172.18.8.102', interface: 'eth1', weight: 1 }],
        state: 'installed',
      },
      { prefix: '10.233.1.0/24', kind: 'blackhole', nextHops: [], state: 'installed' },
    ],
    calls: [],
    reloadResult: { ok: true, changes: ['neighbor 172.18.8.102: hold-time'], warnings: [] },
    bug: undefined,
    taken: 0,
    tellRoute: event => {
      for (const listener of rib) listener(event);
    },
    tellNeighbor: event => {
      for (const listener of sessions) listener(event);
    },
    listeners: () => rib.size + sessions.size,
    speaker: {
      routes,
      addRoutes: (specs, replace) => own.add(specs, replace),
      deleteRoutes: prefixes => own.delete(prefixes),
      deleteAllRoutes: () => own.deleteAll(),
      listPolicies: () => [
        {
          name: 'from-peer',
          usedBy: ['172.18.8.102 import'],
          statements: [{ number: 1, match: 'community 65001:666', set: '', then: 'reject', hits: 3 }],
        },
      ],
      testPolicy: ({ prefix, neighbor, direction }) => ({
        prefix,
        neighbor,
        direction,
        source: neighbor,
        accepted: false,
        matched: [{ policy: 'from-peer', statement: 1, action: 'reject' }],
        before: {
          nextHop: neighbor,
          origin: 'igp',
          asPath: '65002',
          communities: ['65001:666'],
          largeCommunities: [],
          extendedCommunities: [],
        },
      }),
      summary: () => {
        if (fake.bug) throw fake.bug;
        return {
          families: [
            { family: 'ipv4-unicast', prefixes: 1, paths: 1, best: 1, local: local.size, redistributed: 0 },
            { family: 'ipv6-unicast', prefixes: 0, paths: 0, best: 0, local: 0, redistributed: 0 },
          ],
          attributeSets: 1,
          nextHops: [{ address: '172.18.8.102', reachable: true, cost: 0, paths: 1 }],
          aggregates: [{ prefix: '10.233.0.0/16', contributors: 2, summaryOnly: true }],
          updateGroups: [{ id: 1, members: ['172.18.8.102'], families: ['ipv4-unicast'], pending: 0 }],
        };
      },
      listAggregates: () => [...aggregates.values()],
      addAggregate: spec => {
        aggregateRule(spec);
        aggregates.set(spec.prefix, { ...spec, contributors: 0, announced: false, added: true });
      },
      deleteAggregates: prefixes => prefixes.filter(prefix => aggregates.delete(prefix)).length,
      neighbors: () => [...peers.values()],
      neighbor: address => peers.get(spelled(address)),
      removeNeighbor: async address => {
        fake.calls.push(['removeNeighbor', address]);
        peers.delete(address);
      },
      enable: address => void fake.calls.push(['enable', address]),
      disable: async (address, message) => void fake.calls.push(['disable', address, message]),
      maintain: (address, on) => void fake.calls.push(['maintain', address, on]),
      reset: (address, message) => void fake.calls.push(['reset', address, message]),
      softReset: (address, direction) => void fake.calls.push(['softReset', address, direction]),
      subscribe: (what: 'rib' | 'neighbor', listener: (event: never) => void) => {
        const set: Set<(event: never) => void> = what === 'rib' ? rib : sessions;
        set.add(listener);
        return () => set.delete(listener);
      },
    },
    fib: {
      status: () => ({
        install: true,
        table: 254,
        metric: 20,
        protocol: 186,
        installed: 2,
        pending: 0,
        failed: 0,
        stale: 0,
        redistributed: 1,
        resyncs: 0,
      }),
      routes: () => fake.fibRoutes,
    },
    daemon: {
      status: () => ({
        version: '9.8.7',
        node: process.versions.node,
        pid: process.pid,
        startedAt: Date.now() - 5_000,
        as: 65001,
        routerId: '172.18.8.101',
        hostname: 'bgp-1',
        config: '/etc/tsbgp/tsbgp.yml',
      }),
      config: () => ({ source: '/etc/tsbgp/tsbgp.yml', config: { as: 65001 }, text: 'as: 65001\n' }),
      reload: async () => fake.reloadResult,
      addNeighbor: spec => {
        if (spec['hold-time'] === 1) throw new InputError('hold-time must be 0 or at least 3 seconds', 'write 3');
        fake.calls.push(['addNeighbor', spec]);
        const address = spelled(spec.address ?? '');
        peers.set(address, neighbor(address, { as: Number(spec.as), state: 'Idle' }));
      },
      shutdown: async message => void fake.calls.push(['shutdown', message]),
    },
  };
  return fake;
}
