// The key `max-prefix` of a neighbor.

import { z } from 'zod';
import { key, whole } from './keys.js';

const mapping = z.strictObject({
  limit: key(whole(1, 0xffffffff), 'More prefixes than this from the neighbor end the session.', {
    unit: 'prefixes',
    rfc: '4486 §4',
    example: 1_000_000,
  }),
  warning: key(whole(1, 100).default(75), 'From this part of the limit on, the log has a warning.', {
    unit: 'percent',
    example: 90,
  }),
  action: key(
    z.enum(['end', 'warn']).default('end'),
    'What happens past the limit: the session ends, or there is an error in the log and the prefixes are taken.',
    { rfc: '4271 §6.7', example: 'warn' },
  ),
  restart: key(
    whole(0, 65535).default(300),
    'Pause before the session is tried again. 0: it stays down until `tsbgp neighbor ADDRESS enable`.',
    { unit: 'seconds', example: 300 },
  ),
});

/** The key, for the mapping of a neighbor. */
export const prefixLimitKeys = {
  'max-prefix': key(mapping.optional(), 'Protection against a neighbor that sends more than it should.', {
    example: { limit: 1_000_000, warning: 90, restart: 300 },
    defaultText: 'no limit',
  }),
};

type PrefixLimitKeys = z.output<z.ZodObject<typeof prefixLimitKeys>>;

/** The key as an option of the session. */
export const decodePrefixLimit = ({ 'max-prefix': limits }: PrefixLimitKeys) => ({
  maxPrefix: limits && {
    limit: limits.limit,
    warningPercent: limits.warning,
    action: limits.action,
    restartSeconds: limits.restart,
  },
});

/** The way back. */
export const encodePrefixLimit = ({ maxPrefix }: ReturnType<typeof decodePrefixLimit>): PrefixLimitKeys => ({
  'max-prefix': maxPrefix && {
    limit: maxPrefix.limit,
    warning: maxPrefix.warningPercent,
    action: maxPrefix.action,
    restart: maxPrefix.restartSeconds,
  },
});
