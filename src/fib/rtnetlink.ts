// rtnetlink messages from the kernel: routes, acks, and the walk over any of them (linux/netlink.h, linux/rtnetlink.h).
//
// Pure decoding over the buffer a message came in; links and addresses are in link-message.ts, the writing side is
// route-batch.ts. Numbers are in the machine's order, which is little-endian on every platform the netlink package is
// built for. Addresses are in network order.

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

/** Text up to its end or a 0. */
export function cString(buf: Buffer, start: number, end: number): string {
  const stop = buf.indexOf(0, start);
  return buf.toString('utf8', start, stop === -1 || stop > end ? end : stop);
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

/** An attribute's value that outlives the buffer. */
export function copy(buf: Buffer, start: number, end: number): Uint8Array {
  return new Uint8Array(buf.subarray(start, end));
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
