// The keys of a neighbor that say how far away it may be and how its connections are protected.

import { z } from 'zod';
import { key, whole } from './keys.js';

/** Octets of a key (the kernel's TCP_MD5SIG_MAXKEYLEN). */
const LONGEST_PASSWORD = 80;

/** The keys, for the mapping of a neighbor. */
export const protectionKeys = {
  multihop: key(
    whole(1, 255).default(1),
    'How many hops away an external neighbor may be: the TTL of the packets to it.',
    { unit: 'hops', example: 2 },
  ),
  'ttl-security': key(
    z.boolean().default(false),
    'Drop packets in the name of the neighbor that come from further away than `multihop` says, by their TTL (GTSM). The neighbor ' +
      'has to do the same, or at least send with TTL 255.',
    { rfc: '5082', example: true },
  ),
  password: key(
    z
      .string()
      .min(1, 'must not be empty')
      .refine(text => Buffer.byteLength(text) <= LONGEST_PASSWORD, `must have at most ${LONGEST_PASSWORD} bytes`)
      .optional(),
    'Password of the TCP connections with the neighbor, the same on both sides (TCP-MD5).',
    { rfc: '2385', example: 'not this one', defaultText: 'no password' },
  ),
};

type ProtectionKeys = z.output<z.ZodObject<typeof protectionKeys>>;

/** The keys as options of the session. */
export const decodeProtection = (n: ProtectionKeys) => ({
  multihop: n.multihop,
  ttlSecurity: n['ttl-security'],
  password: n.password,
});

/** The way back. */
export const encodeProtection = (n: ReturnType<typeof decodeProtection>): ProtectionKeys => ({
  multihop: n.multihop,
  'ttl-security': n.ttlSecurity,
  password: n.password,
});
