// What commands print: text, JSON, tables. Nothing piles up in memory when the reader is slow.

/** Writes to standard output and waits until it can take more. */
export function print(text: string): Promise<void> | undefined {
  if (process.stdout.write(text)) return undefined;
  return new Promise(resolve => process.stdout.once('drain', resolve));
}

/** Prints a value as JSON for people and programs. */
export async function printJson(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value, null, 2)}\n`);
}

/** Prints a JSON array, an element a line, as the elements come. */
export async function printJsonList(values: AsyncIterable<unknown>): Promise<void> {
  let before = '[\n';
  for await (const value of values) {
    await print(`${before}${JSON.stringify(value)}`);
    before = ',\n';
  }
  await print(before === '[\n' ? '[]\n' : '\n]\n');
}

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** At least so wide. */
  readonly width?: number;
  readonly right?: boolean;
}

/** Lines that decide how wide columns are; later ones may stick out. */
const SAMPLE = 500;
/** Lines written at once. */
const BATCH = 200;

/** Prints a table as its rows come: widths are those of the first rows. Returns the number of rows; without any, nothing is printed. */
export async function printTable(columns: readonly Column[], rows: AsyncIterable<readonly string[]>): Promise<number> {
  let sample: (readonly string[])[] | undefined = [];
  let widths: number[] = [];
  let text = '';
  let count = 0;
  const start = (first: readonly (readonly string[])[]) => {
    sample = undefined;
    widths = columns.map(({ title, width = 0 }, i) =>
      first.reduce((widest, row) => Math.max(widest, row[i].length), Math.max(width, title.length)),
    );
    const titles = columns.map(({ title }) => title);
    return [titles, ...first].map(row => formatRow(columns, widths, row)).join('');
  };
  for await (const row of rows) {
    count++;
    if (sample) {
      sample.push(row);
      if (sample.length === SAMPLE) text = start(sample);
    } else {
      text += formatRow(columns, widths, row);
    }
    if (sample || count % BATCH !== 0) continue;
    await print(text);
    text = '';
  }
  if (sample && count > 0) text = start(sample);
  if (text !== '') await print(text);
  return count;
}

/** The same for rows that are all there, as text. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title, width = 0 }, i) =>
    Math.max(width, title.length, ...rows.map(row => row[i].length)),
  );
  return [columns.map(({ title }) => title), ...rows].map(row => formatRow(columns, widths, row)).join('');
}

function formatRow(columns: readonly Column[], widths: readonly number[], row: readonly string[]): string {
  const cells = row.map((cell, i) => (columns[i].right ? cell.padStart(widths[i]) : cell.padEnd(widths[i])));
  return `${cells.join(' ').trimEnd()}\n`;
}

/** Time gone by, as gobgp writes it: 00:01:02, or 3d 00:01:02. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n % 60).padStart(2, '0');
  const hours = String(Math.floor(seconds / 3600) % 24).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  return `${days > 0 ? `${days}d ` : ''}${hours}:${two(Math.floor(seconds / 60))}:${two(seconds)}`;
}

/** A moment in local time: 2026-01-31 23:59:59. */
export function formatTime(at: number): string {
  const date = new Date(at);
  const local = new Date(at - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace('T', ' ');
}
