// All topics of the interop matrix with openbgpd.

import { describeVendor } from './matrix.js';
import { openbgpd } from './vendors/openbgpd.js';

describeVendor(openbgpd);
