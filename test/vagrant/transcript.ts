// docs/vagrant.md as data: the commands in it with the output under them, to be run again and compared.
//
//     $ vagrant up                                  on the host; of what it prints, these lines in this order, … for others
//     vagrant@bgp-1:~$ systemctl is-active tsbgp    on a machine; all of its output
//     active
//
// Two outputs are alike if they differ only in what differs from run to run: times, counts of pings, addresses from DHCP.

/** A command of the document. */
export interface Step {
  readonly section: string;
  /** bgp-1, bgp-2 or, for a command on the host, undefined */
  readonly machine: string | undefined;
  readonly command: string;
  readonly output: string;
  /** where the output is in the document's lines */
  readonly start: number;
  readonly end: number;
}

const PROMPT = /^ {4}(?:vagrant@(bgp-\d):~)?\$ (.*)$/;

/** The steps of a document, in order. */
export function stepsOf(document: string): Step[] {
  const lines = document.split('\n');
  const steps: Step[] = [];
  let section = '';
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('#')) section = line.replace(/^#+ /, '');
    const [, machine, command] = PROMPT.exec(line) ?? [];
    if (command === undefined) continue;
    const start = index + 1;
    let end = start;
    // A blank line belongs to the output if more of it follows.
    for (let next = start; next < lines.length && /^( {4}|$)/.test(lines[next]) && !PROMPT.test(lines[next]); next++) {
      if (lines[next] !== '') end = next + 1;
    }
    const output = lines
      .slice(start, end)
      .map(text => text.slice(4))
      .join('\n');
    steps.push({ section, machine, command, output, start, end });
  }
  return steps;
}

/** The document with other outputs. */
export function withOutputs(document: string, outputs: ReadonlyMap<Step, string>): string {
  const lines = document.split('\n');
  for (const [{ start, end }, output] of [...outputs].sort(([a], [b]) => b.start - a.start)) {
    const indented = output === '' ? [] : output.split('\n').map(line => (line === '' ? '' : `    ${line}`));
    lines.splice(start, end - start, ...indented);
  }
  return lines.join('\n');
}

/** What differs from run to run, and what stands for it. */
const VARIABLE: [RegExp, string][] = [
  [/\b\d+d\d\dh\b|\b\d\d:\d\d:\d\d\b/g, 'AGE'],
  [/\b(time[= ])[\d.]+ ?ms/g, '$1TIME'],
  [/^rtt .*$/gm, 'rtt'],
  [/\b(\d{2,}) packets transmitted, \1 received/g, 'ALL packets transmitted and received'],
  [/\b192\.168\.121\.(?![01]\b)\d+\b/g, 'DHCP'],
  [/\b([\da-f]{2}:){5}[\da-f]{2}\b/g, 'MAC'],
  [/ (REACHABLE|STALE|DELAY|PROBE)\b/g, ' KNOWN'],
  [/ (FAILED|INCOMPLETE)\b/g, ' UNKNOWN'],
  [/[ \t]+/g, ' '],
  [/ $/gm, ''],
];

const essence = (output: string) =>
  VARIABLE.reduce((text, [pattern, word]) => text.replace(pattern, word), output).trim();

/** Do these outputs of one command tell the same? */
export function isAlike(a: string, b: string): boolean {
  return essence(a) === essence(b);
}

/** The first line of an excerpt that is not in an output, at its place; undefined if they all are. */
export function missingLine(excerpt: string, output: string): string | undefined {
  const lines = essence(output).split('\n');
  let at = 0;
  for (const line of essence(excerpt).split('\n')) {
    if (line === '' || line === '…') continue;
    const found = lines.findIndex((it, index) => index >= at && it.trim() === line.trim());
    if (found === -1) return line;
    at = found + 1;
  }
  return undefined;
}
