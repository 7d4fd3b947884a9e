// From bench/results.json into docs/performance.md, between its markers, with a picture for each scenario.
//
// usage: node bench/report.mjs [RESULTS]

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chart } from './chart.mjs';
import { formatValue, readResults } from './results.mjs';

const DOCUMENT = fileURLToPath(new URL('../docs/performance.md', import.meta.url));
/** Where the results of the project are. */
export const RESULTS = fileURLToPath(new URL('results.json', import.meta.url));
const MARKERS = /(<!-- results begin -->\n).*(<!-- results end -->)/s;

/**
 * Writes the report.
 * @param {string} file with results
 */
export function writeReport(file) {
  const scenarios = readResults(file);
  const text = readFileSync(DOCUMENT, 'utf8');
  if (!MARKERS.test(text)) throw new Error(`${DOCUMENT} has no place for the results`);
  for (const scenario of scenarios) {
    const picture = chart(scenario);
    if (picture !== undefined) writeFileSync(pictureOf(scenario), picture);
  }
  const sections = scenarios.map(section).join('\n');
  writeFileSync(
    DOCUMENT,
    text.replace(MARKERS, (_, begin, end) => `${begin}\n${sections}\n${end}`),
  );
}

/** @param {import('./results.mjs').ScenarioResult} scenario */
function pictureOf({ name }) {
  return fileURLToPath(new URL(`../docs/performance-${name}.svg`, import.meta.url));
}

/** @param {import('./results.mjs').ScenarioResult} scenario */
function section(scenario) {
  const { name, title, about, at, quick, machine, variants } = scenario;
  const { cpu, cores, memoryGiB, kernel, node } = machine;
  const versions = new Map(
    variants.flatMap(({ daemons }) => Object.values(daemons).map(({ title: daemon, version }) => [daemon, version])),
  );
  const picture = existsSync(pictureOf(scenario)) ? `![${title}](performance-${name}.svg)\n\n` : '';
  return `### ${title}

${about}

${picture}${variants.map(variantTable).join('\n')}
${quick ? 'A quick run with small sizes. ' : ''}Measured ${at.slice(0, 10)} on ${cores} cores of ${cpu}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}:
${[...versions].map(([daemon, version]) => `${daemon} ${version}`).join(', ')}.
`;
}

/** @param {import('./results.mjs').VariantResult} variant */
function variantTable({ title, missing, measures, daemons, goals }) {
  if (missing !== undefined) return `**${title}**: not measured, ${missing}.\n`;
  const head = ['', ...measures.map(measure => `${measure.title} (${measure.unit})`), `${measures[0].title} ÷ tsbgp`];
  const lines = [];
  /** @type {string[]} */
  const notes = [];
  for (const { title: name, values, ratios, runs, failed, lacks } of Object.values(daemons)) {
    if (lacks !== undefined) notes.push(`${name} is left out: it ${lacks}.`);
    if (failed !== undefined) notes.push(`${name} failed after ${runs?.length ?? 0} runs: ${failed.split('\n')[0]}.`);
    if (values === undefined) continue;
    const ratio = ratios?.[measures[0].id];
    lines.push([
      name === 'tsbgp' ? '**tsbgp**' : name,
      ...measures.map(({ id, unit }) => formatValue(values[id], unit)),
      ratio === undefined ? '–' : ratio.toFixed(2),
    ]);
  }
  const rows = [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...lines];
  const reached = goals.map(({ measure, limit, reached: isReached }) => {
    const { title: what, unit } = measures.find(({ id }) => id === measure) ?? measures[0];
    return `${isReached ? '✓' : '✗'} ${what} ≤ ${formatValue(limit, unit)} ${unit}`;
  });
  if (reached.length > 0) notes.push(`Goals: ${reached.join('; ')}.`);
  return `**${title}**

${rows.map(cells => `| ${cells.join(' | ')} |`).join('\n')}
${notes.length > 0 ? `\n${notes.join(' ')}\n` : ''}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeReport(process.argv[2] ?? RESULTS);
