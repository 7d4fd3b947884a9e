// The keys of a neighbor that are about AS_PATH: which AS this speaker is to it, what it is shown, what is taken from it.

import { z } from 'zod';
import { notExternal } from './confederation.js';
import { autonomousSystem, key, whole } from './keys.js';

const localAs = z.union(
  [
    autonomousSystem(),
    z.strictObject({
      as: key(autonomousSystem(), 'AS number that this speaker has for the neighbor.', {
        kind: 'AS number, plain or asdot',
        example: 65010,
      }),
      'no-prepend': key(z.boolean().default(false), 'Do not put this AS in front of paths from the neighbor.', {
        example: true,
      }),
      'replace-as': key(
        z.boolean().default(false),
        'Show the neighbor only this AS in front of paths, not the real one behind it.',
        { example: true },
      ),
    }),
  ],
  'must be an AS number or a mapping such as { as: 65010, no-prepend: true, replace-as: true }',
);

/** The keys, for the mapping of a neighbor. */
export const asPathKeys = {
  'local-as': key(
    localAs.optional(),
    'Be in this AS towards this external neighbor, as after a merger of two ASes: sessions open with it, it stands in front of ' +
      'the own AS in paths to the neighbor and in front of paths from it.',
    {
      kind: 'AS number, or a mapping of `as`, `no-prepend` and `replace-as`',
      rfc: '7705 §3',
      example: { as: 65010, 'no-prepend': true, 'replace-as': true },
      defaultText: 'the own AS',
    },
  ),
  'allow-own-as': key(
    whole(0, 10).default(0),
    'Accept paths from the neighbor that have the own AS in them, up to this many times: sites of one AS joined by another.',
    { unit: 'times', rfc: '4271 §9.1.2', example: 1 },
  ),
  'enforce-first-as': key(
    z.boolean().default(true),
    'Refuse paths of an external neighbor that do not begin with its AS. A route server leaves itself out: `false` for those.',
    { rfc: '4271 §6.3', example: false },
  ),
  'as-override': key(
    z.boolean().default(false),
    "Replace the neighbor's AS in paths announced to it by the own one, so that it does not refuse routes of its other sites.",
    { example: true },
  ),
  'remove-private-as': key(
    z.union([z.boolean(), z.enum(['all', 'replace'])], 'must be true, false, all or replace').default(false),
    'Hide private AS numbers from this external neighbor: `true` removes them from paths that have no others, `all` from every ' +
      "path, `replace` puts the own AS in their place. The neighbor's own AS stays.",
    { rfc: '6996 §4', example: 'all' },
  ),
};

type AsPathKeys = z.output<z.ZodObject<typeof asPathKeys>>;

/** The keys as options of the session. */
export const decodeAsPath = (n: AsPathKeys) => {
  const local = n['local-as'];
  const plain = typeof local === 'object' ? local : local !== undefined && { as: local };
  return {
    local: plain
      ? {
          as: plain.as as number,
          noPrepend: 'no-prepend' in plain && plain['no-prepend'],
          replaceAs: 'replace-as' in plain && plain['replace-as'],
        }
      : undefined,
    allowOwn: n['allow-own-as'],
    enforceFirst: n['enforce-first-as'],
    override: n['as-override'],
    removePrivate: n['remove-private-as'] === true ? ('only' as const) : n['remove-private-as'],
  };
};

/** The way back. */
export const encodeAsPath = (asPath: ReturnType<typeof decodeAsPath>): AsPathKeys => ({
  'local-as': asPath.local && {
    as: asPath.local.as,
    'no-prepend': asPath.local.noPrepend,
    'replace-as': asPath.local.replaceAs,
  },
  'allow-own-as': asPath.allowOwn,
  'enforce-first-as': asPath.enforceFirst,
  'as-override': asPath.override,
  'remove-private-as': asPath.removePrivate === 'only' ? true : asPath.removePrivate,
});

/** Rules between these keys and the AS numbers of both sides. The values may be anything: other checks tell. */
export function reportAsPath(
  neighbor: { as?: unknown; [key: string]: unknown },
  speaker: { as?: unknown; confederation?: unknown },
  report: (name: string, message: string, input: unknown) => void,
): void {
  const own = neighbor['local-as'];
  const as = typeof own === 'object' && own !== null && 'as' in own ? own.as : own;
  const ownAs = speaker.as;
  const wrong = notExternal(neighbor.as, speaker);
  if (as !== undefined && as === ownAs) report('local-as', `${ownAs} is the own AS already`, own);
  if (as !== undefined && as === neighbor.as) report('local-as', `${as} is the neighbor's AS`, own);
  if (wrong === undefined) return;
  for (const name of ['local-as', 'as-override', 'remove-private-as', 'next-hop-unchanged']) {
    const value = neighbor[name];
    if (value === undefined || value === false) continue;
    report(name, wrong, value);
  }
}
