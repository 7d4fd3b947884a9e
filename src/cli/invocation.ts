// What a command gets to do its work: the words and options it was called with, and the way to the daemon.

import { type Client, createClient, DEFAULT_SOCKET } from '../api/client.js';
import type { OptionValues } from './commands.js';
import { usageError } from './exit.js';
import type { Matched } from './grammar.js';

/** One call of a command. */
export interface Invocation extends Matched {
  options: OptionValues;
}

/** The daemon's socket: --socket, else TSBGP_SOCKET, else the default. */
export function socketPath({ socket }: OptionValues): string {
  return socket ?? (process.env.TSBGP_SOCKET || DEFAULT_SOCKET);
}

/** The daemon that the options mean. */
export function clientOf({ options }: Invocation): Client {
  return createClient({ socket: socketPath(options) });
}

const FAMILY_WORDS: Record<string, 'ipv4-unicast' | 'ipv6-unicast'> = {
  ipv4: 'ipv4-unicast',
  'ipv4-unicast': 'ipv4-unicast',
  ipv6: 'ipv6-unicast',
  'ipv6-unicast': 'ipv6-unicast',
};

/** The family that --family means. Throws CommandError. */
export function familyOf({ options: { family } }: Invocation): 'ipv4-unicast' | 'ipv6-unicast' | undefined {
  if (family === undefined) return undefined;
  if (Object.hasOwn(FAMILY_WORDS, family)) return FAMILY_WORDS[family];
  throw usageError(`there is no address family "${family}"`, 'it is ipv4 or ipv6');
}

/** Refuses prefixes of another family than --family says. Throws CommandError. */
export function demandFamily(invocation: Invocation, prefixes: readonly string[]): void {
  const family = familyOf(invocation);
  if (family === undefined) return;
  for (const prefix of prefixes) {
    const actual = prefix.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast';
    if (actual === family) continue;
    throw usageError(`${prefix} is not of family ${family}`, `it is of family ${actual}: leave --family out`);
  }
}
