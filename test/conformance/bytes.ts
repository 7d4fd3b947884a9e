// Bytes of BGP messages, written and read straight from the RFCs' pictures.
//
// Shares no code with the speaker, so that a mistake there is not repeated here. Builders take what a test wants to say,
// right or wrong; readers understand just enough of what the speaker sends.

/** Octets: hex text (spaces allowed), one octet, or many. */
export type Octets = string | number | readonly number[] | Uint8Array;

/** Puts octets together. */
export function octets(...parts: readonly Octets[]): Buffer {
  return Buffer.concat(
    parts.map(part => {
      if (typeof part === 'string') return Buffer.from(part.replaceAll(' ', ''), 'hex');
      return typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part);
    }),
  );
}

export const u16 = (n: number): number[] => [(n >>> 8) & 255, n & 255];
export const u32 = (n: number): number[] => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

/** The octets of an IPv4 or IPv6 address in text. */
export function address(text: string): number[] {
  if (!text.includes(':')) return text.split('.').map(Number);
  const [head, tail] = text
    .split('::')
    .map(half => (half === '' ? [] : half.split(':').map(word => Number.parseInt(word, 16))));
  const words =
    tail === undefined ? head : [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return words.flatMap(u16);
}

/** An NLRI of RFC 4271 §4.3, or of RFC 7911 §3 when there is a path identifier. */
export function nlri(text: string, pathId?: number): Buffer {
  const [host, length] = text.split('/');
  const bits = Number(length);
  return octets(pathId === undefined ? [] : u32(pathId), bits, address(host).slice(0, Math.ceil(bits / 8)));
}

/** Message types of RFC 4271 §4.1 and RFC 2918 §3. */
export const Type = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const;

/** A message with its header; `length` and `marker` lie if they are given. */
export function message(type: number, body: Octets = '', lie: { length?: number; marker?: Octets } = {}): Buffer {
  const content = octets(body);
  return octets(lie.marker ?? 'ff'.repeat(16), u16(lie.length ?? content.length + 19), type, content);
}

export const KEEPALIVE = message(Type.keepalive);
export const notification = (code: number, subcode: number, data: Octets = ''): Buffer =>
  message(Type.notification, octets(code, subcode, data));
export const routeRefresh = (afi: number, safi = 1, subtype = 0): Buffer =>
  message(Type.routeRefresh, octets(u16(afi), subtype, safi));

/** One capability, RFC 5492 §4. */
export const capability = (code: number, value: Octets = '', length?: number): Buffer => {
  const content = octets(value);
  return octets(code, length ?? content.length, content);
};

/** Capabilities by their RFCs: 4760, 2918, 8950, 8654, 4724, 6793, 7911, 7313, 9234. */
export const cap = {
  multiprotocol: (afi: number, safi = 1) => capability(1, octets(u16(afi), 0, safi)),
  ipv4: octets('01 04 0001 00 01'),
  ipv6: octets('01 04 0002 00 01'),
  routeRefresh: octets('02 00'),
  extendedNextHop: octets('05 06 0001 0001 0002'),
  extendedMessage: octets('06 00'),
  role: (role: number) => capability(9, role),
  /** `flags`: the four restart flags, 8 = R, 4 = N (RFC 8538). `families`: AFI and forwarding bit. */
  gracefulRestart: (seconds: number, families: readonly [afi: number, forwarding: boolean][], flags = 0) =>
    capability(
      64,
      octets(u16((flags << 12) | seconds), ...families.map(([afi, f]) => octets(u16(afi), 1, f ? 0x80 : 0))),
    ),
  as4: (as: number) => capability(65, u32(as)),
  /** `sendReceive`: 1 receive, 2 send, 3 both. */
  addPath: (...families: readonly [afi: number, sendReceive: number][]) =>
    capability(69, octets(...families.map(([afi, sr]) => octets(u16(afi), 1, sr)))),
  /** RFC 9494; the time in seconds. */
  longLived: (...families: readonly [afi: number, forwarding: boolean, seconds: number][]) =>
    capability(71, octets(...families.map(([afi, f, s]) => octets(u16(afi), 1, f ? 0x80 : 0, u32(s).slice(1))))),
  enhancedRefresh: octets('46 00'),
} as const;

export interface OpenFields {
  version?: number;
  as: number;
  holdTime?: number;
  id?: string;
  /** In one Capabilities parameter; none when empty or absent. */
  capabilities?: readonly Octets[];
  /** The whole rest of the message from Opt Parm Len on, instead of `capabilities`. */
  rest?: Octets;
}

/** Optional parameters with their length, RFC 4271 §4.2. */
export function parameters(...params: readonly [type: number, value: Octets][]): Buffer {
  const all = octets(...params.map(([type, value]) => octets(type, octets(value).length, value)));
  return octets(all.length, all);
}

/** Optional parameters with their length in the extended encoding, RFC 9072 §2. */
export function extendedParameters(params: readonly [type: number, value: Octets][], nonExtendedLength = 255): Buffer {
  const all = octets(...params.map(([type, value]) => octets(type, u16(octets(value).length), value)));
  return octets(nonExtendedLength, 255, u16(all.length), all);
}

export function open(fields: OpenFields): Buffer {
  const { version = 4, as, holdTime = 90, id = '10.0.0.2', capabilities = [] } = fields;
  const rest = fields.rest ?? (capabilities.length === 0 ? '00' : parameters([2, octets(...capabilities)]));
  return message(Type.open, octets(version, u16(as), u16(holdTime), address(id), rest));
}

/** Which attributes are well-known, and which optional non-transitive (RFC 4271 §5, RFC 4456, RFC 4760). */
const WELL_KNOWN = [1, 2, 3, 5, 6];
const NON_TRANSITIVE = [4, 9, 10, 14, 15];
const flagsOf = (code: number): number =>
  WELL_KNOWN.includes(code) ? 0x40 : NON_TRANSITIVE.includes(code) ? 0x80 : 0xc0;

/** A path attribute; `flags` and `length` as given, else right. */
export function attribute(code: number, value: Octets, over: { flags?: number; length?: number } = {}): Buffer {
  const content = octets(value);
  const length = over.length ?? content.length;
  let flags = over.flags ?? flagsOf(code);
  if (length > 255) flags |= 0x10;
  return octets(flags, code, (flags & 0x10) === 0 ? length : u16(length), content);
}

export const SET = 1;
export const SEQUENCE = 2;
export const CONFED_SEQUENCE = 3;
export const CONFED_SET = 4;

/** One AS_PATH segment; `width` is 4, or 2 for old speakers. */
export const segment = (type: number, ases: readonly number[], width: 2 | 4 = 4): Buffer =>
  octets(type, ases.length, ...ases.map(width === 4 ? u32 : u16));

/** Path attributes in words. */
export const attr = {
  origin: (value = 0) => attribute(1, value),
  asPath: (...ases: number[]) => attribute(2, ases.length === 0 ? '' : segment(SEQUENCE, ases)),
  asPath2: (...ases: number[]) => attribute(2, ases.length === 0 ? '' : segment(SEQUENCE, ases, 2)),
  segments: (...segments: Octets[]) => attribute(2, octets(...segments)),
  nextHop: (text: string) => attribute(3, address(text)),
  med: (value: number) => attribute(4, u32(value)),
  localPref: (value: number) => attribute(5, u32(value)),
  atomicAggregate: () => attribute(6, ''),
  aggregator: (as: number, id: string) => attribute(7, octets(u32(as), address(id))),
  aggregator2: (as: number, id: string) => attribute(7, octets(u16(as), address(id))),
  communities: (...values: number[]) => attribute(8, values.flatMap(u32)),
  originatorId: (id: string) => attribute(9, address(id)),
  clusterList: (...ids: string[]) => attribute(10, ids.flatMap(address)),
  reach: (afi: number, nextHop: Octets, routes: readonly Octets[], safi = 1) =>
    attribute(14, octets(u16(afi), safi, octets(nextHop).length, nextHop, 0, ...routes)),
  unreach: (afi: number, routes: readonly Octets[], safi = 1) => attribute(15, octets(u16(afi), safi, ...routes)),
  as4Path: (...segments: Octets[]) => attribute(17, octets(...segments)),
  as4Aggregator: (as: number, id: string) => attribute(18, octets(u32(as), address(id))),
  large: (...values: number[][]) => attribute(32, values.flat().flatMap(u32)),
  onlyToCustomer: (as: number) => attribute(35, u32(as)),
} as const;

export interface UpdateFields {
  withdrawn?: readonly Octets[];
  attributes?: readonly Octets[];
  nlri?: readonly Octets[];
  /** Lies about the two length fields. */
  withdrawnLength?: number;
  attributesLength?: number;
}

export function update(fields: UpdateFields): Buffer {
  const withdrawn = octets(...(fields.withdrawn ?? []));
  const attributes = octets(...(fields.attributes ?? []));
  return message(
    Type.update,
    octets(
      u16(fields.withdrawnLength ?? withdrawn.length),
      withdrawn,
      u16(fields.attributesLength ?? attributes.length),
      attributes,
      ...(fields.nlri ?? []),
    ),
  );
}

// Reading

/** An address in text; IPv6 as eight plain words. */
export function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  const words: string[] = [];
  for (let i = 0; i < octets.length; i += 2) words.push(((octets[i] << 8) | octets[i + 1]).toString(16));
  return words.join(':');
}

/** The prefixes of an NLRI field; with path identifiers each is `ID PREFIX`. */
export function readNlri(field: Uint8Array, addressOctets: 4 | 16, pathIds = false): string[] {
  const found: string[] = [];
  for (let at = 0; at < field.length; ) {
    const id = pathIds ? `${Buffer.from(field).readUInt32BE(at)} ` : '';
    if (pathIds) at += 4;
    const bits = field[at];
    const size = Math.ceil(bits / 8);
    if (bits > addressOctets * 8 || at + 1 + size > field.length)
      throw new Error(`bad NLRI in ${Buffer.from(field).toString('hex')}`);
    const whole = Buffer.alloc(addressOctets);
    whole.set(field.subarray(at + 1, at + 1 + size));
    found.push(`${id}${addressText(whole)}/${bits}`);
    at += 1 + size;
  }
  return found;
}

/** The way a prefix is written in what {@link readNlri} returns. */
export const prefixText = (text: string): string => {
  const [host, length] = text.split('/');
  return `${addressText(Buffer.from(address(host)))}/${length}`;
};

export interface ReadAttribute {
  code: number;
  flags: number;
  value: Buffer;
}

export interface ReadUpdate {
  withdrawn: string[];
  attributes: ReadAttribute[];
  nlri: string[];
  reach?: { afi: number; safi: number; nextHop: Buffer; routes: string[] };
  unreach?: { afi: number; safi: number; routes: string[] };
}

/** `pathIds`: IPv4 routes have path identifiers. */
export function readUpdate(body: Buffer, pathIds = false): ReadUpdate {
  const withdrawnEnd = 2 + body.readUInt16BE(0);
  const attributesEnd = withdrawnEnd + 2 + body.readUInt16BE(withdrawnEnd);
  const read: ReadUpdate = {
    withdrawn: readNlri(body.subarray(2, withdrawnEnd), 4, pathIds),
    attributes: [],
    nlri: readNlri(body.subarray(attributesEnd), 4, pathIds),
  };
  for (let at = withdrawnEnd + 2; at < attributesEnd; ) {
    const [flags, code] = [body[at], body[at + 1]];
    const extended = (flags & 0x10) !== 0;
    const start = at + (extended ? 4 : 3);
    const end = start + (extended ? body.readUInt16BE(at + 2) : body[at + 2]);
    if (end > attributesEnd) throw new Error(`attribute ${code} overruns in ${body.toString('hex')}`);
    const value = Buffer.from(body.subarray(start, end));
    read.attributes.push({ code, flags, value });
    if (code === 14) {
      const hopEnd = 4 + value[3];
      const [afi, safi] = [value.readUInt16BE(0), value[2]];
      read.reach = {
        afi,
        safi,
        nextHop: value.subarray(4, hopEnd),
        routes: readNlri(value.subarray(hopEnd + 1), afi === 1 ? 4 : 16),
      };
    }
    if (code === 15) {
      const [afi, safi] = [value.readUInt16BE(0), value[2]];
      read.unreach = { afi, safi, routes: readNlri(value.subarray(3), afi === 1 ? 4 : 16) };
    }
    at = end;
  }
  return read;
}

/** AS_PATH in text, sets in braces, confederation segments in parentheses and brackets. */
export function pathText(value: Buffer, width: 2 | 4 = 4): string {
  const brackets = ['', '{}', '  ', '()', '[]'];
  const words: string[] = [];
  for (let at = 0; at < value.length; ) {
    const [type, count] = [value[at], value[at + 1]];
    const ases: number[] = [];
    for (let i = 0; i < count; i++) ases.push(value.readUIntBE(at + 2 + i * width, width));
    words.push(type === SEQUENCE ? ases.join(' ') : `${brackets[type][0]}${ases.join(' ')}${brackets[type][1]}`);
    at += 2 + count * width;
  }
  return words.join(' ');
}

export interface ReadOpen {
  version: number;
  as: number;
  holdTime: number;
  id: string;
  /** Code and value in hex, in the order of the message. */
  capabilities: { code: number; value: string }[];
  /** Types of the optional parameters. */
  parameters: number[];
}

export function readOpen(body: Buffer): ReadOpen {
  const extended = body[9] !== 0 && body[10] === 255;
  const read: ReadOpen = {
    version: body[0],
    as: body.readUInt16BE(1),
    holdTime: body.readUInt16BE(3),
    id: addressText(body.subarray(5, 9)),
    capabilities: [],
    parameters: [],
  };
  for (let at = extended ? 13 : 10; at < body.length; ) {
    const size = extended ? body.readUInt16BE(at + 1) : body[at + 1];
    const start = at + (extended ? 3 : 2);
    read.parameters.push(body[at]);
    for (let c = start; body[at] === 2 && c < start + size; c += 2 + body[c + 1]) {
      read.capabilities.push({ code: body[c], value: body.toString('hex', c + 2, c + 2 + body[c + 1]) });
    }
    at = start + size;
  }
  return read;
}
