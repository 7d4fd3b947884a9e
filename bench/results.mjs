// What was measured, and what follows from it: medians, ratios to tsbgp, goals.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

/** @typedef {import('./scenarios/scenario.mjs').Measure} Measure */

/**
 * @typedef {object} DaemonResult
 * @property {string} title
 * @property {string} version
 * @property {Record<string, number>} [values] medians by measure
 * @property {Record<string, number>} [ratios] medians divided by those of tsbgp
 * @property {Record<string, number>[]} [runs] all values
 * @property {string} [failed] why there are no values, or fewer runs
 * @property {string} [lacks] why it was left out
 */

/**
 * @typedef {object} VariantResult
 * @property {string} name
 * @property {string} title
 * @property {string} [missing]
 * @property {Measure[]} measures
 * @property {Record<string, DaemonResult>} daemons by name
 * @property {{ measure: string, limit: number, reached: boolean }[]} goals of tsbgp
 */

/**
 * @typedef {object} ScenarioResult
 * @property {string} name
 * @property {string} title
 * @property {string} about
 * @property {string} at
 * @property {boolean} quick
 * @property {{ cpu: string, cores: number, memoryGiB: number, kernel: string, node: string }} machine
 * @property {VariantResult[]} variants
 */

/** Names of what is not a peer: tsbgp itself and the limits. */
const NO_PEERS = new Set(['tsbgp', 'copy', 'kernel', 'node']);

/** The machine in a few words. */
export function machine() {
  const [{ model }] = cpus();
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  return { cpu: model, cores: cpus().length, memoryGiB, kernel: release(), node: process.version };
}

/**
 * Works out medians, ratios and goals of a variant whose runs are all done.
 * @param {VariantResult} variant
 */
export function conclude({ measures, daemons, goals }) {
  for (const result of Object.values(daemons)) {
    if (result.runs === undefined || result.runs.length === 0) continue;
    result.values = {};
    for (const { id } of measures) {
      const values = result.runs.map(run => run[id]).filter(value => value !== undefined);
      if (values.length > 0) result.values[id] = median(values);
    }
  }
  const own = daemons.tsbgp?.values;
  if (own === undefined) return;
  for (const result of Object.values(daemons)) {
    if (result.values === undefined) continue;
    result.ratios = {};
    for (const [id, value] of Object.entries(result.values)) if (own[id] > 0) result.ratios[id] = value / own[id];
  }
  for (const { id, goals: wanted = [] } of measures) {
    for (const { reference, factor = 1, limit = 0 } of own[id] === undefined ? [] : wanted) {
      const value = reference === undefined ? 0 : referenceValue(reference, id, daemons);
      if (value === undefined) continue;
      goals.push({ measure: id, limit: value * factor + limit, reached: own[id] <= value * factor + limit });
    }
  }
}

/**
 * @param {NonNullable<import('./scenarios/scenario.mjs').Goal['reference']>} reference
 * @param {string} measure
 * @param {Record<string, DaemonResult>} daemons
 * @returns {number | undefined}
 */
function referenceValue(reference, measure, daemons) {
  if (reference !== 'fastest') return daemons[reference]?.values?.[measure];
  const peers = Object.entries(daemons).filter(([name]) => !NO_PEERS.has(name));
  const values = peers.flatMap(([, { values }]) => values?.[measure] ?? []);
  return values.length === 0 ? undefined : Math.min(...values);
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * A value for people, without its unit.
 * @param {number | undefined} value
 * @param {Measure['unit']} unit
 */
export function formatValue(value, unit) {
  if (value === undefined) return '–';
  const digits = unit === 's' ? 3 : unit === 'MiB' ? 0 : 1;
  if (unit === 's' && value >= 10) return value.toFixed(1);
  return value.toFixed(value < 10 && unit === 'MiB' ? 1 : digits);
}

/** @param {string} file @returns {ScenarioResult[]} */
export function readResults(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).scenarios : [];
}

/**
 * Writes results; scenarios that were not measured now stay as they are in the file.
 * @param {string} file
 * @param {ScenarioResult[]} scenarios
 * @param {string[]} order names of all scenarios
 */
export function writeResults(file, scenarios, order) {
  const others = readResults(file).filter(({ name }) => !scenarios.some(scenario => scenario.name === name));
  const all = [...others, ...scenarios].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  writeFileSync(file, `${JSON.stringify({ scenarios: all }, null, 2)}\n`);
}
