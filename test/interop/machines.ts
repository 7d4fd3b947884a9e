// The machines of the interop tests: lab nodes on one network, and what their kernels hold.
//
// Machine N has an interface eth1 with 10.0.0.N/24, 2001:db8::N/64 and fe80::N/64. By convention machine 1 runs tsbgp
// and announces prefixes that begin with 10.1 or 2001:db8:1, machine 2 runs BIRD and announces 10.2 and 2001:db8:2.

import { readFileSync } from 'node:fs';
import { expect, type TestContext, test, vi } from 'vitest';
import { createNode, link, type Node, waitFor } from '../lab/node.mjs';

/** A route as `ip -j route` prints it. */
export interface KernelRoute {
  /** Absent for unicast. */
  type?: string;
  dst: string;
  gateway?: string;
  /** A gateway of the other address family. */
  via?: { family: string; host: string };
  dev?: string;
  protocol?: string;
  metric?: number;
  nexthops?: { gateway: string; dev: string }[];
  flags: string[];
}

let count = 0;
/** A machine without cables. */
export const createMachine = () => createNode(`tsbgp-${process.pid}-${++count}`);

/** Two machines joined by a cable. */
export async function createPair(): Promise<[Node, Node]> {
  const nodes = await Promise.all([createMachine(), createMachine()]);
  await link(nodes[0], 'eth1', nodes[1], 'eth1');
  await configure(nodes);
  return nodes;
}

/** Machine 1 with cables to the others; its bridge eth1 makes one network of them. */
async function createStar(size: number): Promise<Node[]> {
  const nodes = await Promise.all(Array.from({ length: size }, createMachine));
  const [hub, ...others] = nodes;
  await hub.run('ip link add eth1 type bridge');
  for (const [index, other] of others.entries()) {
    const port = `port${index + 2}`;
    await link(hub, port, other, 'eth1');
    await hub.run(`ip link set ${port} addrgenmode none master eth1 up`);
  }
  await configure(nodes);
  return nodes;
}

/** Tests that ask for `pair`, `star` (three) or `five` get machines of their own, switched off when the test is over. */
export const it = test.extend<{ pair: [Node, Node]; star: [Node, Node, Node]; five: Node[] }>({
  pair: async ({ task }, use) => {
    const nodes = await createPair();
    await use(nodes);
    await switchOff(nodes, task);
  },
  star: async ({ task }, use) => {
    const nodes = await createStar(3);
    await use(nodes as [Node, Node, Node]);
    await switchOff(nodes, task);
  },
  five: async ({ task }, use) => {
    const nodes = await createStar(5);
    await use(nodes);
    await switchOff(nodes, task);
  },
});

async function switchOff(nodes: Node[], task: TestContext['task']): Promise<void> {
  await showLogs(nodes, task);
  await Promise.all(nodes.map(node => node.powerOff()));
}

/** Tells what the daemons logged if the test has failed. */
export async function showLogs(nodes: Node[], task: TestContext['task']): Promise<void> {
  if (task.result?.state !== 'fail') return;
  for (const node of nodes) console.log((await node.try('tail -n 30 /run/*/*.log')).output);
}

// Addresses that are usable at once and outlive `ip link set eth1 down`, as IPv4 addresses do anyway.
async function configure(nodes: Node[]): Promise<void> {
  const each = (task: (node: Node, index: number) => Promise<unknown>) => Promise.all(nodes.map(task));
  await each((node, index) =>
    node.run(`
      sysctl -q net.ipv6.conf.eth1.keep_addr_on_down=1
      ip link set eth1 addrgenmode none
      ip addr add 10.0.0.${index + 1}/24 dev eth1
      ip addr add 2001:db8::${index + 1}/64 dev eth1 nodad
      ip addr add fe80::${index + 1}/64 dev eth1 nodad
      ip link set eth1 up`),
  );
}

/** The kernel's route for exactly this prefix, if it has one. */
export async function kernelRoute({ node }: { node: Node }, prefix: string): Promise<KernelRoute | undefined> {
  const family = prefix.includes(':') ? '-6' : '-4';
  return JSON.parse(await node.run(`ip -j ${family} route show ${prefix}`))[0];
}

/** How many routes to prefixes within an IPv4 prefix the kernel has. */
export async function countKernelRoutes({ node }: { node: Node }, within: string): Promise<number> {
  return Number(await node.run(`ip -4 route show root ${within} | wc -l`));
}

/** Begins to note what changes in the kernel's routes; the answer tells what `ip monitor route` has printed so far. */
export async function watchKernelRoutes({ node }: { node: Node }): Promise<() => string[]> {
  const child = node.start('exec ip monitor route');
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', text => {
    output += text;
  });
  await waitFor('ip monitor listens', () => {
    const sockets = readFileSync(`/proc/${child.pid}/net/netlink`, 'utf8').split('\n');
    return sockets.some(line => Number(line.split(/\s+/)[2]) === child.pid);
  });
  return () => output.split('\n').filter(line => line !== '');
}

/** Like expect(await question()), asked again until it holds or the time is up. */
export function soon<T>(question: () => T | Promise<T>, timeoutMs = 10_000) {
  const until = (check: (answer: T) => void) =>
    vi.waitFor(async () => check(await question()), { timeout: timeoutMs, interval: 60 });
  return {
    toBe: (expected: T) => until(answer => expect(answer).toBe(expected)),
    toBeDefined: () => until(answer => expect(answer).toBeDefined()),
    toBeUndefined: () => until(answer => expect(answer).toBeUndefined()),
    toContain: (expected: unknown) => until(answer => expect(answer).toContain(expected)),
    toEqual: (expected: unknown) => until(answer => expect(answer).toEqual(expected)),
    toHaveLength: (expected: number) => until(answer => expect(answer).toHaveLength(expected)),
    toMatch: (expected: RegExp) => until(answer => expect(answer).toMatch(expected)),
    toMatchObject: (expected: object) => until(answer => expect(answer).toMatchObject(expected)),
  };
}
