// BGP messages as the load needs them, written byte by byte. Nothing of src/ is used: a generator that shared the codec
// of the daemon it measures would share its mistakes.
//
// RFC 4271 §4 (messages), RFC 4760 (IPv6), RFC 5492, RFC 6793 and RFC 4724
// (capabilities), RFC 1997 (communities).

const HEADER_BYTES = 19;
const MAX_MESSAGE_BYTES = 4096;

export const MessageType = /** @type {const} */ ({ open: 1, update: 2, notification: 3, keepalive: 4 });
export const AttributeType = /** @type {const} */ ({ asPath: 2, mpReach: 14, mpUnreach: 15 });

/** @type {Record<'ipv4' | 'ipv6', number>} address family numbers */
const AFI = { ipv4: 1, ipv6: 2 };

/** @param {number} type @param {number[]} body */
function message(type, body) {
  const length = HEADER_BYTES + body.length;
  return Buffer.from([...new Array(16).fill(255), length >> 8, length & 255, type, ...body]);
}

export const KEEPALIVE = message(MessageType.keepalive, []);

/**
 * @typedef {object} OpenFields
 * @property {number} as
 * @property {string} routerId
 * @property {number} holdSeconds
 * @property {('ipv4' | 'ipv6')[]} families
 */

/** @param {OpenFields} fields */
export function openMessage({ as, routerId, holdSeconds, families }) {
  const capabilities = [
    ...families.flatMap(family => [1, 4, 0, AFI[family], 0, 1]),
    ...[2, 0],
    // Graceful restart without anything to restart: asks for an End-of-RIB (RFC 4724 §3).
    ...[64, 2, 0, 0],
    ...[65, 4, as >>> 24, (as >>> 16) & 255, (as >>> 8) & 255, as & 255],
  ];
  const as2 = as > 65535 ? 23456 : as;
  const id = routerId.split('.').map(Number);
  return message(MessageType.open, [
    ...[4, as2 >> 8, as2 & 255, holdSeconds >> 8, holdSeconds & 255, ...id],
    ...[capabilities.length + 2, 2, capabilities.length, ...capabilities],
  ]);
}

/** Bytes of an IPv4 address, or of an IPv6 address with `::`. @param {string} text */
export function addressBytes(text) {
  if (!text.includes(':')) return text.split('.').map(Number);
  const [head, tail] = text.split('::').map(part => (part === '' ? [] : part.split(':')));
  const zeros = new Array(8 - head.length - (tail?.length ?? 0)).fill('0');
  return [...head, ...zeros, ...(tail ?? [])].flatMap(word => {
    const value = Number.parseInt(word, 16);
    return [value >> 8, value & 255];
  });
}

/**
 * @typedef {object} Attributes
 * @property {number[]} asPath one AS_SEQUENCE
 * @property {number[]} [communities]
 * @property {number} [origin]
 * @property {number} [localPref]
 * @property {number} [med]
 */

/** Collects UPDATE messages in one buffer. */
export class UpdateWriter {
  #bytes = Buffer.alloc(1 << 20);
  #end = 0;

  /** All messages, one behind the other. */
  get bytes() {
    return this.#bytes.subarray(0, this.#end);
  }

  /**
   * Announces prefixes of a space in one message.
   * @param {import('./space.mjs').Space} space
   * @param {number} from
   * @param {number} to exclusive; they have to fit in the message
   * @param {Attributes} attributes
   * @param {number[]} nextHop
   */
  announce(space, from, to, attributes, nextHop) {
    const start = this.#begin();
    const withNextHop = space.family === 'ipv4';
    this.#attributes(attributes, withNextHop ? nextHop : undefined);
    if (space.family === 'ipv6') {
      const lengthAt = this.#extended(AttributeType.mpReach);
      this.#put(0, AFI.ipv6, 1, nextHop.length, ...nextHop, 0);
      for (let i = from; i < to; i++) this.#end = space.write(i, this.#bytes, this.#end);
      this.#setLength(lengthAt);
    }
    this.#setLength(start + HEADER_BYTES + 2);
    if (space.family === 'ipv4') {
      for (let i = from; i < to; i++) this.#end = space.write(i, this.#bytes, this.#end);
    }
    this.#finish(start);
  }

  /**
   * Withdraws prefixes of a space in as few messages as there can be.
   * @param {import('./space.mjs').Space} space
   * @param {Iterable<number>} indexes
   */
  withdraw(space, indexes) {
    const pending = indexes[Symbol.iterator]();
    let next = pending.next();
    while (!next.done) {
      const start = this.#begin();
      let lengthAt = start + HEADER_BYTES;
      if (space.family === 'ipv6') {
        lengthAt = this.#extended(AttributeType.mpUnreach);
        this.#put(0, AFI.ipv6, 1);
      } else {
        this.#end -= 2;
      }
      while (!next.done && this.#end - start < MAX_MESSAGE_BYTES - 24) {
        this.#end = space.write(next.value, this.#bytes, this.#end);
        next = pending.next();
      }
      this.#setLength(lengthAt);
      if (space.family === 'ipv6') this.#setLength(start + HEADER_BYTES + 2);
      else this.#put(0, 0);
      this.#finish(start);
    }
  }

  /**
   * Announces and withdraws IPv4 prefixes with attributes that are encoded already.
   * @param {Uint8Array[]} withdrawn NLRI
   * @param {Uint8Array} attributes
   * @param {Uint8Array[]} announced NLRI
   */
  raw(withdrawn, attributes, announced) {
    const start = this.#begin();
    this.#end -= 2;
    for (const nlri of withdrawn) this.#append(nlri);
    this.#setLength(start + HEADER_BYTES);
    this.#put(0, 0);
    const attributesAt = this.#end - 2;
    this.#append(attributes);
    this.#setLength(attributesAt);
    for (const nlri of announced) this.#append(nlri);
    this.#finish(start);
  }

  /** The header and the two length fields of an UPDATE without withdrawn routes. */
  #begin() {
    const start = this.#end;
    if (this.#bytes.length - start < 2 * MAX_MESSAGE_BYTES) {
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)]);
    }
    this.#bytes.fill(255, start, start + 16);
    this.#end = start + 16;
    this.#put(0, 0, MessageType.update, 0, 0, 0, 0);
    return start;
  }

  /** @param {number} start */
  #finish(start) {
    const length = this.#end - start;
    if (length > MAX_MESSAGE_BYTES) throw new Error(`an UPDATE of ${length} bytes is too long`);
    this.#bytes.writeUInt16BE(length, start + 16);
  }

  /** @param {Attributes} attributes @param {number[] | undefined} nextHop */
  #attributes({ asPath, communities = [], origin = 0, localPref, med }, nextHop) {
    this.#put(0x40, 1, 1, origin);
    if (asPath.length === 0) this.#put(0x40, AttributeType.asPath, 0);
    else this.#put(0x40, AttributeType.asPath, 2 + asPath.length * 4, 2, asPath.length);
    for (const as of asPath) this.#put32(as);
    if (nextHop !== undefined) this.#put(0x40, 3, 4, ...nextHop);
    if (med !== undefined) {
      this.#put(0x80, 4, 4);
      this.#put32(med);
    }
    if (localPref !== undefined) {
      this.#put(0x40, 5, 4);
      this.#put32(localPref);
    }
    if (communities.length > 0) this.#put(0xc0, 8, communities.length * 4);
    for (const community of communities) this.#put32(community);
  }

  /** An optional attribute with a length field of two bytes; returns where that is. @param {number} type */
  #extended(type) {
    this.#put(0x90, type, 0, 0);
    return this.#end - 2;
  }

  /** Sets a length field of two bytes to what follows it. @param {number} at */
  #setLength(at) {
    this.#bytes.writeUInt16BE(this.#end - at - 2, at);
  }

  /** @param {number[]} values */
  #put(...values) {
    for (const value of values) this.#bytes[this.#end++] = value;
  }

  /** @param {number} value */
  #put32(value) {
    this.#bytes.writeUInt32BE(value, this.#end);
    this.#end += 4;
  }

  /** @param {Uint8Array} bytes */
  #append(bytes) {
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }
}
