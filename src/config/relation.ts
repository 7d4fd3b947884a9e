// The keys of a neighbor that say what it and this AS are to each other.

import { z } from 'zod';
import { notExternal } from './confederation.js';
import { key } from './keys.js';
import type { AsRange } from './values.js';

const ROLES = ['provider', 'customer', 'peer', 'rs', 'rs-client'] as const;

/** The keys, for the mapping of a neighbor. */
export const relationKeys = {
  role: key(
    z.enum(ROLES).optional(),
    'What this speaker is to the external neighbor: its `provider`, `customer` or `peer`, the route server (`rs`) it is a client ' +
      'of, or a client of that route server (`rs-client`). The neighbor has to be in the role that goes with it, or there is no ' +
      'session. Route leaks are then refused in both directions, whatever the policies say.',
    { rfc: '9234', example: 'customer', defaultText: 'no role, and no protection against route leaks' },
  ),
  'strict-role': key(
    z.boolean().default(false),
    'No session with a neighbor that does not name its role. Without it the neighbor counts as being in the role it should have.',
    { rfc: '9234 §4.2', example: true },
  ),
  'route-server-client': key(
    z.boolean().default(false),
    'Be a route server to this external neighbor: routes between its clients keep their AS_PATH, next hop, MED and communities, and ' +
      'each client gets the best path that may go to it. The clients need `enforce-first-as: false`.',
    { rfc: '7947', example: true },
  ),
};

type RelationKeys = z.output<z.ZodObject<typeof relationKeys>>;

/** The keys as options of the session. */
export const decodeRelation = (n: RelationKeys) => ({
  role: n.role && { own: n.role, strict: n['strict-role'] },
  routeServerClient: n['route-server-client'],
});

/** The way back. */
export const encodeRelation = ({ role, routeServerClient }: ReturnType<typeof decodeRelation>): RelationKeys => ({
  role: role?.own,
  'strict-role': role?.strict ?? false,
  'route-server-client': routeServerClient,
});

/** Rules between these keys and the AS numbers of both sides. The values may be anything: other checks tell. */
export function reportRelation(
  neighbor: { as?: unknown; [key: string]: unknown },
  speaker: { as?: unknown; confederation?: unknown },
  report: (name: string, message: string, input: unknown) => void,
): void {
  const { role } = neighbor;
  reportRanges(neighbor.as, speaker, message => report('as', message, neighbor.as));
  const wrong = notExternal(neighbor.as, speaker);
  const client = neighbor['route-server-client'] === true;
  if (wrong !== undefined && role !== undefined) report('role', wrong, role);
  if (wrong !== undefined && client) report('route-server-client', wrong, true);
  if (neighbor['strict-role'] === true && role === undefined) {
    report('strict-role', 'needs a role: say what this speaker is to the neighbor', true);
  }
  for (const name of ['as-override', 'remove-private-as']) {
    const value = neighbor[name];
    if (!client || value === undefined || value === false) continue;
    report(name, 'is not for a route server client, whose routes keep their AS_PATH', value);
  }
}

/** A list of AS numbers is one of external neighbors: its members are all treated alike. */
function reportRanges(
  as: unknown,
  speaker: { as?: unknown; confederation?: unknown },
  report: (message: string) => void,
): void {
  if (!Array.isArray(as)) return;
  const members = (speaker.confederation as { members?: unknown } | undefined)?.members;
  for (const own of [speaker.as, ...(Array.isArray(members) ? members : [])]) {
    if (typeof own !== 'number' || !as.some(({ from, to }: AsRange) => from <= own && own <= to)) continue;
    const why = own === speaker.as ? 'the own AS' : 'inside the confederation';
    report(`a list is for external neighbors, and AS ${own} is ${why}`);
  }
}
