// The key `multipath`: a number of paths, or a mapping that also says which paths are equal.

import { z } from 'zod';
import { key, whole } from './keys.js';

const paths = () => whole(1, 64);

const mapping = z.strictObject({
  paths: key(paths().default(16), 'How many paths share the traffic, where `ebgp` or `ibgp` does not say otherwise.', {
    unit: 'paths',
    example: 4,
  }),
  ebgp: key(paths().optional(), 'How many paths of external neighbors. 1: none beside the best one.', {
    unit: 'paths',
    example: 8,
    defaultText: '`paths`',
  }),
  ibgp: key(paths().optional(), 'How many paths of internal neighbors. 1: none beside the best one.', {
    unit: 'paths',
    example: 2,
    defaultText: '`paths`',
  }),
  'relax-as-path': key(
    z.boolean().default(false),
    'Paths whose AS_PATHs are of the same length are equal, whichever ASes are in them. Else the AS_PATHs must be the same.',
    { example: true },
  ),
  'link-bandwidth': key(
    z.boolean().default(true),
    'Paths share the traffic by their link bandwidth communities (`lb:AS:OCTETS-A-SECOND`) when all of them have one. ' +
      '`false`: evenly in any case.',
    { example: false },
  ),
});

/** A number for both kinds of neighbors, or the mapping. */
export const multipath = () =>
  z
    .codec(
      z.union([paths(), mapping], 'must be a number of paths or a mapping such as { ebgp: 4, ibgp: 2 }'),
      z.custom<{ ebgp: number; ibgp: number; relaxAsPath: boolean; linkBandwidth: boolean }>(),
      {
        decode: value =>
          typeof value === 'number'
            ? { ebgp: value, ibgp: value, relaxAsPath: false, linkBandwidth: true }
            : {
                ebgp: value.ebgp ?? value.paths,
                ibgp: value.ibgp ?? value.paths,
                relaxAsPath: value['relax-as-path'],
                linkBandwidth: value['link-bandwidth'],
              },
        encode: ({ ebgp, ibgp, relaxAsPath, linkBandwidth }) =>
          ebgp === ibgp && !relaxAsPath && linkBandwidth
            ? ebgp
            : {
                paths: Math.max(ebgp, ibgp),
                ebgp,
                ibgp,
                'relax-as-path': relaxAsPath,
                'link-bandwidth': linkBandwidth,
              },
      },
    )
    .prefault(1);
