// What differs between two sets of options of a neighbor, and whether it can be taken over within the session.

import type { NeighborOptions } from './session/options.js';

/** The options that differ. */
export function changedOptions(before: NeighborOptions, after: NeighborOptions): (keyof NeighborOptions)[] {
  return (Object.keys({ ...before, ...after }) as (keyof NeighborOptions)[]).filter(
    key => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );
}

/** Options whose change needs a new session. */
const SESSION_OPTIONS = [
  'as',
  'passive',
  'port',
  'localAddress',
  'holdTimeSeconds',
  'families',
  'routeReflectorClient',
  'routeServerClient',
  'multihop',
  'ttlSecurity',
  'password',
] as const satisfies (keyof NeighborOptions)[];

/** What the OPEN says of restarts; how long the neighbor's routes are kept is our own affair. */
function restartSaid({ gracefulRestart }: NeighborOptions): string {
  if (gracefulRestart === false) return '';
  const { restartTimeSeconds, longLived } = gracefulRestart;
  return JSON.stringify([restartTimeSeconds, longLived?.families]);
}

/** Does another value of an option need a new session? How many paths are sent may change within a session, whether several are may not. */
export function needsSession(key: keyof NeighborOptions, before: NeighborOptions, after: NeighborOptions): boolean {
  if (key === 'asPath') return JSON.stringify(before.asPath.local) !== JSON.stringify(after.asPath.local);
  if (key === 'gracefulRestart') return restartSaid(before) !== restartSaid(after);
  if (key === 'role') return before.role?.own !== after.role?.own;
  if (key === 'addPath')
    return (
      before.addPath.receive !== after.addPath.receive || (before.addPath.send === 0) !== (after.addPath.send === 0)
    );
  return (SESSION_OPTIONS as readonly string[]).includes(key);
}
