// A neighbor in words: `add as N`, or `add group NAME`, and then keys of the configuration file, each with its value.

import type { NeighborSpec } from '../api/control.js';
import { usageError } from './exit.js';
import { suggestion } from './suggest.js';

/** A key. */
export interface NeighborWord {
  readonly word: string;
  readonly value: string;
  readonly describe: string;
  readonly example: string;
  /** The only values. */
  readonly values?: readonly string[];
  /** The value as the configuration file has it. Throws CommandError. */
  readonly parse: (text: string) => unknown;
}

const text = (value: string) => value;
const list = (value: string) => value.split(',');
const FLAGS = ['true', 'false'] as const;

function whole(value: string): number {
  if (/^\d{1,10}$/.test(value)) return Number(value);
  throw usageError(`"${value}" is not a whole number`);
}

function localAs(value: string): unknown {
  const [as, ...words] = value.split(',');
  return { as, ...Object.fromEntries(words.map(word => [word, true])) };
}

const number = (word: string, value: string, describe: string, example: string): NeighborWord => ({
  word,
  value,
  describe,
  example: `${word} ${example}`,
  parse: whole,
});
/** A flag; the word alone means true. */
const flag = (word: string, describe: string): NeighborWord => ({
  word,
  value: '[true|false]',
  describe,
  example: word,
  values: FLAGS,
  parse: value => value === 'true',
});
const policy = (word: string, describe: string): NeighborWord => ({
  word,
  value: 'accept|reject',
  describe,
  example: `${word} accept`,
  values: ['accept', 'reject'],
  parse: text,
});

/** The keys, in the order of the documentation. */
export const NEIGHBOR_WORDS: readonly NeighborWord[] = [
  {
    word: 'description',
    value: 'TEXT',
    describe: 'A name for people',
    example: 'description "the other node"',
    parse: text,
  },
  {
    word: 'group',
    value: 'NAME',
    describe: 'Take keys from this group of the configuration',
    example: 'group spines',
    parse: text,
  },
  policy('import', 'What becomes of its routes; external neighbors: reject when left out (RFC 8212)'),
  policy('export', 'Whether routes are announced to it; external neighbors: reject when left out (RFC 8212)'),
  {
    word: 'families',
    value: 'FAMILY[,FAMILY]',
    describe: 'Address families offered to it',
    example: 'families ipv4-unicast',
    parse: list,
  },
  {
    word: 'local-address',
    value: 'ADDRESS',
    describe: 'Own address of the session',
    example: 'local-address 172.18.8.101',
    parse: text,
  },
  number('port', 'N', 'TCP port that it listens on', '1179'),
  flag('passive', 'Wait for it to connect'),
  flag('shutdown', 'Administratively down'),
  flag('route-reflector-client', 'Reflect routes to it and from it (RFC 4456)'),
  flag('next-hop-self', 'Announce routes to it with the own address as next hop'),
  flag('next-hop-unchanged', 'Announce routes to it with the next hop they came with'),
  {
    word: 'role',
    value: 'provider|customer|peer|rs|rs-client',
    describe: 'What this speaker is to it; no route leaks (RFC 9234)',
    example: 'role customer',
    values: ['provider', 'customer', 'peer', 'rs', 'rs-client'],
    parse: text,
  },
  flag('route-server-client', 'Be a route server to it (RFC 7947)'),
  flag('strict-role', 'It has to name its role, too'),
  {
    word: 'local-as',
    value: 'AS[,no-prepend][,replace-as]',
    describe: 'Be in another AS towards it (RFC 7705)',
    example: 'local-as 65010,no-prepend,replace-as',
    parse: localAs,
  },
  number('allow-own-as', 'N', 'Accept the own AS in its paths so many times', '1'),
  flag('enforce-first-as', 'Its paths have to begin with its AS'),
  flag('as-override', 'Show it the own AS where its AS stands in a path'),
  {
    word: 'remove-private-as',
    value: '[true|false|all|replace]',
    describe: 'Hide private AS numbers from it',
    example: 'remove-private-as',
    values: ['true', 'false', 'all', 'replace'],
    parse: value => (value === 'true' ? true : value === 'false' ? false : value),
  },
  number('multihop', 'HOPS', 'How far away it may be', '2'),
  flag('ttl-security', 'Drop packets from further away than that (RFC 5082)'),
  {
    word: 'password',
    value: 'TEXT',
    describe: 'Password of its TCP connections (RFC 2385)',
    example: 'password "not this one"',
    parse: text,
  },
  number('hold-time', 'SECONDS', 'Silence after which it counts as gone', '30'),
  number('connect-retry', 'SECONDS', 'Pause between attempts to connect', '10'),
  number('idle-hold', 'SECONDS', 'Rest after an error', '0'),
  number('delay-open', 'SECONDS', 'Wait so long for it to speak first', '5'),
  {
    word: 'max-prefix',
    value: 'N[,warn]',
    describe: 'More prefixes than this end the session, or give a warning',
    example: 'max-prefix 1000000',
    parse: value => ({ limit: whole(value.replace(/,warn$/, '')), ...(value.endsWith(',warn') && { action: 'warn' }) }),
  },
  flag('default-originate', 'Announce a default route to it, whatever the table has'),
  flag('maintenance', 'Make its routes, and those to it, the last choice (RFC 8326)'),
  {
    word: 'graceful-restart',
    value: 'false|SECONDS[,FAMILY=SECONDS…]',
    describe:
      'How long it is asked to keep routes while this daemon restarts (RFC 4724), and by family after that (RFC 9494)',
    example: 'graceful-restart 120,ipv4-unicast=86400',
    parse: gracefulRestart,
  },
  {
    word: 'add-path',
    value: 'receive|send=N|send=all[,…]',
    describe: 'Accept several paths of a prefix, send several, or both (RFC 7911)',
    example: 'add-path receive,send=4',
    parse: value => Object.fromEntries(value.split(',').map(addPathWord)),
  },
];

function gracefulRestart(value: string): unknown {
  if (value === 'false') return false;
  const [restartTime, ...families] = value.split(',');
  const longLived = families.map(word => {
    const [family, time] = word.split('=');
    if (time === undefined) throw usageError(`"${word}" is not FAMILY=SECONDS`, 'such as: ipv4-unicast=86400');
    return [family, whole(time)];
  });
  return {
    'restart-time': whole(restartTime),
    ...(longLived.length > 0 && { 'long-lived': Object.fromEntries(longLived) }),
  };
}

function addPathWord(text: string): [string, unknown] {
  if (text === 'receive') return ['receive', true];
  const [, count] = /^send=(\d{1,5}|all)$/.exec(text) ?? [];
  if (count === undefined) throw usageError(`there is no add-path "${text}"`, 'such as: add-path receive,send=4');
  return ['send', count === 'all' ? count : Number(count)];
}

const NAMES = NEIGHBOR_WORDS.map(row => row.word);

/** The neighbor that the words mean, as a mapping of the configuration file; its group may have the AS. Throws CommandError. */
export function parseNeighborWords(address: string, as: string | undefined, words: readonly string[]): NeighborSpec {
  const keys: Record<string, unknown> = {};
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    const row = NEIGHBOR_WORDS.find(it => it.word === word);
    if (!row) throw usageError(`"${word}" is not an option of a neighbor`, suggestion(word, NAMES));
    if (Object.hasOwn(keys, word)) throw usageError(`${word} is given twice`);
    keys[word] = readValue(row, words[i + 1]);
    if (!standsAlone(row, words[i + 1])) i++;
  }
  const isAddress = /[:/]|^[\d.]+$/.test(address);
  return {
    [isAddress ? 'address' : 'interface']: address,
    ...(as !== undefined && { as: /^\d+$/.test(as) ? Number(as) : as }),
    ...keys,
  };
}

/** Is the word a flag, and what follows it none of its values? Then it means true. */
function standsAlone({ values }: NeighborWord, next: string | undefined): boolean {
  return values?.includes('true') === true && !values.some(it => it === next);
}

function readValue(row: NeighborWord, value: string | undefined): unknown {
  const { word, values, example } = row;
  if (standsAlone(row, value)) return true;
  if (value === undefined) throw usageError(`${word} needs a value`, `such as: ${example}`);
  if (values && !values.includes(value)) throw usageError(`there is no ${word} "${value}"`, suggestion(value, values));
  return row.parse(value);
}
