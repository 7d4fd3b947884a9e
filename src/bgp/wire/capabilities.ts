// Capabilities of an OPEN message (RFC 5492): one table with code, name, length rule, octets ↔ object and words.
//
// A capability without a row, or with contents its RFC tells to ignore, is kept as `unknown` with its octets. One whose
// length is impossible makes the OPEN malformed (RFC 4271 §6.2). Reserved bits are ignored and sent as zero.
//
// RFC 4760 §8, RFC 2918 §2, RFC 8950 §4, RFC 8654 §3, RFC 9234 §4.1, RFC 4724 §3 and RFC 8538 §2, RFC 6793 §3,
// RFC 7911 §4, RFC 7313 §3.1, RFC 9494 §3.1; FQDN: draft-walton-bgp-hostname-capability.

import { pushBytes, pushU16, pushU32, readU16, readU32, toHex } from './bytes.js';
import { formatFamily } from './family.js';
import { InputError } from './input-error.js';
import { NotificationErrors, WireError } from './notification.js';

/** <AFI, SAFI> as numbers, so that families this speaker does not know are kept. */
export interface AfiSafi {
  afi: number;
  safi: number;
}

export const ROLES = ['provider', 'rs', 'rs-client', 'customer', 'peer'] as const;
export type Role = (typeof ROLES)[number];
/** The role that a neighbor must have when this speaker is in the role of the key (RFC 9234 §4.2). */
export const ROLE_OF_NEIGHBOR: Readonly<Record<Role, Role>> = {
  provider: 'customer',
  customer: 'provider',
  rs: 'rs-client',
  'rs-client': 'rs',
  peer: 'peer',
};
/** Send/Receive of ADD-PATH, seen from who sends the capability; index + 1 is the octet. */
export const ADD_PATH_MODES = ['receive', 'send', 'both'] as const;
export type AddPathMode = (typeof ADD_PATH_MODES)[number];

export type Capability =
  | ({ type: 'multiprotocol' } & AfiSafi)
  | { type: 'route-refresh' }
  | { type: 'extended-next-hop'; families: (AfiSafi & { nextHopAfi: number })[] }
  | { type: 'extended-message' }
  | { type: 'role'; role: Role }
  | {
      type: 'graceful-restart';
      /** R bit: the speaker has restarted. */
      restarting: boolean;
      /** N bit: NOTIFICATIONs and the hold timer do not end graceful restart (RFC 8538). */
      notification: boolean;
      /** 0 to 4095. */
      restartTimeSeconds: number;
      /** `forwarding` is the F bit: forwarding state was preserved. */
      families: (AfiSafi & { forwarding: boolean })[];
    }
  | { type: 'as4'; as: number }
  | { type: 'add-path'; families: (AfiSafi & { mode: AddPathMode })[] }
  | { type: 'enhanced-route-refresh' }
  | { type: 'long-lived-graceful-restart'; families: (AfiSafi & { forwarding: boolean; staleTimeSeconds: number })[] }
  | { type: 'fqdn'; hostname: string; domain: string }
  | { type: 'unknown'; code: number; value: Uint8Array };

type CapabilityOf<K extends Capability['type']> = Extract<Capability, { type: K }>;

/** A row of the table; `T` is the shape of its objects. */
export interface CapabilityRow<T extends Capability = Capability> {
  readonly code: number;
  readonly type: T['type'];
  /** A valid length is `min` plus a multiple of `step` (0: exactly `min`). */
  readonly length: { readonly min: number; readonly step: number };
  /** Object of the value in octets [start, end); null when it is to be ignored. */
  decode(buf: Uint8Array, start: number, end: number): T | null;
  /** Appends the value. */
  encode(capability: T, out: number[]): void;
  /** The value in words; empty when there is none. */
  format(capability: T): string;
}

/** A capability that says all by being there. */
function flagRow<K extends 'route-refresh' | 'extended-message' | 'enhanced-route-refresh'>(
  code: number,
  type: K,
): CapabilityRow {
  return {
    code,
    type,
    length: { min: 0, step: 0 },
    decode: () => ({ type }),
    encode: () => {},
    format: () => '',
  };
}

function row<T extends Capability>(row: CapabilityRow<T>): CapabilityRow {
  return row;
}

/** The objects of a list of equally long records. */
function records<T>(start: number, end: number, octets: number, read: (at: number) => T): T[] {
  const list: T[] = [];
  for (let at = start; at < end; at += octets) list.push(read(at));
  return list;
}

function readAfiSafi(buf: Uint8Array, at: number): AfiSafi {
  return { afi: readU16(buf, at), safi: buf[at + 2] };
}

function pushAfiSafi({ afi, safi }: AfiSafi, out: number[]): void {
  pushU16(out, afi);
  out.push(safi);
}

function formatFamilies<T extends AfiSafi>(families: readonly T[], detail: (family: T) => string): string {
  return families.map(family => `${formatFamily(family.afi, family.safi)}${detail(family)}`).join(', ');
}

const FORWARDING = 0x80;
const forwardingWords = (family: { forwarding: boolean }) => (family.forwarding ? ' (forwarding preserved)' : '');

/** The table, by ascending code. */
export const CAPABILITIES: readonly CapabilityRow[] = [
  row<CapabilityOf<'multiprotocol'>>({
    code: 1,
    type: 'multiprotocol',
    length: { min: 4, step: 0 },
    decode: (buf, start) => ({ type: 'multiprotocol', afi: readU16(buf, start), safi: buf[start + 3] }),
    encode: (capability, out) => {
      pushU16(out, capability.afi);
      out.push(0, capability.safi);
    },
    format: ({ afi, safi }) => formatFamily(afi, safi),
  }),
  flagRow(2, 'route-refresh'),
  row<CapabilityOf<'extended-next-hop'>>({
    code: 5,
    type: 'extended-next-hop',
    length: { min: 0, step: 6 },
    decode: (buf, start, end) => ({
      type: 'extended-next-hop',
      families: records(start, end, 6, at => ({
        afi: readU16(buf, at),
        safi: readU16(buf, at + 2),
        nextHopAfi: readU16(buf, at + 4),
      })),
    }),
    encode: (capability, out) => {
      for (const { afi, safi, nextHopAfi } of capability.families) {
        pushU16(out, afi);
        pushU16(out, safi);
        pushU16(out, nextHopAfi);
      }
    },
    format: ({ families }) => formatFamilies(families, ({ nextHopAfi }) => ` by AFI ${nextHopAfi}`),
  }),
  flagRow(6, 'extended-message'),
  row<CapabilityOf<'role'>>({
    code: 9,
    type: 'role',
    length: { min: 1, step: 0 },
    decode: (buf, start) => (buf[start] < ROLES.length ? { type: 'role', role: ROLES[buf[start]] } : null),
    encode: (capability, out) => out.push(ROLES.indexOf(capability.role)),
    format: ({ role }) => role,
  }),
  row<CapabilityOf<'graceful-restart'>>({
    code: 64,
    type: 'graceful-restart',
    length: { min: 2, step: 4 },
    decode: (buf, start, end) => ({
      type: 'graceful-restart',
      restarting: (buf[start] & 0x80) !== 0,
      notification: (buf[start] & 0x40) !== 0,
      restartTimeSeconds: readU16(buf, start) & 0x0fff,
      families: records(start + 2, end, 4, at => ({
        ...readAfiSafi(buf, at),
        forwarding: (buf[at + 3] & FORWARDING) !== 0,
      })),
    }),
    encode: (capability, out) => {
      const flags = (capability.restarting ? 0x8000 : 0) | (capability.notification ? 0x4000 : 0);
      pushU16(out, flags | Math.min(capability.restartTimeSeconds, 0x0fff));
      for (const family of capability.families) {
        pushAfiSafi(family, out);
        out.push(family.forwarding ? FORWARDING : 0);
      }
    },
    format: ({ restarting, notification, restartTimeSeconds, families }) =>
      [
        `${restartTimeSeconds} s`,
        restarting && 'restarted',
        notification && 'notification',
        formatFamilies(families, forwardingWords),
      ]
        .filter(words => words)
        .join(', '),
  }),
  row<CapabilityOf<'as4'>>({
    code: 65,
    type: 'as4',
    length: { min: 4, step: 0 },
    decode: (buf, start) => ({ type: 'as4', as: readU32(buf, start) }),
    encode: (capability, out) => pushU32(out, capability.as),
    format: ({ as }) => String(as),
  }),
  row<CapabilityOf<'add-path'>>({
    code: 69,
    type: 'add-path',
    length: { min: 0, step: 4 },
    decode: (buf, start, end) => {
      for (let at = start; at < end; at += 4) if (buf[at + 3] < 1 || buf[at + 3] > 3) return null;
      return {
        type: 'add-path',
        families: records(start, end, 4, at => ({ ...readAfiSafi(buf, at), mode: ADD_PATH_MODES[buf[at + 3] - 1] })),
      };
    },
    encode: (capability, out) => {
      for (const family of capability.families) {
        pushAfiSafi(family, out);
        out.push(ADD_PATH_MODES.indexOf(family.mode) + 1);
      }
    },
    format: ({ families }) => formatFamilies(families, ({ mode }) => ` ${mode}`),
  }),
  flagRow(70, 'enhanced-route-refresh'),
  row<CapabilityOf<'long-lived-graceful-restart'>>({
    code: 71,
    type: 'long-lived-graceful-restart',
    length: { min: 0, step: 7 },
    decode: (buf, start, end) => ({
      type: 'long-lived-graceful-restart',
      families: records(start, end, 7, at => ({
        ...readAfiSafi(buf, at),
        forwarding: (buf[at + 3] & FORWARDING) !== 0,
        staleTimeSeconds: (buf[at + 4] << 16) | readU16(buf, at + 5),
      })),
    }),
    encode: (capability, out) => {
      for (const family of capability.families) {
        pushAfiSafi(family, out);
        out.push(family.forwarding ? FORWARDING : 0, family.staleTimeSeconds >>> 16);
        pushU16(out, family.staleTimeSeconds);
      }
    },
    format: ({ families }) =>
      formatFamilies(families, family => ` ${family.staleTimeSeconds} s${forwardingWords(family)}`),
  }),
  row<CapabilityOf<'fqdn'>>({
    code: 73,
    type: 'fqdn',
    length: { min: 0, step: 1 },
    decode: decodeFqdn,
    encode: (capability, out) => {
      for (const text of [capability.hostname, capability.domain]) {
        const octets = new TextEncoder().encode(text);
        if (octets.length > 0xff)
          throw new InputError(`the name "${text}" is too long`, 'an FQDN capability holds 255 octets');
        out.push(octets.length);
        pushBytes(out, octets);
      }
    },
    format: ({ hostname, domain }) => (domain === '' ? hostname : `${hostname}.${domain}`),
  }),
];

/** <length, host name, length, domain name>; null when the lengths do not add up: it only serves display. */
function decodeFqdn(buf: Uint8Array, start: number, end: number): CapabilityOf<'fqdn'> | null {
  const hostnameEnd = start + 1 + buf[start];
  if (start === end || hostnameEnd + 1 > end || hostnameEnd + 1 + buf[hostnameEnd] !== end) return null;
  try {
    const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const hostname = utf8.decode(buf.subarray(start + 1, hostnameEnd));
    return { type: 'fqdn', hostname, domain: utf8.decode(buf.subarray(hostnameEnd + 1, end)) };
  } catch {
    return null;
  }
}

/** Capabilities in octets [start, end) (RFC 5492 §4). Throws WireError (OPEN Message Error) when one is malformed. */
export function decodeCapabilities(buf: Uint8Array, start: number, end: number): Capability[] {
  const list: Capability[] = [];
  let at = start;
  while (at < end) {
    const code = buf[at];
    const value = at + 2;
    const next = value + buf[at + 1];
    if (value > end || next > end) {
      throw new WireError(NotificationErrors.openMalformed, 'a capability is longer than its optional parameter');
    }
    list.push(decodeCapability(code, buf, value, next));
    at = next;
  }
  return list;
}

function decodeCapability(code: number, buf: Uint8Array, start: number, end: number): Capability {
  const row = CAPABILITIES.find(row => row.code === code);
  if (row) {
    const { min, step } = row.length;
    const rest = end - start - min;
    if (rest < 0 || (step === 0 ? rest !== 0 : rest % step !== 0)) {
      throw new WireError(NotificationErrors.openMalformed, `capability ${row.type} cannot have ${end - start} octets`);
    }
    const capability = row.decode(buf, start, end);
    if (capability) return capability;
  }
  return { type: 'unknown', code, value: buf.slice(start, end) };
}

/** Appends a capability. Throws InputError when its value exceeds 255 octets. */
export function encodeCapability(capability: Capability, out: number[]): void {
  const value: number[] = [];
  if (capability.type === 'unknown') pushBytes(value, capability.value);
  else rowOf(capability.type).encode(capability, value);
  if (value.length > 0xff) {
    throw new InputError(`capability ${capabilityName(capability)} has ${value.length} octets`, 'the limit is 255');
  }
  out.push(capability.type === 'unknown' ? capability.code : rowOf(capability.type).code, value.length);
  pushBytes(out, value);
}

function rowOf(type: Capability['type']): CapabilityRow {
  const row = CAPABILITIES.find(row => row.type === type);
  if (!row) throw new InputError(`there is no capability "${type}"`, 'see Capability for the types');
  return row;
}

/** `graceful-restart`, or `capability 128`. */
export function capabilityName(capability: Capability): string {
  return capability.type === 'unknown' ? `capability ${capability.code}` : capability.type;
}

/** The value in words: `120 s, ipv4-unicast`; empty when there is none. */
export function formatCapability(capability: Capability): string {
  if (capability.type === 'unknown') return capability.value.length === 0 ? '' : `0x${toHex(capability.value)}`;
  return rowOf(capability.type).format(capability);
}
