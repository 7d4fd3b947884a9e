// Results for the terminal.

import { formatValue } from './results.mjs';

/** @param {import('./results.mjs').VariantResult} variant */
export function printVariant({ title, missing, measures, daemons, goals }) {
  console.log(`\n  ${title}`);
  if (missing !== undefined) return console.log(`    not measured: ${missing}`);
  const [first] = measures;
  const header = ['', ...measures.map(measure => `${measure.title} (${measure.unit})`), `${first.title} ÷ tsbgp`];
  const rows = Object.values(daemons).map(({ title: name, values, ratios, runs, failed, lacks }) => {
    if (values === undefined)
      return [name, lacks === undefined ? `failed: ${failed?.split('\n')[0]}` : `left out: ${lacks}`];
    const ratio = ratios?.[first.id];
    const note = failed === undefined ? '' : ` (${runs?.length} runs, then: ${failed.split('\n')[0]})`;
    return [
      name,
      ...measures.map(({ id, unit }) => formatValue(values[id], unit)),
      (ratio === undefined ? '–' : ratio.toFixed(2)) + note,
    ];
  });
  const full = [header, ...rows].filter(row => row.length === header.length);
  const widths = header.map((_, i) => Math.max(...full.map(row => row[i].length)));
  const nameWidth = Math.max(...rows.map(([name]) => name.length));
  for (const row of [header, ...rows]) {
    const cells = row.map((cell, i) =>
      i === 0 ? cell.padEnd(nameWidth) : cell.padStart(row.length > 2 ? widths[i] : 0),
    );
    console.log(`    ${cells.join('  ')}`);
  }
  for (const { measure, limit, reached } of goals) {
    const { title: what, unit } = measures.find(({ id }) => id === measure) ?? measures[0];
    console.log(`    ${reached ? '✓' : '✗'} tsbgp: ${what} at most ${formatValue(limit, unit)} ${unit}`);
  }
}
