// Prefix spaces: which prefixes a load consists of, numbered from 0, so that a monitor needs one byte a prefix to know
// exactly which of them it holds.
//
// A regular space is a row of slots of 8 prefixes with the mix of lengths of a real table, five of them the longest:
// 20.0.0.0/24 .1/24 .2/24 .3/24 .4/24, 20.0.6.0/23, 20.0.4.0/22, 20.0.0.0/21, then the same from 20.0.8.0 on. A listed
// space holds prefixes that come from somewhere else, a recorded table.

/**
 * @typedef {object} Space
 * @property {number} size how many prefixes
 * @property {'ipv4' | 'ipv6'} family
 * @property {(index: number, out: Uint8Array, at: number) => number} write writes the prefix as NLRI (RFC 4271 §4.3),
 *   returns where the next one begins
 * @property {Set<number>} [gone] prefixes that nobody announces once everything has been sent
 * @property {(buf: Uint8Array, at: number) => number} indexAt the number of the NLRI there; -1 if it is not of this space
 */

/** Bits below the last whole unit that each of the 8 prefixes of a slot starts at, and how much shorter it is. */
const LOW = [0, 1, 2, 3, 4, 6, 4, 0];
const SHORTER = [0, 0, 0, 0, 0, 1, 2, 3];
/** The place in the slot by how much shorter than the longest a prefix is; those of full length follow their low bits. */
const PLACE = [0, 5, 6, 7];

/** 20.0.0.0 counted in /24s; a million prefixes end at 35.66.64.0. */
const IPV4_BASE = 20 << 16;
/** 2a00::/16 is followed by 32 bits that count /48s. */
const IPV6_HEAD = 0x2a00;

/** @implements {Space} */
class Ipv4Space {
  family = /** @type {const} */ ('ipv4');

  /** @param {number} size */
  constructor(size) {
    this.size = size;
  }

  /** @param {number} index @param {Uint8Array} out @param {number} at */
  write(index, out, at) {
    const place = index & 7;
    const unit = IPV4_BASE + (index - place) + LOW[place];
    out[at] = 24 - SHORTER[place];
    out[at + 1] = unit >>> 16;
    out[at + 2] = unit >>> 8;
    if (out[at] <= 16) return at + 3;
    out[at + 3] = unit;
    return at + 4;
  }

  /** @param {Uint8Array} buf @param {number} at */
  indexAt(buf, at) {
    const shorter = 24 - buf[at];
    if (shorter < 0 || shorter > 3) return -1;
    const unit = ((buf[at + 1] << 16) | (buf[at + 2] << 8) | buf[at + 3]) - IPV4_BASE;
    const index = shorter === 0 ? unit : (unit & ~7) + PLACE[shorter];
    return index >= 0 && index < this.size ? index : -1;
  }
}

/** @implements {Space} */
class Ipv6Space {
  family = /** @type {const} */ ('ipv6');

  /** @param {number} size */
  constructor(size) {
    this.size = size;
  }

  /** @param {number} index @param {Uint8Array} out @param {number} at */
  write(index, out, at) {
    const place = index & 7;
    const unit = index - place + LOW[place];
    out[at] = 48 - SHORTER[place];
    out[at + 1] = IPV6_HEAD >>> 8;
    out[at + 2] = IPV6_HEAD & 255;
    out[at + 3] = unit >>> 24;
    out[at + 4] = unit >>> 16;
    out[at + 5] = unit >>> 8;
    out[at + 6] = unit;
    return at + 7;
  }

  /** @param {Uint8Array} buf @param {number} at */
  indexAt(buf, at) {
    const shorter = 48 - buf[at];
    if (shorter < 0 || shorter > 3 || ((buf[at + 1] << 8) | buf[at + 2]) !== IPV6_HEAD) return -1;
    const unit = ((buf[at + 3] << 24) | (buf[at + 4] << 16) | (buf[at + 5] << 8) | buf[at + 6]) >>> 0;
    const index = shorter === 0 ? unit : unit - (unit & 7) + PLACE[shorter];
    return index < this.size ? index : -1;
  }
}

/** IPv4 prefixes in the order in which they were added. */
export class ListedSpace {
  family = /** @type {const} */ ('ipv4');
  /** @type {Map<number, number>} number by address · 64 + length */
  #numbers = new Map();
  /** @type {Uint8Array[]} */
  #nlri = [];
  /** Prefixes that were withdrawn again before the recording ended. @type {Set<number>} */
  gone = new Set();

  get size() {
    return this.#nlri.length;
  }

  /**
   * The number of a prefix, a new one if it has none yet.
   * @param {Uint8Array} nlri whose bits behind the length are zero
   */
  add(nlri) {
    const key = keyAt(nlri, 0);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#nlri.length);
    return this.#nlri.push(nlri) - 1;
  }

  /** @param {number} index @param {Uint8Array} out @param {number} at */
  write(index, out, at) {
    out.set(this.#nlri[index], at);
    return at + this.#nlri[index].length;
  }

  /** @param {Uint8Array} buf @param {number} at */
  indexAt(buf, at) {
    return this.#numbers.get(keyAt(buf, at)) ?? -1;
  }
}

/** @param {Uint8Array} buf @param {number} at */
function keyAt(buf, at) {
  const length = buf[at];
  let address = 0;
  for (let i = 0; i < 4; i++) address = address * 256 + (i * 8 < length ? buf[at + 1 + i] : 0);
  return address * 64 + length;
}

/**
 * @param {'ipv4' | 'ipv6'} family
 * @param {number} size
 * @returns {Space}
 */
export function regularSpace(family, size) {
  return family === 'ipv4' ? new Ipv4Space(size) : new Ipv6Space(size);
}

/**
 * The prefix in words, as `ip route` prints it.
 * @param {Space} space
 * @param {number} index
 */
export function prefixText(space, index) {
  const nlri = new Uint8Array(17);
  space.write(index, nlri, 0);
  if (space.family === 'ipv4') return `${nlri.subarray(1, 5).join('.')}/${nlri[0]}`;
  const words = [0, 1, 2].map(i => ((nlri[1 + i * 2] << 8) | nlri[2 + i * 2]).toString(16));
  return `${words.join(':')}::/${nlri[0]}`;
}
