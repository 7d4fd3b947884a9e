// The interop matrix: every topic with every vendor, one test each.
//
// A vendor's test file calls `describeVendor`. docs/interop.md is made of the same tables (report.ts).

import { describe } from 'vitest';
import { it } from './machines.js';
import { AS_PATH } from './topics/as-path.js';
import { EXCHANGE } from './topics/exchange.js';
import { NEIGHBORS } from './topics/neighbors.js';
import { PATHS } from './topics/paths.js';
import { RELATIONS } from './topics/relations.js';
import { RESTART } from './topics/restart.js';
import { SESSION } from './topics/session.js';
import type { Topic } from './topics/topic.js';
import { bird } from './vendors/bird.js';
import { exabgp } from './vendors/exabgp.js';
import { frr } from './vendors/frr.js';
import { gobgpd } from './vendors/gobgpd.js';
import { openbgpd } from './vendors/openbgpd.js';
import type { Vendor } from './vendors/vendor.js';

/** The rows of the matrix. */
export const TOPICS: readonly Topic[] = [
  ...EXCHANGE,
  ...SESSION,
  ...RESTART,
  ...PATHS,
  ...AS_PATH,
  ...RELATIONS,
  ...NEIGHBORS,
];

/** Its columns. */
export const VENDORS: readonly Vendor[] = [bird, frr, gobgpd, openbgpd, exabgp];

/** Why a vendor is not tested in a topic; undefined: it is. */
export function lack({ lacks }: Vendor, { name }: Topic): string | undefined {
  return lacks[name];
}

/** The tests of one vendor. */
export function describeVendor(vendor: Vendor): void {
  describe.concurrent(vendor.title, () => {
    for (const topic of TOPICS.filter(topic => lack(vendor, topic) === undefined)) {
      if (topic.machines === 3) it(topic.name, ({ star }) => topic.test(vendor, star), 60_000);
      else it(topic.name, ({ pair }) => topic.test(vendor, pair), 60_000);
    }
  });
}
