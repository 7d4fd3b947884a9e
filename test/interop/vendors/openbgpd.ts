// OpenBGPD, with bgpctl's JSON. Its port to Linux has no hand on the kernel's routes and takes every next hop for reachable.

import type { Node } from '../../lab/node.mjs';
import {
  type Announcement,
  communityName,
  familiesOf,
  type NeighborSetup,
  type Route,
  replaceRoute,
  type Setup,
  Speaker,
  type Vendor,
} from './vendor.js';

class OpenBgpd extends Speaker {
  constructor(node: Node, setup: Setup) {
    super(node, setup, 'openbgpd');
  }

  async start(): Promise<void> {
    const config = await this.configure();
    await this.launch(
      `/usr/sbin/bgpd -d -v -f ${config}`,
      async () => (await this.node.try(this.bgpctl('show summary'))).status === 0,
    );
  }

  async state(neighbor: string): Promise<string> {
    return (await this.neighbor(neighbor)).state;
  }

  async routes(prefix: string): Promise<Route[]> {
    const { rib = [] }: { rib?: Path[] } = JSON.parse(await this.node.run(this.bgpctl(`show rib detail ${prefix}`)));
    return rib
      .filter(path => path.prefix === prefix && path.valid)
      .sort((a, b) => Number(b.best ?? false) - Number(a.best ?? false))
      .map(routeOf);
  }

  async announce(route: Announcement): Promise<void> {
    replaceRoute(this.setup, route.prefix, route);
    await this.configure();
    await this.node.run(this.bgpctl('reload'));
  }

  async withdraw(prefix: string): Promise<void> {
    replaceRoute(this.setup, prefix);
    await this.configure();
    await this.node.run(this.bgpctl('reload'));
  }

  async refresh(neighbor: string): Promise<void> {
    await this.node.run(this.bgpctl(`neighbor ${neighbor} refresh`));
  }

  async refreshesReceived(neighbor: string): Promise<number> {
    return (await this.neighbor(neighbor)).stats.message.received.route_refresh;
  }

  async shutdown(neighbor: string, message: string): Promise<void> {
    await this.node.run(this.bgpctl(`neighbor ${neighbor} down "${message}"`));
  }

  private async neighbor(address: string): Promise<NeighborJson> {
    return JSON.parse(await this.node.run(this.bgpctl(`show neighbor ${address}`))).neighbors[0];
  }

  private bgpctl(command: string): string {
    return `bgpctl -j -s ${this.directory}/bgpd.sock ${command}`;
  }

  // bgpd refuses a configuration that others may read.
  private async configure(): Promise<string> {
    const config = await this.write('bgpd.conf', configuration(this.setup, this.directory));
    await this.node.run(`chmod 600 ${config}`);
    return config;
  }
}

interface NeighborJson {
  state: string;
  stats: { message: { received: { route_refresh: number } } };
}

interface Path {
  prefix: string;
  valid?: boolean;
  best?: boolean;
  stale?: boolean;
  aspath: string;
  exit_nexthop: string;
  origin: string;
  metric: number;
  localpref: number;
  communities?: string[];
  large_communities?: string[];
  extended_communities?: string[];
  attributes?: { type: string; originator?: string; cluster_list?: string[]; as?: number }[];
}

function routeOf(path: Path): Route {
  const attribute = (name: string) => path.attributes?.find(({ type }) => type === name);
  return {
    nextHop: path.exit_nexthop,
    origin: path.origin.toLowerCase() as Route['origin'],
    asPath: path.aspath,
    med: path.metric,
    localPref: path.localpref,
    communities: (path.communities ?? []).map(communityName),
    largeCommunities: path.large_communities ?? [],
    extendedCommunities: (path.extended_communities ?? []).map(text => text.replace(' ', ':')),
    originatorId: attribute('Originator Id')?.originator,
    clusterList: attribute('Cluster Id List')?.cluster_list,
    onlyToCustomer: attribute('OTC')?.as,
    stale: path.stale ?? false,
  };
}

function configuration(setup: Setup, directory: string): string {
  const { as, routerId, neighbors, routes = [], holdSeconds = 9, gracefulRestart = true } = setup;
  return `
AS ${as}
router-id ${routerId}
fib-update no
holdtime ${holdSeconds}
socket "${directory}/bgpd.sock"
${routes.map(networkLine).join('\n')}
${neighbors.map(neighbor => neighborBlock(neighbor, gracefulRestart)).join('')}
allow from any
allow to any
`;
}

function neighborBlock(neighbor: NeighborSetup, gracefulRestart: boolean): string {
  const { address, as, passive, routeReflectorClient, routeServerClient, routeServer, role, addPath, maxPrefix, as4 } =
    neighbor;
  const families = familiesOf(neighbor);
  return `
neighbor ${address} {
  remote-as ${as}
  announce IPv4 ${families.includes('ipv4') ? 'unicast' : 'none'}
  announce IPv6 ${families.includes('ipv6') ? 'unicast' : 'none'}
  announce restart ${gracefulRestart ? 'yes' : 'no'}
  ${passive ? 'passive' : ''}
  ${neighbor.password === undefined ? '' : `tcp md5sig password "${neighbor.password}"`}
  ${neighbor.ttlSecurity ? 'ttl-security yes' : ''}
  ${routeReflectorClient ? 'route-reflector' : ''}
  ${routeServerClient ? 'transparent-as yes' : ''}
  ${routeServer ? 'enforce neighbor-as no' : ''}
  ${role ? `announce policy ${role}` : ''}
  ${addPath === 'send' ? 'announce add-path send all' : ''}
  ${addPath === 'receive' ? 'announce add-path recv yes' : ''}
  ${maxPrefix === undefined ? '' : `max-prefix ${maxPrefix}`}
  ${as4 === false ? 'announce as-4byte no' : ''}
}`;
}

function networkLine(route: Announcement): string {
  const { prefix, nextHop, prepended, med, localPref } = route;
  const { communities = [], largeCommunities = [], extendedCommunities = [] } = route;
  const set = [
    nextHop && `nexthop ${nextHop}`,
    prepended && `prepend-self ${prepended}`,
    med && `med ${med}`,
    localPref && `localpref ${localPref}`,
    ...communities.map(community => `community ${community}`),
    ...largeCommunities.map(community => `large-community ${community}`),
    ...extendedCommunities.map(community => `ext-community ${community.replace(':', ' ')}`),
  ].filter(Boolean);
  return `network ${prefix} ${set.length > 0 ? `set { ${set.join(' ')} }` : ''}`;
}

export const openbgpd: Vendor = {
  name: 'openbgpd',
  title: 'OpenBGPD',
  package: 'openbgpd',
  async start(node, setup) {
    const speaker = new OpenBgpd(node, setup);
    await speaker.start();
    return speaker;
  },
  lacks: {
    'two members of a confederation': 'does not know RFC 5065',
    'tsbgp stays away for long, the other side keeps its routes as the last choice': 'does not know RFC 9494',
    'the other side stays away for long, tsbgp keeps its routes as the last choice': 'does not know RFC 9494',
    'tsbgp asks for the routes again':
      'refuses every ROUTE-REFRESH, from FRR too: "route refresh: AID IPv4 unicast not negotiated"',
    'the other side crashes and comes back, tsbgp keeps its routes':
      'announces no families in its graceful restart capability: it does not promise that routes outlive it',
    'IPv4 routes with IPv6 next hops': 'does not know RFC 8950',
    'a neighbor by its interface (unnumbered): IPv4 routes over link-local addresses': 'does not know RFC 8950',
    'messages of more than 4096 octets': 'does not know RFC 8654',
  },
};
