// The values of a gobgpd configuration on their way to tsbgp's: what was taken, where each value came from, what is to be
// told about the rest.

import { NO_COUNTERPART, REFUSED, type Row } from './gobgpd-keys.js';
import { levelText, type Path } from './problems.js';

/** Something to tell about a key of gobgpd's file. */
export interface Remark {
  path: Path;
  message: string;
  suggestion?: string;
}

/** tsbgp's configuration as the schema's input, and how it relates to the file. */
export interface Mapped {
  value: Record<string, unknown>;
  refused: Remark[];
  warnings: Remark[];
  /** The path in gobgpd's file of a path in `value`. */
  pathInFile(path: Path): Path;
}

export type Tree = Record<string, unknown>;

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const split = (path: string): string[] => path.split('.');
export const isUnset = (value: unknown) =>
  value === undefined ||
  value === null ||
  value === false ||
  value === 'false' ||
  value === 0 ||
  value === '' ||
  (Array.isArray(value) && value.length === 0);
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

function follow(tree: unknown, path: Path): unknown {
  const step = (node: unknown, part: PropertyKey) =>
    typeof node === 'object' && node !== null && Object.hasOwn(node, part) ? (node as Tree)[String(part)] : undefined;
  return path.reduce(step, tree);
}

/** A configuration that is being mapped. */
export class Mapping implements Mapped {
  readonly value: Tree = {};
  readonly refused: Remark[] = [];
  readonly warnings: Remark[] = [];
  readonly #file: Tree;
  readonly #taken = new Set<string>();
  readonly #origins = new Map<string, Path>();

  constructor(file: Tree) {
    this.#file = file;
  }

  pathInFile(path: Path): Path {
    for (let depth = path.length; depth > 0; depth--) {
      const origin = this.#origins.get(JSON.stringify(path.slice(0, depth)));
      if (origin) return [...origin, ...path.slice(depth)];
    }
    return path;
  }

  /** The value at a path of the file, which counts as used from now on. */
  take(path: Path): unknown {
    this.#taken.add(JSON.stringify(path));
    return this.look(path);
  }

  look(path: Path): unknown {
    return follow(this.#file, path);
  }

  /** The value at a path of the new configuration. */
  at(path: Path): unknown {
    return follow(this.value, path);
  }

  /** Writes a value of the new configuration (nothing, if undefined) and where it comes from. */
  set(to: Path, value: unknown, from: Path): void {
    this.#origins.set(JSON.stringify(to), from);
    if (value === undefined) return;
    let node = this.value;
    for (const [i, part] of to.slice(0, -1).entries()) {
      node[String(part)] ??= typeof to[i + 1] === 'number' ? [] : {};
      node = node[String(part)] as Tree;
    }
    node[String(to.at(-1))] = value;
  }

  refuse(path: Path, message: string, suggestion?: string): void {
    this.refused.push({ path, message, suggestion });
  }

  warn(path: Path, message: string): void {
    this.warnings.push({ path, message });
  }

  copy(rows: readonly Row[], at: (path: string) => Path, to: Path): void {
    for (const [source, target, convert] of rows) {
      const path = at(source);
      const value = this.take(path);
      this.set([...to, ...split(target)], value === null ? undefined : convert(value), path);
    }
  }

  /** Refuses or warns of everything that was not taken. */
  finish(): void {
    this.#rest(this.#file, []);
  }

  #rest(node: unknown, path: Path): void {
    if (this.#taken.has(JSON.stringify(path)) || path.at(-1) === 'state') return;
    // A peer group has the keys of a neighbor.
    const name = levelText(path).replace(/^peer-groups\[\]\./, 'neighbors[].');
    const refused = REFUSED.get(name);
    const reason = NO_COUNTERPART.get(name);
    if (refused) {
      if (!isUnset(node)) this.refuse(path, `${refused} not supported yet`, 'remove it');
    } else if (reason) {
      this.warn(path, `ignored: ${reason}`);
    } else if (isTree(node)) {
      for (const [key, child] of Object.entries(node)) this.#rest(child, [...path, key]);
    } else if (Array.isArray(node) && node.some(isTree)) {
      for (const [i, child] of node.entries()) this.#rest(child, [...path, i]);
    } else {
      this.warn(path, 'ignored: it has no counterpart');
    }
  }
}
