// Listens for neighbors and hands each connection to the session of the neighbor it comes from.
//
// IPv6 sockets take IPv6 only, so that 0.0.0.0 and :: can be listened on side by side. A stranger gets
// Cease/Connection Rejected (RFC 4486); the log says so once for each.

import net from 'node:net';
import type { Logger } from 'pino';
import { canonicalAddress } from './addresses.js';
import { CONNECTION_REJECTED } from './notices.js';
import type { NeighborSession } from './session.js';
import { closeTcp } from './tcp.js';

const REASONS: { readonly [code: string]: string } = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'ports below 1024 need root or CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'this machine does not have the address',
};
/** How a machine without IPv6 answers. */
const NO_IPV6: readonly string[] = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'];

/** Listens on some addresses. */
export class Listener {
  readonly #addresses: readonly string[];
  readonly #port: number;
  readonly #find: (remoteAddress: string) => NeighborSession | undefined;
  readonly #log: Logger;
  readonly #servers: net.Server[] = [];
  readonly #strangers = new Set<string>();

  /** `find` gets the neighbor's address in its canonical spelling (see canonicalAddress). Port 0 takes any free one. */
  constructor(
    addresses: string[],
    port: number,
    find: (remoteAddress: string) => NeighborSession | undefined,
    log: Logger,
  ) {
    this.#addresses = addresses;
    this.#port = port;
    this.#find = find;
    this.#log = log;
  }

  /** The port of the first address. */
  get port(): number {
    const address = this.#servers[0]?.address();
    return typeof address === 'object' && address !== null ? address.port : this.#port;
  }

  /** Listens on all addresses. Rejects with an Error in words, and listens on none then. */
  async listen(): Promise<void> {
    try {
      for (const address of this.#addresses) {
        const server = await this.#open(address);
        if (server) this.#servers.push(server);
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Takes no more connections; sessions go on. */
  async close(): Promise<void> {
    for (const server of this.#servers.splice(0)) server.close();
  }

  #open(host: string): Promise<net.Server | null> {
    return new Promise((resolve, reject) => {
      const server = net.createServer({ noDelay: true }, socket => this.#accept(socket));
      server.once('error', (error: NodeJS.ErrnoException) => {
        const code = error.code ?? '';
        if (host === '::' && NO_IPV6.includes(code) && this.#addresses.length > 1) {
          this.#log.warn('this machine has no IPv6: not listening on ::');
          resolve(null);
          return;
        }
        reject(new Error(`cannot listen on ${host} port ${this.#port}: ${REASONS[code] ?? error.message}`));
      });
      server.listen({ host, port: this.#port, ipv6Only: net.isIPv6(host) }, () => resolve(server));
    });
  }

  #accept(socket: net.Socket): void {
    // Gone before it was accepted.
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const remote = canonicalAddress(socket.remoteAddress);
    const session = this.#find(remote);
    if (session) {
      session.accept(socket);
      return;
    }
    const known = this.#strangers.has(remote);
    if (this.#strangers.size >= 1_000) this.#strangers.clear();
    this.#strangers.add(remote);
    this.#log[known ? 'debug' : 'warn']({ remote }, `connection from ${remote} refused: it is not a neighbor`);
    void closeTcp(socket, CONNECTION_REJECTED);
  }
}
