// A statement's conditions on attributes as functions, one row of the table for each key of `match`.
//
// Conditions on the prefix, the family and the neighbor are not here: the program knows their answers before it looks at
// a route (program.ts).

import { KERNEL_SOURCES, SourceKind, type Sources } from '../rib/sources.js';
import { ORIGINS } from '../wire/path-attribute.js';
import { addressSet, neighborSet } from './addresses.js';
import { anyMatches, KINDS, parseCommunityPattern } from './community-pattern.js';
import { type Choice, type Match, type NumberRange, type RouteOrigin, readChoice } from './definition.js';
import { Regex } from './regex.js';
import { Code, type Route } from './route.js';

export type Condition = (route: Route, source: number, sources: Sources) => boolean;

/** RFC 4271 leaves the local preference of a route without one to the speaker. */
const DEFAULT_LOCAL_PREF = 100;

const SOURCES: Readonly<Record<RouteOrigin, (source: number, kind: number) => boolean>> = {
  local: (_, kind) => kind === SourceKind.local,
  kernel: (_, kind) => kind === SourceKind.kernel,
  connected: source => source === KERNEL_SOURCES.connected,
  static: source => source === KERNEL_SOURCES.static,
  ebgp: (_, kind) => kind === SourceKind.external,
  ibgp: (_, kind) => kind === SourceKind.internal || kind === SourceKind.confederation,
};

const within = ({ ge, le }: NumberRange, value: number) => ge <= value && value <= le;

/** How many of the elements have to match. Names are resolved already. */
function quantify<T>(choice: Choice<string>, parse: (text: string) => T, test: (element: T, route: Route) => boolean) {
  const { mode, elements } = readChoice(choice);
  const parsed = (elements as string[]).map(parse);
  if (mode === 'all') return (route: Route) => parsed.every(element => test(element, route));
  if (mode === 'none') return (route: Route) => !parsed.some(element => test(element, route));
  return (route: Route) => parsed.some(element => test(element, route));
}

type Rows = { readonly [K in keyof Match]?: (value: NonNullable<Match[K]>) => Condition };

const ROWS: Rows = {
  community: choice =>
    quantify(choice, parseCommunityPattern, (pattern, route) => {
      const { code } = KINDS[pattern.kind];
      return anyMatches(pattern, route.bytes, route.valueStart(code), route.valueEnd(code));
    }),
  'as-path': choice =>
    quantify(
      choice,
      text => new Regex(text),
      (regex, route) => regex.test(route.asPathText),
    ),
  'as-path-length': range => route => within(range, route.asPathLength),
  'origin-as': list => route => list.includes(route.originAs),
  'neighbor-as': list => route => list.includes(route.neighborAs),
  origin: list => {
    const numbers = list.map(name => ORIGINS.indexOf(name));
    return route => route.has(Code.origin) && numbers.includes(route.bytes[route.valueStart(Code.origin)]);
  },
  med: range => route => within(range, route.uint32(Code.med) ?? 0),
  'local-pref': range => route => within(range, route.uint32(Code.localPref) ?? DEFAULT_LOCAL_PREF),
  'next-hop': list => {
    const has = addressSet(list);
    return ({ bytes, start }) => has(bytes.subarray(start + 1, start + 1 + Math.min(bytes[start], 16)));
  },
  source: list => {
    const tests = list.map(name => SOURCES[name]);
    return (_route, source, sources) => tests.some(test => test(source, sources.kind[source]));
  },
  'learned-from': choice => {
    const { mode, elements } = readChoice(choice);
    const has = neighborSet(elements as string[]);
    return (_route, source, sources) => {
      const address = sources.address(source);
      return (address !== undefined && has(address, sources.name(source))) === (mode !== 'none');
    };
  },
};

/** The conditions of a statement whose names are resolved. Throws InputError. */
export function compileConditions(match: Match): Condition[] {
  return (Object.keys(ROWS) as (keyof Match)[]).flatMap(key => {
    const value = match[key];
    return value === undefined ? [] : [(ROWS[key] as (value: unknown) => Condition)(value)];
  });
}
