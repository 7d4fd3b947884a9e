// The meaning of policies, written for reading: over decoded objects, statement by statement, nothing remembered.

import { readChoice, type Statement } from '../../../src/bgp/policy/definition.js';
import { asPathLength, formatAsPath, parseAsPath } from '../../../src/bgp/wire/aspath.js';
import { parsePrefix } from '../../../src/bgp/wire/prefix.js';

export interface PlainRoute {
  prefix: string;
  source: 'local' | 'kernel' | 'connected' | 'static' | 'ibgp' | 'ebgp';
  nextHop: string;
  origin: 'igp' | 'egp' | 'incomplete';
  asPath: string;
  med?: number;
  localPref?: number;
  communities: string[];
  largeCommunities: string[];
  extendedCommunities: string[];
}

type Kind = 'communities' | 'largeCommunities' | 'extendedCommunities';
const kindOf = (text: string): Kind =>
  /^(rt|soo|ext)/.test(text)
    ? 'extendedCommunities'
    : text.split(':').length === 3
      ? 'largeCommunities'
      : 'communities';
const escaped = (text: string) => text.replaceAll('.', '\\.').replaceAll('*', '[0-9]+');
const matchesPattern = (pattern: string, community: string) => new RegExp(`^${escaped(pattern)}$`).test(community);

/** As a bit string. */
function bits(text: string): string {
  const { address, length } = parsePrefix(text);
  return Array.from(address, octet => octet.toString(2).padStart(8, '0'))
    .join('')
    .slice(0, length);
}

const isInside = (inner: string, outer: string) =>
  inner.includes(':') === outer.includes(':') && bits(inner).startsWith(bits(outer));
const host = (address: string) => (address.includes('/') ? address : `${address}/${address.includes(':') ? 128 : 32}`);

/** Some, all or none; names are resolved. */
function quantified<T>(choice: Parameters<typeof readChoice<T>>[0], test: (element: T) => boolean): boolean {
  const { mode, elements } = readChoice(choice);
  const results = (elements as T[]).map(test);
  if (mode === 'all') return results.every(Boolean);
  return results.some(Boolean) === (mode === 'any');
}

function holds({ match = {} }: Statement, r: PlainRoute, neighbor: string, learnedFrom: string | undefined): boolean {
  const path = parseAsPath(r.asPath);
  const [first] = path;
  const last = path.at(-1);
  const all = [...r.communities, ...r.largeCommunities, ...r.extendedCommunities];
  const length = Number(r.prefix.split('/')[1]);
  const inRange = (range: { ge: number; le: number }, value: number) => value >= range.ge && value <= range.le;
  const answers = [
    match.prefix === undefined ||
      quantified(match.prefix, rule => isInside(r.prefix, rule.prefix) && inRange(rule, length)),
    match.family === undefined || match.family.startsWith('ipv6') === r.prefix.includes(':'),
    match.neighbor === undefined || quantified(match.neighbor, it => isInside(host(neighbor), host(it))),
    match['learned-from'] === undefined ||
      quantified(match['learned-from'], it => learnedFrom !== undefined && isInside(host(learnedFrom), host(it))),
    match.source === undefined ||
      match.source.includes(r.source) ||
      (['connected', 'static'].includes(r.source) && match.source.includes('kernel')),
    match.community === undefined ||
      quantified(match.community, pattern =>
        all.some(it => kindOf(it) === kindOf(pattern) && matchesPattern(pattern, it)),
      ),
    match['as-path'] === undefined ||
      quantified(match['as-path'], regex =>
        new RegExp(regex.replaceAll('_', '(^|$|[ ,{}()])')).test(formatAsPath(path)),
      ),
    match['as-path-length'] === undefined || inRange(match['as-path-length'], asPathLength(path)),
    match['origin-as'] === undefined ||
      (last?.type === 'sequence' && match['origin-as'].includes(last.asns.at(-1) ?? 0)),
    match['neighbor-as'] === undefined || (first?.type === 'sequence' && match['neighbor-as'].includes(first.asns[0])),
    match['next-hop'] === undefined || match['next-hop'].some(it => isInside(host(r.nextHop), host(it))),
    match.origin === undefined || match.origin.includes(r.origin),
    match.med === undefined || inRange(match.med, r.med ?? 0),
    match['local-pref'] === undefined || inRange(match['local-pref'], r.localPref ?? 100),
  ];
  return answers.every(Boolean);
}

function edited({ set = {} }: Statement, before: PlainRoute, ownAs: number): PlainRoute {
  const r = { ...before };
  if (set['local-pref'] !== undefined) r.localPref = set['local-pref'];
  if (set.med === 'none') delete r.med;
  else if (typeof set.med === 'number') r.med = set.med;
  else if (set.med !== undefined) r.med = Math.min(Math.max((r.med ?? 0) + Number(set.med), 0), 0xffffffff);
  if (set.origin !== undefined) r.origin = set.origin;
  const hop = set['next-hop'];
  if (hop !== undefined && hop !== 'self' && hop !== 'unchanged' && hop.includes(':') === r.prefix.includes(':')) {
    r.nextHop = hop;
  }
  if (set.prepend !== undefined) {
    const { as = 'own', times = 1 } = set.prepend;
    const path = parseAsPath(r.asPath);
    const leftmost = path[0]?.type === 'sequence' ? path[0].asns[0] : 0;
    const number = as === 'own' ? ownAs : as === 'last' ? leftmost : as;
    if (number !== 0) r.asPath = [...Array(times).fill(number), r.asPath].join(' ').trim();
  }
  for (const kind of ['communities', 'largeCommunities', 'extendedCommunities'] as const) {
    const of = (list: readonly string[] | undefined) => (list ?? []).filter(it => kindOf(it) === kind);
    const instead = of(set.community?.set);
    const removed = of(set.community?.remove as string[] | undefined);
    let list = instead.length > 0 ? instead : r[kind];
    list = list.filter(it => !removed.some(pattern => matchesPattern(pattern, it)));
    for (const one of of(set.community?.add)) if (!list.includes(one)) list = [...list, one];
    r[kind] = list;
  }
  return r;
}

/** What a list of statements makes of a route: null when it is rejected. */
export function interpret(
  statements: readonly Statement[],
  acceptsRest: boolean,
  route: PlainRoute,
  neighbor: string,
  learnedFrom: string | undefined,
  ownAs: number,
): { route: PlainRoute | null; matched: number[] } {
  let r = route;
  const matched: number[] = [];
  for (const [i, statement] of statements.entries()) {
    if (!holds(statement, r, neighbor, learnedFrom)) continue;
    matched.push(i);
    if (statement.then === 'reject') return { route: null, matched };
    r = edited(statement, r, ownAs);
    if (statement.then === 'accept') return { route: r, matched };
  }
  return { route: acceptsRest ? r : null, matched };
}
