// Which routes answer a question: one prefix, the longest match of an address, all within a prefix, a neighbor's.
//
// Answers are made one at a time, when they are asked for, so that a whole table can be told without being held.

import type { Neighbor } from './neighbor.js';
import { attributesView, pathViews, prefixText } from './path-view.js';
import type { LocRib } from './rib/loc-rib.js';
import type { PathView, RouteView } from './views.js';
import { FAMILIES, type Family } from './wire/family.js';
import { clearHostBits, parseAddress, parsePrefix } from './wire/prefix.js';

/** Which routes to show. */
export interface RouteQuery {
  /** Exactly this prefix. */
  prefix?: string;
  /** The longest match for this address. */
  address?: string;
  /** This prefix and all within it. */
  longer?: string;
  family?: Family;
  /** Of this neighbor: 'in' what it sent, 'out' what it was sent. */
  neighbor?: string;
  direction?: 'in' | 'out';
  limit?: number;
}

/** Tables up to this size are shown sorted. */
const SORT_LIMIT = 20_000;

/** The routes that answer a query; `neighbor` is the one it names. Throws InputError. */
export function* queryRoutes(
  tables: readonly LocRib[],
  query: RouteQuery,
  neighbor: Neighbor | undefined,
): Iterable<RouteView> {
  let left = query.limit ?? Number.POSITIVE_INFINITY;
  for (const table of tables) {
    if (query.family !== undefined && query.family !== table.family) continue;
    for (const prefix of matching(table, query)) {
      if (left <= 0) return;
      const paths = neighbor === undefined ? locRib(table, prefix) : adjRib(table, prefix, neighbor, query.direction);
      if (paths.length === 0) continue;
      left--;
      yield { prefix: prefixText(table, prefix), family: FAMILIES[table.family].name, paths };
    }
  }
}

function* matching(table: LocRib, query: RouteQuery): Iterable<number> {
  const { prefixes } = table;
  if (query.prefix !== undefined) {
    const { family, address, length } = parsePrefix(query.prefix);
    const id = family === table.family ? prefixes.find(address, length) : 0;
    if (id !== 0) yield id;
    return;
  }
  if (query.address !== undefined) {
    const address = parseAddress(query.address);
    if (address.length !== FAMILIES[table.family].addressBytes) return;
    for (let length = address.length * 8; length >= 0; length--) {
      clearHostBits(address, length);
      const id = prefixes.find(address, length);
      if (id === 0 || prefixes.best[id] === 0) continue;
      yield id;
      return;
    }
    return;
  }
  const within = query.longer === undefined ? undefined : parsePrefix(query.longer);
  if (within !== undefined && within.family !== table.family) return;
  const ids = prefixes.count <= SORT_LIMIT ? prefixes.sorted() : prefixes.ids();
  for (const id of ids) if (within === undefined || prefixes.within(id, within.address, within.length)) yield id;
}

function locRib(table: LocRib, prefix: number, asReceived = false): PathView[] {
  return table.prefixes.firstPath[prefix] > 0 ? pathViews(table, prefix, asReceived) : [];
}

function adjRib(table: LocRib, prefix: number, neighbor: Neighbor, direction: 'in' | 'out' = 'in'): PathView[] {
  if (direction === 'in') {
    return locRib(table, prefix, true).filter(path => path.source === neighbor.options.address);
  }
  const { paths, sources } = table;
  const best = table.prefixes.best[prefix];
  return neighbor.advertisedPaths(table.family, prefix).flatMap(({ pathId, block }) => {
    const path = pathId === 0 ? best : pathId;
    // Its withdrawal is on its way.
    if (path === 0 || paths.prefix[path] !== prefix) return [];
    const view: PathView = {
      source: sources.name(paths.source[path]),
      best: path === best,
      multipath: false,
      eligible: true,
      stale: false,
      receivedAt: paths.at[path] * 1000,
      ...attributesView(block, table.family),
    };
    return [pathId === 0 ? view : { ...view, pathId }];
  });
}
