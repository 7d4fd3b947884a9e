// Own routes and aggregates that survive a restart: a journal of what `rib add`, `aggregate add` and `del` did.
//
// One JSON object a line: the kernel's boot id first, then each added route or aggregate and each removed prefix of one. Starting replays
// it and writes it anew without what is no longer true. The boot id tells a restart of the daemon, through which the
// kernel's routes stayed, from a restart of the machine.

import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AggregatesChange } from './bgp/aggregate-list.js';
import type { AggregateSpec } from './bgp/aggregate-rules.js';
import type { LocalRoutesChange, RouteSpec } from './bgp/local-routes.js';
import { InputError } from './bgp/wire/input-error.js';
import { formatPrefix, parsePrefix } from './bgp/wire/prefix.js';

/** The journal is written anew when it has this many lines more than routes. */
const SLACK_LINES = 10_000;

type Entry = { add: RouteSpec } | { del: string } | { addAggregate: AggregateSpec } | { delAggregate: string };
type Line = { boot: string } | Entry;

/** The journal of own routes in a file. */
export class RouteStore {
  readonly path: string;
  /** Routes found at the start. */
  readonly found: readonly RouteSpec[];
  /** Aggregates found at the start. */
  readonly foundAggregates: readonly AggregateSpec[];
  /** The daemon ran before since the machine started. */
  readonly sameBoot: boolean;
  private readonly boot: string;
  private readonly routes = new Map<string, RouteSpec>();
  private readonly aggregates = new Map<string, AggregateSpec>();
  private lines = 0;

  /**
   * Opens the journal, making its directory if need be. Throws InputError when the file cannot be
   * written or is not a journal.
   */
  constructor(path: string, boot = readBootId()) {
    this.path = path;
    this.boot = boot;
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.sameBoot = this.replay() === boot;
      this.found = [...this.routes.values()];
      this.foundAggregates = [...this.aggregates.values()];
      this.rewrite();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      throw new InputError(
        `cannot use ${path} (${code}): own routes would be lost at a restart`,
        'give a path that this user can write as state-file, or state-file: false',
      );
    }
  }

  /** Writes a change of routes down. Throws when the file cannot be written. */
  record({ added, removed }: LocalRoutesChange): void {
    this.write([...added.map(add => ({ add })), ...removed.map(del => ({ del }))]);
  }

  /** The same for aggregates. */
  recordAggregates({ added, removed }: AggregatesChange): void {
    this.write([...added.map(addAggregate => ({ addAggregate })), ...removed.map(delAggregate => ({ delAggregate }))]);
  }

  private write(lines: readonly Entry[]): void {
    for (const line of lines) this.apply(line);
    this.lines += lines.length;
    if (this.lines > this.routes.size + this.aggregates.size + SLACK_LINES) this.rewrite();
    else appendFileSync(this.path, toText(lines));
  }

  private apply(line: Entry): void {
    if ('add' in line) this.routes.set(line.add.prefix, line.add);
    else if ('del' in line) this.routes.delete(line.del);
    else if ('addAggregate' in line) this.aggregates.set(line.addAggregate.prefix, line.addAggregate);
    else this.aggregates.delete(line.delAggregate);
  }

  private replay(): string {
    let boot = '';
    for (const [index, text] of readLines(this.path).entries()) {
      try {
        const line = JSON.parse(text) as Line;
        if ('boot' in line) boot = line.boot;
        else this.apply('add' in line ? { add: canonical(line.add) } : line);
      } catch {
        throw new InputError(`${this.path}, line ${index + 1} is not a journal entry`, 'remove the line or the file');
      }
    }
    return boot;
  }

  private rewrite(): void {
    const lines: Line[] = [
      { boot: this.boot },
      ...[...this.routes.values()].map(add => ({ add })),
      ...[...this.aggregates.values()].map(addAggregate => ({ addAggregate })),
    ];
    writeFileSync(`${this.path}.new`, toText(lines), { mode: 0o640 });
    renameSync(`${this.path}.new`, this.path);
    this.lines = lines.length;
  }
}

function canonical(route: RouteSpec): RouteSpec {
  return { ...route, prefix: formatPrefix(parsePrefix(route.prefix)) };
}

function toText(lines: readonly Line[]): string {
  return lines.map(line => `${JSON.stringify(line)}\n`).join('');
}

// A last line without its end was being written when the machine or the daemon stopped: it was never acknowledged.
function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
