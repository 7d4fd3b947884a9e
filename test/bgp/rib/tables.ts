// What the RIB tests build their tables from: attribute blocks, sources and prefixes in one line each.

import { type Multipath, SINGLE_PATH } from '../../../src/bgp/rib/decision.js';
import type { Verdict } from '../../../src/bgp/rib/paths.js';
import { Rib } from '../../../src/bgp/rib/rib.js';
import { SourceKind } from '../../../src/bgp/rib/sources.js';
import { parseAsPath } from '../../../src/bgp/wire/aspath.js';
import { encodeCanonical } from '../../../src/bgp/wire/canonical.js';
import { parseCommunity } from '../../../src/bgp/wire/communities.js';
import type { Origin, PathAttribute } from '../../../src/bgp/wire/path-attribute.js';
import { parseAddress, parsePrefix, parseRouterId } from '../../../src/bgp/wire/prefix.js';

export interface Attributes {
  nextHop?: string;
  origin?: Origin;
  asPath?: string;
  med?: number;
  localPref?: number;
  communities?: string[];
  originatorId?: string;
  clusterList?: string[];
  more?: PathAttribute[];
}

export function newRib(multipath: Partial<Multipath> = {}): Rib {
  return new Rib({ multipath: { ...SINGLE_PATH, ...multipath }, onWork: () => {} });
}

export function block(a: Attributes): Uint8Array {
  const attributes: PathAttribute[] = [
    { type: 'origin', origin: a.origin ?? 'igp' },
    { type: 'asPath', segments: parseAsPath(a.asPath ?? '') },
  ];
  if (a.med !== undefined) attributes.push({ type: 'med', value: a.med });
  if (a.localPref !== undefined) attributes.push({ type: 'localPref', value: a.localPref });
  if (a.communities?.length) attributes.push({ type: 'communities', communities: a.communities.map(parseCommunity) });
  if (a.originatorId) attributes.push({ type: 'originatorId', routerId: parseRouterId(a.originatorId) });
  if (a.clusterList) attributes.push({ type: 'clusterList', clusterIds: a.clusterList.map(parseRouterId) });
  attributes.push(...(a.more ?? []));
  return encodeCanonical(a.nextHop === undefined ? new Uint8Array(0) : parseAddress(a.nextHop), attributes);
}

/** A neighbor as source; its router id is its address. */
export function addSource(rib: Rib, address: string, kind: 'internal' | 'external', client = false): number {
  const source = rib.sources.add(address, parseAddress(address), SourceKind[kind], client);
  rib.sources.identify(source, parseRouterId(address));
  return source;
}

export function announce(
  rib: Rib,
  source: number,
  prefixText: string,
  attributes: Attributes,
  { verdict = 0, pathId = 0 }: { verdict?: Verdict; pathId?: number } = {},
): number {
  const prefix = parsePrefix(prefixText);
  const table = rib.families[prefix.family];
  const bytes = block(attributes);
  const set = rib.sets.intern(bytes, bytes.length, 0);
  const id = table.prefixes.ensure(prefix.address, prefix.length);
  table.announce(id, source, pathId, set, verdict);
  rib.sets.release(set);
  return id;
}

export function withdraw(rib: Rib, source: number, prefixText: string, pathId = 0): boolean {
  const prefix = parsePrefix(prefixText);
  const table = rib.families[prefix.family];
  const id = table.prefixes.find(prefix.address, prefix.length);
  return id !== 0 && table.withdraw(id, source, pathId);
}

/** Does all scanning that is due. */
export function settle(rib: Rib): void {
  while (rib.work(1000)) {
    // until nothing is left
  }
}
