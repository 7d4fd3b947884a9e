// All topics of the interop matrix with exabgp.

import { describeVendor } from './matrix.js';
import { exabgp } from './vendors/exabgp.js';

describeVendor(exabgp);
