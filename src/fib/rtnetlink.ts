// rtnetlink messages from the kernel: links, addresses, routes, acks (linux/netlink.h, linux/rtnetlink.h).
//
// Pure decoding over the buffer a message came in; the writing side is route-batch.ts. Numbers are in the machine's
// order, which is little-endian on every platform the netlink package is built for. Addresses are in network order.

/** nlmsg_type */
export const MessageType = {
  error: 2,
  done: 3,
  newLink: 16,
  delLink: 17,
  getLink: 18,
  newAddress: 20,
  delAddress: 21,
  getAddress: 22,
  newRoute: 24,
  delRoute: 25,
  getRoute: 26,
  newNeighbor: 28,
  delNeighbor: 29,
  getNeighbor: 30,
} as const;

/** nlmsg_flags; some bits mean different things in requests, notifications and acks. */
export const MessageFlag = {
  request: 0x1,
  ack: 0x4,
  dumpInterrupted: 0x10,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  dump: 0x300,
  capped: 0x100,
  ackAttributes: 0x200,
} as const;

/** Multicast groups of NETLINK_ROUTE. */
export const Group = { link: 1, neighbor: 3, ipv4Address: 5, ipv4Route: 7, ipv6Address: 9, ipv6Route: 11 } as const;

/** rta_type */
export const RouteAttribute = {
  destination: 1,
  interfaceIndex: 4,
  gateway: 5,
  priority: 6,
  preferredSource: 7,
  metrics: 8,
  multipath: 9,
  flow: 11,
  table: 15,
  via: 18,
  encapsulation: 22,
  expires: 23,
  nextHopObject: 30,
} as const;

/** rtm_type */
export const RouteType = { unspecified: 0, unicast: 1, blackhole: 6, unreachable: 7, prohibit: 8, throw: 9 } as const;

/** rtm_protocol: who made the route. */
export const RouteProtocol = { kernel: 2, boot: 3, static: 4 } as const;

/** rtm_scope */
export const RouteScope = { universe: 0, nowhere: 255 } as const;

/** Tables with a name. */
export const RouteTableId = { unspecified: 0, main: 254 } as const;

export const AF_INET = 2;
export const AF_INET6 = 10;
/** Length of nlmsghdr. */
export const HEADER = 16;
/** Length of rtmsg. */
export const ROUTE_HEADER = 12;

const ROUTE_CLONED = 0x200;
/** rtm_flags and rtnh_flags: the kernel is to take our word that the gateway is on the link. */
export const ONLINK = 4;

/** One way out of the machine. */
export interface Leg {
  interfaceIndex: number;
  /** 4 or 16 bytes; null when the destination is on the link itself. */
  gateway: Uint8Array | null;
  /** The gateway is on the link though no subnet says so. */
  onlink: boolean;
  /** Share of the traffic among the route's legs, from 1. */
  weight: number;
}

/** A text that is the same for legs with the same link and gateway, whatever their weights. */
export function wayOf({ interfaceIndex, onlink, gateway }: Leg): string {
  return wayText(interfaceIndex, onlink, gateway === null ? '' : Buffer.from(gateway).toString('hex'));
}

function wayText(interfaceIndex: number, onlink: boolean, gateway: string): string {
  return `${interfaceIndex}${onlink ? '!' : ':'}${gateway}`;
}

/** Calls `visit` for every message of a datagram; a wrong length ends it. */
export function forEachMessage(
  buf: Buffer,
  visit: (type: number, flags: number, sequence: number, start: number, end: number) => void,
): void {
  let at = 0;
  while (at + HEADER <= buf.length) {
    const length = buf.readUInt32LE(at);
    if (length < HEADER || at + length > buf.length) return;
    visit(buf.readUInt16LE(at + 4), buf.readUInt16LE(at + 6), buf.readUInt32LE(at + 8), at + HEADER, at + length);
    at += align(length);
  }
}

function align(length: number): number {
  return (length + 3) & ~3;
}

/** Calls `visit` for every attribute between `start` and `end`; a wrong length ends it. */
export function forEachAttribute(
  buf: Buffer,
  start: number,
  end: number,
  visit: (type: number, start: number, end: number) => void,
): void {
  let at = start;
  while (at + 4 <= end) {
    const length = buf.readUInt16LE(at);
    if (length < 4 || at + length > end) return;
    visit(buf.readUInt16LE(at + 2) & 0x3fff, at + 4, at + length);
    at += align(length);
  }
}

/** An answer to one request: errno 0 is an ack. */
export interface Ack {
  /** Positive errno. */
  errno: number;
  /** The kernel's own sentence (extended ack), or empty. */
  detail: string;
}

/** Decodes the body of an NLMSG_ERROR. */
export function decodeAck(buf: Buffer, flags: number, start: number, end: number): Ack {
  const errno = Math.abs(buf.readInt32LE(start));
  let detail = '';
  if ((flags & MessageFlag.ackAttributes) !== 0) {
    const echoed = (flags & MessageFlag.capped) !== 0 ? HEADER : align(buf.readUInt32LE(start + 4));
    forEachAttribute(buf, start + 4 + echoed, end, (type, from, to) => {
      if (type === 1) detail = cString(buf, from, to);
    });
  }
  return { errno, detail };
}

function cString(buf: Buffer, start: number, end: number): string {
  const stop = buf.indexOf(0, start);
  return buf.toString('utf8', start, stop === -1 || stop > end ? end : stop);
}

const NO_BYTES = new Uint8Array(0);

/** A network interface. */
export interface Link {
  index: number;
  name: string;
  loopback: boolean;
  /** Up by the administrator's will (IFF_UP). */
  enabled: boolean;
  /** Packets can leave by it: enabled, with carrier and operational (IFF_UP, IFF_LOWER_UP, IFF_RUNNING). */
  up: boolean;
  /** The bridge, bond or VRF it belongs to, or 0. */
  master: number;
  /** Its link-layer address; empty where it has none. */
  linkLayerAddress: Uint8Array;
}

/** Decodes RTM_NEWLINK or RTM_DELLINK. */
export function decodeLink(buf: Buffer, start: number, end: number): Link {
  const flags = buf.readUInt32LE(start + 8);
  const usable = 0x1 | 0x40 | 0x10000;
  const link: Link = {
    index: buf.readInt32LE(start + 4),
    name: '',
    loopback: (flags & 0x8) !== 0,
    enabled: (flags & 0x1) !== 0,
    up: (flags & usable) === usable,
    master: 0,
    linkLayerAddress: NO_BYTES,
  };
  forEachAttribute(buf, start + 16, end, (type, from, to) => {
    if (type === 1) link.linkLayerAddress = copy(buf, from, to);
    else if (type === 3) link.name = cString(buf, from, to);
    else if (type === 10) link.master = buf.readInt32LE(from);
  });
  return link;
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

/** What this speaker never writes into a route. */
const EXTRAS = [
  RouteAttribute.preferredSource,
  RouteAttribute.metrics,
  RouteAttribute.flow,
  RouteAttribute.encapsulation,
  RouteAttribute.expires,
  RouteAttribute.nextHopObject,
];

/** A route as the kernel tells it. Reused by its owner; everything in it is about the last `scan`. */
export class RouteMessage {
  buf: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  /** AF_INET or AF_INET6. */
  family = 0;
  prefixLength = 0;
  tos = 0;
  table = 0;
  protocol = 0;
  scope = 0;
  type = 0;
  /** RTA_PRIORITY */
  metric = 0;
  private flags = 0;
  /** Where each attribute's value begins (0: absent) and ends, by rta_type. */
  private readonly starts = new Int32Array(32);
  private readonly ends = new Int32Array(32);

  /** Reads RTM_NEWROUTE or RTM_DELROUTE; false when it is no route of a table (a cached one, another family). */
  scan(buf: Buffer, start: number, end: number): boolean {
    if (end - start < ROUTE_HEADER) return false;
    this.buf = buf;
    this.start = start;
    this.end = end;
    this.family = buf[start];
    this.prefixLength = buf[start + 1];
    this.tos = buf[start + 3];
    this.table = buf[start + 4];
    this.protocol = buf[start + 5];
    this.scope = buf[start + 6];
    this.type = buf[start + 7];
    this.flags = buf.readUInt32LE(start + 8);
    if ((this.family !== AF_INET && this.family !== AF_INET6) || (this.flags & ROUTE_CLONED) !== 0) return false;
    const { starts, ends } = this;
    starts.fill(0);
    let at = start + ROUTE_HEADER;
    while (at + 4 <= end) {
      const length = buf.readUInt16LE(at);
      if (length < 4 || at + length > end) return false;
      const type = buf.readUInt16LE(at + 2) & 0x3fff;
      if (type < starts.length) {
        starts[type] = at + 4;
        ends[type] = at + length;
      }
      at += align(length);
    }
    const { priority, table } = RouteAttribute;
    this.metric = starts[priority] === 0 ? 0 : buf.readUInt32LE(starts[priority]);
    if (starts[table] !== 0) this.table = buf.readUInt32LE(starts[table]);
    return true;
  }

  /** Where the destination's bytes begin in `buf`; 0 when the kernel left them out (the default route). */
  get destination(): number {
    return this.starts[RouteAttribute.destination];
  }

  /** A copy of the destination's 4 or 16 bytes. */
  prefixBytes(): Uint8Array {
    const bytes = new Uint8Array(this.family === AF_INET ? 4 : 16);
    if (this.destination !== 0) bytes.set(this.buf.subarray(this.destination, this.destination + bytes.length));
    return bytes;
  }

  /** Could this speaker have written it so? Not with a preferred source, route metrics, encapsulation … */
  get plain(): boolean {
    return EXTRAS.every(type => this.starts[type] === 0);
  }

  /** `wayOf` the only leg, without making one; undefined when there are several legs or none. */
  get singleWay(): string | undefined {
    const { buf, starts, ends } = this;
    const { interfaceIndex, gateway, via, multipath } = RouteAttribute;
    if (this.type !== RouteType.unicast || starts[multipath] !== 0 || starts[interfaceIndex] === 0) return undefined;
    const index = buf.readInt32LE(starts[interfaceIndex]);
    const onlink = (this.flags & ONLINK) !== 0;
    if (starts[via] !== 0) return wayText(index, onlink, buf.toString('hex', starts[via] + 2, ends[via]));
    return wayText(index, onlink, starts[gateway] === 0 ? '' : buf.toString('hex', starts[gateway], ends[gateway]));
  }

  /** The ways out, in the kernel's order; none for blackhole and its kind. */
  legs(): Leg[] {
    const { buf, starts, ends } = this;
    const { interfaceIndex, gateway, via, multipath } = RouteAttribute;
    if (this.type !== RouteType.unicast) return [];
    if (starts[multipath] === 0) {
      if (starts[interfaceIndex] === 0) return [];
      const leg = {
        interfaceIndex: buf.readInt32LE(starts[interfaceIndex]),
        onlink: (this.flags & ONLINK) !== 0,
        weight: 1,
      };
      if (starts[via] !== 0) return [{ ...leg, gateway: copy(buf, starts[via] + 2, ends[via]) }];
      return [{ ...leg, gateway: starts[gateway] === 0 ? null : copy(buf, starts[gateway], ends[gateway]) }];
    }
    const legs: Leg[] = [];
    this.forEachNextHop((at, end) => {
      const leg: Leg = {
        interfaceIndex: buf.readInt32LE(at + 4),
        gateway: null,
        onlink: (buf[at + 2] & ONLINK) !== 0,
        weight: buf[at + 3] + 1,
      };
      forEachAttribute(buf, at + 8, end, (type, from, to) => {
        if (type === gateway) leg.gateway = copy(buf, from, to);
        else if (type === via) leg.gateway = copy(buf, from + 2, to);
      });
      legs.push(leg);
    });
    return legs;
  }

  /** Calls `visit` for every rtnexthop of RTA_MULTIPATH. */
  private forEachNextHop(visit: (start: number, end: number) => void): void {
    let at = this.starts[RouteAttribute.multipath];
    const end = at === 0 ? 0 : this.ends[RouteAttribute.multipath];
    while (at + 8 <= end) {
      const length = this.buf.readUInt16LE(at);
      if (length < 8 || at + length > end) return;
      visit(at, at + length);
      at += align(length);
    }
  }
}

function copy(buf: Buffer, start: number, end: number): Uint8Array {
  return new Uint8Array(buf.subarray(start, end));
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

/** Asks for the routes of a table, of one protocol or of all (0). `family` is AF_INET or AF_INET6. */
export function routeDump(family: number, table: number, protocol: number): Buffer {
  const request = dumpRequest(MessageType.getRoute, ROUTE_HEADER + 8);
  request[HEADER] = family;
  request[HEADER + 5] = protocol;
  request.writeUInt16LE(8, HEADER + ROUTE_HEADER);
  request.writeUInt16LE(RouteAttribute.table, HEADER + ROUTE_HEADER + 2);
  request.writeUInt32LE(table, HEADER + ROUTE_HEADER + 4);
  return request;
}

export function dumpRequest(type: number, bodyLength: number): Buffer {
  const request = Buffer.alloc(HEADER + bodyLength);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(type, 4);
  request.writeUInt16LE(MessageFlag.request | MessageFlag.dump, 6);
  return request;
}
