// A session's capabilities, roles and counters as people see them.

import type { MessageCounts, NeighborStatus, SessionStatus } from '../views.js';
import { type Capability, capabilityName, formatCapability } from '../wire/capabilities.js';
import type { NeighborOptions } from './options.js';

/** Counters at zero. */
export function noMessages(): MessageCounts {
  return { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 };
}

/**
 * One row a capability that either side has: what the neighbor says of it goes before what we say. A family is a row of
 * its own.
 */
export function capabilityRows(
  local: readonly Capability[],
  remote: readonly Capability[],
): SessionStatus['capabilities'] {
  const rows = new Map<string, SessionStatus['capabilities'][number]>();
  const add = (capability: Capability, side: 'local' | 'remote') => {
    const name = capabilityName(capability);
    const detail = formatCapability(capability);
    const key = capability.type === 'multiprotocol' ? `${name} ${detail}` : name;
    const row = rows.get(key) ?? { name, local: false, remote: false, detail };
    rows.set(key, { ...row, [side]: true, detail });
  };
  for (const capability of local) add(capability, 'local');
  for (const capability of remote) add(capability, 'remote');
  return [...rows.values()];
}

/** The roles of both sides (RFC 9234); `remote`: the neighbor's capabilities, if there is a session. */
export function roleStatus(
  { role }: NeighborOptions,
  remote: readonly Capability[] = [],
): NeighborStatus['role'] | undefined {
  if (role === undefined) return undefined;
  const named = remote.find(capability => capability.type === 'role');
  return { own: role.own, strict: role.strict, ...(named && { remote: named.role }) };
}
