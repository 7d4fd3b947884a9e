// Path attributes between octets and objects; everything particular comes from the table (attribute-table.ts).
//
// The encoder chooses the canonical form: flags by category, Partial as in the object, Extended Length only for values
// over 255 octets.

import { ATTRIBUTES, AttributeFlag, type AttributeRow, flagsOf } from './attribute-table.js';
import { pushBytes, pushU16, readU16, toHex } from './bytes.js';
import type { DecodeContext } from './context.js';
import { InputError } from './input-error.js';
import type { AttributeType, PathAttribute } from './path-attribute.js';

export { ATTRIBUTES } from './attribute-table.js';
export type { PathAttribute } from './path-attribute.js';

const BY_TYPE = new Map<AttributeType, AttributeRow>();
for (const row of ATTRIBUTES) if (row) BY_TYPE.set(row.type, row);

/**
 * Objects of the attributes in octets [start, end), in their order. Errors are not looked for: the scan has done that,
 * and `keep` leaves out what it discarded. Stops where an attribute overruns the block.
 */
export function decodeAttributes(
  buf: Uint8Array,
  start: number,
  end: number,
  ctx: DecodeContext,
  keep: (code: number, valueStart: number) => boolean = () => true,
): PathAttribute[] {
  const attributes: PathAttribute[] = [];
  let at = start;
  while (end - at >= 3) {
    const flags = buf[at];
    const code = buf[at + 1];
    const extended = (flags & AttributeFlag.extendedLength) !== 0;
    if (extended && end - at < 4) break;
    const valueStart = at + (extended ? 4 : 3);
    at = valueStart + (extended ? readU16(buf, at + 2) : buf[at + 2]);
    if (at > end) break;
    if (keep(code, valueStart)) attributes.push(decodeAttribute(code, flags, buf, valueStart, at, ctx));
  }
  return attributes;
}

const SHOWN_FLAGS = AttributeFlag.optional | AttributeFlag.transitive | AttributeFlag.partial;

function decodeAttribute(
  code: number,
  flags: number,
  buf: Uint8Array,
  start: number,
  end: number,
  ctx: DecodeContext,
): PathAttribute {
  const row = ATTRIBUTES[code];
  if (!row) return { type: 'unknown', code, flags: flags & SHOWN_FLAGS, value: buf.slice(start, end) };
  const attribute = row.decode(buf, start, end, ctx);
  if ((flags & AttributeFlag.partial) !== 0 && row.category === 'optional transitive') {
    (attribute as { partial?: boolean }).partial = true;
  }
  return attribute;
}

/** Type code of an attribute. */
export function codeOf(attribute: PathAttribute): number {
  return attribute.type === 'unknown' ? attribute.code : rowOf(attribute.type).code;
}

function rowOf(type: AttributeType): AttributeRow {
  const row = BY_TYPE.get(type);
  if (!row) throw new InputError(`there is no path attribute "${type}"`, 'see PathAttribute for the types');
  return row;
}

/** Appends attributes in the given order. Throws InputError for a value of impossible length. */
export function encodeAttributes(attributes: readonly PathAttribute[], out: number[], ctx: DecodeContext): void {
  for (const attribute of attributes) encodeAttribute(attribute, out, ctx);
}

function encodeAttribute(attribute: PathAttribute, out: number[], ctx: DecodeContext): void {
  if (attribute.type === 'unknown') {
    writeAttribute(attribute.flags & SHOWN_FLAGS, attribute.code, attribute.value, out);
    return;
  }
  const row = rowOf(attribute.type);
  const value: number[] = [];
  row.encode(attribute, value, ctx);
  const { min, max, multiple } = row.length;
  if (value.length < min || value.length > max || value.length % multiple !== 0) {
    throw new InputError(`${row.name} cannot have ${value.length} octets`, `its value is ${JSON.stringify(attribute)}`);
  }
  const partial = 'partial' in attribute && attribute.partial ? AttributeFlag.partial : 0;
  writeAttribute(flagsOf(row) | partial, row.code, value, out);
}

function writeAttribute(flags: number, code: number, value: ArrayLike<number>, out: number[]): void {
  if (value.length > 255) {
    out.push(flags | AttributeFlag.extendedLength, code);
    pushU16(out, value.length);
  } else {
    out.push(flags, code, value.length);
  }
  pushBytes(out, value);
}

/** Name and value in words: `AS_PATH 65001 65002`. */
export function formatAttribute(attribute: PathAttribute): string {
  if (attribute.type === 'unknown') {
    return `attribute ${attribute.code} (flags 0x${attribute.flags.toString(16)}) 0x${toHex(attribute.value)}`;
  }
  const row = rowOf(attribute.type);
  return `${row.name} ${row.format(attribute)}`.trimEnd();
}
