// Statements in words, for listings: the file's keys and values on a line.

import type { Statement } from './definition.js';

/** The conditions: "prefix pods, community any of 65001:1 65001:2"; empty when there are none. */
export function matchWords({ match = {} }: Statement): string {
  return entries(match)
    .map(([key, value]) => `${key} ${valueWords(value)}`)
    .join(', ');
}

/** The changes: "local-pref 200, community add 65001:1"; empty when there are none. */
export function setWords({ set = {} }: Statement): string {
  return entries(set)
    .map(([key, value]) => `${key} ${valueWords(value)}`)
    .join(', ');
}

const entries = (of: object) => Object.entries(of).filter(([, value]) => value !== undefined);

const MODES: Record<string, string> = { any: 'any of', all: 'all of', none: 'none of' };

function valueWords(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueWords).join(' ');
  if (typeof value !== 'object' || value === null) return String(value);
  if ('ge' in value && 'le' in value) {
    const { prefix, ge, le } = value as { prefix?: string; ge: number; le: number };
    const length = prefix === undefined ? -1 : Number(prefix.split('/')[1]);
    if (ge === le && (prefix === undefined || ge === length)) return prefix ?? String(ge);
    return [prefix, ge === length ? '' : `ge ${ge}`, le === 0xffffffff ? '' : `le ${le}`].filter(Boolean).join(' ');
  }
  return entries(value)
    .map(([key, inner]) => `${MODES[key] ?? key} ${valueWords(inner)}`)
    .join(' ');
}
