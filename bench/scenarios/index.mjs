// All scenarios, in the order of the report.

import { fib } from './fib.mjs';
import { flap } from './flap.mjs';
import { idle } from './idle.mjs';
import { latency } from './latency.mjs';
import { memory } from './memory.mjs';
import { multi } from './multi.mjs';
import { policy } from './policy.mjs';
import { reflector } from './reflector.mjs';
import { stall } from './stall.mjs';
import { table } from './table.mjs';

export const SCENARIOS = [table, multi, reflector, flap, fib, latency, policy, memory, idle, stall];
