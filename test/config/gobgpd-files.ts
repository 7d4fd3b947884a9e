// What the tests of gobgpd's configurations share.

import { ConfigError, parseConfig } from '../../src/config/load.js';

export const GLOBAL =
  'global: { config: { as: 65001, router-id: 172.18.8.101 } }\nzebra: { config: { enabled: true } }\n';

/** A file with one neighbor of AS 65001 and these lines below its config. */
export const withNeighbor = (...lines: string[]) =>
  `${GLOBAL}neighbors:\n  - config: { neighbor-address: 172.18.8.102, peer-as: 65001 }\n${lines.map(line => `    ${line}\n`).join('')}`;

export const load = (text: string, file = 'gobgpd.yml') => parseConfig(text, file);

/** [line, column, path, message, suggestion] of each problem; the warnings where there is none. */
export function problems(text: string, file = 'gobgpd.yml') {
  try {
    return load(text, file).warnings;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(p => [p.line, p.column, p.path, p.message, p.suggestion]);
  }
}
