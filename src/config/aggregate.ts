// The keys of one aggregate.

import { z } from 'zod';
import { key, text } from './keys.js';
import { parseCommunity, parseLargeCommunity, parsePrefix } from './values.js';

export const aggregateKeys = z.strictObject({
  prefix: key(text(parsePrefix), 'Announced while at least one more specific route within it is in use.', {
    kind: 'prefix',
    rfc: '4271 §9.2.2.2',
    example: '10.233.0.0/16',
  }),
  'summary-only': key(
    z.boolean().default(false),
    'Keep the more specific routes from all neighbors. Here they are used as before.',
    { example: true },
  ),
  'as-set': key(
    z
      .boolean()
      .superRefine((value, context) => {
        if (value !== true) return;
        const message = 'AS_SETs must not be announced any more (RFC 9774)';
        context.addIssue({ code: 'custom', message, params: { suggestion: 'leave it out' }, input: value });
      })
      .default(false),
    'Not to be had: the AS numbers of the more specific routes are left out, which ATOMIC_AGGREGATE says.',
    { rfc: '9774', example: false },
  ),
  kernel: key(
    z.enum(['blackhole', 'unreachable', 'none']).default('blackhole'),
    'What the own kernel does with packets to the prefix for which there is no more specific route: drop them silently, drop ' +
      'them with an ICMP error, or what its other routes say. Anything but `none` keeps packets from going round in circles.',
    { example: 'unreachable' },
  ),
  communities: key(z.array(text(parseCommunity)).prefault([]), 'Communities of the aggregate.', {
    kind: 'list of communities',
    rfc: '1997',
    example: ['65001:100', 'no-export'],
  }),
  'large-communities': key(z.array(text(parseLargeCommunity)).prefault([]), 'Large communities of the aggregate.', {
    kind: 'list of large communities',
    rfc: '8092',
    example: ['65001:1:2'],
  }),
});

type AggregateKeys = z.output<typeof aggregateKeys>;

/** The mapping as the speaker takes it. */
export const decodeAggregate = (a: AggregateKeys) => ({
  prefix: a.prefix,
  summaryOnly: a['summary-only'],
  kernel: a.kernel,
  communities: a.communities,
  largeCommunities: a['large-communities'],
});

/** The way back. */
export const encodeAggregate = (a: ReturnType<typeof decodeAggregate>): AggregateKeys => ({
  prefix: a.prefix,
  'summary-only': a.summaryOnly,
  'as-set': false,
  kernel: a.kernel,
  communities: a.communities,
  'large-communities': a.largeCommunities,
});
