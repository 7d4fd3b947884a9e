// vagrant/create-pod.sh in real namespaces: two nodes whose routes are set by hand, as BGP would set them.

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanup, createNode, link, type Node } from './node.mjs';

const SCRIPT = fileURLToPath(new URL('../../vagrant/create-pod.sh', import.meta.url));

const nodes: Node[] = [];

beforeAll(async () => {
  for (const n of [1, 2]) {
    const node = await createNode(`tsbgp-${process.pid}-pod-${n}`);
    node.addCommand('CREATE_POD.sh', [SCRIPT]);
    nodes.push(node);
  }
  await link(nodes[0], 'eth1', nodes[1], 'eth1');
  for (const [index, node] of nodes.entries()) {
    const [own, other] = index === 0 ? [1, 2] : [2, 1];
    await node.run(`
      ip addr add 172.18.8.10${own}/24 dev eth1
      ip addr add fd00:172:18:8::10${own}/64 dev eth1 nodad
      ip link set eth1 up
      ip route add 10.233.${other}.0/24 via 172.18.8.10${other}
      ip route add fd00:10:233:${other}::/64 via fd00:172:18:8::10${other}`);
  }
});

afterAll(cleanup);

/** All that a pod changes on its node but IP forwarding. */
/** Without the flag that a route loses a moment after its link has come up. */
const stateOf = async (node: Node) =>
  (
    await node.run('ip route; ip -6 route; ip -br link; ip netns; iptables -S; iptables -t nat -S; ip6tables -S')
  ).replaceAll(' linkdown', '');

const ping = async (node: Node, command: string) => (await node.try(command)).output.includes(' 1 received');

describe('create-pod.sh N', () => {
  let before: string;
  let made: string;

  it('makes a pod that its node reaches', async () => {
    const [node] = nodes;
    before = await stateOf(node);
    expect(await node.run('CREATE_POD.sh 1')).toBe(
      'pod 1: 10.233.1.10 and fd00:10:233:1::10 in namespace vm1_pod, behind veth_vm1\n',
    );
    expect(await node.run('ip route show dev veth_vm1')).toBe('10.233.1.10 scope link \n');
    expect(await node.run('ip -n vm1_pod route')).toBe('default via 10.233.1.10 dev veth_vm1_pod \n');
    expect(await node.run('cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding')).toBe('1\n1\n');
    expect(await ping(node, 'ping -c 1 -W 2 10.233.1.10')).toBe(true);
    expect(await ping(node, 'ping -c 1 -W 2 fd00:10:233:1::10')).toBe(true);
  });

  it('makes no rule twice', async () => {
    const [node] = nodes;
    made = await stateOf(node);
    expect(await node.run('CREATE_POD.sh 1')).toBe(
      'pod 1: already there (10.233.1.10 and fd00:10:233:1::10 in namespace vm1_pod)\n',
    );
    expect(await stateOf(node)).toBe(made);
  });

  it('completes a pod that lost something', async () => {
    const [node] = nodes;
    await node.run('iptables -t nat -F; ip route del 10.233.1.10; ip -n vm1_pod -6 route del default');
    expect(await node.run('CREATE_POD.sh 1')).toContain('behind veth_vm1');
    expect(await stateOf(node)).toBe(made);
    await node.run('ip link del veth_vm1');
    expect(await node.run('CREATE_POD.sh 1')).toContain('behind veth_vm1');
    expect(await ping(node, 'ping -c 1 -W 2 10.233.1.10')).toBe(true);
  });

  it('del removes all of it, and nothing else', async () => {
    const [node] = nodes;
    await node.run('CREATE_POD.sh 11');
    expect(await node.run('CREATE_POD.sh 1 del')).toBe('pod 1: removed\n');
    expect(await ping(node, 'ping -c 1 -W 2 10.233.11.10')).toBe(true);
    await node.run('CREATE_POD.sh 11 del');
    expect(await stateOf(node)).toBe(before);
    expect(await node.run('CREATE_POD.sh 1 del')).toBe('pod 1: there is none\n');
  });
});

describe('pods of two nodes', () => {
  beforeAll(async () => {
    await Promise.all(nodes.map((node, index) => node.run(`CREATE_POD.sh ${index + 1}`)));
  });

  it('do not answer the other node over IPv4 without proxy ARP, for they ask for its MAC address', async () => {
    const [one, two] = nodes;
    expect(await ping(one, 'ping -c 1 -W 1 10.233.2.10')).toBe(false);
    expect(await two.run('ip -n vm2_pod neigh')).toMatch(/^172\.18\.8\.101 dev veth_vm2_pod .*(INCOMPLETE|FAILED)/m);
  });

  it('answer over IPv6, where the node is their router', async () => {
    const [one] = nodes;
    expect(await ping(one, 'ping -c 1 -W 2 fd00:10:233:2::10')).toBe(true);
    expect(await ping(one, 'ip netns exec vm1_pod ping -c 1 -W 2 fd00:10:233:2::10')).toBe(true);
  });

  it('answer the other node and its pod at once with --proxy-arp', async () => {
    await Promise.all(nodes.map((node, index) => node.run(`CREATE_POD.sh --proxy-arp ${index + 1}`)));
    const [one] = nodes;
    expect(await one.run('cat /proc/sys/net/ipv4/neigh/veth_vm1/proxy_delay')).toBe('0\n');
    expect(await ping(one, 'ping -c 1 -W 3 10.233.2.10')).toBe(true);
    expect(await ping(one, 'ip netns exec vm1_pod ping -c 1 -W 3 10.233.2.10')).toBe(true);
  });
});

describe('create-pod.sh refuses', () => {
  it.each(['', '0', '255', '01', 'x', '1 2', '-1', '1 remove'])('the arguments "%s"', async args => {
    const { status, output } = await nodes[0].try(`CREATE_POD.sh ${args}`);
    expect(status).toBe(2);
    expect(output).toContain('usage: create-pod.sh [--proxy-arp] N [del]');
  });

  it('other users than root', async () => {
    const { status, output } = await nodes[0].try('setpriv --reuid 65534 --clear-groups sh -c "CREATE_POD.sh 9"');
    expect(status).toBe(1);
    expect(output).toContain('only root can make network namespaces; try: sudo');
  });

  it('a node without the named interface', async () => {
    const { status, output } = await nodes[0].try('POD_INTERFACE=eth9 CREATE_POD.sh 9');
    expect(status).toBe(1);
    expect(output).toContain('there is no interface eth9; set POD_INTERFACE');
  });
});
