// gobgpd, with `gobgp --json`. Path attributes come as a list of { type: code, ... }; what is zero is left out of its JSON.

import type { Node } from '../../lab/node.mjs';
import {
  type Announcement,
  communityName,
  familiesOf,
  familyOf,
  type NeighborSetup,
  type Route,
  replaceRoute,
  type Setup,
  Speaker,
  type Vendor,
} from './vendor.js';

const STATES = ['Unknown', 'Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'];
const ORIGINS = ['igp', 'egp', 'incomplete'] as const;

export class Gobgpd extends Speaker {
  constructor(node: Node, setup: Setup) {
    super(node, setup, 'gobgpd');
  }

  async start(restart = false): Promise<void> {
    await this.startWith(JSON.stringify(configuration(this.setup, restart), null, 1), 'json', restart);
    for (const route of this.setup.routes ?? []) await this.add(route);
    if (restart)
      for (const { address } of this.setup.neighbors) await this.node.run(`gobgp neighbor ${address} enable`);
  }

  /** Starts it with this configuration, and nothing announced. */
  async startWith(text: string, type: 'json' | 'yaml', restart = false): Promise<void> {
    const config = await this.write(`gobgpd.${type}`, text);
    await this.launch(
      `gobgpd -f ${config} -t ${type} ${restart ? '-r' : ''} --pprof-disable --api-hosts 127.0.0.1:50051`,
      async () => (await this.node.try('gobgp global')).status === 0,
    );
  }

  async state(neighbor: string): Promise<string> {
    return STATES[(await this.neighbor(neighbor)).session_state ?? 0];
  }

  async routes(prefix: string): Promise<Route[]> {
    return (await this.table(`${prefix} -a ${familyOf(prefix)}`)).get(prefix) ?? [];
  }

  /** The routes by prefix, of all IPv4 prefixes or as the words of `gobgp global rib` say. */
  async table(words = ''): Promise<Map<string, Route[]>> {
    const shown: Record<string, Path[]> = JSON.parse(await this.node.run(`gobgp -j global rib ${words}`));
    return new Map(Object.entries(shown).map(([prefix, paths]) => [prefix, paths.map(routeOf)]));
  }

  async announce(route: Announcement): Promise<void> {
    await this.add(route);
    replaceRoute(this.setup, route.prefix, route);
  }

  async withdraw(prefix: string): Promise<void> {
    await this.node.run(`gobgp global rib del ${prefix} -a ${familyOf(prefix)}`);
    replaceRoute(this.setup, prefix);
  }

  async refresh(neighbor: string): Promise<void> {
    await this.node.run(`gobgp neighbor ${neighbor} softresetin`);
  }

  async refreshesReceived(neighbor: string): Promise<number> {
    return Number((await this.neighbor(neighbor)).messages.received.refresh ?? 0);
  }

  async shutdown(neighbor: string, message: string): Promise<void> {
    await this.node.run(`gobgp neighbor ${neighbor} shutdown --reason '${message}'`);
  }

  private async neighbor(address: string): Promise<NeighborState> {
    return JSON.parse(await this.node.run(`gobgp -j neighbor ${address}`)).state;
  }

  private async add({ prefix, nextHop, prepended = 0, med, localPref, communities, largeCommunities }: Announcement) {
    const option = (word: string, value: unknown) => (value === undefined ? '' : `${word} "${value}"`);
    const words = [
      'origin igp',
      option('nexthop', nextHop),
      option('aspath', prepended > 0 ? Array(prepended).fill(this.setup.as).join(' ') : undefined),
      option('med', med),
      option('local-pref', localPref),
      option('community', communities?.join(',')),
      option('large-community', largeCommunities?.join(',')),
    ];
    await this.node.run(`gobgp global rib add ${prefix} -a ${familyOf(prefix)} ${words.join(' ')}`);
  }
}

interface NeighborState {
  session_state?: number;
  messages: { received: { refresh?: string } };
}

interface Path {
  stale?: boolean;
  attrs: Attribute[];
}

interface Attribute {
  type: number;
  value?: unknown;
  nexthop?: string;
  metric?: number;
  communities?: number[];
  as_paths?: { segment_type: number; asns: number[] }[];
}

interface LargeCommunity {
  ASN: number;
  LocalData1: number;
  LocalData2: number;
}

function routeOf({ stale, attrs }: Path): Route {
  const attribute = (code: number) => attrs.find(({ type }) => type === code);
  const value = <T>(code: number) => attribute(code)?.value as T | undefined;
  return {
    nextHop: attribute(3)?.nexthop ?? attribute(14)?.nexthop ?? '',
    origin: ORIGINS[value<number>(1) ?? 0],
    asPath: (attribute(2)?.as_paths ?? [])
      .map(({ segment_type, asns }) => (segment_type === 3 ? `(${asns.join(' ')})` : asns.join(' ')))
      .join(' '),
    med: attribute(4)?.metric,
    localPref: value<number>(5),
    communities: (attribute(8)?.communities ?? []).map(word => communityName(`${word >>> 16}:${word & 0xffff}`)),
    largeCommunities: (value<LargeCommunity[]>(32) ?? []).map(
      ({ ASN, LocalData1, LocalData2 }) => `${ASN}:${LocalData1}:${LocalData2}`,
    ),
    extendedCommunities: (value<ExtendedCommunity[]>(16) ?? []).map(extendedCommunityName),
    originatorId: value<string>(9),
    clusterList: value<string[]>(10),
    stale: stale ?? false,
  };
}

interface ExtendedCommunity {
  subtype: number;
  value: string;
}

function extendedCommunityName({ subtype, value }: ExtendedCommunity): string {
  return `${{ 2: 'rt', 3: 'soo' }[subtype] ?? subtype}:${value}`;
}

// After a crash the neighbors wait until the routes are there again.
function configuration(setup: Setup, down: boolean) {
  const { as, confederation, routerId, neighbors, routes = [] } = setup;
  const extended = routes.filter(({ extendedCommunities }) => extendedCommunities !== undefined);
  return {
    global: {
      config: { as, 'router-id': routerId },
      ...(confederation && {
        confederation: {
          config: {
            enabled: true,
            identifier: confederation.identifier,
            'member-as-list': confederation.members,
          },
        },
      }),
      'apply-policy': { config: { 'export-policy-list': extended.map(({ prefix }) => prefix) } },
    },
    neighbors: neighbors.map(neighbor => neighborConfiguration(neighbor, setup, down)),
    ...policies(extended),
  };
}

function neighborConfiguration(neighbor: NeighborSetup, setup: Setup, down: boolean) {
  const { as, routerId, holdSeconds = 9, gracefulRestart = true, longLivedSeconds } = setup;
  const longLived = longLivedSeconds !== undefined;
  const {
    address,
    byInterface,
    as: remoteAs,
    passive,
    password,
    ttlSecurity,
    routeReflectorClient,
    routeServerClient,
    addPath,
    maxPrefix,
  } = neighbor;
  return {
    config: {
      [byInterface ? 'neighbor-interface' : 'neighbor-address']: address,
      'peer-as': remoteAs,
      'admin-down': down,
      ...(password !== undefined && { 'auth-password': password }),
    },
    timers: {
      config: {
        'hold-time': holdSeconds,
        'keepalive-interval': holdSeconds / 3,
        'connect-retry': 1,
        'idle-hold-time-after-reset': 1,
      },
    },
    transport: { config: { 'passive-mode': passive ?? false } },
    'graceful-restart': {
      config: { enabled: gracefulRestart, 'restart-time': longLived ? 1 : 60, 'long-lived-enabled': longLived },
    },
    'afi-safis': familiesOf(neighbor).map(family => ({
      config: { 'afi-safi-name': `${family}-unicast` },
      'mp-graceful-restart': { config: { enabled: gracefulRestart } },
      ...(longLived && {
        'long-lived-graceful-restart': { config: { enabled: true, 'restart-time': longLivedSeconds } },
      }),
      ...(addPath === 'send' && { 'add-paths': { config: { 'send-max': 8 } } }),
      ...(addPath === 'receive' && { 'add-paths': { config: { receive: true } } }),
      ...(maxPrefix !== undefined && { 'prefix-limit': { config: { 'max-prefixes': maxPrefix } } }),
    })),
    ...(routeReflectorClient && {
      'route-reflector': { config: { 'route-reflector-client': true, 'route-reflector-cluster-id': routerId } },
    }),
    ...(routeServerClient && { 'route-server': { config: { 'route-server-client': true } } }),
    ...(ttlSecurity && { 'ttl-security': { config: { enabled: true, 'ttl-min': 255 } } }),
    ...(remoteAs !== as && !ttlSecurity && { 'ebgp-multihop': { config: { enabled: false } } }),
  };
}

// `gobgp global rib add` has no word for extended communities; an export policy adds them.
function policies(routes: Announcement[]) {
  return {
    'defined-sets': {
      'prefix-sets': routes.map(({ prefix }) => ({
        'prefix-set-name': prefix,
        'prefix-list': [
          { 'ip-prefix': prefix, 'masklength-range': `${prefix.split('/')[1]}..${prefix.split('/')[1]}` },
        ],
      })),
    },
    'policy-definitions': routes.map(({ prefix, extendedCommunities }) => ({
      name: prefix,
      statements: [
        {
          name: prefix,
          conditions: { 'match-prefix-set': { 'prefix-set': prefix } },
          actions: {
            'bgp-actions': {
              'set-ext-community': {
                options: 'add',
                'set-ext-community-method': { 'communities-list': extendedCommunities },
              },
            },
          },
        },
      ],
    })),
  };
}

export const gobgpd: Vendor = {
  name: 'gobgpd',
  title: 'gobgpd',
  package: 'gobgpd',
  async start(node, setup) {
    const speaker = new Gobgpd(node, setup);
    await speaker.start();
    return speaker;
  },
  findsNeighbors: true,
  lacks: {
    'allow-own-as: two sites of one AS, the other side between them':
      'announces no route to a neighbor whose AS is in its path',
    'roles, tsbgp is the provider': 'does not know RFC 9234',
    'roles, tsbgp is the customer': 'does not know RFC 9234',
    'roles, tsbgp is the peer': 'does not know RFC 9234',
    'roles that do not fit': 'does not know RFC 9234',
    'AS numbers of four octets over a session of two (AS4_PATH)': 'always says that it knows four octets',
    'messages of more than 4096 octets': 'does not know RFC 8654',
    'the other side asks for the routes again':
      'keeps all it received and applies changed policies to that; it has no command that sends a ROUTE-REFRESH',
  },
};
