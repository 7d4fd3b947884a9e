// A neighbor as people see it: its options, session and counters in one plain object.

import { warningLevel } from './prefix-limit.js';
import { ANY_EXTERNAL_AS, type NeighborOptions } from './session/options.js';
import type { NeighborSession } from './session/session.js';
import { roleStatus } from './session/status.js';
import type { FamilyCounts, NeighborStatus } from './views.js';

/** What only the neighbor itself knows. */
export type OwnStatus = Pick<
  NeighborStatus,
  'type' | 'shutdown' | 'maintenance' | 'shutdownMessage' | 'since' | 'families' | 'errors' | 'restartingUntil'
>;

/** Everything about the neighbor. */
export function neighborStatus(options: NeighborOptions, session: NeighborSession, own: OwnStatus): NeighborStatus {
  const sum = (key: 'received' | 'accepted' | 'advertised') =>
    own.families.reduce((total: number, family: FamilyCounts) => total + family[key], 0);
  return {
    address: options.address,
    as: options.as === ANY_EXTERNAL_AS ? (session.negotiated?.remoteAs ?? options.as) : options.as,
    heard:
      options.interface === undefined
        ? undefined
        : { addresses: [...session.heard.addresses], trouble: session.heard.trouble },
    range: options.range,
    group: options.group,
    description: options.description,
    state: session.state,
    received: sum('received'),
    accepted: sum('accepted'),
    advertised: sum('advertised'),
    import: wordsOf(options.import),
    export: wordsOf(options.export),
    protection: [
      ...(options.password === undefined ? [] : ['password' as const]),
      ...(options.ttlSecurity ? ['ttl-security' as const] : []),
    ],
    defaultOriginate: options.defaultOriginate,
    maxPrefix: options.maxPrefix && {
      limit: options.maxPrefix.limit,
      warning: warningLevel(options.maxPrefix),
      action: options.maxPrefix.action,
    },
    routeReflectorClient: options.routeReflectorClient,
    routeServerClient: options.routeServerClient,
    role: roleStatus(options, session.negotiated?.remoteCapabilities),
    session: session.status(),
    ...own,
  };
}

const wordsOf = (chain: string | readonly string[]) => (typeof chain === 'string' ? chain : chain.join(', '));
