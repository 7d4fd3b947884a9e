// Big-endian numbers in octets: what every reader and writer of this room needs, and nothing more.
//
// Readers take a buffer and an offset and check nothing: who calls them has checked the length. Writers append to a
// plain array of octets; messages in object form are small, the hot paths write into their buffers themselves.

export const EMPTY = new Uint8Array(0);

/** The unsigned 16-bit number at `at`. */
export function readU16(buf: Uint8Array, at: number): number {
  return (buf[at] << 8) | buf[at + 1];
}

/** The unsigned 32-bit number at `at`. */
export function readU32(buf: Uint8Array, at: number): number {
  return ((buf[at] << 24) | (buf[at + 1] << 16) | (buf[at + 2] << 8) | buf[at + 3]) >>> 0;
}

/** The word of the up to four of `octets` from `at` on, the first one highest, as a signed number; what is missing is 0. */
export function wordOf(buf: Uint8Array, at: number, octets: number): number {
  if (octets >= 3) return (buf[at] << 24) | (buf[at + 1] << 16) | (buf[at + 2] << 8) | (octets === 3 ? 0 : buf[at + 3]);
  return octets === 0 ? 0 : (buf[at] << 24) | (octets === 1 ? 0 : buf[at + 1] << 16);
}

const float = new DataView(new ArrayBuffer(4));

/** The IEEE 754 single-precision number at `at`. */
export function readFloat(buf: Uint8Array, at: number): number {
  float.setUint32(0, readU32(buf, at));
  return float.getFloat32(0);
}

/** Appends 2 octets. */
export function pushU16(out: number[], value: number): void {
  out.push((value >>> 8) & 0xff, value & 0xff);
}

/** Appends 4 octets. */
export function pushU32(out: number[], value: number): void {
  out.push((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/** Appends 4 octets: an IEEE 754 single-precision number. */
export function pushFloat(out: number[], value: number): void {
  float.setFloat32(0, value);
  pushU32(out, float.getUint32(0));
}

/** Appends octets one by one: any number of them, unlike `push(...bytes)`. */
export function pushBytes(out: number[], bytes: ArrayLike<number>): void {
  for (let i = 0; i < bytes.length; i++) out.push(bytes[i]);
}

/** Lower-case hexadecimal digits of the octets, two each. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
