// Every kind of error of a file, with its exact place and words; single values are in values-of-keys.test.ts.

import { describe, expect, test } from 'vitest';
import { formatProblems, parseConfig } from '../../src/config/load.js';
import { brief, type Case, expectProblems, FIB, MINIMUM, NEIGHBOR, problemsOf } from './files.js';

describe('what is wrong, where, and what to do', () => {
  const cases: Case[] = [
    ['nothing', '', [1, 1, '', 'the file is empty', 'it needs at least "as: 65001" and "router-id: 172.18.8.101"']],
    [
      'only comments',
      '# x\n',
      [1, 1, '', 'the file is empty', 'it needs at least "as: 65001" and "router-id: 172.18.8.101"'],
    ],
    ['no mapping', '- a', [1, 1, '', 'must be a mapping of keys, not a list']],
    [
      'missing keys',
      'port: 179\n',
      [1, 1, 'as', 'is missing', 'add "as: 65001"'],
      [1, 1, 'router-id', 'is missing', 'add "router-id: 172.18.8.101"'],
    ],
    [
      'missing keys of a neighbor',
      `${MINIMUM}neighbors:\n  - description: x\n`,
      [4, 5, 'neighbors[0].as', 'is missing', 'add "as: 65001"'],
      [4, 5, 'neighbors[0].address', 'is missing', 'add "address: 172.18.8.102", or "interface: eth1"'],
    ],
    [
      'an interface and what is not for it',
      `${MINIMUM}neighbors:\n  - interface: eth1\n    address: 10.0.0.2\n    as: external\n    local-address: fe80::1%eth1\n    multihop: 2\n`,
      [4, 16, 'neighbors[0].interface', 'stands in place of an address', 'remove one of the two'],
      [
        7,
        20,
        'neighbors[0].local-address',
        'is not for a neighbor with `interface`',
        "remove it: the session runs over the link's own address",
      ],
      [
        8,
        15,
        'neighbors[0].multihop',
        'is not for a neighbor with `interface`',
        'remove it: the neighbor is on the link',
      ],
    ],
    [
      'names of interfaces',
      `${MINIMUM}neighbors:\n  - { interface: 10.0.0.2, as: 1 }\n  - { interface: all, as: 1 }\n  - { interface: eth1, as: 1 }\n  - { interface: eth1, as: 1 }\n  - { address: eth2, as: 1 }\n`,
      [4, 18, 'neighbors[0].interface', 'must be the name of an interface such as eth1, not "10.0.0.2"'],
      [5, 18, 'neighbors[1].interface', 'all is a word of its own and cannot name a neighbor'],
      [7, 18, 'neighbors[3].interface', 'eth1 is already neighbors[2]'],
      [
        8,
        16,
        'neighbors[4].address',
        'must be an IPv4 or IPv6 address, not "eth2"',
        'for an interface write interface: eth2',
      ],
    ],
    [
      'a group has no interface',
      `${MINIMUM}groups: { g: { interface: eth1 } }\n`,
      [3, 16, 'groups.g.interface', 'does not belong here', 'it belongs under neighbors[]'],
    ],
    [
      'missing limit',
      `${NEIGHBOR}max-prefix: {}`,
      [6, 5, 'neighbors[0].max-prefix.limit', 'is missing', 'add "limit: 1000000"'],
    ],
    ['no value', `${MINIMUM}neighbors:\n`, [3, 1, 'neighbors', 'has no value', 'write one, or remove the key']],
    [
      'empty entry',
      `${MINIMUM}neighbors:\n  -\n`,
      [4, 4, 'neighbors[0]', 'has no value', 'write one, or remove the entry'],
    ],
    [
      'unknown key',
      `${MINIMUM}colour: red\n`,
      [
        3,
        1,
        'colour',
        'unknown key',
        `the keys here are as, confederation, router-id, cluster-id, listen, port, multipath, selection-deferral-time, state-file, groups, neighbors, prefix-sets, neighbor-sets, as-path-sets, community-sets, policies, aggregates, fib, api, log`,
      ],
    ],
    [
      'misspelled key',
      `${NEIGHBOR}hold-tmie: 9`,
      [6, 5, 'neighbors[0].hold-tmie', 'unknown key', 'did you mean hold-time?'],
    ],
    [
      'key in another style',
      `${NEIGHBOR}holdTime: 9`,
      [6, 5, 'neighbors[0].holdTime', 'unknown key', 'did you mean hold-time?'],
    ],
    [
      'a misspelled key is not missing, too',
      `${MINIMUM}neighbors:\n  - adress: 10.0.0.2\n    as: 65001`,
      [4, 5, 'neighbors[0].adress', 'unknown key', 'did you mean address?'],
    ],
    [
      'key of a neighbor at the top',
      `${MINIMUM}hold-time: 9`,
      [3, 1, 'hold-time', 'does not belong here', 'it belongs under neighbors[]'],
    ],
    [
      'key of the top in fib',
      `${FIB}router-id: 1.1.1.1`,
      [4, 3, 'fib.router-id', 'does not belong here', 'it belongs to the top level'],
    ],
    [
      'prototype keys',
      `${MINIMUM}__proto__: {}\nconstructor: 1`,
      [3, 1, '__proto__', 'unknown key', expect.any(String)],
      [4, 1, 'constructor', 'unknown key', expect.any(String)],
    ],
    [
      'nested unknown key',
      `${NEIGHBOR}graceful-restart: { time: 9 }`,
      [
        6,
        25,
        'neighbors[0].graceful-restart.time',
        'unknown key',
        'the keys here are restart-time, stale-time, long-lived',
      ],
    ],
    ['a later key', `${MINIMUM}metrics: {}`, [3, 1, 'metrics', 'is not supported yet', 'remove it']],
    [
      'a later key of a neighbor',
      `${NEIGHBOR}bfd: true`,
      [6, 5, 'neighbors[0].bfd', 'is not supported yet', 'remove it'],
    ],
    [
      'names of policies and sets',
      `${MINIMUM}policies: { my policy: [], '1': [] }\n`,
      [
        3,
        13,
        'policies.my policy',
        'must be a name of letters, digits, - _ and ., not "my policy"',
        'call it my-policy',
      ],
      [3, 28, 'policies.1', 'must be a name of letters, digits, - _ and ., not "1"'],
    ],
    [
      'policies by name',
      `${NEIGHBOR}import: [a]`,
      [6, 14, 'neighbors[0].import[0]', 'there is no policy "a"', 'write accept or reject'],
    ],
    [
      'a policy for the kernel that only an export can have',
      `${MINIMUM}policies: { p: [{ set: { next-hop: self } }] }\nfib: { import: [p, accept] }`,
      [
        4,
        17,
        'fib.import[0]',
        'policy p sets the next hop to self or unchanged, which only an export policy can',
        'name an address, or use the policy for export',
      ],
    ],
    [
      'a range of AS numbers from the end',
      `${MINIMUM}neighbors: [{ address: 10.0.0.0/8, as: [65010, 65020-65015] }]`,
      [3, 40, 'neighbors[0].as', '"65020-65015" is not a range of AS numbers', 'write it like 65001-65010'],
    ],
    [
      'the own AS among others',
      `${MINIMUM}neighbors: [{ address: 10.0.0.0/8, as: 65000-65020 }]`,
      [3, 40, 'neighbors[0].as', 'a list is for external neighbors, and AS 65001 is the own AS'],
    ],
    [
      'a word that is no policy',
      `${NEIGHBOR}export: acept`,
      [6, 13, 'neighbors[0].export', 'there is no policy "acept"', 'did you mean accept?'],
    ],
    [
      'a far-off word',
      `${NEIGHBOR}export: everything`,
      [6, 13, 'neighbors[0].export', 'there is no policy "everything"', 'write accept or reject'],
    ],
    [
      'an AS_SET',
      'as: 65001\nrouter-id: 10.0.0.1\naggregates: [{ prefix: 10.0.0.0/8, as-set: true }]',
      [3, 44, 'aggregates[0].as-set', 'AS_SETs must not be announced any more (RFC 9774)', 'leave it out'],
    ],
    [
      'an aggregate twice',
      'as: 65001\nrouter-id: 10.0.0.1\naggregates: [{ prefix: 10.0.0.0/8 }, { prefix: 10.0.0.0/8 }]',
      [3, 48, 'aggregates[1].prefix', '10.0.0.0/8 is already aggregates[0]'],
    ],
    [
      'a rule as aggregate',
      'as: 65001\nrouter-id: 10.0.0.1\naggregates: [{ prefix: 10.0.0.0/8 le 24 }]',
      [3, 24, 'aggregates[0].prefix', 'must be one prefix, not the rule "10.0.0.0/8 le 24"', 'write 10.0.0.0/8'],
    ],
    [
      'a community of an aggregate',
      'as: 65001\nrouter-id: 10.0.0.1\naggregates: [{ prefix: 10.0.0.0/8, communities: [65536:1] }]',
      [
        3,
        50,
        'aggregates[0].communities[0]',
        '"65536:1" is not a community',
        'write it like 65001:100, or graceful-shutdown, blackhole, no-export, no-advertise, no-export-subconfed, no-peer',
      ],
    ],
    [
      'paths to send',
      `${NEIGHBOR}add-path: { send: some }`,
      [6, 23, 'neighbors[0].add-path.send', 'must be a number of paths or all, not "some"'],
    ],
    [
      'dynamic neighbors',
      `${MINIMUM}neighbors: [{ address: 10.0.0.1/8, as: 1 }]`,
      [3, 24, 'neighbors[0].address', '10.0.0.1/8 has host bits set', 'did you mean 10.0.0.0/8?'],
    ],
    [
      'the same neighbor twice, in two spellings',
      `${MINIMUM}neighbors:\n  - { address: "2001:db8::1", as: 65001 }\n  - { address: "2001:DB8:0::1", as: 65001 }\n`,
      [5, 16, 'neighbors[1].address', '2001:db8::1 is already neighbors[0]'],
    ],
    [
      'the same neighbor twice, beside another error in it',
      `${MINIMUM}neighbors:\n  - { address: 10.0.0.2, as: 65001 }\n  - { address: 10.0.0.2, as: 65001, port: 0 }\n`,
      [5, 16, 'neighbors[1].address', '10.0.0.2 is already neighbors[0]'],
      [5, 43, 'neighbors[1].port', 'must be at least 1, not 0'],
    ],
    [
      'local address of the other family',
      `${NEIGHBOR}local-address: 2001:db8::1`,
      [6, 20, 'neighbors[0].local-address', "2001:db8::1 is not of the same family as the neighbor's address 10.0.0.2"],
    ],
    [
      'external client',
      `${MINIMUM}neighbors: [{ address: 10.0.0.2, as: 65002, route-reflector-client: true }]`,
      [
        3,
        69,
        'neighbors[0].route-reflector-client',
        'only an internal neighbor can be a client, and AS 65002 is not the own AS 65001',
      ],
    ],
    [
      'role of an internal neighbor',
      `${NEIGHBOR}role: peer`,
      [6, 11, 'neighbors[0].role', 'is for external neighbors, and AS 65001 is the own AS'],
    ],
    [
      'confederation identifier that is a member',
      `${MINIMUM}confederation: { identifier: 65001 }`,
      [3, 30, 'confederation.identifier', 'AS 65001 is a member; the confederation needs a number of its own'],
    ],
    [
      'neighbor in the whole confederation, and a role inside',
      `${MINIMUM}confederation: { identifier: 64999, members: [65002] }\nneighbors:\n  - { address: 10.0.0.2, as: 64999 }\n  - { address: 10.0.0.3, as: 65002, role: peer }`,
      [5, 30, 'neighbors[0].as', 'AS 64999 is the whole confederation; name the member that the neighbor is in'],
      [6, 43, 'neighbors[1].role', 'is for external neighbors, and AS 65002 is inside the confederation'],
    ],
    [
      'internal route server client',
      `${NEIGHBOR}route-server-client: true`,
      [6, 26, 'neighbors[0].route-server-client', 'is for external neighbors, and AS 65001 is the own AS'],
    ],
    [
      'AS_PATH edits for a route server client',
      `${MINIMUM}neighbors: [{ address: 10.0.0.2, as: 65002, route-server-client: true, as-override: true }]`,
      [3, 85, 'neighbors[0].as-override', 'is not for a route server client, whose routes keep their AS_PATH'],
    ],
    [
      'strict-role without a role',
      `${MINIMUM}neighbors: [{ address: 10.0.0.2, as: 65002, strict-role: true }]`,
      [3, 58, 'neighbors[0].strict-role', 'needs a role: say what this speaker is to the neighbor'],
    ],
    ['key twice', `${MINIMUM}as: 65002\n`, [3, 1, 'as', '"as" is given twice', 'it is already in line 1']],
    [
      'key twice in a neighbor',
      `${NEIGHBOR}as: 65001`,
      [6, 5, 'neighbors[0].as', '"as" is given twice', 'it is already in line 5'],
    ],
    ['tab', `${MINIMUM}fib:\n\tmetric: 20\n`, [4, 1, '', 'tabs cannot indent YAML', 'use spaces']],
    ['second document', `${MINIMUM}---\nas: 1\n`, [3, 1, '', 'a second document starts here', 'remove the line "---"']],
    [
      'open bracket',
      `${MINIMUM}listen: [::\nport: 1\n`,
      [3, 12, '', 'Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ],
    [
      'tag',
      `${MINIMUM}port: !port 179\n`,
      [3, 7, '', 'Unresolved tag: !port'],
      [3, 13, 'port', expect.any(String), expect.anything()],
    ],
    [
      'binary',
      `${MINIMUM}state-file: !!binary aGk=\n`,
      [3, 22, 'state-file', 'is a kind of value that has no use here'],
    ],
    ['unknown alias', `${MINIMUM}port: *p\n`, [3, 7, 'port', '*p is not the name of an anchor above']],
    ['key that is no word', `${MINIMUM}? [a]\n: 1\n`, [3, 3, '', 'a key must be a word']],
    ['key that is a number', `${MINIMUM}179: 1\n`, [3, 1, '179', 'unknown key', expect.any(String)]],
  ];

  test.each(cases)('%s', expectProblems);

  test('everything at once, in the order of the file', () => {
    const text = 'as: 0\nneighbors:\n  - as: 23456\n    hold-time: 1\nlog: { level: loud }\nas: 1\n';
    expect(problemsOf(text).map(p => [p.line, p.path])).toEqual([
      [1, 'router-id'],
      [1, 'as'],
      [3, 'neighbors[0].address'],
      [3, 'neighbors[0].as'],
      [4, 'neighbors[0].hold-time'],
      [5, 'log.level'],
      [6, 'as'],
    ]);
  });

  test('aliases of aliases are bounded', () => {
    const level = (n: number) =>
      `- &l${n} [${Array(20)
        .fill(`*l${n - 1}`)
        .join(', ')}]`;
    const text = `listen:\n  - &l0 ["::"]\n  ${Array.from({ length: 8 }, (_, i) => level(i + 1)).join('\n  ')}\n`;
    expect(problemsOf(text).map(p => p.message)).toContain('too many values by aliases');
    expect(problemsOf('a: &a [*a]').map(p => p.message)).toContain('nested too deeply');
  });

  test.each([70, 5000])('%d lists in each other are too deep', depth => {
    const problems = problemsOf(`${MINIMUM}port: ${'['.repeat(depth)}${']'.repeat(depth)}`);
    expect(problems.map(p => p.message)).toContain('nested too deeply');
  });

  test('a password is never shown', () => {
    const text = `${NEIGHBOR}password: [hunter2]`;
    expect(brief(text)).toEqual([[6, 15, 'neighbors[0].password', 'must be text, not a list', undefined]]);
    expect(formatProblems(problemsOf(text))).not.toContain('hunter2');
  });
});

describe('formatProblems', () => {
  test('headline, line with caret, suggestion', () => {
    expect(formatProblems(problemsOf(`${MINIMUM}port: "179"`))).toBe(
      [
        'tsbgp.yml:3:7: port: must be a whole number, not "179"',
        '    3 | port: "179"',
        '      |       ^',
        '      = write 179 without quotes',
      ].join('\n'),
    );
  });

  test('color, control characters and long lines', () => {
    const problem = {
      file: 'f',
      line: 1,
      column: 501,
      path: '',
      message: 'm',
      sourceLine: `${'a'.repeat(499)}\x1bX${'b'.repeat(500)}`,
    };
    const [headline, source, caret] = formatProblems([problem], { color: true }).split('\n');
    expect(headline).toBe('\x1b[1mf:1:501: m\x1b[0m');
    expect(source).toBe(`    1 | ${'a'.repeat(58)} X${'b'.repeat(60)}`);
    expect(caret).toBe(`      | ${' '.repeat(59)}\x1b[31m^\x1b[0m`);
    expect(source[caret.indexOf('\x1b')]).toBe('X');
  });

  test('ConfigError lists the headlines', () => {
    expect(() => parseConfig('port: 1', 'a.yml')).toThrow(
      'a.yml:1:1: as: is missing\na.yml:1:1: router-id: is missing',
    );
  });
});
