// The links of this machine and who is at their other ends, from what the kernel tells.
//
// The kernel hears router advertisements for everybody: it checks them (RFC 4861 §6.1.2) and notes the sender in its neighbor
// table with the flag NTF_ROUTER, whatever accept_ra says. Who has had the flag once stays until the kernel finds nobody
// there: a neighbor that forwards no IPv6 loses it with its next answer (RFC 4861 §7.2.5). No sockets here.

import type { Heard } from '../bgp/session/heard.js';
import { formatAddress } from '../bgp/wire/prefix.js';
import { decodeAddress, decodeLink, type Link } from '../fib/link-message.js';
import { MessageType } from '../fib/rtnetlink.js';
import { decodeNeighbor, NeighborState } from './neighbor-message.js';

/** A neighbor's address, 16 octets, and where it is. */
export interface Appearance {
  interfaceIndex: number;
  address: Uint8Array;
}

type Handler = (buf: Buffer, start: number, end: number) => void;

/** Links, own link-local addresses and neighbors. */
export class LinkTable {
  /** Link-local neighbors, not known before, since somebody last took them. */
  private appeared: Appearance[] = [];
  /** By interface index, as the following. */
  private links = new Map<number, Link>();
  private own = new Map<number, Set<string>>();
  /** Those that may be there; true for the ones that advertised themselves, the latest last. */
  private neighbors = new Map<number, Map<string, boolean>>();

  /** Takes over what a dump has told to another table; what was heard before keeps its order. */
  become(fresh: LinkTable): void {
    for (const [index, found] of fresh.neighbors) {
      const before = this.neighbors.get(index) ?? new Map<string, boolean>();
      const kept = [...before].filter(([address]) => found.has(address));
      const all = new Map([...kept, ...[...found].filter(([address]) => !before.has(address))]);
      for (const address of all.keys()) all.set(address, before.get(address) === true || found.get(address) === true);
      fresh.neighbors.set(index, all);
    }
    this.links = fresh.links;
    this.own = fresh.own;
    this.neighbors = fresh.neighbors;
  }

  /** Takes a message of the kernel in. */
  message(buf: Buffer, type: number, start: number, end: number): void {
    this.handlers[type]?.(buf, start, end);
  }

  /** What is known of the interface with this name. */
  heard(name: string): Heard {
    const link = this.find(name);
    const nobody = { index: link?.index ?? 0, own: [], addresses: [] };
    if (link === undefined) return { ...nobody, trouble: `there is no interface ${name}` };
    if (!link.up) return { ...nobody, trouble: `${name} is down` };
    const scoped = (addresses: Iterable<string>) => [...addresses].map(address => `${address}%${name}`);
    const own = scoped(this.own.get(link.index) ?? []);
    if (own.length === 0) return { ...nobody, trouble: `${name} has no IPv6 link-local address` };
    const routers = [...(this.neighbors.get(link.index) ?? [])].filter(([, router]) => router);
    const addresses = scoped(routers.map(([address]) => address)).reverse();
    const trouble = addresses.length > 0 ? '' : `no router is heard on ${name}`;
    return { index: link.index, own, addresses, trouble };
  }

  /** The link with this name. */
  find(name: string): Link | undefined {
    for (const link of this.links.values()) if (link.name === name) return link;
    return undefined;
  }

  /** Neighbors that have not been known when this was asked last. */
  takeAppeared(): Appearance[] {
    return this.appeared.splice(0);
  }

  private readonly handlers: Readonly<Record<number, Handler>> = {
    [MessageType.newLink]: (buf, start, end) => {
      const link = decodeLink(buf, start, end);
      this.links.set(link.index, link);
    },
    [MessageType.delLink]: (buf, start, end) => {
      // A bridge tells with the same message, of another family, that a port left it.
      if (buf[start] !== 0) return;
      const { index } = decodeLink(buf, start, end);
      for (const map of [this.links, this.own, this.neighbors]) map.delete(index);
    },
    [MessageType.newAddress]: (buf, start, end) => this.ownAddress(buf, start, end, true),
    [MessageType.delAddress]: (buf, start, end) => this.ownAddress(buf, start, end, false),
    [MessageType.newNeighbor]: (buf, start, end) => this.neighbor(buf, start, end, true),
    [MessageType.delNeighbor]: (buf, start, end) => this.neighbor(buf, start, end, false),
  };

  private ownAddress(buf: Buffer, start: number, end: number, added: boolean): void {
    const found = decodeAddress(buf, start, end);
    if (found === null || !isLinkLocal(found.address)) return;
    const { interfaceIndex, address, usable } = found;
    const own = this.own.get(interfaceIndex) ?? new Set();
    this.own.set(interfaceIndex, own);
    if (added && usable) own.add(formatAddress(address));
    else own.delete(formatAddress(address));
  }

  private neighbor(buf: Buffer, start: number, end: number, added: boolean): void {
    const entry = decodeNeighbor(buf, start, end);
    if (entry === null || !isLinkLocal(entry.address)) return;
    const { interfaceIndex, state, router } = entry;
    const known = this.neighbors.get(interfaceIndex) ?? new Map<string, boolean>();
    this.neighbors.set(interfaceIndex, known);
    const address = formatAddress(entry.address);
    const before = known.get(address);
    if (!added || state === NeighborState.failed) {
      known.delete(address);
    } else if (state !== NeighborState.incomplete) {
      if (before === undefined) this.appeared.push({ interfaceIndex, address: entry.address });
      if (router && before !== true) known.delete(address);
      known.set(address, router || before === true);
    }
  }
}

function isLinkLocal(address: Uint8Array): boolean {
  return address.length === 16 && address[0] === 0xfe && (address[1] & 0xc0) === 0x80;
}
