// All topics of the interop matrix with bird.

import { describeVendor } from './matrix.js';
import { bird } from './vendors/bird.js';

describeVendor(bird);
