// All that is measured, in the order of the tables.

import { bird } from './bird.mjs';
import { copy } from './copy.mjs';
import { frr } from './frr.mjs';
import { gobgpd } from './gobgpd.mjs';
import { openbgpd } from './openbgpd.mjs';
import { tsbgp } from './tsbgp.mjs';

export const DAEMONS = [tsbgp, bird, frr, openbgpd, gobgpd, copy];
