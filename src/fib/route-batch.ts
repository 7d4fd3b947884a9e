// Writing many route changes into one buffer: RTM_NEWROUTE and RTM_DELROUTE (linux/rtnetlink.h).
//
// A batch is one datagram. What a route says beyond its prefix (metric, table, ways out) is encoded once per set of
// ways (`encodeBody`) and copied behind each prefix. The kernel works through a batch in order and goes on after a
// message it refuses; only the last message asks for an ack, refusals come back by sequence number.

import { Family } from '../bgp/wire/family.js';
import {
  AF_INET,
  AF_INET6,
  HEADER,
  type Leg,
  MessageFlag,
  MessageType,
  ONLINK,
  ROUTE_HEADER,
  RouteAttribute,
  RouteScope,
  RouteTableId,
  RouteType,
} from './rtnetlink.js';

/** What makes a route of the kernel one of ours. */
export interface Identity {
  table: number;
  metric: number;
  protocol: number;
}

/** A route but for its prefix, encoded. */
export interface RouteBody {
  /** The second word of rtmsg: table, protocol, scope, type. */
  head: number;
  /** The third word of rtmsg. */
  flags: number;
  /** The attributes. */
  words: Uint32Array;
}

/** The metric the kernel will show: IPv6 has no metric 0. */
export function kernelMetric(family: Family, metric: number): number {
  return family === Family.ipv6Unicast && metric === 0 ? 1024 : metric;
}

/** Encodes a route of the given rtm_type; `legs` is empty for blackhole and its kind. */
export function encodeBody(family: Family, identity: Identity, type: number, legs: readonly Leg[]): RouteBody {
  const parts = tableAndMetric(family, identity);
  if (legs.length === 1) {
    parts.push(attribute(RouteAttribute.interfaceIndex, u32(legs[0].interfaceIndex)), gateway(family, legs[0].gateway));
  } else if (legs.length > 1) {
    parts.push(attribute(RouteAttribute.multipath, Buffer.concat(legs.map(leg => nextHop(family, leg)))));
  }
  return body(identity, RouteScope.universe, type, legs.length === 1 && legs[0].onlink ? ONLINK : 0, parts);
}

/** Encodes what is needed to delete one of our routes, whatever its ways. */
export function encodeDeletion(family: Family, identity: Identity): RouteBody {
  return body(identity, RouteScope.nowhere, RouteType.unspecified, 0, tableAndMetric(family, identity));
}

function body(identity: Identity, scope: number, type: number, flags: number, parts: Buffer[]): RouteBody {
  const attributes = Buffer.concat(parts);
  const words = Uint32Array.from({ length: attributes.length / 4 }, (_, i) => attributes.readUInt32LE(i * 4));
  return { head: RouteTableId.unspecified | (identity.protocol << 8) | (scope << 16) | (type << 24), flags, words };
}

function tableAndMetric(family: Family, identity: Identity): Buffer[] {
  return [
    attribute(RouteAttribute.table, u32(identity.table)),
    attribute(RouteAttribute.priority, u32(kernelMetric(family, identity.metric))),
  ];
}

// struct rtnexthop
function nextHop(family: Family, leg: Leg): Buffer {
  const head = Buffer.alloc(8);
  const rest = gateway(family, leg.gateway);
  head.writeUInt16LE(head.length + rest.length, 0);
  head[2] = leg.onlink ? ONLINK : 0;
  head[3] = leg.weight - 1;
  head.writeInt32LE(leg.interfaceIndex, 4);
  return Buffer.concat([head, rest]);
}

// An IPv4 route by an IPv6 gateway needs RTA_VIA (RFC 8950 §4).
function gateway(family: Family, address: Uint8Array | null): Buffer {
  if (address === null) return Buffer.alloc(0);
  if (family === Family.ipv6Unicast || address.length === 4) return attribute(RouteAttribute.gateway, address);
  return attribute(RouteAttribute.via, Buffer.concat([Buffer.from([AF_INET6, 0]), address]));
}

function attribute(type: number, value: Uint8Array): Buffer {
  const out = Buffer.alloc(4 + ((value.length + 3) & ~3));
  out.writeUInt16LE(4 + value.length, 0);
  out.writeUInt16LE(type, 2);
  out.set(value, 4);
  return out;
}

function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value, 0);
  return out;
}

/** Messages of a full batch: they keep the kernel busy for 5 to 10 ms, on a thread of its own. */
const MESSAGES = 2048;
/** Sequence numbers that a batch may need, for what is added between two looks at `full`, too. */
export const SEQUENCE_NUMBERS = MESSAGES * 2;
/** A batch of this size counts as full … */
const FULL_BYTES = 256 * 1024;
/** … and this much more is kept for what may still be added before anybody looks at `full` again. */
const SPARE_BYTES = 384 * 1024;

/** One datagram of route changes, with what each of them replaces. Reused for batch after batch. */
export class RouteBatch {
  /** Messages added. */
  count = 0;
  /** By message: ids the owner of the routes gave, to undo what the kernel refuses (see FamilyInstaller). */
  readonly before = new Int32Array(SEQUENCE_NUMBERS);
  readonly after = new Int32Array(SEQUENCE_NUMBERS);
  readonly family = new Uint8Array(SEQUENCE_NUMBERS);
  // Everything in a message is aligned to 4 bytes and written as such words.
  private readonly words = new Uint32Array((FULL_BYTES + SPARE_BYTES) / 4);
  private readonly buffer = Buffer.from(this.words.buffer);
  private readonly offsets = new Int32Array(SEQUENCE_NUMBERS);
  private bytes = 0;
  /** Sequence number of the first message. */
  first = 1;
  private readonly most: number;

  /** It is full with `most` messages, if not earlier. */
  constructor(most = MESSAGES) {
    this.most = Math.min(most, MESSAGES);
  }

  get full(): boolean {
    return this.count >= this.most || this.bytes >= FULL_BYTES;
  }

  /** Empties the batch; its first message will have this sequence number. */
  clear(first = 0): void {
    this.first = first;
    this.count = 0;
    this.bytes = 0;
  }

  /** The datagram. */
  get datagram(): Buffer {
    return this.buffer.subarray(0, this.bytes);
  }

  /** Asks for the ack and returns the sequence number it will have. */
  close(): number {
    this.buffer[this.offsets[this.count - 1] + 6] |= MessageFlag.ack;
    return (this.first + this.count - 1) >>> 0;
  }

  /** Index of the message with this sequence number; `count` or more when it is none of the batch. */
  indexOf(sequence: number): number {
    return (sequence - this.first) >>> 0;
  }

  /**
   * Appends RTM_NEWROUTE or RTM_DELROUTE. The prefix is 4 or 16 bytes at `address[at]` and `length` bits. `before` and
   * `after` are kept for the owner.
   */
  add(
    type: number,
    flags: number,
    family: Family,
    address: Uint8Array,
    at: number,
    length: number,
    body: RouteBody,
    before: number,
    after: number,
  ): void {
    const { words } = this;
    const size = family === Family.ipv4Unicast ? 4 : 16;
    let w = this.begin(type, flags, HEADER + ROUTE_HEADER + 4 + size + body.words.length * 4, family, before, after);
    words[w++] = (family === Family.ipv4Unicast ? AF_INET : AF_INET6) | (length << 8);
    words[w++] = body.head;
    words[w++] = body.flags;
    words[w++] = (4 + size) | (RouteAttribute.destination << 16);
    for (let p = at; p < at + size; p += 4) {
      words[w++] = address[p] | (address[p + 1] << 8) | (address[p + 2] << 16) | (address[p + 3] << 24);
    }
    for (let i = 0; i < body.words.length; i++) words[w++] = body.words[i];
  }

  /** Appends the deletion of exactly this route: the body of a message from the kernel. */
  addDeletionOf(family: Family, route: Uint8Array): void {
    const w = this.begin(MessageType.delRoute, 0, HEADER + route.length, family, 0, 0);
    this.buffer.set(route, w * 4);
  }

  // Writes nlmsghdr; returns the index of the word after it.
  private begin(type: number, flags: number, length: number, family: Family, before: number, after: number): number {
    const { words, bytes, count } = this;
    const w = bytes >>> 2;
    words[w] = length;
    words[w + 1] = type | ((MessageFlag.request | flags) << 16);
    words[w + 2] = this.first + count;
    words[w + 3] = 0;
    this.offsets[count] = bytes;
    this.family[count] = family;
    this.before[count] = before;
    this.after[count] = after;
    this.bytes = bytes + length;
    this.count = count + 1;
    return w + HEADER / 4;
  }

  /** Where message `index` has its prefix in `datagram` (see `add`), and its length in bits. */
  prefixAt(index: number): { at: number; length: number } {
    const start = this.offsets[index] + HEADER;
    return { at: start + ROUTE_HEADER + 4, length: this.buffer[start + 1] };
  }
}
