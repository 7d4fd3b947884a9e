// UPDATE messages in object form (RFC 4271 §4.3, RFC 4760): for libraries, tools and tests. Sessions use update-scan.ts.
//
// Decoding is the scan and then objects of what it kept, so both judge alike. The encoder writes the canonical form:
// MP_REACH_NLRI and MP_UNREACH_NLRI first (RFC 7606 §5.1), the other attributes in ascending order.

import { AttributeCode } from './attribute-table.js';
import { codeOf, decodeAttributes, encodeAttributes, type PathAttribute } from './attributes.js';
import { pushBytes, pushU16 } from './bytes.js';
import type { DecodeContext } from './context.js';
import { FAMILIES, Family } from './family.js';
import { InputError } from './input-error.js';
import { decodeNlri, encodeNlri, type Nlri } from './nlri.js';
import { type AttributeError, scanUpdate, UpdateScan } from './update-scan.js';

export interface UpdateMessage {
  type: 'update';
  /** IPv4 unicast; other routes are in the mpUnreach attribute. */
  withdrawn: Nlri[];
  /** Without those that were malformed. */
  attributes: PathAttribute[];
  /** IPv4 unicast; other routes are in the mpReach attribute. */
  nlri: Nlri[];
  /** What was wrong, by RFC 7606; left out when nothing was. Not encoded. */
  errors?: AttributeError[];
}

const ALL_FAMILIES = FAMILIES.reduce((mask, row) => mask | (1 << row.family), 0);
const scan = new UpdateScan();

/**
 * UPDATE body: octets [start, end) after the header. All families this speaker knows are taken as negotiated, others stay
 * as unknown attributes; the neighbor is taken as internal. Throws WireError where the session must be reset.
 */
export function decodeUpdate(buf: Uint8Array, start: number, end: number, ctx: DecodeContext): UpdateMessage {
  const addPath = ctx.addPath.reduce<number>((mask, family) => mask | (1 << family), 0);
  scanUpdate(buf, start, end, { as4: ctx.as4, addPath, internal: true, families: ALL_FAMILIES }, scan);
  const ipv4AddPath = ctx.addPath.includes(Family.ipv4Unicast);
  const list = (from: number, to: number) => decodeNlri(buf, from, to, Family.ipv4Unicast, ipv4AddPath);
  const message: UpdateMessage = {
    type: 'update',
    withdrawn: list(scan.withdrawnStart, scan.withdrawnEnd),
    attributes: decodeAttributes(
      buf,
      scan.attributesStart,
      scan.attributesEnd,
      ctx,
      (code, valueStart) => isMultiprotocol(code) || scan.valueStart[code] === valueStart,
    ),
    nlri: list(scan.nlriStart, scan.nlriEnd),
  };
  const errors = scan.errors.filter(error => !isUnknownFamily(error));
  return errors.length === 0 ? message : { ...message, errors };
}

function isMultiprotocol(code: number): boolean {
  return code === AttributeCode.mpReach || code === AttributeCode.mpUnreach;
}

/** The scan discards the MP attributes of unknown families; here they are kept. */
function isUnknownFamily(error: AttributeError): boolean {
  return isMultiprotocol(error.code) && error.class === 'attribute-discard';
}

/** Appends the body. Throws InputError for attributes that cannot be encoded. */
export function encodeUpdate(message: UpdateMessage, out: number[], ctx: DecodeContext): void {
  const ipv4AddPath = ctx.addPath.includes(Family.ipv4Unicast);
  const withdrawn: number[] = [];
  encodeNlri(message.withdrawn, ipv4AddPath, withdrawn);
  const attributes: number[] = [];
  const rank = (attribute: PathAttribute) => {
    const code = codeOf(attribute);
    return isMultiprotocol(code) ? code - 256 : code;
  };
  const sorted = [...message.attributes].sort((a, b) => rank(a) - rank(b));
  encodeAttributes(sorted, attributes, ctx);
  for (const [what, field] of Object.entries({ 'withdrawn routes': withdrawn, 'path attributes': attributes })) {
    if (field.length > 0xffff)
      throw new InputError(`the ${what} have ${field.length} octets`, 'make several UPDATEs of them');
  }
  pushU16(out, withdrawn.length);
  pushBytes(out, withdrawn);
  pushU16(out, attributes.length);
  pushBytes(out, attributes);
  encodeNlri(message.nlri, ipv4AddPath, out);
}

/** The End-of-RIB marker of a family (RFC 4724 §2). */
export function endOfRib(family: Family): UpdateMessage {
  const attributes: PathAttribute[] =
    family === Family.ipv4Unicast ? [] : [{ type: 'mpUnreach', family, withdrawn: [] }];
  return { type: 'update', withdrawn: [], attributes, nlri: [] };
}
