// What the demo shows, step by step: the walk of docs/demo.md on two lab nodes. Every step states what has to be seen
// (the routes, the answers of ping), so the demo is a test too.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CONFIG, startDaemon } from '../../test/lab/daemon.mjs';
import { waitFor } from '../../test/lab/node.mjs';
import { confirm, heading, prompt, record, say, show } from './stage.mjs';

/** @typedef {import('../../test/lab/node.mjs').Node} Node */
/** @typedef {import('../../test/lab/daemon.mjs').Daemon} Daemon */

const VAGRANT = fileURLToPath(new URL('../../vagrant', import.meta.url));

const DAEMON = `tsbgp daemon --config ${CONFIG}`;
const ANSWERED = [' 0% packet loss'];
const UNANSWERED = { sees: [' 0 received'], fails: true };

/**
 * Plays everything on two nodes that are joined by their eth1.
 * @param {Node} one
 * @param {Node} two
 */
export async function play(one, two) {
  await giveAddresses(one, two);
  const daemonOfTwo = await startDaemons(one, two);
  await createPods(one, two);
  await announce(one, two);
  await lookAtKernels(one, two);
  await answerArp(one, two);
  await reachPods(one, two);
  await dropTheRest(one, two);
  await withdraw(one, two);
  await restart(one, two, daemonOfTwo);
  await redistribute(one, two);
}

/** @param {Node} one @param {Node} two */
async function giveAddresses(one, two) {
  heading('1. Two nodes, joined by eth1');
  await show(one, 'ip addr add 172.18.8.101/24 dev eth1 && ip link set eth1 up');
  await show(two, 'ip addr add 172.18.8.102/24 dev eth1 && ip link set eth1 up');
  await show(one, 'ping -c 1 -W 2 172.18.8.102', { sees: ANSWERED, so: 'the nodes reach each other' });
}

/** @param {Node} one @param {Node} two */
async function startDaemons(one, two) {
  heading('2. A BGP daemon on each node');
  const daemonOfOne = await startDaemon(one, config('101', '102'));
  const daemonOfTwo = await startDaemon(two, config('102', '101'));
  await show(one, `cat ${CONFIG}`);
  for (const node of [one, two]) prompt(node, `${DAEMON} &`);
  await show(one, 'tsbgp neighbor', {
    sees: [/172\.18\.8\.102 65001 .*Establ/],
    withinSeconds: 10,
    so: `the daemons (processes ${daemonOfOne.pid} and ${daemonOfTwo.pid}) have a session`,
  });
  return daemonOfTwo;
}

/** @param {Node} one @param {Node} two */
async function createPods(one, two) {
  heading('3. A pod on each node');
  for (const node of [one, two]) node.addCommand('CREATE_POD.sh', [`${VAGRANT}/create-pod.sh`]);
  await show(one, 'CREATE_POD.sh 1');
  await show(two, 'CREATE_POD.sh 2');
  await show(one, 'ping -c 1 -W 2 10.233.1.10', { sees: ANSWERED });
  await show(two, 'ping -c 1 -W 2 10.233.2.10', { sees: ANSWERED, so: 'each node reaches its own pod' });
  const unreachable = { sees: ['Network is unreachable'], fails: true };
  await show(one, 'ping -c 1 -W 1 10.233.2.10', unreachable);
  await show(two, 'ping -c 1 -W 1 10.233.1.10', { ...unreachable, so: 'and not the other one: it has no route' });
}

/** @param {Node} one @param {Node} two */
async function announce(one, two) {
  heading('4. Announce the pods, and a network for those to come');
  await show(one, 'tsbgp rib add 10.233.1.10/32');
  await show(one, 'tsbgp rib add 10.233.1.0/24 community blackhole');
  await show(two, 'tsbgp rib add 10.233.2.10/32');
  await show(two, 'tsbgp rib add 10.233.2.0/24 community blackhole');
  await show(one, 'tsbgp rib', {
    sees: ['10.233.1.0/24', '10.233.1.10/32', '10.233.2.0/24', '10.233.2.10/32', '172.18.8.0/24'],
    withinSeconds: 5,
    so: 'own routes, those of the other node, and the subnet that both redistribute',
  });
  await show(one, 'tsbgp neighbor', { sees: ['172.18.8.102'] });
}

/** @param {Node} one @param {Node} two */
async function lookAtKernels(one, two) {
  heading('5. The routes in both kernels');
  await show(one, 'ip route', {
    sees: [
      'blackhole 10.233.1.0/24 proto bgp',
      '10.233.1.10 dev veth_vm1 scope link',
      '10.233.2.0/24 via 172.18.8.102 dev eth1 proto bgp metric 20',
      '10.233.2.10 via 172.18.8.102 dev eth1 proto bgp metric 20',
    ],
    withinSeconds: 5,
  });
  await show(two, 'ip route', {
    sees: [
      'blackhole 10.233.2.0/24 proto bgp',
      '10.233.2.10 dev veth_vm2 scope link',
      '10.233.1.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20',
      '10.233.1.10 via 172.18.8.101 dev eth1 proto bgp metric 20',
    ],
    withinSeconds: 5,
    so: 'learned routes go by the other node; the own /24 is a black hole around the pods that exist',
  });
}

/** @param {Node} one @param {Node} two */
async function answerArp(one, two) {
  heading('6. The ping that still fails, and why');
  await show(one, 'ping -c 1 -W 1 10.233.2.10', UNANSWERED);
  await show(two, 'ip -n vm2_pod neigh', {
    sees: [/172\.18\.8\.101 dev veth_vm2_pod .*(INCOMPLETE|FAILED)/],
    so: 'the request came, but the pod asks ARP for 172.18.8.101 on its own link, where nobody has that address',
  });
  say('So let the nodes answer ARP on behalf of what they have a route to:');
  await show(one, 'sysctl net.ipv4.conf.veth_vm1.proxy_arp=1');
  await show(two, 'sysctl net.ipv4.conf.veth_vm2.proxy_arp=1');
}

/** @param {Node} one @param {Node} two */
async function reachPods(one, two) {
  heading('7. Nodes and pods reach each other');
  say('(First answers are slow: the kernel delays proxied ARP answers by up to 0.8 s, net.ipv4.neigh.*.proxy_delay.)');
  await show(one, 'ping -c 2 -i 0.2 10.233.2.10', { sees: ANSWERED });
  await show(two, 'ping -c 2 -i 0.2 10.233.1.10', { sees: ANSWERED, so: 'node to pod, both ways' });
  await show(one, 'ip netns exec vm1_pod ping -c 2 -i 0.2 10.233.2.10', { sees: ANSWERED });
  await show(two, 'ip netns exec vm2_pod ping -c 2 -i 0.2 10.233.1.10', {
    sees: ANSWERED,
    so: 'pod to pod, both ways',
  });
}

/** @param {Node} one @param {Node} two */
async function dropTheRest(one, two) {
  heading('8. An address of the /24 that no pod has');
  await show(two, 'ip route get 10.233.1.77', { sees: ['via 172.18.8.101'] });
  await show(two, 'ping -c 1 -W 1 10.233.1.77', { ...UNANSWERED, lacks: ['nreachable', 'exceeded'] });
  await show(one, 'ip route show 10.233.1.0/24', {
    sees: ['blackhole 10.233.1.0/24'],
    so: `the packet went to ${one.name} and ended in its black hole instead of in a loop`,
  });
}

/** @param {Node} one @param {Node} two */
async function withdraw(one, two) {
  heading('9. Withdraw a route');
  await show(two, 'tsbgp rib del 10.233.2.10/32');
  await show(one, 'ip route show proto bgp', {
    sees: ['10.233.2.0/24 via 172.18.8.102'],
    lacks: ['10.233.2.10'],
    withinSeconds: 5,
    so: `the /32 left the kernel of ${one.name}`,
  });
  await show(one, 'ping -c 1 -W 2 10.233.2.10', { sees: ANSWERED, so: 'the pod is still reached by the /24' });
}

/** @param {Node} one @param {Node} two @param {Daemon} daemonOfTwo */
async function restart(one, two, daemonOfTwo) {
  heading('10. Stop, kill and start a daemon: traffic goes on');
  say(`Meanwhile ${one.name} keeps pinging the pod of ${two.name} and watches its own routes:`);
  const ping = record(one, 'ping -q -i 0.05 10.233.2.10');
  const monitor = record(one, 'ip monitor route');
  await waitFor('ip monitor listens', () => hasNetlinkSocket(monitor.pid));

  const routes = [
    { node: one, sees: ['10.233.2.0/24 via 172.18.8.102'] },
    { node: two, sees: ['10.233.1.0/24 via 172.18.8.101', '10.233.1.10 via 172.18.8.101', 'blackhole 10.233.2.0/24'] },
  ];
  let daemon = daemonOfTwo;
  for (const signal of ['TERM', 'KILL']) {
    await show(two, `kill -${signal} ${daemon.pid}`);
    await daemon.ended;
    for (const { node, sees } of routes) await show(node, 'ip route show proto bgp', { sees });
    confirm(`no daemon on ${two.name}, and all routes are still there`);
    daemon = await startDaemon(two);
    prompt(two, `${DAEMON} &`);
    await show(two, 'tsbgp neighbor', {
      sees: [/172\.18\.8\.101 65001 .*Establ/],
      withinSeconds: 10,
      so: `started again (process ${daemon.pid})`,
    });
  }
  // Announced after everything that the restarted daemon had to say: when it is there, so is the rest.
  await show(two, 'tsbgp rib add 10.233.99.0/24');
  await show(one, 'ip route show 10.233.99.0/24', { sees: ['via 172.18.8.102'], withinSeconds: 5 });
  await monitor.show('SIGTERM', {
    sees: [/^10\.233\.99\.0\/24 via 172\.18\.8\.102 .*\n$/],
    so: `in all that time, one change of the routes of ${one.name}: the last one`,
  });
  await ping.show('SIGINT', { sees: ANSWERED, so: 'and no packet lost' });
}

/** @param {Node} one @param {Node} two */
async function redistribute(one, two) {
  heading("11. Announce the kernel's own routes: no command for a pod any more");
  await show(one, `sed -i 's/static, connected/&, kernel/' ${CONFIG} && grep redistribute ${CONFIG}`);
  await show(one, 'tsbgp config reload');
  await show(one, 'CREATE_POD.sh --proxy-arp 3');
  await show(two, 'ip route show 10.233.3.10', {
    sees: ['10.233.3.10 via 172.18.8.101 dev eth1 proto bgp metric 20'],
    withinSeconds: 5,
  });
  await show(two, 'ping -c 1 -W 2 10.233.3.10', { sees: ANSWERED, so: 'the new pod is announced by its route alone' });
  await show(one, 'CREATE_POD.sh 3 del');
  await show(two, 'ip route show 10.233.3.10', {
    lacks: ['10.233.3.10'],
    withinSeconds: 5,
    so: 'and withdrawn with it',
  });
}

/** @param {string} own @param {string} other last octets */
function config(own, other) {
  const text = readFileSync(`${VAGRANT}/tsbgp.yml.in`, 'utf8').replace(/^#.*\n/gm, '');
  const demo = 'state-file: /run/tsbgp/routes.json\nlog: { format: pretty }\n';
  return text.replace('@ADDRESS@', `172.18.8.${own}`).replace('@NEIGHBOR@', `172.18.8.${other}`) + demo;
}

/** @param {number | undefined} pid */
function hasNetlinkSocket(pid) {
  const sockets = readFileSync(`/proc/${pid}/net/netlink`, 'utf8').split('\n');
  return sockets.some(line => Number(line.split(/\s+/)[2]) === pid);
}
