// A network namespace for the test file that imports this: the process leaves the machine's network for an empty one
// of its own (vitest gives each file its own process), which the kernel removes with the process.
//
// Everything the process starts (`ip`) lives in it too. There are two links, eth1 and eth2, each a veth whose other end
// is in the same namespace: enough to have gateways, carrier and its loss.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';

const CLONE_NEWNET = 0x40000000;

/** Enters a new namespace with lo, eth1 (172.18.8.102/24, 2001:db8:8::102/64) and eth2 (172.18.9.102/24, …:9::102). */
export function enterNamespace(): void {
  const unshare = koffi.load(null).func('int unshare(int)');
  if (unshare(CLONE_NEWNET) !== 0) {
    throw new Error('these tests change routes in a network namespace of their own: run them as root (CAP_SYS_ADMIN)');
  }
  ip('link set lo up');
  for (const n of [8, 9]) {
    const name = n === 8 ? 'eth1' : 'eth2';
    ip(`link add ${name} type veth peer name ${name}p`);
    ip(`address add 172.18.${n}.102/24 dev ${name}`);
    ip(`address add 2001:db8:${n}::102/64 dev ${name} nodad`);
    ip(`link set ${name}p up`);
    ip(`link set ${name} up`);
  }
}

/** Runs `ip` and returns what it prints. Throws when it fails. */
export function ip(args: string): string {
  return execFileSync('ip', args.split(' '), {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs many `ip` commands at once, going on after those that fail. They may name one protocol only (an ip bug). */
export function ipBatch(commands: readonly string[]): void {
  const { error } = spawnSync('ip', ['-force', '-batch', '-'], {
    input: `${commands.join('\n')}\n`,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  if (error !== undefined) throw error;
}

/** Lines of `ip route show`, one a route, sorted. */
export function routes(family: 4 | 6, filter: string): string[] {
  return ip(`-o -${family} route show ${filter}`)
    .split('\n')
    .map(line => line.replace(/\\/g, '').replace(/\s+/g, ' ').replace(' pref medium', '').trim())
    .filter(line => line !== '')
    .sort();
}

/** The index of a link. */
export function linkIndex(name: string): number {
  return Number(ip(`-o link show ${name}`).split(':')[0]);
}

/** A destination whose route only shows that the monitor listens. */
const PROBE = '192.0.2.255';

/** Watches changes of routes as `ip monitor route` shows them. */
export class RouteMonitor {
  private readonly child: ChildProcess;
  private text = '';

  private constructor() {
    this.child = spawn('ip', ['monitor', 'route'], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.child.stdout?.on('data', data => {
      this.text += data;
    });
  }

  /** Resolves when it is listening. */
  static async start(): Promise<RouteMonitor> {
    const monitor = new RouteMonitor();
    for (let i = 0; !monitor.text.includes(PROBE); i++) {
      if (i === 100) throw new Error('ip monitor does not show anything');
      ip(`route replace blackhole ${PROBE} table 4242`);
      await sleep(20);
      ip(`route del blackhole ${PROBE} table 4242`);
    }
    return monitor;
  }

  /** Lines seen so far, without what the kernel does by itself for its addresses, some of it long after the cause. */
  get lines(): string[] {
    const own = (line: string) => line.includes(PROBE) || line.includes(' proto kernel ');
    return this.text.split('\n').filter(line => line.trim() !== '' && !own(line));
  }

  async stop(): Promise<void> {
    const closed = once(this.child, 'close');
    this.child.kill();
    await closed;
  }
}
