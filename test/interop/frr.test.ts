// All topics of the interop matrix with frr.

import { describeVendor } from './matrix.js';
import { frr } from './vendors/frr.js';

describeVendor(frr);
