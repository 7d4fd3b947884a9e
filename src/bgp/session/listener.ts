// Listens for neighbors and hands each connection to the session of the neighbor it comes from.
//
// IPv6 sockets take IPv6 only, so that 0.0.0.0 and :: can be listened on side by side. A stranger gets
// Cease/Connection Rejected (RFC 4486); the log says so once for each.

import net from 'node:net';
import type { Logger } from 'pino';
import { canonicalAddress } from './addresses.js';
import { CONNECTION_REJECTED } from './notices.js';
import type { NeighborOptions } from './options.js';
import type { NeighborSession } from './session.js';
import { applyToServer, type Md5Key, type SocketNeeds } from './socket-options.js';
import { closeTcp } from './tcp.js';

const REASONS: { readonly [code: string]: string } = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'ports below 1024 need root or CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'this machine does not have the address',
};
/** How a machine without IPv6 answers. */
const NO_IPV6: readonly string[] = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'];

/** What listening sockets have to know of neighbors in advance. */
export interface Protection {
  passwords: readonly Md5Key[];
  /** A neighbor drops packets whose TTL is not near 255 (RFC 5082). */
  ttlSecurity: boolean;
}

/**
 * The password of a neighbor, or of all in its prefix; a neighbor that came from a prefix has the prefix' one. `addresses`
 * are those of a neighbor that is named by an interface.
 */
export function md5KeyOf(
  { address, password, range }: NeighborOptions,
  addresses: readonly string[] = [address],
): Md5Key[] {
  if (password === undefined || range !== undefined) return [];
  return addresses.map(text => {
    const [address, length] = text.split('/');
    return { address, password, ...(length !== undefined && { prefixLength: Number(length) }) };
  });
}

/** Listens on some addresses. */
export class Listener {
  readonly #addresses: readonly string[];
  readonly #port: number;
  readonly #find: (remoteAddress: string) => NeighborSession | undefined;
  readonly #log: Logger;
  readonly #servers: net.Server[] = [];
  #protection: Protection = { passwords: [], ttlSecurity: false };
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
        if (!server) continue;
        this.#servers.push(server);
        this.#apply(server, this.#protection);
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** What connections need before they are taken. Passwords that are not listed any more are forgotten. */
  protect(protection: Protection): void {
    const nameOf = ({ address, prefixLength }: Md5Key) => `${address}/${prefixLength ?? ''}`;
    const before = new Map(this.#protection.passwords.map(key => [nameOf(key), key]));
    const changed = protection.passwords.filter(key => before.get(nameOf(key))?.password !== key.password);
    for (const key of protection.passwords) before.delete(nameOf(key));
    const gone = [...before.values()].map(key => ({ ...key, password: '' }));
    const ttlSecurity = protection.ttlSecurity && !this.#protection.ttlSecurity;
    this.#protection = protection;
    for (const server of this.#servers) this.#apply(server, { passwords: [...gone, ...changed], ttlSecurity });
  }

  #apply(server: net.Server, { passwords, ttlSecurity }: Protection): void {
    const { family } = server.address() as net.AddressInfo;
    const ipv6 = family === 'IPv6';
    const attempt = (needs: SocketNeeds, what: string) => {
      try {
        applyToServer(server, ipv6 ? 'ipv6' : 'ipv4', needs);
      } catch (error) {
        this.#log.error(`${what}: connections cannot be taken: ${(error as Error).message}`);
      }
    };
    // The answer to a neighbor's SYN has the TTL of the listening socket.
    if (ttlSecurity) attempt({ ttl: 255 }, 'ttl-security');
    for (const md5 of passwords) if (net.isIPv6(md5.address.split('%')[0]) === ipv6) attempt({ md5 }, md5.address);
  }

  /** Takes no more connections; sessions go on. */
  async close(): Promise<void> {
    for (const server of this.#servers.splice(0)) server.close();
  }

  #open(host: string): Promise<net.Server | null> {
    return new Promise((resolve, reject) => {
      const server = net.createServer({ noDelay: true, pauseOnConnect: true }, socket => this.#accept(socket));
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
