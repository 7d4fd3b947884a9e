// rtnetlink messages about the machine's links and addresses (linux/if_link.h, linux/if_addr.h).

import { AF_INET, AF_INET6, copy, cString, dumpRequest, forEachAttribute, HEADER, MessageType } from './rtnetlink.js';

const NO_BYTES = new Uint8Array(0);

const LinkFlag = { up: 0x1, loopback: 0x8, running: 0x40, lowerUp: 0x10000, dormant: 0x20000 } as const;
/** IFLA_OPERSTATE, as far as it matters. */
const OperState = { unknown: 0, down: 2, lowerLayerDown: 3 } as const;

/** A network interface. */
export interface Link {
  index: number;
  name: string;
  loopback: boolean;
  /** Up by the administrator's will (IFF_UP). */
  enabled: boolean;
  /** Packets can leave by it: enabled, with carrier and operational, or about to be (see isOperational). */
  up: boolean;
  /** The kernel says that it is operational (IFF_RUNNING). */
  running: boolean;
  /** The bridge, bond or VRF it belongs to, or 0. */
  master: number;
  /** Its link-layer address; empty where it has none. */
  linkLayerAddress: Uint8Array;
}

/** Decodes RTM_NEWLINK or RTM_DELLINK. */
export function decodeLink(buf: Buffer, start: number, end: number): Link {
  const flags = buf.readUInt32LE(start + 8);
  let state: number = OperState.unknown;
  let mode = 0;
  const link: Link = {
    index: buf.readInt32LE(start + 4),
    name: '',
    loopback: (flags & LinkFlag.loopback) !== 0,
    enabled: (flags & LinkFlag.up) !== 0,
    up: false,
    running: (flags & LinkFlag.running) !== 0,
    master: 0,
    linkLayerAddress: NO_BYTES,
  };
  forEachAttribute(buf, start + 16, end, (type, from, to) => {
    if (type === 1) link.linkLayerAddress = copy(buf, from, to);
    else if (type === 3) link.name = cString(buf, from, to);
    else if (type === 10) link.master = buf.readInt32LE(from);
    else if (type === 16) state = buf[from];
    else if (type === 17) mode = buf[from];
  });
  link.up = isOperational(flags, state, mode);
  return link;
}

/**
 * When the carrier of a link comes, the kernel works out the operational state (RFC 2863 §3.1.12) up to a second later, while
 * a link that has only been set up carries packets already: `down` with a carrier is taken for the `up` that it will be. Where
 * somebody waits for more than the carrier (IEEE 802.1X), only what the kernel says counts.
 */
function isOperational(flags: number, state: number, mode: number): boolean {
  const needed = LinkFlag.up | LinkFlag.lowerUp;
  if ((flags & needed) !== needed) return false;
  if ((flags & LinkFlag.running) !== 0) return true;
  const late = state === OperState.down || state === OperState.lowerLayerDown;
  return late && mode === 0 && (flags & LinkFlag.dormant) === 0;
}

/** An address of this machine. */
export interface InterfaceAddress {
  interfaceIndex: number;
  /** 4 or 16 bytes. */
  address: Uint8Array;
  prefixLength: number;
  /** The prefix length is that of the other end's address. */
  pointToPoint: boolean;
  /** Duplicate address detection has found nothing, or was not asked to (RFC 4862 §5.4). */
  usable: boolean;
}

const TENTATIVE_OR_DUPLICATE = 0x40 | 0x08;

/** Decodes RTM_NEWADDR or RTM_DELADDR; null when it is neither IPv4 nor IPv6. */
export function decodeAddress(buf: Buffer, start: number, end: number): InterfaceAddress | null {
  const family = buf[start];
  if (family !== AF_INET && family !== AF_INET6) return null;
  let local: Uint8Array | undefined;
  let address: Uint8Array | undefined;
  forEachAttribute(buf, start + 8, end, (type, from, to) => {
    if (type === 2) local = copy(buf, from, to);
    else if (type === 1) address = copy(buf, from, to);
  });
  const own = local ?? address;
  if (own === undefined) return null;
  return {
    interfaceIndex: buf.readUInt32LE(start + 4),
    address: own,
    prefixLength: buf[start + 1],
    // IFA_ADDRESS is the other end's there.
    pointToPoint: address !== undefined && Buffer.compare(own, address) !== 0,
    usable: (buf[start + 2] & TENTATIVE_OR_DUPLICATE) === 0,
  };
}

/** Asks for all links. */
export function linkDump(): Buffer {
  const request = dumpRequest(MessageType.getLink, 16 + 8);
  // IFLA_EXT_MASK with RTEXT_FILTER_SKIP_STATS: no counters, which are most of the answer.
  request.writeUInt16LE(8, HEADER + 16);
  request.writeUInt16LE(29, HEADER + 18);
  request.writeUInt32LE(8, HEADER + 20);
  return request;
}

/** Asks for all addresses of both families. */
export function addressDump(): Buffer {
  return dumpRequest(MessageType.getAddress, 8);
}
