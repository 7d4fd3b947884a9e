// What the tests of configuration files share: a smallest file, and what is wrong with one in short.

import { ConfigError, type Problem, parseConfig } from '../../src/config/load.js';

export const MINIMUM = 'as: 65001\nrouter-id: 172.18.8.101\n';

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
