// Communities and patterns of them, as policies name them.
//
// A pattern is a community of any kind, told apart by its form as everywhere (65001:100, 65001:1:2, rt:65001:1, names), one
// with `*` in the place of numbers, or a regular expression between slashes over the text: /^65001:1/, large:/…/, ext:/…/.

import { readU32 } from '../wire/bytes.js';
import {
  formatCommunity,
  formatExtendedCommunity,
  formatLargeCommunity,
  parseCommunity,
  parseExtendedCommunity,
  parseLargeCommunity,
} from '../wire/communities.js';
import { InputError } from '../wire/input-error.js';
import { Regex } from './regex.js';

export type CommunityKind = 'standard' | 'large' | 'extended';

/** Octets of one community and the attribute that lists them. */
export const KINDS: Readonly<Record<CommunityKind, { code: number; octets: number }>> = {
  standard: { code: 8, octets: 4 },
  extended: { code: 16, octets: 8 },
  large: { code: 32, octets: 12 },
};

export interface CommunityPattern {
  kind: CommunityKind;
  /** The octets, where the pattern is one community. */
  exact?: Uint8Array;
  /** Does it match the community at `at`? */
  matches(bytes: Uint8Array, at: number): boolean;
}

/** The one community that a text means. Throws InputError. */
export function parseAnyCommunity(text: string): { kind: CommunityKind; octets: Uint8Array } {
  if (/^[a-z]+:.*:/i.test(text)) return { kind: 'extended', octets: parseExtendedCommunity(text) };
  if (/^[^:]*:[^:]*:/.test(text)) return { kind: 'large', octets: octetsOf(parseLargeCommunity(text)) };
  return { kind: 'standard', octets: octetsOf([parseCommunity(text)]) };
}

/** Throws InputError. */
export function parseCommunityPattern(text: string): CommunityPattern {
  const expression = /^(?:(large|ext):)?\/(.*)\/$/.exec(text);
  if (expression) {
    const kind = expression[1] === 'large' ? 'large' : expression[1] === 'ext' ? 'extended' : 'standard';
    return byText(kind, new Regex(expression[2]));
  }
  if (text.includes('*')) return wildcard(text);
  const { kind, octets } = parseAnyCommunity(text);
  return {
    kind,
    exact: octets,
    matches: (bytes, at) => {
      for (let i = 0; i < octets.length; i++) if (bytes[at + i] !== octets[i]) return false;
      return true;
    },
  };
}

/** Does one community at least match, of the ones in `bytes[start..end)`? */
export function anyMatches(pattern: CommunityPattern, bytes: Uint8Array, start: number, end: number): boolean {
  const { octets } = KINDS[pattern.kind];
  for (let at = start; at < end; at += octets) if (pattern.matches(bytes, at)) return true;
  return false;
}

function octetsOf(words: readonly number[]): Uint8Array {
  return Uint8Array.from(words.flatMap(word => [word >>> 24, word >>> 16, word >>> 8, word]));
}

function byText(kind: CommunityKind, regex: Regex): CommunityPattern {
  return { kind, matches: (bytes, at) => regex.test(textAt(kind, bytes, at)) };
}

function textAt(kind: CommunityKind, bytes: Uint8Array, at: number): string {
  if (kind === 'extended') return formatExtendedCommunity(bytes.subarray(at, at + 8));
  if (kind === 'standard') return `${(bytes[at] << 8) | bytes[at + 1]}:${(bytes[at + 2] << 8) | bytes[at + 3]}`;
  return formatLargeCommunity([readU32(bytes, at), readU32(bytes, at + 4), readU32(bytes, at + 8)]);
}

/** 65001:*, *:666, 65001:*:7, rt:65001:*, rt:*. */
function wildcard(text: string): CommunityPattern {
  const parts = text.split(':');
  const named = /^(rt|soo)$/i.test(parts[0]);
  const kind = named ? 'extended' : parts.length === 3 ? 'large' : 'standard';
  const rest = named ? parts.slice(1) : parts;
  const right = named ? parts.length <= 3 : parts.length === 2 || parts.length === 3;
  if (!right || !rest.every(part => part === '*' || /^\d+(\.\d+){0,3}L?$/i.test(part))) {
    throw new InputError(`"${text}" is not a pattern of communities`, 'write it like 65001:*, 65001:*:1 or rt:65001:*');
  }
  if (kind === 'standard') return numbers('standard', rest, [2, 2], 0xffff, text);
  if (kind === 'large') return numbers('large', rest, [4, 4, 4], 0xffffffff, text);
  const expression = rest.map(part =>
    part === '*' ? (rest.length === 1 ? '.*' : '[^:]+') : part.replaceAll('.', '\\.'),
  );
  return byText('extended', new Regex(`^${parts[0].toLowerCase()}:${expression.join(':')}$`));
}

function numbers(
  kind: CommunityKind,
  parts: readonly string[],
  sizes: readonly number[],
  max: number,
  text: string,
): CommunityPattern {
  const wanted = parts.map(part => (part === '*' ? -1 : Number(part)));
  if (wanted.some(value => !(value <= max))) {
    throw new InputError(`"${text}" has a number above ${max}`, 'numbers of communities are smaller');
  }
  return {
    kind,
    matches: (bytes, at) => {
      for (let i = 0, from = at; i < sizes.length; from += sizes[i++]) {
        const value = sizes[i] === 2 ? (bytes[from] << 8) | bytes[from + 1] : readU32(bytes, from);
        if (wanted[i] !== -1 && wanted[i] !== value) return false;
      }
      return true;
    },
  };
}

/** The text of a community's octets, for people. */
export function formatAnyCommunity(kind: CommunityKind, octets: Uint8Array): string {
  return kind === 'standard' ? formatCommunity(readU32(octets, 0)) : textAt(kind, octets, 0);
}
