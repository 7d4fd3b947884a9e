// BIRD on a lab node, with what `birdc` tells about it.
//
// The node's /run is its own, so BIRD's socket is in its usual place and `birdc ...` on the node needs no option. BIRD
// ends with its node at the latest.

import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Node, waitFor } from '../lab/node.mjs';

/** What every BIRD here has besides the configuration of its test: learned routes go into its kernel. */
const COMMON = `
log "/run/bird/bird.log" all;
protocol device { }
protocol kernel { graceful restart; ipv4 { export where source = RTS_BGP; }; }
protocol kernel { graceful restart; ipv6 { export where source = RTS_BGP; }; }
`;
const CONFIG = '/run/bird/bird.conf';

/** A path as `birdc show route all` prints it: its lines by name ('BGP.origin': 'IGP'), and what is in its first one. */
export interface BirdRoute {
  [line: string]: string;
  /** 'unicast', 'blackhole' … */
  kind: string;
  /** Name of the protocol it is from. */
  protocol: string;
  /** '10.0.0.1 on eth1' */
  via: string;
}

/** A running BIRD. */
export class Bird {
  readonly node: Node;
  private pid = 0;
  private ended: Promise<unknown> = Promise.resolve();

  constructor(node: Node) {
    this.node = node;
  }

  /** Starts BIRD and waits until it answers; 'recover' is a start after a crash (RFC 4724). */
  async start(config: string, how: 'fresh' | 'recover' = 'fresh'): Promise<void> {
    await this.node.run('mkdir -p /run/bird');
    this.write(config);
    const option = how === 'recover' ? '-R' : '';
    const child = this.node.start(`exec bird -f ${option} -c ${CONFIG}`, '/run/bird/bird.log');
    this.pid = child.pid ?? 0;
    this.ended = once(child, 'exit');
    const failure = this.ended.then(() => {
      throw new Error(`${this.node.name}: BIRD ended as it started\n${this.log()}`);
    });
    failure.catch(() => {}); // after the start nobody listens
    const answers = async () => (await this.node.try('birdc show status')).status === 0;
    await Promise.race([failure, waitFor(`${this.node.name}: BIRD answers`, answers)]);
  }

  /** Takes another configuration. */
  async reconfigure(config: string): Promise<void> {
    this.write(config);
    await this.birdc('configure');
  }

  /** 'SIGSTOP' freezes it. Resolves when it has ended if the signal is to end it. */
  async signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): Promise<void> {
    process.kill(this.pid, signal);
    if (signal === 'SIGKILL') await this.ended;
  }

  /** What `birdc COMMAND` prints. */
  birdc(command: string): Promise<string> {
    return this.node.run(`birdc '${command}'`);
  }

  /** What `birdc show protocols all NAME` prints. */
  protocol(name = 'tsbgp'): Promise<string> {
    return this.birdc(`show protocols all ${name}`);
  }

  /** The best path for exactly this prefix, if there is one. */
  async route(prefix: string): Promise<BirdRoute | undefined> {
    const { stdout } = await this.node.try(`birdc 'show route ${prefix} all'`);
    const [first, ...lines] = stdout.slice(stdout.indexOf(prefix)).split('\n');
    const found = /^\S+ +(\S+) \[(\S+)/.exec(first);
    if (found === null || !stdout.includes(prefix)) return undefined;
    const route: BirdRoute = { kind: found[1], protocol: found[2], via: '' };
    let key = '';
    for (const line of lines) {
      const [, name, value, continued] = /^\t(?:(via|[^\t:]+):? ?(.*)|\t(.*))$/.exec(line) ?? [];
      if (name !== undefined) {
        key = name;
        route[key] = value;
      } else if (continued !== undefined) {
        route[key] += ` ${continued}`;
      } else {
        break;
      }
    }
    return route;
  }

  /** All it has logged. */
  log(): string {
    const file = this.node.path('/run/bird/bird.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  private write(config: string): void {
    writeFileSync(this.node.path(CONFIG), COMMON + config);
  }
}

/** Starts BIRD on a node. */
export async function startBird(node: Node, config: string): Promise<Bird> {
  const bird = new Bird(node);
  await bird.start(config);
  return bird;
}
