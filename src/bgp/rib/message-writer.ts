// Writes UPDATE messages for routes that share an attribute set, opening the next message when one is full.
//
// IPv4 routes go as plain NLRI (RFC 4271 §4.3); IPv6 routes, and IPv4 ones with an IPv6 next hop (RFC 8950), as
// MP_REACH_NLRI in front of the other attributes (RFC 4760 §3, RFC 7606 §5.1). Set 0 stands for withdrawal. Attributes
// too long to leave room for a route are withdrawn instead: better no route than a stale one (RFC 8654 §4).

import { writeWireAttributes } from '../wire/canonical.js';
import { FAMILIES, Family } from '../wire/family.js';
import { grown } from './columns.js';
import type { ExportOptions, ExportProfile } from './export.js';
import type { LocRib } from './loc-rib.js';

const HEADER_BYTES = 19;
const UPDATE = 2;
const MP_REACH_NLRI = 14;
const MP_UNREACH_NLRI = 15;
/** Optional, extended length. */
const MP_FLAGS = 0x90;
/** With a path identifier. */
const LONGEST_NLRI_BYTES = 21;

/** The form of the messages being written. */
const Form = { withdrawn: 0, nlri: 1, mpUnreach: 2, mpReach: 3 } as const;

/** A buffer of messages, `bytes[0..length)`. */
export class MessageWriter {
  bytes = new Uint8Array(1 << 18);
  length = 0;
  messages = 0;
  private table!: LocRib;
  private profile!: ExportProfile;
  private options!: ExportOptions;
  private form: number = Form.withdrawn;
  /** Those that go behind the routes. What goes in front of them is in the set's first message, … */
  private attributes = new Uint8Array(1 << 17);
  /** … from here on. */
  private attributesAt = 0;
  private attributesLength = 0;
  private nextHop = new Uint8Array(32);
  private nextHopLength = 0;
  /** Where the open message's next NLRI goes; 0: no message is open. */
  private at = 0;
  private limit = 0;
  /** Octets of the path identifier (RFC 7911 §3) before each route. */
  private idOctets = 0;

  /** Begins a buffer for this table and kind of neighbor. */
  start(table: LocRib, profile: ExportProfile): void {
    this.table = table;
    this.profile = profile;
    this.options = profile.options;
    this.idOctets = profile.options.addPath === undefined ? 0 : 4;
    this.length = 0;
    this.messages = 0;
  }

  /** Routes added from now on are advertised with this set of this source, as the profile renders it. */
  begin(set: number, source: number): void {
    const { options } = this;
    const ipv4 = options.family === Family.ipv4Unicast;
    if (set !== 0) {
      const { rendered } = this.profile;
      const end = this.profile.render(set, source);
      this.nextHopLength = rendered[0];
      for (let i = 0; i < this.nextHopLength; i++) this.nextHop[i] = rendered[1 + i];
      const plain = ipv4 && this.nextHopLength === 4;
      this.form = plain ? Form.nlri : Form.mpReach;
      if (plain) this.reserve(options.maxMessageLength);
      const out = plain ? this.bytes : this.attributes;
      this.attributesAt = plain ? this.length + HEADER_BYTES + 4 : 0;
      this.attributesLength =
        writeWireAttributes(rendered, 0, end, options.as4, plain, out, this.attributesAt) - this.attributesAt;
      const fixed = HEADER_BYTES + 4 + (plain ? 0 : 9 + this.nextHopLength);
      if (fixed + this.attributesLength + LONGEST_NLRI_BYTES <= options.maxMessageLength) return;
    }
    this.form = ipv4 ? Form.withdrawn : Form.mpUnreach;
    this.attributesLength = 0;
  }

  /** Adds a route. */
  add(prefix: number, pathId: number): void {
    const { prefixes } = this.table;
    const bits = prefixes.length[prefix];
    const octets = (bits + 7) >>> 3;
    if (this.at !== 0 && this.at + this.idOctets + 1 + octets > this.limit) this.end();
    if (this.at === 0) this.open();
    const { bytes } = this;
    let { at } = this;
    if (this.idOctets !== 0) at = write16(bytes, write16(bytes, at, pathId >>> 16), pathId);
    bytes[at++] = bits;
    const word = this.options.family === Family.ipv4Unicast ? prefix : prefix << 2;
    for (let i = 0; i < octets; i++) bytes[at++] = prefixes.address[word + (i >>> 2)] >>> (24 - ((i & 3) << 3));
    this.at = at;
  }

  /** Closes the open message, if there is one. */
  end(): void {
    if (this.at === 0) return;
    const { bytes, length: start, form } = this;
    let { at } = this;
    const body = start + HEADER_BYTES;
    if (form === Form.withdrawn) {
      write16(bytes, body, at - body - 2);
      at = write16(bytes, at, 0);
    } else if (form !== Form.nlri) {
      write16(bytes, body + 6, at - body - 8);
      for (let i = 0; i < this.attributesLength; i++) bytes[at++] = this.attributes[i];
      write16(bytes, body + 2, at - body - 4);
    }
    write16(bytes, start + 16, at - start);
    this.length = at;
    this.messages++;
    this.at = 0;
  }

  private open(): void {
    const { options, form } = this;
    const max = options.maxMessageLength;
    this.reserve(max);
    const { bytes, length: start } = this;
    bytes.fill(0xff, start, start + 16);
    bytes[start + 18] = UPDATE;
    let at = start + HEADER_BYTES;
    this.limit = start + max;
    at = write16(bytes, at, 0);
    if (form === Form.withdrawn) {
      this.limit -= 2;
    } else if (form === Form.nlri) {
      at = write16(bytes, at, this.attributesLength);
      const { attributesAt: from, attributesLength } = this;
      if (at !== from) for (let i = 0; i < attributesLength; i++) bytes[at + i] = bytes[from + i];
      at += attributesLength;
    } else {
      this.limit -= this.attributesLength;
      at = this.openMp(write16(bytes, at, 0));
    }
    this.at = at;
  }

  private reserve(octets: number): void {
    const needed = this.length + octets;
    if (needed > this.bytes.length) this.bytes = grown(this.bytes, Math.max(this.bytes.length * 2, needed));
  }

  private openMp(at: number): number {
    const { bytes, form } = this;
    const { afi, safi } = FAMILIES[this.options.family];
    bytes[at++] = MP_FLAGS;
    bytes[at++] = form === Form.mpReach ? MP_REACH_NLRI : MP_UNREACH_NLRI;
    at = write16(bytes, write16(bytes, at, 0), afi);
    bytes[at++] = safi;
    if (form === Form.mpUnreach) return at;
    bytes[at++] = this.nextHopLength;
    for (let i = 0; i < this.nextHopLength; i++) bytes[at++] = this.nextHop[i];
    bytes[at++] = 0;
    return at;
  }
}

function write16(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
  return at + 2;
}
