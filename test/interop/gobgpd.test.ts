// All topics of the interop matrix with gobgpd.

import { describeVendor } from './matrix.js';
import { gobgpd } from './vendors/gobgpd.js';

describeVendor(gobgpd);
