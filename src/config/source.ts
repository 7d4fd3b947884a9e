// A config file's text as plain values that remember where they stood.
//
// YAML (1.2, one document) is walked node by node, so that every key and value has its line and column, and so that
// duplicate keys, tabs, stray tags and syntax errors come out in the same shape as wrong values. A number with a point
// stays text (asdot AS numbers: 1.10 is not 1.1). TOML has no positions.

import { parse as parseToml, TomlError } from 'smol-toml';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { type Path, type Problem, pathText } from './problems.js';
import { quote } from './values.js';

/** Text read as plain values: objects, arrays, strings, numbers, booleans, null. */
export interface Source {
  readonly file: string;
  readonly value: unknown;
  /** What is wrong with the text itself. */
  readonly problems: Problem[];
  /** A syntax error: there are no values. */
  readonly broken: boolean;
  /**
   * A problem at the key or the value of a path, or at the nearest thing around it.
   * `shown` is the path to tell people, where it differs.
   */
  problem(path: Path, at: 'key' | 'value', message: string, suggestion?: string, shown?: Path): Problem;
}

/** Sentences for the parser's frequent errors; the others keep its own words. */
const SYNTAX: Record<string, [message: string, suggestion?: string]> = {
  TAB_AS_INDENT: ['tabs cannot indent YAML', 'use spaces'],
  MULTIPLE_DOCS: ['a second document starts here', 'remove the line "---"'],
  RESOURCE_EXHAUSTION: ['nested too deeply'],
};

const MOST_SYNTAX_ERRORS = 20;
const DEEPEST = 64;
const MOST_ALIASED = 10_000;

class YamlSource implements Source {
  readonly file: string;
  readonly value: unknown;
  readonly problems: Problem[] = [];
  readonly broken: boolean;
  readonly #lines: string[];
  readonly #counter = new LineCounter();
  readonly #document: Document;
  /** Offsets of key and value, by JSON of the path. */
  readonly #places = new Map<string, { key: number; value: number }>();
  /** Values visited inside aliases: bounded, because aliases of aliases multiply. */
  #aliased = 0;

  constructor(text: string, file: string) {
    this.file = file;
    const clean = text.startsWith('\ufeff') ? text.slice(1) : text;
    this.#lines = clean.split(/\r?\n/);
    this.#document = parseDocument(clean, { lineCounter: this.#counter, prettyErrors: false, uniqueKeys: false });
    const { errors, warnings } = this.#document;
    const syntax = (error: YAMLError) => {
      const [message, suggestion] = SYNTAX[error.code] ?? [error.message];
      return this.#at(error.pos[0], [], message, suggestion);
    };
    this.problems.push(...[...errors, ...warnings].slice(0, MOST_SYNTAX_ERRORS).map(syntax));
    this.broken = errors.length > 0;
    this.value = this.broken ? undefined : this.#walk(this.#document.contents, [], 0, false);
  }

  problem(path: Path, at: 'key' | 'value', message: string, suggestion?: string, shown: Path = path): Problem {
    for (let depth = path.length; depth > 0; depth--) {
      const place = this.#places.get(JSON.stringify(path.slice(0, depth)));
      if (place) return this.#at(depth === path.length ? place[at] : place.key, shown, message, suggestion);
    }
    return this.#at(0, shown, message, suggestion);
  }

  #at(offset: number, path: Path, message: string, suggestion?: string): Problem {
    const { line, col } = this.#counter.linePos(offset);
    const secret = path.some(part => /password/.test(String(part)));
    const sourceLine = secret ? undefined : this.#lines[line - 1];
    return { file: this.file, line, column: col, path: pathText(path), message, suggestion, sourceLine };
  }

  /** The node as a plain value; `offset` is its key's place, for values that have none of their own. */
  #walk(node: unknown, path: Path, offset: number, inAlias: boolean): unknown {
    const start = (isNode(node) && node.range?.[0]) || offset;
    const place = { key: path.length > 0 && typeof path.at(-1) === 'string' ? offset : start, value: start };
    const refuse = (message: string) => void this.problems.push(this.#at(start, path, message));
    this.#places.set(JSON.stringify(path), place);
    if (path.length > DEEPEST) return refuse('nested too deeply');
    if (inAlias && ++this.#aliased > MOST_ALIASED) {
      return this.#aliased === MOST_ALIASED + 1 ? refuse('too many values by aliases') : undefined;
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (!target) return refuse(`*${node.source} is not the name of an anchor above`);
      const value = this.#walk(target, path, offset, true);
      this.#places.set(JSON.stringify(path), place);
      return value;
    }
    if (isMap(node)) return this.#walkMap(node, path, start, inAlias);
    if (isSeq(node)) return node.items.map((item, i) => this.#walk(item, [...path, i], start, inAlias));
    if (!isScalar(node) || node.value === null) {
      place.value = place.key;
      return null;
    }
    return scalarValue(node) ?? refuse('is a kind of value that has no use here');
  }

  #walkMap(node: YAMLMap, path: Path, start: number, inAlias: boolean): Record<string, unknown> {
    const result: Record<string, unknown> = Object.create(null);
    for (const { key, value } of node.items) {
      const offset = (isNode(key) && key.range?.[0]) || start;
      const name = isScalar(key) && key.value !== null ? (key.source ?? String(key.value)) : '';
      const inside = [...path, name];
      if (name === '') {
        this.problems.push(this.#at(offset, path, 'a key must be a word'));
      } else if (name in result) {
        const first = this.#counter.linePos(this.#places.get(JSON.stringify(inside))?.key ?? 0).line;
        this.problems.push(this.#at(offset, inside, `${quote(name)} is given twice`, `it is already in line ${first}`));
      } else {
        result[name] = this.#walk(value, inside, offset, inAlias);
      }
    }
    return result;
  }
}

function scalarValue({ value, source }: Scalar): string | number | boolean | undefined {
  if (typeof value === 'number') return source !== undefined && /^[+-]?\d+\.\d+$/.test(source) ? source : value;
  return typeof value === 'string' || typeof value === 'boolean' ? value : undefined;
}

/** Reads YAML (or JSON, which is YAML). Never throws. */
export function readYaml(text: string, file: string): Source {
  return new YamlSource(text, file);
}

/** Reads TOML. Never throws. Only syntax errors have a position. */
export function readToml(text: string, file: string): Source {
  const problem: Source['problem'] = (path, _at, message, suggestion, shown = path) => {
    return { file, line: 0, column: 0, path: pathText(shown), message, suggestion };
  };
  try {
    return { file, value: parseToml(text), problems: [], broken: false, problem };
  } catch (error) {
    const message = (error as Error).message.split('\n')[0];
    const broken = problem([], 'value', message);
    if (error instanceof TomlError) {
      broken.line = error.line;
      broken.column = error.column;
      broken.sourceLine = text.split(/\r?\n/)[error.line - 1];
    }
    return { file, value: undefined, problems: [broken], broken: true, problem };
  }
}
