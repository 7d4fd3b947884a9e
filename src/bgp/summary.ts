// The tables in figures, for people: what they hold, which next hops and update groups there are.

import type { Aggregates } from './rib/aggregates.js';
import type { Rib } from './rib/rib.js';
import { KERNEL_SOURCES, LOCAL_SOURCE } from './rib/sources.js';
import type { UpdateGroups } from './rib/update-groups.js';
import type { RibSummary } from './views.js';
import { FAMILIES } from './wire/family.js';
import { formatAddress, formatPrefix } from './wire/prefix.js';

/** `groups` and `aggregates` are by Family. */
export function summarize(rib: Rib, groups: readonly UpdateGroups[], aggregates: readonly Aggregates[]): RibSummary {
  const nextHops: RibSummary['nextHops'] = [];
  for (let id = 1; id < rib.nextHops.end; id++) {
    if (rib.nextHops.uses(id) === 0) continue;
    nextHops.push({
      address: formatAddress(rib.nextHops.address(id)),
      reachable: rib.nextHops.reachable[id] === 1,
      cost: rib.nextHops.cost[id],
      paths: rib.nextHops.uses(id),
    });
  }
  return {
    families: rib.families.map(table => ({
      family: FAMILIES[table.family].name,
      prefixes: table.prefixes.count,
      paths: table.paths.count,
      best: table.bestCount(),
      local: table.counts(LOCAL_SOURCE).received,
      redistributed: Object.values(KERNEL_SOURCES).reduce((sum, source) => sum + table.counts(source).received, 0),
    })),
    attributeSets: rib.sets.count,
    aggregates: aggregates.flatMap(own =>
      own.list().map(({ rule, contributors }) => ({
        prefix: formatPrefix(rule.prefix),
        contributors,
        summaryOnly: rule.summaryOnly,
      })),
    ),
    nextHops,
    updateGroups: groups.flatMap((own, family) =>
      [...own.all()].map((group, index) => ({
        id: index + 1,
        members: [...group.members.keys()].map(source => rib.sources.name(source)),
        families: [FAMILIES[family].name],
        pending: group.dirty.size,
      })),
    ),
  };
}
