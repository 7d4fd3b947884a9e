// Aggregates from the words of the configuration to what the tables need.

import type { AggregateRule } from './rib/aggregates.js';
import { Forwarding } from './rib/loc-rib.js';
import { parseCommunity, parseLargeCommunity } from './wire/communities.js';
import type { PathAttribute } from './wire/path-attribute.js';
import { parsePrefix } from './wire/prefix.js';

/** An aggregate in words. */
export interface AggregateSpec {
  prefix: string;
  /** The more specific routes are not advertised. */
  summaryOnly: boolean;
  /** What the own kernel does with what no more specific route covers. */
  kernel: 'blackhole' | 'unreachable' | 'none';
  communities: string[];
  largeCommunities: string[];
}

/** Throws InputError. */
export function aggregateRule(spec: AggregateSpec): AggregateRule {
  const attributes: PathAttribute[] = [];
  if (spec.communities.length > 0) {
    attributes.push({ type: 'communities', communities: spec.communities.map(parseCommunity) });
  }
  if (spec.largeCommunities.length > 0) {
    attributes.push({ type: 'largeCommunities', communities: spec.largeCommunities.map(parseLargeCommunity) });
  }
  const { summaryOnly } = spec;
  return { prefix: parsePrefix(spec.prefix), summaryOnly, forwarding: Forwarding[spec.kernel], attributes };
}
