// BIRD, with what birdc prints.

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

export class Bird extends Speaker {
  constructor(node: Node, setup: Setup) {
    super(node, setup, 'bird');
  }

  async start(restart = false): Promise<void> {
    const config = await this.write('bird.conf', configuration(this.setup));
    await this.launch(
      `bird -f ${restart ? '-R' : ''} -c ${config} -s ${this.directory}/bird.ctl -P ${this.directory}/bird.pid`,
      async () => (await this.node.try(this.birdc('show status'))).status === 0,
    );
  }

  async state(neighbor: string): Promise<string> {
    const shown = await this.node.run(this.birdc(`show protocols all ${this.nameOf(neighbor)}`));
    return /BGP state: +(\S+)/.exec(shown)?.[1] ?? '';
  }

  async routes(prefix: string): Promise<Route[]> {
    const { stdout } = await this.node.try(this.birdc(`show route ${prefix} all`));
    return stdout
      .split(/\n(?=\S*\s+(?:unicast|blackhole|unreachable) \[)/)
      .slice(1)
      .map(routeOf);
  }

  async announce(route: Announcement): Promise<void> {
    replaceRoute(this.setup, route.prefix, route);
    await this.reconfigure();
  }

  async withdraw(prefix: string): Promise<void> {
    replaceRoute(this.setup, prefix);
    await this.reconfigure();
  }

  async refresh(neighbor: string): Promise<void> {
    await this.node.run(this.birdc(`reload in ${this.nameOf(neighbor)}`));
  }

  async refreshesReceived(neighbor: string): Promise<number> {
    return this.log().split(`${this.nameOf(neighbor)}: Got ROUTE-REFRESH`).length - 1;
  }

  async shutdown(neighbor: string, message: string): Promise<void> {
    await this.node.run(this.birdc(`disable ${this.nameOf(neighbor)} "${message}"`));
  }

  private nameOf(neighbor: string): string {
    return `n${this.setup.neighbors.findIndex(({ address }) => address === neighbor)}`;
  }

  private birdc(command: string): string {
    return `birdc -s ${this.directory}/bird.ctl '${command}'`;
  }

  private async reconfigure(): Promise<void> {
    await this.write('bird.conf', configuration(this.setup));
    await this.node.run(this.birdc('configure'));
  }
}

function routeOf(block: string): Route {
  const line = (name: string) => new RegExp(`\\t${name}: ?(.*)`).exec(block)?.[1];
  const number = (name: string) => (line(name) === undefined ? undefined : Number(line(name)));
  // (65001,1) (65001, 1, 2) (rt, 65001, 8); long lists go on in lines that begin with two tabs.
  const tuples = (name: string) => {
    const [, text = ''] = new RegExp(`\\t${name}: ?((?:.*)(?:\\n\\t\\t.*)*)`).exec(block) ?? [];
    return [...text.matchAll(/\(([^)]*)\)/g)].map(([, inside]) => inside.replace(/, ?/g, ':'));
  };
  return {
    nextHop: line('BGP.next_hop')?.split(' ')[0] ?? '',
    origin: (line('BGP.origin') ?? 'incomplete').toLowerCase() as Route['origin'],
    asPath: line('BGP.as_path') ?? '',
    med: number('BGP.med'),
    localPref: number('BGP.local_pref'),
    communities: tuples('BGP.community').map(communityName),
    largeCommunities: tuples('BGP.large_community'),
    extendedCommunities: tuples('BGP.ext_community').map(text => text.replace(/^ro:/, 'soo:')),
    originatorId: line('BGP.originator_id'),
    clusterList: line('BGP.cluster_list')?.split(' '),
    onlyToCustomer: number('BGP.otc'),
    stale: /^.*\] .*s/.test(block.split('\n')[0].split('*')[1] ?? ''),
  };
}

// A MED that is set when a route is made does not leave the AS; the export filter sets it.
function configuration(setup: Setup): string {
  const { as, routerId, neighbors, routes = [] } = setup;
  return `
log stderr all;
router id ${routerId};
protocol device { }
protocol direct { ipv4; ipv6; }
${routes.map(route => staticRoute(route, as)).join('\n')}
filter announced {
  if source = RTS_DEVICE then reject;
  ${routes.map(({ prefix, med }) => (med === undefined ? '' : `if net = ${prefix} then bgp_med = ${med};`)).join('\n  ')}
  accept;
}
${neighbors.map((neighbor, i) => protocol(neighbor, i, setup)).join('\n')}
`;
}

function protocol(neighbor: NeighborSetup, i: number, setup: Setup): string {
  const { as, confederation, holdSeconds = 9, gracefulRestart = true, longLivedSeconds } = setup;
  const member = confederation?.members.includes(neighbor.as) ? 'confederation member yes;' : '';
  const {
    address,
    as: remoteAs,
    passive,
    password,
    ttlSecurity,
    routeReflectorClient,
    routeServerClient,
    role,
    addPath,
    extendedNextHop,
    maxPrefix,
    as4,
  } = neighbor;
  const channel = [
    'import all;',
    'export filter announced;',
    addPath === 'send' ? 'add paths tx;' : '',
    addPath === 'receive' ? 'add paths rx;' : '',
    extendedNextHop ? 'extended next hop;' : '',
    maxPrefix === undefined ? '' : `receive limit ${maxPrefix} action disable;`,
  ];
  return `
protocol bgp n${i} {
  debug { packets, states };
  local as ${as};
  neighbor ${address} as ${remoteAs};
  direct;
  ${confederation ? `confederation ${confederation.identifier}; ${member}` : ''}
  hold time ${holdSeconds};
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 1;
  graceful restart ${gracefulRestart ? 'on' : 'off'};
  ${longLivedSeconds === undefined ? '' : `graceful restart time 1; long lived graceful restart on; long lived stale time ${longLivedSeconds};`}
  enable extended messages;
  ${passive ? 'passive;' : ''}
  ${password === undefined ? '' : `password "${password}";`}
  ${ttlSecurity ? 'ttl security on;' : ''}
  ${routeReflectorClient ? 'rr client;' : ''}
  ${routeServerClient ? 'rs client;' : ''}
  ${role ? `local role ${role};` : ''}
  ${as4 === false ? 'enable as4 off;' : ''}
  ${familiesOf(neighbor)
    .map(family => `${family} { ${channel.join(' ')} };`)
    .join('\n  ')}
}`;
}

function staticRoute(route: Announcement, as: number): string {
  const { prefix, nextHop, prepended = 0, localPref } = route;
  const { communities = [], largeCommunities = [], extendedCommunities = [] } = route;
  const tuple = (text: string) => `(${text.replaceAll(':', ', ')})`;
  const set = (name: string, value: unknown) => (value === undefined ? '' : `bgp_${name} = ${value};`);
  const statements = [
    'bgp_origin = ORIGIN_IGP;',
    ...Array(prepended).fill(`bgp_path.prepend(${as});`),
    set('local_pref', localPref),
    set('next_hop', nextHop),
    ...communities.map(community => `bgp_community.add(${tuple(community)});`),
    ...largeCommunities.map(community => `bgp_large_community.add(${tuple(community)});`),
    ...extendedCommunities.map(community => `bgp_ext_community.add(${tuple(community.replace('soo', 'ro'))});`),
  ];
  return `protocol static { ${familyOf(prefix)}; route ${prefix} blackhole { ${statements.join(' ')} }; }`;
}

export const bird: Vendor = {
  name: 'bird',
  title: 'BIRD',
  package: 'bird2',
  async start(node, setup) {
    const speaker = new Bird(node, setup);
    await speaker.start();
    return speaker;
  },
  lacks: {},
};
