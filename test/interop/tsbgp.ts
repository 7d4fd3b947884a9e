// tsbgp on a lab node, with what the `tsbgp` command tells about it.

import { writeFileSync } from 'node:fs';
import type { NeighborStatus, PathView, RouteView } from '../../src/bgp/views.js';
import { CONFIG, type Daemon, startDaemon } from '../lab/daemon.mjs';
import type { Node } from '../lab/node.mjs';

/** A running tsbgp daemon. */
export class Tsbgp {
  readonly node: Node;
  private daemon: Daemon;

  constructor(node: Node, daemon: Daemon) {
    this.node = node;
    this.daemon = daemon;
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
  async announce(...routes: string[]): Promise<void> {
    await this.run(`rib add - <<'END'\n${routes.join('\n')}\nEND`);
  }

  /** `tsbgp neighbor ADDRESS --json` */
  async neighbor(address: string): Promise<NeighborStatus> {
    return JSON.parse(await this.run(`neighbor ${address} --json`));
  }

  /** The paths in `tsbgp rib PREFIX --json`, the best one first. */
  async paths(prefix: string): Promise<PathView[]> {
    const routes: RouteView[] = JSON.parse(await this.run(`rib ${prefix} --json`));
    return routes[0]?.paths ?? [];
  }

  /** `tsbgp rib in|out NEIGHBOR --json`: the prefixes. */
  async prefixes(direction: 'in' | 'out', neighbor: string): Promise<string[]> {
    const routes: RouteView[] = JSON.parse(await this.run(`rib ${direction} ${neighbor} --json`));
    return routes.map(({ prefix }) => prefix);
  }
}

/** Starts tsbgp on a node; own routes outlive the daemon, as they do by default. */
export async function startTsbgp(node: Node, config: string): Promise<Tsbgp> {
  return new Tsbgp(node, await startDaemon(node, withState(config)));
}

function withState(config: string): string {
  const [indent] = /^ *(?=\S)/m.exec(config) ?? [''];
  return `${config}\n${indent}state-file: /run/tsbgp/routes.json\n`;
}
