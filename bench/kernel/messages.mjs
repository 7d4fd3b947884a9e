// rtnetlink messages for IPv4 routes of the main table, little endian as on every machine this runs on.

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_DUMP = 0x300;
const RTA = { dst: 1, gateway: 5, priority: 6 };
/** Answers with the route that matches, not with what a packet would do. */
const RTM_F_FIB_MATCH = 0x2000;
const AF_INET = 2;
const RT_TABLE_MAIN = 254;
const RTPROT_BGP = 186;
const RTN_UNICAST = 1;
const HEADER_BYTES = 16;
const ROUTE_BYTES = 12;
const METRIC = 20;

/** What to do with a route: message type and flags. */
export const Change = /** @type {const} */ ({
  add: { type: RTM_NEWROUTE, flags: NLM_F_REQUEST | 0x400 | 0x200 },
  replace: { type: RTM_NEWROUTE, flags: NLM_F_REQUEST | 0x400 | 0x100 },
  remove: { type: RTM_DELROUTE, flags: NLM_F_REQUEST },
});

/** Collects messages into one buffer to be sent at once. */
export class Batch {
  #bytes = Buffer.alloc(1 << 17);
  #end = 0;
  #last = 0;

  get bytes() {
    return this.#bytes.subarray(0, this.#end);
  }

  clear() {
    this.#end = 0;
  }

  /**
   * @param {(typeof Change)[keyof typeof Change]} change
   * @param {Uint8Array} nlri of the prefix
   * @param {number[]} gateway
   * @param {number} sequence
   */
  route({ type, flags }, nlri, gateway, sequence) {
    this.#begin(type, flags, sequence);
    this.#routeHeader(nlri[0], 0);
    this.#attribute(RTA.dst, nlri[1], nlri[2] ?? 0, nlri[3] ?? 0, nlri[4] ?? 0);
    this.#attribute(RTA.gateway, ...gateway);
    this.#attribute(RTA.priority, METRIC, 0, 0, 0);
    this.#finish();
  }

  /** Asks which route an address takes. @param {Uint8Array} address @param {number} sequence */
  lookup(address, sequence) {
    this.#begin(RTM_GETROUTE, NLM_F_REQUEST, sequence);
    this.#routeHeader(32, RTM_F_FIB_MATCH);
    this.#attribute(RTA.dst, ...address);
    this.#finish();
  }

  /** Asks for all routes. @param {number} sequence */
  dump(sequence) {
    this.#begin(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, sequence);
    this.#routeHeader(0, 0);
    this.#finish();
  }

  /** Asks for an answer to the last message. */
  acknowledge() {
    const flags = this.#bytes.readUInt16LE(this.#last + 6);
    this.#bytes.writeUInt16LE(flags | NLM_F_ACK, this.#last + 6);
  }

  /** @param {number} type @param {number} flags @param {number} sequence */
  #begin(type, flags, sequence) {
    this.#last = this.#end;
    this.#bytes.writeUInt16LE(type, this.#end + 4);
    this.#bytes.writeUInt16LE(flags, this.#end + 6);
    this.#bytes.writeUInt32LE(sequence, this.#end + 8);
    this.#bytes.writeUInt32LE(0, this.#end + 12);
    this.#end += HEADER_BYTES;
  }

  /** @param {number} length @param {number} flags */
  #routeHeader(length, flags) {
    const header = [AF_INET, length, 0, 0, RT_TABLE_MAIN, RTPROT_BGP, 0, RTN_UNICAST];
    for (const byte of header) this.#bytes[this.#end++] = byte;
    this.#end = this.#bytes.writeUInt32LE(flags, this.#end);
  }

  /** @param {number} type @param {number[]} value four bytes */
  #attribute(type, ...value) {
    this.#end = this.#bytes.writeUInt16LE(8, this.#end);
    this.#end = this.#bytes.writeUInt16LE(type, this.#end);
    for (const byte of value) this.#bytes[this.#end++] = byte;
  }

  #finish() {
    this.#bytes.writeUInt32LE(this.#end - this.#last, this.#last);
  }
}

/**
 * @typedef {object} Answer
 * @property {'route' | 'gone' | 'done' | 'error'} kind
 * @property {number} sequence
 * @property {number} errno of an error; 0 is an acknowledgement
 * @property {number} length of the prefix
 * @property {number} address
 * @property {number} gateway 0: none
 */

/**
 * Visits the messages of a datagram. The answer is the same object each time.
 * @param {Buffer} datagram
 * @param {(answer: Answer) => void} visit
 */
export function forEachAnswer(datagram, visit) {
  for (let at = 0; at + HEADER_BYTES <= datagram.length; ) {
    const length = datagram.readUInt32LE(at);
    const type = datagram.readUInt16LE(at + 4);
    answer.sequence = datagram.readUInt32LE(at + 8);
    const body = at + HEADER_BYTES;
    if (type === NLMSG_ERROR) {
      answer.kind = 'error';
      answer.errno = -datagram.readInt32LE(body);
      visit(answer);
    } else if (type === NLMSG_DONE) {
      answer.kind = 'done';
      visit(answer);
    } else if (type === RTM_NEWROUTE || type === RTM_DELROUTE) {
      answer.kind = type === RTM_NEWROUTE ? 'route' : 'gone';
      readRoute(datagram, body, at + length);
      if (datagram[body] === AF_INET && datagram[body + 4] === RT_TABLE_MAIN) visit(answer);
    }
    at += (length + 3) & ~3;
  }
}

/** @type {Answer} */
const answer = { kind: 'done', sequence: 0, errno: 0, length: 0, address: 0, gateway: 0 };

/** @param {Buffer} datagram @param {number} start @param {number} end */
function readRoute(datagram, start, end) {
  answer.length = datagram[start + 1];
  answer.address = 0;
  answer.gateway = 0;
  for (let at = start + ROUTE_BYTES; at + 4 <= end; ) {
    const length = datagram.readUInt16LE(at);
    const type = datagram.readUInt16LE(at + 2);
    if (type === RTA.dst) answer.address = datagram.readUInt32BE(at + 4);
    else if (type === RTA.gateway) answer.gateway = datagram.readUInt32BE(at + 4);
    at += (length + 3) & ~3;
  }
}
