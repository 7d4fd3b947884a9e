// A route's attributes under judgement: where each lies in the canonical block, and how to change one.
//
// The block is read where it is; the first change copies it into a buffer that all policies share, and works there.

import { MAX_BLOCK_BYTES } from '../rib/arena.js';
import { countAsPath, decodeAsPath, formatAsPath, SegmentType } from '../wire/aspath.js';
import { FLAGS } from '../wire/attribute-columns.js';
import { AttributeFlag } from '../wire/attribute-table.js';
import { readU16, readU32 } from '../wire/bytes.js';

export const Code = { origin: 1, asPath: 2, med: 4, localPref: 5 } as const;
/** Codes that policies look at are below. */
const CODES = 33;

const buffer = new Uint8Array(MAX_BLOCK_BYTES);

/** One at a time: they share the buffer of changed blocks. */
export class Route {
  bytes: Uint8Array = buffer;
  private end = 0;
  private begin = 0;
  private readonly headers = new Int32Array(CODES);
  private path: string | undefined;

  /** Octets [start, end) hold the block. */
  load(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.begin = start;
    this.end = end;
    this.path = undefined;
    this.headers.fill(-1);
    for (let at = start + 1 + bytes[start]; at < end; at = this.after(at)) {
      if (bytes[at + 1] < CODES) this.headers[bytes[at + 1]] = at;
    }
  }

  /** Where the block begins: the next hop's length, then the next hop. */
  get start(): number {
    return this.begin;
  }

  /** Octets of the changed block, which begins at 0 of `bytes`; 0 when nothing was changed. */
  get changedLength(): number {
    return this.bytes === buffer ? this.end : 0;
  }

  has(code: number): boolean {
    return this.headers[code] !== -1;
  }

  /** Where the value of an attribute begins and ends; both 0 when it is absent. */
  valueStart(code: number): number {
    const at = this.headers[code];
    return at === -1 ? 0 : at + headerSize(this.bytes, at);
  }

  valueEnd(code: number): number {
    const at = this.headers[code];
    return at === -1 ? 0 : this.after(at);
  }

  /** A number of four octets; undefined when the attribute is absent. */
  uint32(code: number): number | undefined {
    return this.has(code) ? readU32(this.bytes, this.valueStart(code)) : undefined;
  }

  get asPathText(): string {
    this.path ??= formatAsPath(
      decodeAsPath(this.bytes, this.valueStart(Code.asPath), this.valueEnd(Code.asPath), true),
    );
    return this.path;
  }

  get asPathLength(): number {
    return countAsPath(this.bytes, this.valueStart(Code.asPath), this.valueEnd(Code.asPath), 4);
  }

  /** The leftmost AS outside the confederation, 0 when the path is empty or begins with a set. */
  get neighborAs(): number {
    const end = this.valueEnd(Code.asPath);
    let at = this.valueStart(Code.asPath);
    while (at < end && this.bytes[at] > SegmentType.sequence) at += 2 + this.bytes[at + 1] * 4;
    return at < end && this.bytes[at] === SegmentType.sequence ? readU32(this.bytes, at + 2) : 0;
  }

  /** The rightmost AS, 0 when the path is empty or ends with a set. */
  get originAs(): number {
    let as = 0;
    const end = this.valueEnd(Code.asPath);
    for (let at = this.valueStart(Code.asPath); at < end; ) {
      const next = at + 2 + this.bytes[at + 1] * 4;
      as = this.bytes[at] === SegmentType.sequence ? readU32(this.bytes, next - 4) : 0;
      at = next;
    }
    return as;
  }

  /** Gives an attribute this value. */
  put(code: number, value: ArrayLike<number>): void {
    const partial = this.has(code) ? this.bytes[this.headers[code]] & AttributeFlag.partial : 0;
    const flags = FLAGS[code] | partial | (value.length > 255 ? AttributeFlag.extendedLength : 0);
    const header =
      value.length > 255 ? [flags, code, value.length >>> 8, value.length & 0xff] : [flags, code, value.length];
    this.replace(code, header, value);
  }

  remove(code: number): void {
    if (this.has(code)) this.replace(code, [], []);
  }

  /** Puts another next hop at the head of the block. */
  putNextHop(address: Uint8Array): void {
    this.own();
    const from = 1 + buffer[0];
    buffer.copyWithin(1 + address.length, from, this.end);
    buffer[0] = address.length;
    buffer.set(address, 1);
    this.load(buffer, 0, this.end + 1 + address.length - from);
  }

  private replace(code: number, header: readonly number[], value: ArrayLike<number>): void {
    const size = this.end - this.begin + header.length + value.length;
    if (size > buffer.length) return;
    this.own();
    let at = this.headers[code];
    let until = at === -1 ? 0 : this.after(at);
    if (at === -1) {
      at = 1 + buffer[0];
      while (at < this.end && buffer[at + 1] < code) at = this.after(at);
      until = at;
    }
    const to = at + header.length + value.length;
    buffer.copyWithin(to, until, this.end);
    buffer.set(header, at);
    buffer.set(value, at + header.length);
    this.load(buffer, 0, this.end + to - until);
  }

  private own(): void {
    if (this.bytes === buffer) return;
    buffer.set(this.bytes.subarray(this.begin, this.end));
    this.load(buffer, 0, this.end - this.begin);
  }

  private after(at: number): number {
    const { bytes } = this;
    return at + headerSize(bytes, at) + (isLong(bytes, at) ? readU16(bytes, at + 2) : bytes[at + 2]);
  }
}

const isLong = (bytes: Uint8Array, at: number) => (bytes[at] & AttributeFlag.extendedLength) !== 0;
const headerSize = (bytes: Uint8Array, at: number) => (isLong(bytes, at) ? 4 : 3);
