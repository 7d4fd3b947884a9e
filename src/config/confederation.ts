// The key `confederation`: the AS number that others see, and the members behind it.

import { z } from 'zod';
import { autonomousSystem, distinct, key } from './keys.js';

/** The mapping, or nothing. */
export const confederation = () =>
  z
    .strictObject({
      identifier: key(
        autonomousSystem(),
        'AS number of the confederation: what neighbors outside see in place of `as`.',
        {
          kind: 'AS number, plain or asdot',
          rfc: '5065 §4',
          example: 64500,
        },
      ),
      members: key(
        distinct(autonomousSystem()).prefault([]),
        'AS numbers of the members; `as` need not be among them. A neighbor in one of the others is shown LOCAL_PREF, ' +
          'MED and the next hop as they are.',
        { kind: 'list of AS numbers', rfc: '5065 §4', example: [65001, 65002] },
      ),
    })
    .optional();

type Mapping = z.output<ReturnType<typeof confederation>>;

/** Is a neighbor in this AS inside: in the own AS or in another member of the confederation? */
export function isInside(as: unknown, own: { as?: unknown; confederation?: unknown }): boolean {
  if (as === own.as) return true;
  const { confederation } = own;
  const members = typeof confederation === 'object' && confederation !== null && 'members' in confederation;
  return members && Array.isArray(confederation.members) && confederation.members.includes(as);
}

/** What is wrong with a key for external neighbors at a neighbor in this AS; undefined where it is one. */
export function notExternal(as: unknown, own: { as?: unknown; confederation?: unknown }): string | undefined {
  if (typeof as !== 'number' || !isInside(as, own)) return undefined;
  return `is for external neighbors, and AS ${as} is ${as === own.as ? 'the own AS' : 'inside the confederation'}`;
}

/** Rules between the key and the AS numbers of this speaker and its neighbors. The values may be anything. */
export function reportConfederation(
  speaker: { as?: unknown; confederation?: Mapping; neighbors?: unknown },
  report: (path: (string | number)[], message: string, input: unknown) => void,
): void {
  const { as, confederation, neighbors } = speaker;
  const identifier = confederation?.identifier;
  if (typeof identifier !== 'number') return;
  if (identifier === as || isInside(identifier, speaker)) {
    report(
      ['confederation', 'identifier'],
      `AS ${identifier} is a member; the confederation needs a number of its own`,
      identifier,
    );
  }
  if (!Array.isArray(neighbors)) return;
  neighbors.forEach((neighbor: { as?: unknown } | null, i) => {
    if (neighbor?.as !== identifier) return;
    const message = `AS ${identifier} is the whole confederation; name the member that the neighbor is in`;
    report(['neighbors', i, 'as'], message, identifier);
  });
}
