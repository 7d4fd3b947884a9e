// What a reload does to the speaker: each part of the difference of two configurations, in the order in which they can follow
// each other. No session is touched that the difference does not concern.

import type { Speaker } from './bgp/speaker.js';
import type { ConfigDiff } from './config/diff.js';
import type { Config } from './config/schema.js';

/**
 * Takes a configuration over, whose difference from the one before is `diff`. Returns what changed, a line each. `between`:
 * what is to be done once neighbors may name the new policies.
 */
export function reloadSpeaker(
  speaker: Speaker,
  config: Config,
  diff: ConfigDiff,
  between: () => string[] = () => [],
): string[] {
  const changes: string[] = [];
  for (const { address } of diff.removeNeighbors) {
    if (!speaker.hasNeighbor(address)) continue;
    void speaker.removeNeighbor(address);
    changes.push(`neighbor ${address} removed`);
  }
  if (diff.policies.length > 0) speaker.replacePolicies(config.policies);
  speaker.setKernelImport(config.fib.import);
  for (const neighbor of diff.addNeighbors) {
    if (speaker.hasNeighbor(neighbor.address)) void speaker.removeNeighbor(neighbor.address);
    speaker.addNeighbor(neighbor);
    changes.push(`neighbor ${neighbor.address} added`);
  }
  for (const { new: neighbor, keys } of diff.changeNeighbors) {
    const outcome = speaker.hasNeighbor(neighbor.address)
      ? speaker.updateNeighbor(neighbor)
      : speaker.addNeighbor(neighbor);
    changes.push(`neighbor ${neighbor.address}: ${keys.join(', ')}${outcome === 'reset' ? ' (session reset)' : ''}`);
  }
  changes.push(...between());
  if (diff.multipath) {
    speaker.setMultipath(config.multipath);
    changes.push('multipath');
  }
  if (diff.policies.length > 0) {
    speaker.applyPolicies();
    changes.push(`policies: ${diff.policies.join(', ')}`);
  }
  if (diff.aggregates) {
    speaker.setAggregates(config.aggregates);
    changes.push('aggregates');
  }
  return changes;
}
