// A host for virtual machines: libvirt's daemon and Vagrant in a lab node (test/lab/node.mjs), on directories of their own.
//
// The node's network namespace holds the bridges, its /run (in memory) the disks, its mounts hide the libvirt that this
// machine may have; so all goes with the node. It has no way out of it; machines reach package servers through a proxy, as
// in the network of a company.

import { writeFileSync } from 'node:fs';
import { createServer, request as fetch } from 'node:http';
import { connect } from 'node:net';
import { createNode, waitFor } from '../lab/node.mjs';

/** Where libvirt keeps its things. */
const DIRECTORIES = ['/etc/libvirt', '/var/lib/libvirt', '/var/log/libvirt', '/var/cache/libvirt'];

/** No security driver, groups of processes, namespaces or helpers: the node is the boundary. */
const QEMU_CONF = `user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
remember_owner = 0
`;

const LIBVIRTD_CONF = `auth_unix_rw = "none"
auth_unix_ro = "none"
`;

/** Passes what comes in at a port of the node on to the socket of `startProxy`. */
const RELAY = `require('net').createServer(client => {
  const proxy = require('net').connect('/run/proxy');
  client.pipe(proxy).pipe(client);
  for (const socket of [client, proxy]) socket.on('error', () => { client.destroy(); proxy.destroy(); });
}).listen(3128)`;

/** @returns {Promise<import('../lab/node.mjs').Node>} in which `vagrant` works with libvirt */
export async function startHypervisor() {
  const node = await createNode(`tsbgp-vagrant-${process.pid}`);
  for (const place of DIRECTORIES) {
    await node.run(`mkdir -p '/run/own${place}' && mount -n --bind '/run/own${place}' ${place}`);
  }
  writeFileSync(node.path('/run/own/etc/libvirt/qemu.conf'), QEMU_CONF);
  writeFileSync(node.path('/run/own/etc/libvirt/libvirtd.conf'), LIBVIRTD_CONF);
  node.start('exec libvirtd', '/run/libvirtd.log').unref();
  await waitFor('libvirtd answers', () => node.run('virsh -c qemu:///system version'), 60_000);
  return node;
}

/**
 * An HTTP proxy, seen by the node's machines as port 3128 of the node, with the way out that this process has.
 * @param {import('../lab/node.mjs').Node} node
 * @returns {Promise<import('node:http').Server>}
 */
export async function startProxy(node) {
  const proxy = createServer((request, response) => {
    const { method, headers } = request;
    const onward = fetch(request.url ?? '', { method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', error =>
      response.headersSent ? response.destroy() : response.writeHead(502).end(error.message),
    );
    request.pipe(onward);
  });
  proxy.on('connect', (request, client) => {
    const { hostname, port } = new URL(`http://${request.url}`);
    const onward = connect(Number(port || 443), hostname, () => {
      client.write('HTTP/1.1 200 Connected\r\n\r\n');
      client.pipe(onward).pipe(client);
    });
    for (const socket of [client, onward]) socket.on('error', () => [client, onward].map(it => it.destroy()));
  });
  await new Promise(resolve => proxy.listen(node.path('/run/proxy'), () => resolve(undefined)));
  node.start(`exec ${process.execPath} -e "${RELAY}"`, '/run/relay.log').unref();
  return proxy;
}
