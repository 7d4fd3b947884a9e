// From the tables' numbers to what people read: a path with its attributes in words.

import { eligible, eliminate } from './rib/decision.js';
import type { LocRib } from './rib/loc-rib.js';
import { VERDICT_WORDS, Verdict } from './rib/paths.js';
import type { PathView, RouteAttributes } from './views.js';
import { formatAsPath } from './wire/aspath.js';
import { toHex } from './wire/bytes.js';
import { decodeCanonical } from './wire/canonical.js';
import { formatCommunity, formatExtendedCommunity, formatLargeCommunity } from './wire/communities.js';
import { FAMILIES } from './wire/family.js';
import { formatAddress, formatPrefix, formatRouterId } from './wire/prefix.js';

/** Attribute fields of a path. */
export type AttributesView = RouteAttributes;

/** The attributes of a canonical block; an absent next hop shows as the family's unspecified address. */
export function attributesView(block: Uint8Array, family: number): AttributesView {
  const { nextHop, attributes } = decodeCanonical(block);
  const view: AttributesView = {
    nextHop: nextHop.length === 0 ? (family === 0 ? '0.0.0.0' : '::') : formatAddress(nextHop.subarray(0, 16)),
    origin: 'incomplete',
    asPath: '',
    communities: [],
    largeCommunities: [],
    extendedCommunities: [],
  };
  for (const a of attributes) {
    if (a.type === 'origin') view.origin = a.origin;
    else if (a.type === 'asPath') view.asPath = formatAsPath(a.segments);
    else if (a.type === 'med') view.med = a.value;
    else if (a.type === 'localPref') view.localPref = a.value;
    else if (a.type === 'atomicAggregate') view.atomicAggregate = true;
    else if (a.type === 'aggregator') view.aggregator = `${a.as} ${formatRouterId(a.routerId)}`;
    else if (a.type === 'communities') view.communities = a.communities.map(formatCommunity);
    else if (a.type === 'largeCommunities') view.largeCommunities = a.communities.map(formatLargeCommunity);
    else if (a.type === 'extendedCommunities') view.extendedCommunities = a.communities.map(formatExtendedCommunity);
    else if (a.type === 'originatorId') view.originatorId = formatRouterId(a.routerId);
    else if (a.type === 'clusterList') view.clusterList = a.clusterIds.map(formatRouterId);
    else if (a.type === 'onlyToCustomer') view.onlyToCustomer = a.as;
    else if (a.type === 'ipv6ExtendedCommunities') {
      // No text of their own.
      const view25 = { code: 25, flags: a.partial ? 0xe0 : 0xc0, value: a.communities.map(toHex).join('') };
      view.unknown = [...(view.unknown ?? []), view25];
    } else if (a.type === 'unknown') {
      view.unknown = [...(view.unknown ?? []), { code: a.code, flags: a.flags, value: toHex(a.value) }];
    }
  }
  return view;
}

/** The text of a prefix id. */
export function prefixText(table: LocRib, prefix: number): string {
  const address = new Uint8Array(FAMILIES[table.family].addressBytes);
  const length = table.prefixBytes(prefix, address, 0);
  return formatPrefix({ family: table.family, address, length });
}

/**
 * All paths of a prefix, the best one first, each with the reason why it is not the best. The attributes are those that
 * import made of the received ones, unless they are wanted `asReceived`.
 */
export function pathViews(table: LocRib, prefix: number, asReceived = false): PathView[] {
  const { paths, sets, sources, prefixes } = table;
  const first = prefixes.firstPath[prefix];
  const best = prefixes.best[prefix];
  const { reasons } = eliminate(table, first);
  const shared = new Int32Array(Math.max(table.multipath.ebgp, table.multipath.ibgp));
  const sharing = best === 0 ? 0 : table.sharing(prefix, shared);
  const views: PathView[] = [];
  for (let path = first; path !== 0; path = paths.next[path]) {
    const attributes = paths.attributes[path] || paths.received[path];
    const usable = eligible(table, path);
    const view: PathView = {
      source: sources.name(paths.source[path]),
      best: path === best,
      multipath: sharing > 1 && shared.subarray(0, sharing).includes(path),
      eligible: usable,
      stale: paths.stale[path] !== 0,
      receivedAt: paths.at[path] * 1000,
      ...attributesView(sets.block(asReceived ? paths.received[path] : attributes), table.family),
    };
    if (paths.verdict[path] !== Verdict.accepted) view.reason = VERDICT_WORDS[paths.verdict[path]];
    else if (!usable) view.reason = 'next hop unreachable';
    else if (path !== best) view.reason = reasons.get(path);
    if (paths.pathId[path] !== 0) view.pathId = paths.pathId[path];
    if (path === best) views.unshift(view);
    else views.push(view);
  }
  return views;
}
