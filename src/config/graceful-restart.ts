// The key of a neighbor that says how long routes are kept while a daemon restarts.

import { z } from 'zod';
import { key, whole } from './keys.js';

/** By their numbers in the program. */
const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;
/** The Long-Lived Stale Time has 24 bits (RFC 9494 §3.1). */
const MAX_STALE_TIME_SECONDS = 0xffffff;

const staleTime = (family: string) =>
  key(
    whole(0, MAX_STALE_TIME_SECONDS).optional(),
    `How long the neighbor is asked to keep our ${family} routes after the restart time; 0 asks for nothing, but its own are kept.`,
    { unit: 'seconds', rfc: '9494 §3.1', example: 86400, defaultText: 'not beyond the restart time' },
  );

/** The mapping, or false. */
const gracefulRestart = z.union(
  [
    z.literal(false),
    z.strictObject({
      'restart-time': key(
        whole(0, 4095).default(120),
        'How long the neighbor is asked to keep our routes while this daemon restarts.',
        { unit: 'seconds', rfc: '4724 §3', example: 120 },
      ),
      'stale-time': key(
        whole(1, 65535).default(360),
        'How long the stale routes of the neighbor stay at most once it is back, through further restarts, until it says that ' +
          'it has told all.',
        { unit: 'seconds', rfc: '8538 §4.1', example: 180 },
      ),
      'long-lived': key(
        z
          .strictObject({
            'ipv4-unicast': staleTime('IPv4'),
            'ipv6-unicast': staleTime('IPv6'),
            limit: key(
              whole(0, MAX_STALE_TIME_SECONDS).optional(),
              "The neighbor's own routes are not kept longer than this after its restart time, whatever it asks for.",
              { unit: 'seconds', rfc: '9494 §4.2', example: 86400, defaultText: 'as long as the neighbor asks for' },
            ),
          })
          .optional(),
        'Families whose routes are kept on when the restart time is up, as the last choice and told only to neighbors that ' +
          'know of this. In these families the routes of the neighbor are kept as long as it asks for. `{}` keeps none, but ' +
          'takes such routes from the neighbor.',
        { rfc: '9494', example: { 'ipv4-unicast': 86400 }, defaultText: 'none' },
      ),
    }),
  ],
  'must be false or a mapping such as { restart-time: 120 }',
);

/** The key, for the mapping of a neighbor. */
export const gracefulRestartKeys = {
  'graceful-restart': key(
    gracefulRestart.prefault({}),
    'Keep forwarding through a restart of either side: routes of a restarting neighbor stay until it is back, and the ' +
      'neighbor is asked to do the same for us. `false` switches it off.',
    { rfc: '4724, 8538', example: false, defaultText: '`{ restart-time: 120 }`' },
  ),
};

type GracefulRestartKeys = z.output<z.ZodObject<typeof gracefulRestartKeys>>;

/** The key as options of the session. */
export const decodeGracefulRestart = ({ 'graceful-restart': n }: GracefulRestartKeys) => ({
  gracefulRestart: n && {
    restartTimeSeconds: n['restart-time'],
    staleTimeSeconds: n['stale-time'],
    ...(n['long-lived'] && {
      longLived: {
        families: FAMILIES.flatMap((name, family) => {
          const staleTimeSeconds = n['long-lived']?.[name];
          return staleTimeSeconds === undefined ? [] : [{ family: family as 0 | 1, staleTimeSeconds }];
        }),
        limitSeconds: n['long-lived'].limit,
      },
    }),
  },
});

/** The way back. */
export const encodeGracefulRestart = ({
  gracefulRestart,
}: ReturnType<typeof decodeGracefulRestart>): GracefulRestartKeys => {
  if (gracefulRestart === false) return { 'graceful-restart': false };
  const { restartTimeSeconds, staleTimeSeconds, longLived } = gracefulRestart;
  const times = longLived?.families.map(entry => [FAMILIES[entry.family], entry.staleTimeSeconds]);
  return {
    'graceful-restart': {
      'restart-time': restartTimeSeconds,
      'stale-time': staleTimeSeconds,
      'long-lived': times && { ...Object.fromEntries(times), limit: longLived?.limitSeconds },
    },
  };
};
