// What a BGP daemon of another vendor is to the interop tests. Each file beside this one describes one by a `Vendor`: how a
// `Setup` is spelled in its configuration, and how its own show commands are read into the shapes here.
//
// Routes have the names and spellings of tsbgp's `PathView`, so that a test states one expectation for both sides.

import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Node, waitFor } from '../../lab/node.mjs';

/** A route that a daemon is to announce; what is left out is up to the daemon. */
export interface Announcement {
  prefix: string;
  /** Of several announcements for one prefix, by speakers that forward nothing. */
  pathId?: number;
  nextHop?: string;
  /** How many times the daemon's AS number is in the path already. */
  prepended?: number;
  med?: number;
  localPref?: number;
  /** '65001:100', well-known ones too: '65535:65281'. */
  communities?: string[];
  /** '65001:1:2' */
  largeCommunities?: string[];
  /** 'rt:65001:7', 'soo:10.0.0.2:8' */
  extendedCommunities?: string[];
}

/** A path in a daemon's table. */
export interface Route {
  nextHop: string;
  origin: 'igp' | 'egp' | 'incomplete';
  /** '65010 65020' */
  asPath: string;
  med?: number;
  localPref?: number;
  communities: string[];
  largeCommunities: string[];
  extendedCommunities: string[];
  originatorId?: string;
  clusterList?: string[];
  onlyToCustomer?: number;
  /** Kept while its neighbor restarts, if the daemon tells. */
  stale?: boolean;
}

/** A neighbor of the daemon. Routes from it are accepted, and all routes are announced to it. */
export interface NeighborSetup {
  /** With `byInterface` the name of an interface: the daemon finds the neighbor at its other end. */
  address: string;
  byInterface?: boolean;
  as: number;
  /** Routes exchanged with it; when left out those of its address's family. */
  families?: Family[];
  passive?: boolean;
  /** RFC 2385 */
  password?: string;
  /** RFC 5082, one hop. */
  ttlSecurity?: boolean;
  routeReflectorClient?: boolean;
  /** RFC 7947: the daemon is a route server and this is a client of it. */
  routeServerClient?: boolean;
  /** RFC 7947: the neighbor is a route server, whose AS is in no path. */
  routeServer?: boolean;
  /** RFC 9234: what the daemon is to the neighbor. */
  role?: 'provider' | 'customer' | 'peer';
  addPath?: 'send' | 'receive';
  /** RFC 8950 */
  extendedNextHop?: boolean;
  /** The session ends with more prefixes than this. */
  maxPrefix?: number;
  /** `false`: the daemon does not say that it knows AS numbers of four octets. */
  as4?: boolean;
}

export type Family = 'ipv4' | 'ipv6';

/** What a daemon is to be. */
export interface Setup {
  /** In a confederation that of the member. */
  as: number;
  /** RFC 5065; neighbors in `members` are inside. */
  confederation?: { identifier: number; members: number[] };
  routerId: string;
  neighbors: NeighborSetup[];
  routes?: Announcement[];
  /** 9 if left out. */
  holdSeconds?: number;
  /** RFC 4724; `true` if left out. */
  gracefulRestart?: boolean;
  /** RFC 9494: routes are kept so long after a restart time of 1 s. */
  longLivedSeconds?: number;
}

/** A running daemon. */
export abstract class Speaker {
  readonly node: Node;
  readonly setup: Setup;
  protected readonly directory: string;
  private pid = 0;
  private ended: Promise<unknown> = Promise.resolve();

  /** @param name of its directory below the node's /run */
  constructor(node: Node, setup: Setup, name: string) {
    this.node = node;
    this.setup = { ...setup, routes: [...(setup.routes ?? [])] };
    this.directory = `/run/${name}`;
  }

  /** 'Established' or another state. */
  abstract state(neighbor: string): Promise<string>;
  /** All usable paths for exactly this prefix, the best one first. */
  abstract routes(prefix: string): Promise<Route[]>;
  abstract announce(route: Announcement): Promise<void>;
  abstract withdraw(prefix: string, pathId?: number): Promise<void>;
  /** Asks the neighbor for its routes again (RFC 2918). */
  abstract refresh(neighbor: string): Promise<void>;
  /** How many ROUTE-REFRESH messages the daemon says it has got from the neighbor. */
  abstract refreshesReceived(neighbor: string): Promise<number>;
  /** Ends the session for good and tells the neighbor why (RFC 9003). */
  abstract shutdown(neighbor: string, message: string): Promise<void>;
  /** Writes the configuration, starts the processes and resolves when the daemon answers; `restart`: after a crash. */
  abstract start(restart?: boolean): Promise<void>;

  /** The best path for exactly this prefix, if there is one. */
  async route(prefix: string): Promise<Route | undefined> {
    return (await this.routes(prefix))[0];
  }

  /** Ends it without a word; resolves when it is gone. */
  async crash(): Promise<void> {
    process.kill(this.pid, 'SIGKILL');
    await this.ended;
  }

  /** All it has logged. */
  log(): string {
    const file = this.node.path(`${this.directory}/daemon.log`);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Starts the daemon's process and waits until `answers` holds. */
  protected async launch(command: string, answers: () => Promise<boolean>): Promise<void> {
    const child = this.node.start(`exec ${command}`, `${this.directory}/daemon.log`);
    this.pid = child.pid ?? 0;
    this.ended = once(child, 'exit');
    const failure = this.ended.then(() => {
      throw new Error(`${this.node.name}: ended as it started: ${command}\n${this.log()}`);
    });
    failure.catch(() => {}); // after the start nobody listens
    await Promise.race([failure, waitFor(`${this.node.name}: ${command} answers`, answers)]);
  }

  protected async write(name: string, text: string): Promise<string> {
    await this.node.run(`mkdir -p ${this.directory}`);
    const path = `${this.directory}/${name}`;
    writeFileSync(this.node.path(path), text);
    return path;
  }
}

/** A daemon that tsbgp is tested with. */
export interface Vendor {
  name: string;
  title: string;
  /** Debian's package. */
  package: string;
  start(node: Node, setup: Setup): Promise<Speaker>;
  /** It finds a neighbor at the other end of an interface by itself. */
  findsNeighbors?: boolean;
  /** It tells no neighbor what it hears from others; instead it can announce several paths of a prefix itself. */
  forwardsNothing?: boolean;
  /** After its own graceful restart it sends End-of-RIB before its routes, so that they are gone for a moment. */
  endOfRibFirst?: boolean;
  /** Why topics are left out, by their names. */
  lacks: Readonly<Record<string, string>>;
}

/** The family of a prefix or an address. */
export function familyOf(text: string): Family {
  return text.includes(':') ? 'ipv6' : 'ipv4';
}

/** The families of the routes exchanged with a neighbor. */
export function familiesOf({ address, families }: NeighborSetup): Family[] {
  return families ?? [familyOf(address)];
}

/** Adds or replaces the announcement of a prefix. */
export function replaceRoute(setup: Setup, prefix: string, route?: Announcement): void {
  setup.routes = (setup.routes ?? []).filter(other => other.prefix !== prefix);
  if (route !== undefined) setup.routes.push(route);
}

const NAMES: Readonly<Record<string, string>> = {
  '65535:6': 'llgr-stale',
  '65535:666': 'blackhole',
  '65535:65281': 'no-export',
  '65535:65282': 'no-advertise',
  '65535:65283': 'no-export-subconfed',
};

/** A community as tsbgp prints it. */
export function communityName(community: string): string {
  return NAMES[community] ?? community.toLowerCase().replaceAll('_', '-');
}
