// tsbgp on a lab node, with what its control API tells about it.

import { writeFileSync } from 'node:fs';
import { type Client, createClient, DEFAULT_SOCKET } from '../../src/api/client.js';
import { ApiError } from '../../src/api/error.js';
import type { NeighborStatus, PathView, RouteView } from '../../src/bgp/views.js';
import { parseRoute, wordsOf } from '../../src/cli/route-words.js';
import { CONFIG, type Daemon, startDaemon } from '../lab/daemon.mjs';
import type { Node } from '../lab/node.mjs';

/** A running tsbgp daemon. */
export class Tsbgp {
  readonly node: Node;
  private daemon: Daemon;
  private readonly client: Client;

  constructor(node: Node, daemon: Daemon) {
    this.node = node;
    this.daemon = daemon;
    this.client = createClient({ socket: node.path(DEFAULT_SOCKET) });
  }

  /** Starts the daemon again with its configuration after stop(). */
  async restart(): Promise<void> {
    this.daemon = await startDaemon(this.node);
  }

  /** 'SIGTERM' is an orderly stop, 'SIGKILL' a crash. Resolves when it has ended. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.daemon.stop(signal);
  }

  /** Takes another configuration over with `tsbgp config reload`. */
  async reload(config: string): Promise<void> {
    writeFileSync(this.node.path(CONFIG), withState(config));
    await this.run('config reload');
  }

  /** What `tsbgp COMMAND` prints. */
  run(command: string): Promise<string> {
    return this.node.run(`tsbgp ${command}`);
  }

  /** Announces routes: each is a line of `tsbgp rib add -`. */
  async announce(...lines: string[]): Promise<void> {
    const routes = lines.map(wordsOf).map(([prefix, ...words]) => parseRoute(prefix, words));
    await this.client.call('addRoutes', { body: { routes } });
  }

  neighbor(address: string): Promise<NeighborStatus> {
    return this.client.call('getNeighbor', { path: { address } });
  }

  /** 'Established' or another state. */
  async state(neighbor: string): Promise<string> {
    return (await this.neighbor(neighbor)).state;
  }

  /** The paths for exactly this prefix, the best one first. */
  async paths(prefix: string): Promise<PathView[]> {
    try {
      for await (const { paths } of this.client.stream('listRoutes', { query: { prefix } })) return paths;
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'no-such-route')) throw error;
    }
    return [];
  }

  /** The best path for exactly this prefix, if there is one. */
  async route(prefix: string): Promise<PathView | undefined> {
    return (await this.paths(prefix)).find(({ best }) => best);
  }

  /** The prefixes in a neighbor's Adj-RIB-In or Adj-RIB-Out. */
  async prefixes(direction: 'in' | 'out', neighbor: string): Promise<string[]> {
    const prefixes: RouteView['prefix'][] = [];
    const routes = this.client.stream('listRoutes', { query: { direction, neighbor } });
    for await (const { prefix } of routes) prefixes.push(prefix);
    return prefixes;
  }
}

/** Starts tsbgp on a node, maybe by another command; own routes outlive the daemon, as they do by default. */
export async function startTsbgp(node: Node, config: string, wrapper?: string): Promise<Tsbgp> {
  return new Tsbgp(node, await startDaemon(node, withState(config), wrapper));
}

function withState(config: string): string {
  const [indent] = /^ *(?=\S)/m.exec(config) ?? [''];
  return `${config}\n${indent}state-file: /run/tsbgp/routes.json\n`;
}
