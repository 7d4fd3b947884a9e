// Machines whose cables have no addresses but the link-local ones that the kernel makes, and a pod on each.

import { test } from 'vitest';
import { link, type Node } from '../lab/node.mjs';
import { createMachine, showLogs } from './machines.js';

/** Tests that ask for `ends` get two machines with a cable, eth1, those that ask for `three` another one, eth2, from the first. */
export const it = test.extend<{ ends: [Node, Node]; three: [Node, Node, Node] }>({
  ends: async ({ task }, use) => {
    const nodes = await Promise.all([createMachine(), createMachine()]);
    await plug(nodes[0], 'eth1', nodes[1], 'eth1');
    await use(nodes as [Node, Node]);
    await showLogs(nodes, task);
    await Promise.all(nodes.map(node => node.powerOff()));
  },
  three: async ({ task }, use) => {
    const nodes = await Promise.all([createMachine(), createMachine(), createMachine()]);
    await plug(nodes[0], 'eth1', nodes[1], 'eth1');
    await plug(nodes[0], 'eth2', nodes[2], 'eth1');
    await use(nodes as [Node, Node, Node]);
    await showLogs(nodes, task);
    await Promise.all(nodes.map(node => node.powerOff()));
  },
});

/** A cable between two machines, both ends up. */
export async function plug(a: Node, interfaceOfA: string, b: Node, interfaceOfB: string): Promise<void> {
  await link(a, interfaceOfA, b, interfaceOfB);
  await Promise.all([a.run(`ip link set ${interfaceOfA} up`), b.run(`ip link set ${interfaceOfB} up`)]);
}

/** A pod of machine N at 10.N.1.10, which the machine has a static route to. */
export async function createPod(node: Node, n: number): Promise<void> {
  await node.run(`
    sysctl -q net.ipv4.ip_forward=1
    ip netns add pod
    ip link add veth-pod type veth peer name eth0 netns pod
    ip address add 169.254.1.1/32 dev veth-pod
    ip link set veth-pod up
    ip -n pod address add 10.${n}.1.10/32 dev eth0
    ip -n pod link set eth0 up
    ip -n pod route add default via 169.254.1.1 dev eth0 onlink
    ip route add 10.${n}.1.10/32 dev veth-pod proto static`);
}

/** Do three pings of three come back, from the pod of a machine? */
export async function pings(node: Node, to: string): Promise<boolean> {
  return (await node.try(`ip netns exec pod ping -c 3 -i 0.2 -W 3 ${to}`)).output.includes(' 3 received');
}

/** The link-local address that a machine has on an interface. */
export async function linkLocal(node: Node, name: string): Promise<string> {
  const [link] = JSON.parse(await node.run(`ip -j -6 address show dev ${name} scope link`));
  return link.addr_info.find(({ scope }: { scope?: string }) => scope === 'link').local;
}
