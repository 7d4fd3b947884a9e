// The limit of the machine: a process that has BGP sessions but neither looks at routes nor keeps any. What one neighbor
// sends after its first KEEPALIVE is written to all others, byte by byte.
//
// usage: node reflector.mjs AS ADDRESS...

import { createServer } from 'node:net';
import { KEEPALIVE, MessageType, openMessage } from './load/messages.mjs';

const BGP_PORT = 179;
const HEADER_BYTES = 19;
const [as, ...addresses] = process.argv.slice(2);

/** @type {Set<import('node:net').Socket>} */
const established = new Set();

/** @param {import('node:net').Socket} socket */
function serve(socket) {
  const families = /** @type {('ipv4' | 'ipv6')[]} */ (['ipv4', 'ipv6']);
  let greeting = Buffer.alloc(0);
  socket.setNoDelay();
  socket.write(openMessage({ as: Number(as), routerId: addresses[0], holdSeconds: 240, families }));
  socket.on('data', bytes => {
    if (established.has(socket)) {
      for (const other of established) if (other !== socket) other.write(bytes);
      return;
    }
    greeting = Buffer.concat([greeting, bytes]);
    while (greeting.length >= HEADER_BYTES && greeting.length >= greeting.readUInt16BE(16)) {
      if (greeting[18] === MessageType.open) socket.write(KEEPALIVE);
      else established.add(socket);
      greeting = greeting.subarray(greeting.readUInt16BE(16));
    }
  });
  socket.on('error', () => {});
  socket.on('close', () => established.delete(socket));
}

for (const address of addresses) createServer(serve).listen(BGP_PORT, address);
