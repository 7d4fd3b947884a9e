// Bar charts as SVG: a panel for each variant of a scenario, a bar for each daemon, the value beside it. Bars are to
// scale, but none is drawn longer than a few times tsbgp's: what is longer ends in a gap.

import { formatValue } from './results.mjs';

const WIDTH = 760;
const LABEL_WIDTH = 150;
const BAR_SPACE = 500;
const ROW = 24;
const BAR = 15;
const TITLE = 34;
/** Bars longer than this times tsbgp's are cut off. */
const LONGEST_RATIO = 8;
const GAP = 10;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2937; }
  .title { font-weight: 600; }
  .peer { fill: #9ca3af; } .own { fill: #2563eb; } .limit { fill: #d1d5db; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e5e7eb; } .peer { fill: #6b7280; } .own { fill: #60a5fa; } .limit { fill: #374151; }
  }`;

/** @type {Record<string, string>} */
const CLASS = { tsbgp: 'own', copy: 'limit', kernel: 'limit', node: 'limit' };

/**
 * The chart of a scenario: each variant's first measure.
 * @param {import('./results.mjs').ScenarioResult} scenario
 * @returns {string | undefined} undefined if there is nothing to draw
 */
export function chart({ title, variants }) {
  /** @type {string[]} */
  const parts = [];
  let y = 0;
  for (const variant of variants) {
    const [{ id, title: what, unit }] = variant.measures;
    const bars = Object.entries(variant.daemons).flatMap(([name, { title: label, values }]) =>
      values?.[id] === undefined ? [] : [{ name, label, value: values[id] }],
    );
    if (bars.length === 0) continue;
    y += TITLE;
    parts.push(`<text class="title" x="0" y="${y - 12}">${escapeXml(`${variant.title}: ${what} (${unit})`)}</text>`);
    const longest = Math.max(...bars.map(({ value }) => value));
    const own = variant.daemons.tsbgp?.values?.[id];
    const scale = BAR_SPACE / (own ? Math.min(longest, own * LONGEST_RATIO) : longest || 1);
    for (const bar of bars) {
      parts.push(drawBar(bar, y, scale, formatValue(bar.value, unit)));
      y += ROW;
    }
  }
  if (parts.length === 0) return undefined;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 8}" width="${WIDTH}" height="${y + 8}" role="img">
<title>${escapeXml(title)}</title>
<style>${STYLE}
</style>
${parts.join('\n')}
</svg>
`;
}

/**
 * @param {{ name: string, label: string, value: number }} bar
 * @param {number} y
 * @param {number} scale
 * @param {string} text
 */
function drawBar({ name, label, value }, y, scale, text) {
  const full = value * scale;
  const length = Math.max(1, Math.min(full, BAR_SPACE));
  const top = y + (ROW - BAR) / 2;
  const rectangle = (/** @type {number} */ x, /** @type {number} */ width) =>
    `<rect class="${CLASS[name] ?? 'peer'}" x="${x.toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="${BAR}"/>`;
  const isCut = full > BAR_SPACE * 1.001;
  const drawn = isCut
    ? rectangle(LABEL_WIDTH, length - 2 * GAP) + rectangle(LABEL_WIDTH + length - GAP, GAP)
    : rectangle(LABEL_WIDTH, length);
  const baseline = top + BAR - 3;
  return `<text x="${LABEL_WIDTH - 8}" y="${baseline}" text-anchor="end">${escapeXml(label)}</text>${drawn}<text x="${(
    LABEL_WIDTH + length + 8
  ).toFixed(1)}" y="${baseline}">${text}</text>`;
}

/** @param {string} text */
function escapeXml(text) {
  return text.replace(/[&<>]/g, char => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char] ?? char);
}
