// A statement's changes of attributes as functions on a route, one row of the table for each key of `set`.

import { Fixed } from '../rib/route-policy.js';
import { SegmentType } from '../wire/aspath.js';
import { InputError } from '../wire/input-error.js';
import { ORIGINS } from '../wire/path-attribute.js';
import { parseNextHop } from './addresses.js';
import {
  type CommunityKind,
  type CommunityPattern,
  KINDS,
  parseAnyCommunity,
  parseCommunityPattern,
} from './community-pattern.js';
import type { CommunityEdit, Edits } from './definition.js';
import { Code, type Route } from './route.js';

/** `ipv6`: the family of the route's prefix. */
export type Edit = (route: Route, ipv6: boolean) => void;

const LARGEST = 0xffffffff;
const MOST_PREPENDED = 100;
const LONGEST_SEGMENT = 255;

const octetsOf = (value: number) => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];

/** `"none"`, a number, or one to be added or subtracted. Throws InputError. */
export function parseMed(value: number | string): { by: boolean; value: number } | 'none' {
  if (value === 'none') return 'none';
  const text = String(value);
  const number = Number(text);
  if (!/^[+-]?\d{1,10}$/.test(text) || Math.abs(number) > LARGEST) {
    throw new InputError(`"${text}" is not a MED`, 'write a number from 0 to 4294967295, "+10", "-10" or none');
  }
  return { by: typeof value === 'string' && /^[+-]/.test(text), value: number };
}

type Rows = { readonly [K in keyof Edits]?: (value: NonNullable<Edits[K]>, ownAs: number) => Edit };

const ROWS: Rows = {
  'local-pref': value => route => route.put(Code.localPref, octetsOf(value)),
  med: text => {
    const med = parseMed(text);
    if (med === 'none') return route => route.remove(Code.med);
    if (!med.by) return route => route.put(Code.med, octetsOf(med.value));
    return route => {
      const sum = (route.uint32(Code.med) ?? 0) + med.value;
      route.put(Code.med, octetsOf(Math.min(Math.max(sum, 0), LARGEST)));
    };
  },
  origin: name => route => route.put(Code.origin, [ORIGINS.indexOf(name)]),
  'next-hop': text => {
    if (text === 'self' || text === 'unchanged') return () => {};
    const address = parseNextHop(text);
    return (route, ipv6) => {
      if ((address.length === 16) === ipv6) route.putNextHop(address);
    };
  },
  prepend: ({ as = 'own', times = 1 }, ownAs) => {
    if (times > MOST_PREPENDED) throw new InputError(`prepending ${times} times`, `at most ${MOST_PREPENDED} times`);
    return route => {
      const number = as === 'own' ? ownAs : as === 'last' ? route.neighborAs : as;
      if (number === 0) return;
      for (let i = 0; i < times; i++) prepend(route, number);
    };
  },
  community: editCommunities,
};

// RFC 4271 §5.1.2: in front of the leading AS_SEQUENCE, a new one when there is none or it is full.
function prepend(route: Route, as: number): void {
  const value = Array.from(route.bytes.subarray(route.valueStart(Code.asPath), route.valueEnd(Code.asPath)));
  const extend = value[0] === SegmentType.sequence && value[1] < LONGEST_SEGMENT;
  const head = [SegmentType.sequence, extend ? value[1] + 1 : 1, ...octetsOf(as)];
  route.put(Code.asPath, [...head, ...value.slice(extend ? 2 : 0)]);
}

function editCommunities(edit: CommunityEdit): Edit {
  const set = edit.set?.map(parseAnyCommunity) ?? [];
  const removed = (edit.remove as string[] | undefined)?.map(parseCommunityPattern) ?? [];
  const added = edit.add?.map(parseAnyCommunity) ?? [];
  const steps = (Object.keys(KINDS) as CommunityKind[]).flatMap(kind => {
    const of = <T extends { kind: CommunityKind }>(list: readonly T[]) => list.filter(it => it.kind === kind);
    const [instead, away, more] = [of(set), of(removed), of(added)];
    if (instead.length + away.length + more.length === 0) return [];
    return [(route: Route) => rewrite(route, kind, instead, away, more)];
  });
  return route => {
    for (const step of steps) step(route);
  };
}

type One = { octets: Uint8Array };

function rewrite(route: Route, kind: CommunityKind, set: One[], removed: CommunityPattern[], added: One[]): void {
  const { code, octets } = KINDS[kind];
  const before = route.bytes.slice(route.valueStart(code), route.valueEnd(code));
  const list: Uint8Array[] = set.map(one => one.octets);
  if (set.length === 0) for (let at = 0; at < before.length; at += octets) list.push(before.subarray(at, at + octets));
  const kept = list.filter(one => !removed.some(pattern => pattern.matches(one, 0)));
  for (const { octets: one } of added) if (!kept.some(other => equal(one, other))) kept.push(one);
  const value = new Uint8Array(kept.length * octets);
  kept.forEach((one, i) => {
    value.set(one, i * octets);
  });
  if (value.length === 0) route.remove(code);
  else if (!equal(value, before)) route.put(code, value);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}

/** The changes of a statement, in the order of the table. Throws InputError. */
export function compileEdits(edits: Edits, ownAs: number): Edit[] {
  return (Object.keys(ROWS) as (keyof Edits)[]).flatMap(key => {
    const value = edits[key];
    return value === undefined ? [] : [(ROWS[key] as (value: unknown, ownAs: number) => Edit)(value, ownAs)];
  });
}

/** What the changes take out of the hands of the export's standard transformation: bits of Fixed. */
export function fixedBy(edits: Edits): number {
  const nextHop = edits['next-hop'];
  const hop = nextHop === undefined ? 0 : Fixed.nextHop | (nextHop === 'self' ? Fixed.nextHopSelf : 0);
  return hop | (edits.med === undefined ? 0 : Fixed.med);
}
