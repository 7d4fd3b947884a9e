// Pods with an IPv4 and an IPv6 address on two nodes that run tsbgp: each node has routes of both families to the
// other's pods, learned over one session, and the pods reach each other by both.

import { expect } from 'vitest';
import type { Node } from '../lab/node.mjs';
import { it, kernelRoute, soon } from './machines.js';
import { startTsbgp } from './tsbgp.js';

/** A pod of node N: 10.N.1.10 and 2001:db8:N::10, with default routes to the node. */
async function createPod(node: Node, n: number): Promise<void> {
  await node.run(`
    sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    ip netns add pod
    ip link add veth-pod type veth peer name eth0 netns pod
    ip link set veth-pod up
    ip -6 address add fe80::1/64 dev veth-pod nodad
    ip address add 169.254.1.1/32 dev veth-pod
    ip -n pod link set lo up
    ip -n pod link set eth0 up
    ip -n pod address add 10.${n}.1.10/32 dev eth0
    ip -n pod -6 address add 2001:db8:${n}::10/128 dev eth0 nodad
    ip -n pod route add default via 169.254.1.1 dev eth0 onlink
    ip -n pod -6 route add default via fe80::1 dev eth0
    ip route add 10.${n}.1.10/32 dev veth-pod proto static
    ip -6 route add 2001:db8:${n}::10/128 dev veth-pod proto static`);
}

it('pods of two nodes reach each other by IPv4 and by IPv6', async ({ pair: [one, two] }) => {
  const config = (n: number) => `
      as: 65001
      router-id: 10.0.0.${n}
      neighbors: [ { address: 10.0.0.${3 - n}, as: 65001 } ]
      fib: { redistribute: [static], prefixes: [10.${n}.1.0/24 le 32, "2001:db8:${n}::/48 le 128"] }`;
  await Promise.all([createPod(one, 1), createPod(two, 2)]);
  const [first, second] = await Promise.all([startTsbgp(one, config(1)), startTsbgp(two, config(2))]);

  await soon(() => kernelRoute(first, '10.2.1.10')).toMatchObject({ gateway: '10.0.0.2', protocol: 'bgp' });
  await soon(() => kernelRoute(first, '2001:db8:2::10')).toMatchObject({ gateway: '2001:db8::2', protocol: 'bgp' });
  await soon(() => kernelRoute(second, '10.1.1.10')).toMatchObject({ gateway: '10.0.0.1', protocol: 'bgp' });
  await soon(() => kernelRoute(second, '2001:db8:1::10')).toMatchObject({ gateway: '2001:db8::1', protocol: 'bgp' });

  const ping = (from: Node, to: string) => from.run(`ip netns exec pod ping -c 2 -i 0.2 -W 3 ${to}`);
  for (const [from, to] of [
    [one, '10.2.1.10'],
    [one, '2001:db8:2::10'],
    [two, '10.1.1.10'],
    [two, '2001:db8:1::10'],
  ] as const) {
    expect(await ping(from, to)).toMatch(/2 (packets )?received/);
  }

  // One family of a pod may go alone.
  await two.run('ip -6 route del 2001:db8:2::10/128 dev veth-pod');
  await soon(() => kernelRoute(first, '2001:db8:2::10')).toBeUndefined();
  expect(await kernelRoute(first, '10.2.1.10')).toBeDefined();
});
