// What no key may be: one value that is wrong by itself, with its exact place and words.

import { test } from 'vitest';
import { type Case, expectProblems, FIB, MINIMUM, NEIGHBOR } from './files.js';

const cases: Case[] = [
  ['text for a number', `${MINIMUM}port: ninety`, [3, 7, 'port', 'must be a whole number, not "ninety"']],
  [
    'a quoted number',
    `${MINIMUM}port: "179"`,
    [3, 7, 'port', 'must be a whole number, not "179"', 'write 179 without quotes'],
  ],
  ['a fraction', `${NEIGHBOR}hold-time: 9.5`, [6, 16, 'neighbors[0].hold-time', 'must be a whole number, not 9.5']],
  ['infinity', `${NEIGHBOR}hold-time: .inf`, [6, 16, 'neighbors[0].hold-time', 'must be a whole number, not Infinity']],
  [
    'a number for text',
    `${NEIGHBOR}description: 5`,
    [6, 18, 'neighbors[0].description', 'must be text, not 5', 'write "5" in quotes'],
  ],
  ['yes', `${NEIGHBOR}passive: yes`, [6, 14, 'neighbors[0].passive', 'must be true or false, not "yes"', 'write true']],
  [
    'maybe',
    `${NEIGHBOR}passive: constructor`,
    [6, 14, 'neighbors[0].passive', 'must be true or false, not "constructor"'],
  ],
  ['a list for a number', `${MINIMUM}port: [1]`, [3, 7, 'port', 'must be a whole number, not a list']],
  [
    'a word for a list',
    `${NEIGHBOR}families: ipv4-unicast`,
    [6, 15, 'neighbors[0].families', 'must be a list, not "ipv4-unicast"', 'write [ipv4-unicast]'],
  ],
  [
    'a mapping for a list',
    `${MINIMUM}neighbors: { address: 10.0.0.2 }`,
    [3, 12, 'neighbors', 'must be a list, not a mapping'],
  ],
  ['a word for a mapping', `${MINIMUM}fib: yes`, [3, 6, 'fib', 'must be a mapping of keys, not "yes"']],
  ['port too small', `${MINIMUM}port: 0`, [3, 7, 'port', 'must be at least 1, not 0']],
  ['port too big', `${MINIMUM}port: 65536`, [3, 7, 'port', 'must be at most 65535, not 65536']],
  ['hold time 2', `${NEIGHBOR}hold-time: 2`, [6, 16, 'neighbors[0].hold-time', 'must be 0 or at least 3 seconds']],
  [
    'restart time',
    `${NEIGHBOR}graceful-restart: { restart-time: 4096 }`,
    [6, 39, 'neighbors[0].graceful-restart.restart-time', 'must be at most 4095, not 4096'],
  ],
  [
    'graceful restart true',
    `${NEIGHBOR}graceful-restart: true`,
    [6, 23, 'neighbors[0].graceful-restart', 'must be false or a mapping such as { restart-time: 120 }, not true'],
  ],
  ['no families', `${NEIGHBOR}families: []`, [6, 15, 'neighbors[0].families', 'must not be empty']],
  [
    'unknown family',
    `${NEIGHBOR}families: [ipv4]`,
    [6, 16, 'neighbors[0].families[0]', 'must be ipv4-unicast or ipv6-unicast, not "ipv4"'],
  ],
  [
    'family twice',
    `${NEIGHBOR}families: [ipv4-unicast, ipv4-unicast]`,
    [6, 30, 'neighbors[0].families[1]', 'ipv4-unicast is listed twice'],
  ],
  ['listen twice', `${MINIMUM}listen: ["::", 0::0]`, [3, 16, 'listen[1]', ':: is listed twice']],
  [
    'description too long',
    `${NEIGHBOR}description: ${'x'.repeat(256)}`,
    [6, 18, 'neighbors[0].description', 'must have at most 255 characters'],
  ],
  [
    'AS 0',
    'as: 0\nrouter-id: 1.1.1.1',
    [
      1,
      5,
      'as',
      'AS 0 is reserved and cannot speak BGP (RFC 7607)',
      'private use: 64512 to 65534, or 4200000000 to 4294967294 (RFC 6996)',
    ],
  ],
  [
    'AS as a list',
    'as: [1]\nrouter-id: 1.1.1.1',
    [1, 5, 'as', 'must be an AS number such as 65001 or 1.10, not a list'],
  ],
  [
    'router id',
    'as: 1\nrouter-id: 0.0.0.0',
    [2, 12, 'router-id', 'must not be 0.0.0.0 (RFC 6286)', "usually the node's main IPv4 address"],
  ],
  [
    'host bits',
    `${FIB}prefixes: [10.233.1.10/24]`,
    [4, 14, 'fib.prefixes[0]', '10.233.1.10/24 has host bits set', 'did you mean 10.233.1.0/24?'],
  ],
  [
    'route type',
    `${FIB}redistribute: [ospf]`,
    [4, 18, 'fib.redistribute[0]', 'must be static, connected or kernel, not "ospf"'],
  ],
  [
    'table',
    `${FIB}table: 255`,
    [
      4,
      10,
      'fib.table',
      'must be main, default or a table number from 1 to 4294967295 (255, local, is the kernel\'s own), not "255"',
    ],
  ],
  ['table true', `${FIB}table: true`, [4, 10, 'fib.table', 'must be main, default or a number, not true']],
  [
    'protocol',
    `${FIB}protocol: 4`,
    [
      4,
      13,
      'fib.protocol',
      'must be bgp or a number from 5 to 255 (smaller ones mark routes of the kernel and of people), not "4"',
    ],
  ],
  [
    'socket',
    `${MINIMUM}api: { socket: tsbgp.sock }`,
    [3, 16, 'api.socket', 'must be an absolute path, such as /run/tsbgp/tsbgp.sock, not "tsbgp.sock"'],
  ],
  [
    'socket too long',
    `${MINIMUM}api: { socket: /${'x'.repeat(107)} }`,
    [3, 16, 'api.socket', 'must have at most 107 characters'],
  ],
  ['group', `${MINIMUM}api: { group: "a b" }`, [3, 15, 'api.group', 'must be the name of a group, not "a b"']],
  ['state file', `${MINIMUM}state-file: true`, [3, 13, 'state-file', 'must be an absolute path or false, not true']],
  [
    'log level',
    `${MINIMUM}log: { level: warning }`,
    [3, 15, 'log.level', 'must be trace, debug, info, warn, error, fatal or silent, not "warning"'],
  ],
  [
    'log format',
    `${MINIMUM}log: { format: jsno }`,
    [3, 16, 'log.format', 'must be auto, json or pretty, not "jsno"', 'did you mean json?'],
  ],
];

test.each(cases)('%s', expectProblems);
