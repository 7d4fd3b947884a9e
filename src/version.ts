// The version of tsbgp, from package.json: the one place that says it.

import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Semantic version, such as 0.1.0. */
export const VERSION = version;
