// FRR, with vtysh's JSON. bgpd learns from zebra what the interfaces are, without which it takes no link-local next hops.

import { existsSync } from 'node:fs';
import { type Node, waitFor } from '../../lab/node.mjs';
import {
  type Announcement,
  communityName,
  type Family,
  familiesOf,
  familyOf,
  type NeighborSetup,
  type Route,
  replaceRoute,
  type Setup,
  Speaker,
  type Vendor,
} from './vendor.js';

const AFI: Record<Family, string> = { ipv4: 'ipv4 unicast', ipv6: 'ipv6 unicast' };

class Frr extends Speaker {
  constructor(node: Node, setup: Setup) {
    super(node, setup, 'frr');
  }

  async start(restart = false): Promise<void> {
    const config = await this.write('bgpd.conf', configuration(this.setup));
    await this.node.run(`chown -R frr:frr ${this.directory}`);
    const options = `-u frr -g frr --vty_socket ${this.directory} -P 0 -z ${this.directory}/zserv.api`;
    if (!restart) {
      this.node.start(
        `exec /usr/lib/frr/zebra ${options} -i ${this.directory}/zebra.pid`,
        `${this.directory}/zebra.log`,
      );
      await waitFor('zebra listens', () => existsSync(this.node.path(`${this.directory}/zserv.api`)));
    }
    await this.launch(
      `/usr/lib/frr/bgpd ${options} -f ${config} -i ${this.directory}/bgpd.pid`,
      async () => (await this.node.try(this.vtysh('show version'))).status === 0,
    );
  }

  async state(neighbor: string): Promise<string> {
    return (await this.neighbor(neighbor)).bgpState;
  }

  async routes(prefix: string): Promise<Route[]> {
    const shown = await this.json<{ paths?: Path[] }>(`show bgp ${AFI[familyOf(prefix)]} ${prefix} json`);
    return (shown.paths ?? [])
      .filter(({ valid }) => valid)
      .sort((a, b) => Number(b.bestpath?.overall ?? false) - Number(a.bestpath?.overall ?? false))
      .map(routeOf);
  }

  async announce(route: Announcement): Promise<void> {
    await this.configure([...routeMap(route, this.setup.as), `router bgp ${this.setup.as}`, ...network(route)]);
    replaceRoute(this.setup, route.prefix, route);
  }

  async withdraw(prefix: string): Promise<void> {
    const family = `address-family ${AFI[familyOf(prefix)]}`;
    await this.configure([`router bgp ${this.setup.as}`, family, `no network ${prefix}`]);
    replaceRoute(this.setup, prefix);
  }

  async refresh(neighbor: string): Promise<void> {
    await this.node.run(this.vtysh(`clear bgp ${neighbor} soft in`));
  }

  async refreshesReceived(neighbor: string): Promise<number> {
    return (await this.neighbor(neighbor)).messageStats.routeRefreshRecv;
  }

  async shutdown(neighbor: string, message: string): Promise<void> {
    await this.configure([`router bgp ${this.setup.as}`, `neighbor ${neighbor} shutdown message ${message}`]);
  }

  private async neighbor(address: string): Promise<NeighborJson> {
    return (await this.json<Record<string, NeighborJson>>(`show bgp neighbors ${address} json`))[address];
  }

  private vtysh(...commands: string[]): string {
    return `vtysh --vty_socket ${this.directory} -d bgpd ${commands.map(command => `-c '${command}'`).join(' ')}`;
  }

  private async configure(lines: string[]): Promise<void> {
    await this.node.run(this.vtysh('configure terminal', ...lines));
  }

  private async json<T>(command: string): Promise<T> {
    return JSON.parse(await this.node.run(this.vtysh(command)));
  }
}

interface NeighborJson {
  bgpState: string;
  messageStats: { routeRefreshRecv: number };
}

interface Path {
  valid?: boolean;
  stale?: boolean;
  bestpath?: { overall?: boolean };
  aspath?: { string: string };
  origin: string;
  metric?: number;
  locPrf?: number;
  community?: { list: string[] };
  largeCommunity?: { list: string[] };
  extendedCommunity?: { string: string };
  originatorId?: string;
  clusterList?: { list: string[] };
  otc?: number;
  nexthops: { ip: string; scope?: string }[];
}

function routeOf(path: Path): Route {
  const words = path.extendedCommunity?.string.split(' ') ?? [];
  return {
    nextHop: (path.nexthops.find(({ scope }) => scope === 'global') ?? path.nexthops[0]).ip,
    origin: path.origin.toLowerCase() as Route['origin'],
    asPath: path.aspath?.string === 'Local' ? '' : (path.aspath?.string ?? ''),
    med: path.metric,
    localPref: path.locPrf,
    communities: (path.community?.list ?? []).map(camelCase => communityName(camelCase.replace(/[A-Z]/g, '-$&'))),
    largeCommunities: path.largeCommunity?.list ?? [],
    extendedCommunities: words.map(word => word.toLowerCase()),
    originatorId: path.originatorId,
    clusterList: path.clusterList?.list,
    onlyToCustomer: path.otc,
    stale: path.stale ?? false,
  };
}

function configuration(setup: Setup): string {
  const {
    as,
    confederation,
    routerId,
    neighbors,
    routes = [],
    holdSeconds = 9,
    gracefulRestart = true,
    longLivedSeconds,
  } = setup;
  const lines = [
    'log stdout informational',
    'debug bgp neighbor-events',
    ...routes.flatMap(route => routeMap(route, as)),
    `router bgp ${as}`,
    `bgp router-id ${routerId}`,
    ...(confederation ? [`bgp confederation identifier ${confederation.identifier}`] : []),
    ...(confederation ? [`bgp confederation peers ${confederation.members.join(' ')}`] : []),
    'no bgp default ipv4-unicast',
    'no bgp ebgp-requires-policy',
    'no bgp network import-check',
    ...(gracefulRestart
      ? ['bgp graceful-restart', 'bgp graceful-restart preserve-fw-state']
      : ['bgp graceful-restart-disable']),
    ...(longLivedSeconds === undefined
      ? []
      : ['bgp graceful-restart restart-time 1', `bgp long-lived-graceful-restart stale-time ${longLivedSeconds}`]),
    'coalesce-time 0',
    ...neighbors.flatMap(neighbor => neighborLines(neighbor, as, holdSeconds)),
    ...neighbors.flatMap(neighbor => familiesOf(neighbor).flatMap(family => familyLines(neighbor, family))),
    ...routes.flatMap(network),
  ];
  return `${lines.join('\n')}\n`;
}

function neighborLines(neighbor: NeighborSetup, ownAs: number, holdSeconds: number): string[] {
  const { address, byInterface, as, passive, password, ttlSecurity, extendedNextHop, as4, role } = neighbor;
  const option = (wanted: boolean | undefined, text: string) => (wanted ? [`neighbor ${address} ${text}`] : []);
  return [
    ...option(true, byInterface ? `interface remote-as ${as === ownAs ? 'internal' : 'external'}` : `remote-as ${as}`),
    ...option(true, `timers ${holdSeconds / 3} ${holdSeconds}`),
    ...option(true, 'timers connect 1'),
    ...option(true, 'advertisement-interval 0'),
    ...option(passive, 'passive'),
    ...option(password !== undefined, `password ${password}`),
    ...option(ttlSecurity, 'ttl-security hops 1'),
    ...option(role !== undefined, `local-role ${role}`),
    ...option(extendedNextHop, 'capability extended-nexthop'),
    ...option(as4 === false, 'dont-capability-negotiate'),
  ];
}

function familyLines(neighbor: NeighborSetup, family: Family): string[] {
  const { address, routeReflectorClient, routeServerClient, addPath, maxPrefix } = neighbor;
  return [
    `address-family ${AFI[family]}`,
    `neighbor ${address} activate`,
    ...(routeServerClient ? [`neighbor ${address} route-server-client`] : []),
    ...(routeReflectorClient ? [`neighbor ${address} route-reflector-client`] : []),
    ...(addPath === 'send' ? [`neighbor ${address} addpath-tx-all-paths`] : []),
    ...(maxPrefix === undefined ? [] : [`neighbor ${address} maximum-prefix ${maxPrefix}`]),
    'exit-address-family',
  ];
}

const mapName = (prefix: string) => `to-${prefix.replaceAll(/[:./]/g, '-')}`;

function routeMap(route: Announcement, as: number): string[] {
  const { prefix, nextHop, prepended, med, localPref } = route;
  const { largeCommunities, extendedCommunities = [] } = route;
  const set = (value: unknown, text: string) => (value === undefined ? [] : [`set ${text}`]);
  return [
    ...communityEntries(route),
    `route-map ${mapName(prefix)} permit 1000`,
    ...set(nextHop, familyOf(prefix) === 'ipv4' ? `ip next-hop ${nextHop}` : `ipv6 next-hop global ${nextHop}`),
    ...set(prepended, `as-path prepend ${`${as} `.repeat(prepended ?? 0)}`),
    ...set(med, `metric ${med}`),
    ...set(localPref, `local-preference ${localPref}`),
    ...set(largeCommunities, `large-community ${largeCommunities?.join(' ')}`),
    ...extendedCommunities.map(community => `set extcommunity ${community.replace(':', ' ')}`),
    'exit',
  ];
}

// A line holds no more than 4096 octets; each entry of the map adds some communities.
function communityEntries({ prefix, communities = [] }: Announcement): string[] {
  const chunks = Array.from({ length: Math.ceil(communities.length / 100) }, (_, i) =>
    communities.slice(100 * i, 100 * (i + 1)),
  );
  return chunks.flatMap((chunk, i) => [
    `route-map ${mapName(prefix)} permit ${i + 1}`,
    `set community ${chunk.join(' ')} additive`,
    'on-match next',
    'exit',
  ]);
}

function network({ prefix }: Announcement): string[] {
  return [
    `address-family ${AFI[familyOf(prefix)]}`,
    `network ${prefix} route-map ${mapName(prefix)}`,
    'exit-address-family',
  ];
}

export const frr: Vendor = {
  name: 'frr',
  title: 'FRR',
  package: 'frr',
  async start(node, setup) {
    const speaker = new Frr(node, setup);
    await speaker.start();
    return speaker;
  },
  findsNeighbors: true,
  endOfRibFirst: true,
  lacks: {},
};
