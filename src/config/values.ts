// Values that the config file writes as text: AS numbers, addresses, prefix rules, kernel tables and protocols.
//
// Each kind has a parse function (text or number → canonical value, throws BadValue with words for people) and, where
// the canonical value is not the text itself, a format function that goes back. Addresses come out in the form of
// RFC 5952, the one sockets report, so that they compare as text. AS numbers: RFC 6793, asdot notation RFC 5396.

import { Address4, Address6 } from 'ip-address';
import { isInterfaceName } from '../bgp/wire/prefix.js';

/** A value that cannot be used. `message` completes "KEY: …"; `suggestion` says what to write instead. */
export class BadValue extends Error {
  readonly suggestion?: string;

  constructor(message: string, suggestion?: string) {
    super(message);
    this.name = 'BadValue';
    this.suggestion = suggestion;
  }
}

/** The value in quotes, cut to a length that fits a line of a terminal. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

const RESERVED_AS = new Map([
  [0, 'AS 0 is reserved and cannot speak BGP (RFC 7607)'],
  [23456, 'AS 23456 is AS_TRANS, the placeholder for 4-octet AS numbers (RFC 6793), and belongs to nobody'],
]);

/** An AS number 1..4294967295 from a number, decimal text or asdot text ("1.10" is 65546). */
export function parseAs(value: number | string): number {
  const notAs = () => new BadValue(`must be an AS number such as 65001 or 1.10, not ${quote(String(value))}`);
  const text = String(value);
  const [, high, low] = /^(\d+)\.(\d+)$/.exec(text) ?? [];
  if (low === undefined && !/^\d+$/.test(text)) {
    const digits = /^as\s*(\d+)$/i.exec(text)?.[1];
    throw digits ? new BadValue(notAs().message, `write ${digits}`) : notAs();
  }
  if (low !== undefined && (Number(high) > 0xffff || Number(low) > 0xffff)) {
    throw new BadValue(`both halves of ${text} must be at most 65535 (asdot notation, RFC 5396)`);
  }
  const as = low === undefined ? Number(text) : Number(high) * 0x10000 + Number(low);
  if (as > 0xffffffff) throw new BadValue(`must be at most 4294967295, not ${text}`);
  const reserved = RESERVED_AS.get(as);
  if (reserved) throw new BadValue(reserved, 'private use: 64512 to 65534, or 4200000000 to 4294967294 (RFC 6996)');
  return as;
}

/** Whether a canonical address is IPv6. */
export function isIpv6(address: string): boolean {
  return address.includes(':');
}

function readAddress(text: string): Address4 | Address6 | undefined {
  try {
    return isIpv6(text) ? new Address6(text) : new Address4(text);
  } catch {
    return undefined;
  }
}

/** An IPv4 or IPv6 address in canonical form; link-local ones may name their interface ("fe80::1%eth0"). */
export function parseAddress(text: string): string {
  const address = readAddress(text);
  if (!address || (address instanceof Address6 && address.zone && !/^%[\w.@-]{1,15}$/.test(address.zone))) {
    throw new BadValue(`must be an IPv4 or IPv6 address, not ${quote(text)}`);
  }
  if (text.includes('/')) {
    throw new BadValue(
      `must be one address, not the prefix ${quote(text)}`,
      `write ${text.slice(0, text.indexOf('/'))}`,
    );
  }
  if (!(address instanceof Address6)) return address.correctForm();
  const canonical = address.correctForm();
  if (/^::ffff:[\da-f]{1,4}:[\da-f]{1,4}$/.test(canonical)) {
    throw new BadValue('is an IPv4 address written as IPv6', `write ${address.to4().correctForm()}`);
  }
  if (address.zone && !address.isLinkLocal()) {
    throw new BadValue(`only a link-local address names an interface, not ${quote(text)}`, `write ${canonical}`);
  }
  return canonical + address.zone;
}

/** The address of one host: not a group, not "any", and a link-local one with its interface. */
export function parseHostAddress(text: string): string {
  const canonical = parseAddress(text);
  const address = isIpv6(canonical) ? new Address6(canonical) : new Address4(canonical);
  if (canonical === '0.0.0.0' || canonical === '::') throw new BadValue(`${canonical} is not the address of a host`);
  if (address.isMulticast() || canonical === '255.255.255.255') {
    throw new BadValue(`${canonical} is a multicast or broadcast address, not the address of a host`);
  }
  if (address instanceof Address6 && address.isLinkLocal() && !address.zone) {
    throw new BadValue('a link-local address needs its interface', `for example ${canonical}%eth0`);
  }
  return canonical;
}

/** Words that stand where the name of a neighbor may. */
const TAKEN = ['add', 'del', 'all', 'local', 'kernel', 'connected', 'static', 'aggregate', 'default-originate'];

/** The name of a network interface, which names a neighbor. */
export function parseInterfaceName(text: string): string {
  if (!isInterfaceName(text)) throw new BadValue(`must be the name of an interface such as eth1, not ${quote(text)}`);
  if (TAKEN.includes(text)) throw new BadValue(`${text} is a word of its own and cannot name a neighbor`);
  return text;
}

/** A neighbor's address, or the prefix that neighbors connect from. */
export function parseNeighborAddress(text: string): string {
  if (isInterfaceName(text) && readAddress(text) === undefined) {
    throw new BadValue(
      `must be an IPv4 or IPv6 address, not ${quote(text)}`,
      `for an interface write interface: ${text}`,
    );
  }
  const address = text.includes('/') ? readAddress(text) : undefined;
  if (address === undefined) return parseHostAddress(text);
  const canonical = `${address.startAddress().correctForm()}/${address.subnetMask}`;
  if (address.startAddress().correctForm() === address.correctForm()) return canonical;
  throw new BadValue(`${text} has host bits set`, `did you mean ${canonical}?`);
}

/** Beside the numbers: what the words for a neighbor's AS stand for. */
export const AS_WORDS = { external: 0, internal: -1 } as const;

/** AS numbers from one to another, both included. */
export interface AsRange {
  from: number;
  to: number;
}

/** A neighbor's AS: one, or any in these ranges. */
export type NeighborAs = number | AsRange[];

/** AS numbers as written: `65001`, `1.10`, `65001-65010`, with commas or in a list, or a word. */
export function parseNeighborAs(value: number | string | (number | string)[]): NeighborAs {
  if (value === 'external' || value === 'internal') return AS_WORDS[value];
  if (!Array.isArray(value) && !/[-,]/.test(String(value))) return parseAs(value);
  return (Array.isArray(value) ? value : String(value).split(',')).map(one => {
    const [from, to = from, more] = String(one)
      .split('-')
      .map(text => parseAs(text.trim()));
    if (more !== undefined || to < from) {
      throw new BadValue(`${quote(String(one))} is not a range of AS numbers`, 'write it like 65001-65010');
    }
    return { from, to };
  });
}

/** The way back. */
export function formatNeighborAs(as: NeighborAs): number | string | (number | string)[] {
  if (Array.isArray(as)) return as.map(({ from, to }) => (from === to ? from : `${from}-${to}`));
  return as === AS_WORDS.external ? 'external' : as === AS_WORDS.internal ? 'internal' : as;
}

/** A router id or cluster id: four octets written like an IPv4 address, not zero (RFC 6286 §2.1, RFC 4456 §7). */
export function parseRouterId(text: string): string {
  const address = isIpv6(text) || text.includes('/') ? undefined : readAddress(text);
  if (!address) throw new BadValue(`must look like an IPv4 address, such as 172.18.8.101, not ${quote(text)}`);
  if (text === '0.0.0.0') throw new BadValue('must not be 0.0.0.0 (RFC 6286)', "usually the node's main IPv4 address");
  return address.correctForm();
}

/** A prefix rule as data: prefixes inside `prefix` whose length is `ge` to `le`. */
export interface PrefixRule {
  /** Canonical text, such as "10.233.0.0/16". */
  prefix: string;
  ge: number;
  le: number;
}

const RULE_FORMS = 'write PREFIX, "PREFIX le N", "PREFIX ge N" or "PREFIX ge N le M"';

/** "10.0.0.0/8" (exactly that), "10.233.0.0/16 le 32", "… ge 24" (to the longest), "… ge 24 le 32". */
export function parsePrefixRule(text: string): PrefixRule {
  const [, prefix, ge, le] = /^\s*(\S+)(?:\s+ge\s+(\d+))?(?:\s+le\s+(\d+))?\s*$/.exec(text) ?? [];
  if (prefix === undefined) throw new BadValue(`${quote(text)} is not a prefix rule`, RULE_FORMS);
  const address = readAddress(prefix);
  if (!address || (address instanceof Address6 && address.zone)) {
    throw new BadValue(`${quote(prefix)} is not a prefix`, 'for example 10.233.0.0/16');
  }
  const bits = address instanceof Address6 ? 128 : 32;
  const canonical = `${address.startAddress().correctForm()}/${address.subnetMask}`;
  if (!prefix.includes('/')) throw new BadValue(`${quote(prefix)} has no length`, `write ${canonical}`);
  if (address.startAddress().correctForm() !== address.correctForm()) {
    throw new BadValue(`${prefix} has host bits set`, `did you mean ${canonical}?`);
  }
  const length = address.subnetMask;
  const rule = {
    prefix: canonical,
    ge: ge === undefined ? length : Number(ge),
    le: le === undefined ? (ge === undefined ? length : bits) : Number(le),
  };
  if (rule.ge < length) throw new BadValue(`ge ${rule.ge} is shorter than ${canonical} itself`, `at least ${length}`);
  if (rule.le > bits) throw new BadValue(`le ${rule.le} is longer than an address`, `at most ${bits}`);
  if (rule.ge > rule.le) throw new BadValue(`no prefix has a length from ${rule.ge} to ${rule.le}`, RULE_FORMS);
  return rule;
}

/** The text that `parsePrefixRule` reads as this rule. */
export function formatPrefixRule(rule: PrefixRule): string {
  const length = Number(rule.prefix.slice(rule.prefix.indexOf('/') + 1));
  if (rule.le === length) return rule.prefix;
  return rule.ge === length ? `${rule.prefix} le ${rule.le}` : `${rule.prefix} ge ${rule.ge} le ${rule.le}`;
}

/** A number from `ge` to `le`. */
export interface NumberRange {
  ge: number;
  le: number;
}

const LARGEST = 0xffffffff;

/** "3" or 3 (exactly that), "ge 3", "le 5", "ge 3 le 5". */
export function parseRange(value: number | string): NumberRange {
  const text = String(value);
  const exact = /^\d+$/.test(text) ? text : undefined;
  const [found, from, to] = /^(?:ge\s+(\d+))?\s*(?:le\s+(\d+))?$/.exec(text) ?? [];
  if (exact === undefined && !found) {
    throw new BadValue(`${quote(text)} is not a range of numbers`, 'write N, "ge N", "le N" or "ge N le M"');
  }
  const ge = Number(exact ?? from ?? 0);
  const le = Number(exact ?? to ?? LARGEST);
  if (ge > LARGEST || le > LARGEST) throw new BadValue(`numbers are at most ${LARGEST}, not ${quote(text)}`);
  if (ge > le) throw new BadValue(`no number is from ${ge} to ${le}`, `did you mean ge ${le} le ${ge}?`);
  return { ge, le };
}

/** The text that `parseRange` reads as this range. */
export function formatRange({ ge, le }: NumberRange): number | string {
  if (ge === le) return ge;
  return [ge > 0 || le === LARGEST ? `ge ${ge}` : '', le < LARGEST ? `le ${le}` : ''].filter(Boolean).join(' ');
}

/** A number with a few names: the kernel's routing tables and route protocols. */
function named(names: Record<string, number>, allowed: (n: number) => boolean, words: string) {
  const byNumber = new Map(Object.entries(names).map(([name, number]) => [number, name]));
  return {
    parse(value: number | string): number {
      const number = Object.hasOwn(names, value) ? names[value] : /^\d+$/.test(String(value)) ? Number(value) : -1;
      if (!allowed(number)) throw new BadValue(`must be ${words}, not ${quote(String(value))}`);
      return number;
    },
    format: (number: number): number | string => byNumber.get(number) ?? number,
  };
}

/** Kernel routing table (rtnetlink RTA_TABLE). The table `local` (255) is the kernel's own. */
export const KERNEL_TABLE = named(
  { main: 254, default: 253 },
  n => n >= 1 && n <= 0xffffffff && n !== 255,
  "main, default or a table number from 1 to 4294967295 (255, local, is the kernel's own)",
);

/** Kernel route protocol (rtm_protocol). Below 5 are the kernel's and the administrator's own routes. */
export const KERNEL_PROTOCOL = named(
  { bgp: 186 },
  n => n >= 5 && n <= 255,
  'bgp or a number from 5 to 255 (smaller ones mark routes of the kernel and of people)',
);

/** "10.233.0.0/16": one prefix, in canonical form. */
export function parsePrefix(text: string): string {
  const { prefix, ge, le } = parsePrefixRule(text);
  if (ge === le && prefix.endsWith(`/${ge}`)) return prefix;
  throw new BadValue(`must be one prefix, not the rule ${quote(text)}`, `write ${prefix}`);
}

const COMMUNITY_NAMES = [
  'graceful-shutdown',
  'blackhole',
  'no-export',
  'no-advertise',
  'no-export-subconfed',
  'no-peer',
];

/** "65001:100" or the name of a well-known community (RFC 1997). */
export function parseCommunity(text: string): string {
  const [, high, low] = /^(0|[1-9]\d{0,4}):(0|[1-9]\d{0,4})$/.exec(text) ?? [];
  if (COMMUNITY_NAMES.includes(text) || (Number(high) <= 0xffff && Number(low) <= 0xffff)) return text;
  throw new BadValue(`${quote(text)} is not a community`, `write it like 65001:100, or ${COMMUNITY_NAMES.join(', ')}`);
}

/** "65001:1:2" (RFC 8092). */
export function parseLargeCommunity(text: string): string {
  const parts = /^(0|[1-9]\d*):(0|[1-9]\d*):(0|[1-9]\d*)$/.exec(text)?.slice(1) ?? [''];
  if (parts.every(part => part !== '' && Number(part) <= 0xffffffff)) return text;
  throw new BadValue(`${quote(text)} is not a large community`, 'write it like 65001:1:2');
}
