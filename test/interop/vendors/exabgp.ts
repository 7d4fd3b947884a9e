// ExaBGP. It has no table and no commands that show one: its API tells a process of ours, in a JSON line each, what it
// receives, and takes commands from it. That process is a shell script which joins both to files.

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
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

const API = `tail -n +1 -f /run/exabgp/commands &
exec cat >> /run/exabgp/events
`;

class ExaBgp extends Speaker {
  constructor(node: Node, setup: Setup) {
    super(node, setup, 'exabgp');
  }

  async start(): Promise<void> {
    await this.write('api.sh', API);
    await this.write('commands', '');
    await this.write('events', '');
    const config = await this.write('exabgp.conf', configuration(this.setup));
    const environment = Object.entries({
      'daemon.user': 'root',
      'tcp.bind': '0.0.0.0 ::',
      'tcp.port': '179',
      'api.cli': 'false',
      'log.destination': 'stdout',
      'log.level': 'INFO',
      'log.all': 'true',
    }).map(([name, value]) => `exabgp.${name}='${value}'`);
    await this.launch(`env ${environment.join(' ')} exabgp ${config}`, async () =>
      this.log().includes('loaded new configuration'),
    );
  }

  async state(neighbor: string): Promise<string> {
    const states = this.events().filter(event => event.type === 'state' && event.neighbor.address.peer === neighbor);
    return states.at(-1)?.neighbor.state === 'up' ? 'Established' : 'Idle';
  }

  async routes(prefix: string): Promise<Route[]> {
    const paths = new Map<string, Route>();
    for (const { type, neighbor } of this.events()) {
      const key = (path = '') => `${neighbor.address.peer} ${path}`;
      if (type === 'state' && neighbor.state === 'down') {
        for (const other of paths.keys()) if (other.startsWith(key())) paths.delete(other);
      }
      const update = neighbor.message?.update;
      for (const gone of Object.values(update?.withdraw ?? {}).flat()) {
        if (gone.nlri === prefix) paths.delete(key(gone['path-information']));
      }
      for (const byNextHop of Object.values(update?.announce ?? {})) {
        for (const [nextHop, reached] of Object.entries(byNextHop)) {
          for (const { nlri, 'path-information': id } of reached) {
            // An IPv6 route is told twice, the second time with its link-local next hop.
            if (nlri === prefix && !nextHop.startsWith('fe80:')) {
              paths.set(key(id), routeOf(nextHop, update?.attribute ?? {}));
            }
          }
        }
      }
    }
    return [...paths.values()];
  }

  async announce(route: Announcement): Promise<void> {
    this.command(`announce ${routeText(route, this.setup.as)}`);
    replaceRoute(this.setup, route.prefix, route);
  }

  async withdraw(prefix: string, pathId?: number): Promise<void> {
    this.command(`withdraw route ${prefix} next-hop self${pathInformation(pathId)}`);
    replaceRoute(this.setup, prefix);
  }

  async refresh(neighbor: string): Promise<void> {
    this.command(`announce route-refresh ${familyOf(neighbor)} unicast`);
  }

  async refreshesReceived(neighbor: string): Promise<number> {
    return this.events().filter(({ type, neighbor: { address } }) => type === 'refresh' && address.peer === neighbor)
      .length;
  }

  async shutdown(neighbor: string): Promise<void> {
    this.command(`neighbor ${neighbor} teardown 2`);
  }

  private command(line: string): void {
    appendFileSync(this.node.path(`${this.directory}/commands`), `${line}\n`);
  }

  private events(): Event[] {
    const file = this.node.path(`${this.directory}/events`);
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    // ExaBGP quotes the words of a ROUTE-REFRESH twice.
    return lines.filter(line => line.startsWith('{')).map(line => JSON.parse(line.replace(/""(\w+)""/g, '"$1"')));
  }
}

interface Nlri {
  nlri: string;
  'path-information'?: string;
}

interface Event {
  type: string;
  neighbor: {
    address: { peer: string };
    state?: 'connected' | 'up' | 'down';
    message?: {
      update?: {
        attribute?: Attributes;
        announce?: Record<string, Record<string, Nlri[]>>;
        withdraw?: Record<string, Nlri[]>;
      };
    };
  };
}

interface Attributes {
  origin?: string;
  'as-path'?: number[];
  med?: number;
  'local-preference'?: number;
  community?: number[][];
  'large-community'?: number[][];
  'extended-community'?: { string: string }[];
  'originator-id'?: string;
  'cluster-list'?: string[];
}

function routeOf(nextHop: string, attributes: Attributes): Route {
  return {
    nextHop,
    origin: (attributes.origin ?? 'igp') as Route['origin'],
    asPath: (attributes['as-path'] ?? []).join(' '),
    med: attributes.med,
    localPref: attributes['local-preference'],
    communities: (attributes.community ?? []).map(words => communityName(words.join(':'))),
    largeCommunities: (attributes['large-community'] ?? []).map(words => words.join(':')),
    // ExaBGP prints the address of an origin last.
    extendedCommunities: (attributes['extended-community'] ?? []).map(({ string }) =>
      string
        .replace('target', 'rt')
        .replace('origin', 'soo')
        .replace(/^soo:(\d+):([\d.]+\.\d+)$/, 'soo:$2:$1'),
    ),
    originatorId: attributes['originator-id'],
    clusterList: attributes['cluster-list'],
  };
}

function configuration(setup: Setup): string {
  return `
process api {
  run /bin/sh /run/exabgp/api.sh;
  encoder json;
}
${setup.neighbors.map(neighbor => neighborBlock(neighbor, setup)).join('')}`;
}

function neighborBlock(neighbor: NeighborSetup, setup: Setup): string {
  const { as, routerId, routes = [], holdSeconds = 9, gracefulRestart = true } = setup;
  const { address, as: remoteAs, passive, password, ttlSecurity, addPath, extendedNextHop, as4 } = neighbor;
  const families = familiesOf(neighbor);
  const announced = routes.filter(({ prefix }) => families.includes(familyOf(prefix)));
  const local = familyOf(address) === 'ipv4' ? routerId : `2001:db8::${routerId.split('.')[3]}`;
  return `
neighbor ${address} {
  router-id ${routerId};
  local-address ${local};
  local-as ${as};
  peer-as ${remoteAs};
  hold-time ${holdSeconds};
  passive ${passive ?? false};
  ${password === undefined ? '' : `md5-password '${password}';\n  md5-base64 false;`}
  ${ttlSecurity ? 'incoming-ttl 255;\n  outgoing-ttl 255;' : ''}
  group-updates false;
  family {
${families.map(family => `    ${family} unicast;`).join('\n')}
  }
  capability {
    asn4 ${as4 === false ? 'disable' : 'enable'};
    route-refresh enable;
    ${gracefulRestart ? 'graceful-restart 60;' : ''}
    extended-message enable;
    ${addPath ? `add-path ${addPath};` : ''}
    ${extendedNextHop ? 'nexthop enable;' : ''}
  }
  ${extendedNextHop ? 'nexthop {\n    ipv4 unicast ipv6;\n  }' : ''}
  api {
    processes [ api ];
    neighbor-changes;
    receive {
      parsed;
      update;
      refresh;
      notification;
    }
  }
  static {
${announced.map(route => `    ${routeText(route, as)};`).join('\n')}
  }
}
`;
}

function routeText(route: Announcement, as: number): string {
  const { prefix, pathId, nextHop = 'self', prepended, med, localPref } = route;
  const { communities, largeCommunities, extendedCommunities } = route;
  const list = (name: string, words: string[] | undefined) => (words ? ` ${name} [ ${words.join(' ')} ]` : '');
  const value = (name: string, number: number | undefined) => (number === undefined ? '' : ` ${name} ${number}`);
  return (
    `route ${prefix} next-hop ${nextHop} origin igp${pathInformation(pathId)}` +
    (prepended
      ? ` as-path [ ${Array(prepended + 1)
          .fill(as)
          .join(' ')} ]`
      : '') +
    value('med', med) +
    value('local-preference', localPref) +
    list('community', communities) +
    list('large-community', largeCommunities) +
    list(
      'extended-community',
      extendedCommunities?.map(text => text.replace('rt', 'target').replace('soo', 'origin')),
    )
  );
}

function pathInformation(pathId: number | undefined): string {
  return pathId === undefined ? '' : ` path-information 0.0.0.${pathId}`;
}

export const exabgp: Vendor = {
  name: 'exabgp',
  title: 'ExaBGP',
  package: 'exabgp',
  async start(node, setup) {
    const speaker = new ExaBgp(node, setup);
    await speaker.start();
    return speaker;
  },
  forwardsNothing: true,
  lacks: {
    'two members of a confederation': 'does not know RFC 5065',
    'a neighbor by its interface (unnumbered): IPv4 routes over link-local addresses':
      'takes no link-local address with its interface',
    'tsbgp stays away for long, the other side keeps its routes as the last choice': 'does not know RFC 9494',
    'the other side stays away for long, tsbgp keeps its routes as the last choice': 'does not know RFC 9494',
    'roles, tsbgp is the provider': 'does not know RFC 9234',
    'roles, tsbgp is the customer': 'does not know RFC 9234',
    'roles, tsbgp is the peer': 'does not know RFC 9234',
    'roles that do not fit': 'does not know RFC 9234',
    'tsbgp asks for the routes again':
      "drops the session at any ROUTE-REFRESH: TypeError: 'RouteRefresh' object is not iterable",
    'tsbgp crashes and comes back, the other side keeps its routes': 'it has no table to keep routes in',
    'the other side reflects routes, tsbgp is a client': 'it forwards nothing',
    'tsbgp is a client of a route server': 'it forwards nothing',
    'allow-own-as: two sites of one AS, the other side between them': 'it forwards nothing',
    'the other side ends the session when there are too many prefixes': 'it has no limit',
    'tsbgp shuts the session down and says why':
      'fails at the text of a Cease: "can not decode update message of type 3"',
    'the other side shuts the session down and says why': 'its command to end a session takes a code and no words',
  },
};
