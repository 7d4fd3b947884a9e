// npm run bench: tsbgp and its peers under the same load, one after the other, each in network namespaces of its own.
// Prints tables, writes bench/results.json and what follows from it in docs/performance.md. Options: see options.mjs.
//
// Whatever ends this process, Ctrl-C or a kill, its nodes and daemons go with it (test/lab/node.sh sees to that).

import { constants } from 'node:os';
import { runMain, SetupError, setUp } from '../scripts/setup.mjs';
import { cleanup } from '../test/lab/node.mjs';
import { useBuild } from './daemons/tsbgp.mjs';
import { readOptions } from './options.mjs';
import { installPeers } from './peers.mjs';
import { printVariant } from './print.mjs';
import { RESULTS, writeReport } from './report.mjs';
import { conclude, formatValue, machine, writeResults } from './results.mjs';
import { SCENARIOS } from './scenarios/index.mjs';
import { Failure } from './scenarios/scenario.mjs';

/** A daemon that needs so long for a run is not run again. */
const SLOW_RUN_SECONDS = 90;
/** What has not begun after so long is left out of a quick run. */
const QUICK_SECONDS = 102;
/** A run may take several exchanges, and its preparation. */
const RUN_SECONDS = { exchanges: 6, preparation: 120 };

/** @typedef {import('./scenarios/scenario.mjs').Variant} Variant */
/** @typedef {import('./daemons/daemon.mjs').Daemon} Daemon */
/** @typedef {import('./results.mjs').VariantResult} VariantResult */

/** A signal came: the nodes are being removed, and no others are to be made. */
let interrupted = false;

await runMain(async () => {
  const options = readOptions();
  if (process.platform !== 'linux') throw new SetupError('the benchmarks need Linux with network namespaces');
  if (process.getuid?.() !== 0) {
    throw new SetupError('the benchmarks make network namespaces, which only root can: sudo npm run bench');
  }
  if (options.main === undefined) setUp(['ip', 'nsenter', 'mount']);
  else useBuild(options.main);
  installPeers(options.daemons);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      console.error(`\n${signal}: removing the nodes`);
      interrupted = true;
      cleanup().finally(() => process.exit(128 + constants.signals[signal]));
    });
  }

  const start = Date.now();
  const results = [];
  for (const scenario of options.scenarios) {
    results.push(await measureScenario(scenario, options));
    if (options.output === undefined) continue;
    writeResults(
      options.output,
      results,
      SCENARIOS.map(({ name }) => name),
    );
  }
  if (options.output === RESULTS) writeReport(RESULTS);
  console.log(
    `\n${((Date.now() - start) / 1000).toFixed(0)} s${options.output ? `, written to ${options.output}` : ''}`,
  );
  process.exit();
});

/**
 * @param {import('./scenarios/scenario.mjs').Scenario} scenario
 * @param {import('./options.mjs').Options} options
 * @returns {Promise<import('./results.mjs').ScenarioResult>}
 */
async function measureScenario(scenario, options) {
  const { name, title, about } = scenario;
  console.log(`\n${title} (${name})`);
  const variants = [];
  for (const variant of scenario.variants(options)) {
    /** @type {VariantResult} */
    const result = { name: variant.name, title: variant.title, measures: variant.measures, daemons: {}, goals: [] };
    if (options.quick && process.uptime() > QUICK_SECONDS) result.missing = 'the time for a quick run was over';
    else if (variant.missing !== undefined) result.missing = variant.missing;
    else await measureVariant(name, variant, [...options.daemons, ...(scenario.besides ?? [])], options, result);
    conclude(result);
    printVariant(result);
    variants.push(result);
  }
  return { name, title, about, at: new Date().toISOString(), quick: options.quick, machine: machine(), variants };
}

/**
 * All runs of a variant, the daemons taking turns, so that what else the machine does hits them alike.
 * @param {string} scenario
 * @param {Variant} variant
 * @param {Daemon[]} daemons
 * @param {import('./options.mjs').Options} options
 * @param {VariantResult} result
 */
async function measureVariant(scenario, variant, daemons, { runs, timeoutSeconds }, result) {
  const taking = [];
  for (const daemon of daemons) {
    const { name, title } = daemon;
    const lacks = variant.lacks?.[name] ?? daemon.lacks[scenario];
    if (lacks === undefined) taking.push(daemon);
    else if (name === 'copy') continue;
    result.daemons[name] = { title, version: daemon.version(), runs: [], ...(lacks && { lacks }) };
  }
  const finished = new Set();
  for (let run = 1; run <= runs; run++) {
    for (const daemon of taking.filter(({ name }) => !finished.has(name))) {
      const entry = result.daemons[daemon.name];
      process.stdout.write(`  ${variant.name} ${run}/${runs} ${daemon.title}: `);
      const start = Date.now();
      try {
        const values = await bounded(variant.run(daemon, { timeoutSeconds }), timeoutSeconds);
        entry.runs?.push(values);
        const words = variant.measures.map(
          ({ id, title, unit }) => `${title} ${formatValue(values[id], unit)} ${unit}`,
        );
        console.log(`${words.join(', ')} (${((Date.now() - start) / 1000).toFixed(1)} s in all)`);
      } catch (error) {
        await cleanup();
        entry.failed = error instanceof Failure ? error.message : String(error instanceof Error ? error.stack : error);
        console.log(`failed: ${entry.failed}`);
        finished.add(daemon.name);
      }
      if (Date.now() - start > SLOW_RUN_SECONDS * 1000) finished.add(daemon.name);
    }
  }
}

/**
 * @template T
 * @param {Promise<T>} run
 * @param {number} timeoutSeconds
 * @returns {Promise<T>}
 */
async function bounded(run, timeoutSeconds) {
  const seconds = RUN_SECONDS.exchanges * timeoutSeconds + RUN_SECONDS.preparation;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Failure(`did not come to an end in ${seconds} s`)), seconds * 1000);
  });
  run.catch(() => {});
  try {
    return await Promise.race([run, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
    // Nothing follows, no other run and no result of half a one, until the handler ends the process.
    if (interrupted) await new Promise(() => {});
  }
}
