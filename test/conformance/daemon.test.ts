// The daemon as it is installed, on its own port, without touching the kernel's routes.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Compiled, compile } from '../cli/compiled.js';
import { announce, conforms, eventually, freePort, fromExternal, has, replace, routeAt, withdraw } from './bed.js';
import { attr, attribute, cap, KEEPALIVE, message, nlri, octets, open, Type, update } from './bytes.js';
import { RawPeer } from './raw-peer.js';

/** Neighbors 2 and 3 are external, 4 internal. */
const asOf = (n: number): number => (n === 4 ? 65001 : 64500 + n);

let compiled: Compiled;
let port: number;
let daemon: ChildProcess | undefined;
let output = '';
let peers: RawPeer[] = [];
let sentinels = 0;

const neighbor = (n: number): string =>
  `  - { address: 127.0.0.${n}, as: ${asOf(n)}, passive: true, idle-hold: 0, import: accept, export: accept }`;

beforeAll(async () => {
  compiled = await compile();
  port = await freePort();
  const config = join(compiled.directory, 'tsbgp.yml');
  writeFileSync(
    config,
    `as: 65001
router-id: 10.0.0.1
listen: ["127.0.0.1"]
port: ${port}
state-file: false
fib: { install: false }
api: { socket: ${join(compiled.directory, 'tsbgp.sock')} }
log: { level: debug, format: json }
neighbors:
${[2, 3, 4].map(neighbor).join('\n')}
`,
  );
  const started = spawn(process.execPath, [compiled.main, 'daemon', '--config', config], { stdio: 'pipe' });
  daemon = started;
  for (const stream of [started.stdout, started.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text;
    });
  }
  await eventually("the daemon's start", () => output.includes('tsbgp is ready'));
}, 120_000);

afterAll(async () => {
  if (daemon !== undefined) {
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
  }
  compiled.remove();
});

it('rehearses the families of its neighbors when it is ready', async () => {
  const rehearsed = (family: string) =>
    new RegExp(`"family":"${family}","octets":[1-9]\\d*,"msg":"rehearsed"`).test(output);
  for (const family of ['ipv4-unicast', 'ipv6-unicast']) await eventually(family, () => rehearsed(family));
});

async function peer(n: number): Promise<RawPeer> {
  const made = await RawPeer.connect(`127.0.0.${n}`, '127.0.0.1', port);
  peers.push(made);
  await made.establish(open({ as: asOf(n), id: `10.0.0.${n}`, capabilities: [cap.ipv4, cap.ipv6, cap.as4(asOf(n))] }));
  return made;
}

/** What `from` (external) sent has arrived at `to`, and so has a route that followed it, and its withdrawal. */
async function settle(from: RawPeer, n: number, ...to: RawPeer[]): Promise<void> {
  const sentinel = `198.18.0.${++sentinels}/32`;
  from.send(announce(fromExternal(n), sentinel));
  await Promise.all(to.map(p => p.until(sentinel, () => has(p, sentinel))));
  from.send(withdraw(sentinel));
  await Promise.all(to.map(p => p.until(`end of ${sentinel}`, () => !has(p, sentinel))));
}

function behaves(rfc: string, behaviour: string, body: () => Promise<void>): void {
  conforms(rfc, `${behaviour} (daemon)`, async () => {
    try {
      await body();
    } finally {
      await Promise.all(peers.map(p => (p.socket.destroyed ? undefined : p.end('reset'))));
      peers = [];
      // Idle without rest: the neighbors are soon ready again.
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    expect(daemon?.exitCode ?? null).toBe(null);
  });
}

const P = '10.1.0.0/24';

describe('daemon', () => {
  behaves('4271 §8', 'sessions come up and routes pass from neighbor to neighbor', async () => {
    const [a, b, c] = [await peer(2), await peer(3), await peer(4)];
    a.send(announce(fromExternal(2), P));
    await settle(a, 2, b, c);
    expect(routeAt(b, P).path()).toBe('65001 64502');
    expect(routeAt(c, P).nextHop).toBe('7f000002');
    a.send(withdraw(P));
    await settle(a, 2, b, c);
    expect([has(b, P), has(c, P)]).toEqual([false, false]);
  });

  behaves('4760 §3', 'IPv6 routes pass', async () => {
    const [a, c] = [await peer(2), await peer(4)];
    const reach = attr.reach(2, `${'00'.repeat(10)}ffff7f000002`, [nlri('2001:db8::/32')]);
    a.send(update({ attributes: [reach, attr.origin(), attr.asPath(64502)] }));
    await settle(a, 2, c);
    expect(a.notifications).toEqual([]);
    expect(c.closed).toBe(null);
  });

  behaves('4271 §6.1', 'a bad Marker: 1/1', async () => {
    const a = await peer(2);
    a.send(message(Type.keepalive, '', { marker: '00'.repeat(16) }));
    expect(await a.notification()).toEqual({ error: '1/1', data: '' });
  });

  behaves('7606 §7.1', 'ORIGIN 9: treat-as-withdraw, and a line in the log', async () => {
    const [a, b] = [await peer(2), await peer(3)];
    a.send(announce(fromExternal(2), P, '10.2.0.0/24'));
    await settle(a, 2, b);
    a.send(announce(replace(fromExternal(2), 1, attr.origin(9)), P));
    await settle(a, 2, b);
    expect([has(b, P), has(b, '10.2.0.0/24')]).toEqual([false, true]);
    expect(output).toMatch(/ORIGIN/i);
  });

  behaves('4271 §6.3', 'an unrecognized well-known attribute: 3/2', async () => {
    const a = await peer(2);
    const bad = attribute(200, '01', { flags: 0x40 });
    a.send(announce([...fromExternal(2), bad], P));
    expect(await a.notification()).toEqual({ error: '3/2', data: bad.toString('hex') });
  });

  for (const [text, hop] of [
    ["the speaker's own address", '127.0.0.1'],
    ['an address off the common subnet', '203.0.113.9'],
  ] as const) {
    behaves('4271 §6.3', `${text} as next hop from an external neighbor: the route is ignored`, async () => {
      const [a, c] = [await peer(2), await peer(4)];
      a.send(announce(replace(fromExternal(2), 3, attr.nextHop(hop)), P));
      await settle(a, 2, c);
      expect(a.notifications).toEqual([]);
      expect(has(c, P)).toBe(false);
    });
  }

  behaves('4486 §4', 'a stranger: 6/5', async () => {
    const stranger = await RawPeer.connect('127.0.0.66', '127.0.0.1', port);
    peers.push(stranger);
    expect((await stranger.notification()).error).toBe('6/5');
  });

  behaves('4271 §8', 'garbage on ten connections at once does not disturb a session', async () => {
    const [a, b] = [await peer(2), await peer(3)];
    const noise = octets(...Array.from({ length: 4000 }, (_, i) => (i * 7919) & 255));
    for (let i = 0; i < 10; i++) {
      const other = await RawPeer.connect('127.0.0.4', '127.0.0.1', port);
      peers.push(other);
      other.send(noise.subarray(i));
      await other.ended();
    }
    a.send(KEEPALIVE, announce(fromExternal(2), P));
    await settle(a, 2, b);
    expect(has(b, P)).toBe(true);
  });

  behaves('4724 §4.1', 'SIGTERM closes without NOTIFICATION for neighbors with graceful restart', async () => {
    const made = await RawPeer.connect('127.0.0.2', '127.0.0.1', port);
    peers.push(made);
    const more = [cap.ipv4, cap.as4(64502), cap.gracefulRestart(120, [[1, true]])];
    await made.establish(open({ as: 64502, id: '10.0.0.2', capabilities: more }));
    await made.until('End-of-RIB', () => made.endOfRib.length > 0);
    const plain = await peer(3);
    await settle(plain, 3, made);
    const stopped = daemon as ChildProcess;
    daemon = undefined;
    stopped.kill('SIGTERM');
    await made.ended();
    expect(made.notifications).toEqual([]);
    if (stopped.exitCode === null) await once(stopped, 'exit');
    expect(stopped.exitCode).toBe(0);
  });
});
