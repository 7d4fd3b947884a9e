// The command line of the benchmarks.

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SetupError } from '../scripts/setup.mjs';
import { DAEMONS } from './daemons/index.mjs';
import { RESULTS } from './report.mjs';
import { SCENARIOS } from './scenarios/index.mjs';

const USAGE = `usage: npm run bench [-- OPTION...]
  --quick              small sizes, one run each: under two minutes for all of it, for a first look only
  --scenario A,B       only these: ${SCENARIOS.map(({ name }) => name).join(', ')}
  --daemons A,B        only these: ${DAEMONS.map(({ name }) => name).join(', ')}
  --runs N             runs of each; the median counts (default: 3)
  --timeout SECONDS    how long an exchange of routes may take (default: 300)
  --recorded DIRECTORY with recorded routes in MRT form (environment: TSBGP_BENCH_RECORDED)
  --output FILE        write results there (default: bench/results.json and the report that follows from it, but
                       nothing with --quick or --daemons)
  --main FILE          measure another build of tsbgp: its cli/main.js`;

const QUICK_TIMEOUT_SECONDS = 15;

/**
 * @typedef {object} Options
 * @property {boolean} quick
 * @property {import('./scenarios/scenario.mjs').Scenario[]} scenarios
 * @property {import('./daemons/daemon.mjs').Daemon[]} daemons
 * @property {boolean} allDaemons
 * @property {number} runs
 * @property {number} timeoutSeconds
 * @property {string | undefined} recorded directory
 * @property {string | undefined} output file
 * @property {string | undefined} main
 */

/** Reads the command line; throws a SetupError if it is wrong. @returns {Options} */
export function readOptions() {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean' });
  /** @type {Partial<Record<'scenario' | 'daemons' | 'runs' | 'timeout' | 'recorded' | 'output' | 'main', string>> &
   *   { quick?: boolean, help?: boolean }} */
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        ...{ quick: flag, help: flag, scenario: text, daemons: text, runs: text, timeout: text },
        ...{ recorded: text, output: text, main: text },
      },
    }));
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
  if (values.help) {
    console.log(USAGE);
    process.exit();
  }
  const { quick = false } = values;
  const isWhole = !quick && values.daemons === undefined;
  const output = values.output ?? (isWhole ? RESULTS : undefined);
  return {
    quick,
    scenarios: pick('scenario', SCENARIOS, values.scenario),
    daemons: pick('daemon', DAEMONS, values.daemons),
    allDaemons: values.daemons === undefined,
    runs: number('runs', values.runs, quick ? 1 : 3),
    timeoutSeconds: number('timeout', values.timeout, quick ? QUICK_TIMEOUT_SECONDS : 300),
    recorded: absolute(values.recorded ?? process.env.TSBGP_BENCH_RECORDED),
    output: absolute(output),
    main: absolute(values.main),
  };
}

/** @param {string | undefined} path */
function absolute(path) {
  return path === undefined || path === '' ? undefined : resolve(path);
}

/**
 * @template {{ name: string }} T
 * @param {string} kind
 * @param {T[]} all
 * @param {string | undefined} names separated by commas
 */
function pick(kind, all, names) {
  if (names === undefined) return all;
  const wanted = names.split(',');
  const strange = wanted.find(name => !all.some(one => one.name === name));
  if (strange !== undefined) throw new SetupError(`there is no ${kind} "${strange}"\n${USAGE}`);
  return all.filter(({ name }) => wanted.includes(name));
}

/** @param {string} name @param {string | undefined} text @param {number} otherwise */
function number(name, text, otherwise) {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new SetupError(`--${name} has to be a whole number from 1 on\n${USAGE}`);
  return value;
}
