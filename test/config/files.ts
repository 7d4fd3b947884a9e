// What the tests of configuration files share: a smallest file, and what is wrong with one in short.

import { expect } from 'vitest';
import { ConfigError, type Problem, parseConfig } from '../../src/config/load.js';

export const MINIMUM = 'as: 65001\nrouter-id: 172.18.8.101\n';
/** … with a neighbor, whose next key may follow; with `fib` alike. */
export const NEIGHBOR = `${MINIMUM}neighbors:\n  - address: 10.0.0.2\n    as: 65001\n    `;
export const FIB = `${MINIMUM}fib:\n  `;

type Expected = [line: number, column: number, path: string, message: string, suggestion?: string];

/** A file and all its problems. */
export type Case = [title: string, text: string, ...problems: Expected[]];

/** Of a case, after its title. */
export function expectProblems(...[, text, ...expected]: Case): void {
  expect(brief(text)).toEqual(expected.map(problem => [...problem, ...Array(5 - problem.length).fill(undefined)]));
}

export function problemsOf(text: string, file = 'tsbgp.yml'): readonly Problem[] {
  try {
    parseConfig(text, file);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** [line, column, path, message, suggestion] of each problem. */
export function brief(text: string) {
  return problemsOf(text).map(p => [p.line, p.column, p.path, p.message, p.suggestion]);
}
