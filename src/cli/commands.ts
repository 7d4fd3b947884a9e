// The commands and options of tsbgp: one table for dispatch, help, completion and the reference.
//
// Each command names the module that carries it out, loaded when it runs: a command costs the start-up of its own module only.

import type { Invocation } from './invocation.js';

/** An option; its value, if it takes one, follows it. */
export interface Option {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: 'boolean' | 'string' | 'number';
  /** Name of the value. */
  readonly value?: string;
  readonly describe: string;
  /** Allowed with every command. */
  readonly global?: boolean;
}

/** All options; commands list those they take besides the global ones. */
export const OPTIONS = [
  { name: 'json', aliases: ['j'], type: 'boolean', describe: 'Print JSON', global: true },
  {
    name: 'socket',
    aliases: [],
    type: 'string',
    value: 'PATH',
    describe: "The daemon's socket (environment: TSBGP_SOCKET; default: /run/tsbgp/tsbgp.sock)",
    global: true,
  },
  { name: 'help', aliases: ['h'], type: 'boolean', describe: 'Explain the command', global: true },
  { name: 'version', aliases: ['V'], type: 'boolean', describe: 'The same as the command version', global: true },
  {
    name: 'family',
    aliases: ['a', 'address-family'],
    type: 'string',
    value: 'ipv4|ipv6',
    describe: 'The address family',
  },
  { name: 'longer', aliases: [], type: 'boolean', describe: 'The prefix and all inside it' },
  { name: 'explain', aliases: [], type: 'boolean', describe: 'Why each path is not the best (always, for one route)' },
  { name: 'limit', aliases: [], type: 'number', value: 'N', describe: 'At most so many prefixes' },
  { name: 'replace', aliases: [], type: 'boolean', describe: 'Replace a route that is announced already' },
  {
    name: 'config',
    aliases: ['c', 'f'],
    type: 'string',
    value: 'FILE',
    describe: 'Configuration file (default: /etc/tsbgp/tsbgp.yml)',
  },
  {
    name: 'neighbor',
    aliases: ['n'],
    type: 'string',
    value: 'NEIGHBOR',
    describe:
      "The neighbor's address, or the interface that names it; connected, static or kernel for redistributed routes",
  },
  { name: 'import', aliases: [], type: 'boolean', describe: 'Routes from the neighbor' },
  { name: 'export', aliases: [], type: 'boolean', describe: 'Routes to the neighbor' },
  {
    name: 'log-level',
    aliases: ['l'],
    type: 'string',
    value: 'LEVEL',
    describe: 'Instead of the configured log level',
  },
] as const satisfies readonly Option[];

/** Name of an option, without dashes. */
export type OptionName = (typeof OPTIONS)[number]['name'];

/** The options given, by name; absent ones are undefined. */
export interface OptionValues {
  json?: boolean;
  socket?: string;
  help?: boolean;
  version?: boolean;
  family?: string;
  longer?: boolean;
  explain?: boolean;
  limit?: number;
  replace?: boolean;
  config?: string;
  neighbor?: string;
  import?: boolean;
  export?: boolean;
  'log-level'?: string;
}

/** What carries a command out. Resolves when all is printed; rejects with CommandError, ApiError or ConnectionError. */
export type Run = (invocation: Invocation) => Promise<void>;

/** A command: what is typed, what it does, what carries it out. */
export interface Command {
  /** Pattern of its words; see grammar.ts. */
  readonly usage: string;
  readonly summary: string;
  readonly options?: readonly OptionName[];
  /** Lines to type, each with what it does. */
  readonly examples?: readonly (readonly [line: string, what: string])[];
  /** Kept for fingers that know gobgp: the command it stands for. */
  readonly aliasOf?: string;
  readonly load: () => Promise<Run>;
}

const rib = () => import('./rib.js');
const aggregate = () => import('./aggregate.js');
const neighbor = () => import('./neighbor.js');
const config = () => import('./config.js');
const policy = () => import('./policy.js');
const status = () => import('./status.js');

const ADD_EXAMPLES = [
  ['tsbgp rib add 10.233.1.10/32', 'Announce the address of a pod'],
  [
    'tsbgp rib add 10.233.1.0/24 community blackhole',
    'Announce a prefix and drop here what nothing more specific takes',
  ],
  ['tsbgp rib add 2001:db8:1::/48 nexthop 2001:db8::1 med 10 community 65001:100,no-export', 'Attributes of all kinds'],
  ['tsbgp rib add 192.0.2.0/24 aspath "65010 65020" origin igp', 'A path of several AS numbers needs quotes'],
] as const;

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  {
    usage: 'daemon',
    summary: 'Run the daemon in the foreground',
    options: ['config', 'log-level'],
    examples: [
      ['tsbgp daemon', 'With /etc/tsbgp/tsbgp.yml'],
      ['tsbgp daemon --config gobgpd.yml', "With gobgp's configuration as it is"],
    ],
    load: async () => (await import('./daemon.js')).run,
  },
  {
    usage: 'rib',
    summary: 'Show all routes (Loc-RIB)',
    options: ['family', 'explain', 'limit'],
    examples: [
      ['tsbgp rib', 'All routes'],
      ['tsbgp rib -a ipv6 --limit 100', 'The first 100 IPv6 prefixes'],
    ],
    load: async () => (await rib()).show,
  },
  {
    usage: 'rib ADDRESS',
    summary: 'Show the route that packets to an address take: the longest match',
    options: ['family'],
    examples: [['tsbgp rib 10.233.1.10', 'Which prefix holds this address, and all its paths']],
    load: async () => (await rib()).show,
  },
  {
    usage: 'rib PREFIX',
    summary: 'Show a prefix, its paths and why they are not the best',
    options: ['family', 'longer', 'explain', 'limit'],
    examples: [
      ['tsbgp rib 10.233.1.0/24', 'This prefix'],
      ['tsbgp rib 10.233.0.0/16 --longer', 'This prefix and all inside it'],
    ],
    load: async () => (await rib()).show,
  },
  {
    usage: 'rib summary',
    summary: 'Count prefixes, paths, next hops and update groups',
    load: async () => (await rib()).summary,
  },
  {
    usage: 'rib in NEIGHBOR [PREFIX]',
    summary: 'Show what a neighbor has sent (Adj-RIB-In)',
    options: ['family', 'limit'],
    examples: [['tsbgp rib in 172.18.8.102', 'All routes from this neighbor, those import refused too']],
    load: async () => (await rib()).showIn,
  },
  {
    usage: 'rib out NEIGHBOR [PREFIX]',
    summary: 'Show what a neighbor was sent (Adj-RIB-Out)',
    options: ['family', 'limit'],
    load: async () => (await rib()).showOut,
  },
  {
    usage: 'rib add PREFIX [ATTRIBUTE...]',
    summary: 'Announce a route',
    options: ['family', 'replace'],
    examples: ADD_EXAMPLES,
    load: async () => (await rib()).add,
  },
  {
    usage: 'rib add -',
    summary: 'Announce routes from standard input, one a line',
    options: ['family', 'replace'],
    examples: [
      ['tsbgp rib add - < routes.txt', 'Lines such as: 10.0.0.0/24 community 65001:100'],
      ["seq 0 255 | sed 's|.*|10.1.&.0/24|' | tsbgp rib add -", 'Many at once'],
    ],
    load: async () => (await rib()).addLines,
  },
  {
    usage: 'rib del PREFIX...',
    summary: 'Withdraw routes added here',
    options: ['family'],
    examples: [['tsbgp rib del 10.233.1.10/32 10.233.1.0/24', 'Both or none']],
    load: async () => (await rib()).deletePrefixes,
  },
  {
    usage: 'rib del all',
    summary: 'Withdraw all routes added here',
    load: async () => (await rib()).deleteAll,
  },
  {
    usage: 'aggregate [PREFIX]',
    summary: 'Show the aggregates and how many routes each stands for',
    load: async () => (await aggregate()).list,
  },
  {
    usage: 'aggregate add PREFIX [SETTING...]',
    summary: 'Announce a prefix while there are more specific routes in it',
    examples: [
      ['tsbgp aggregate add 10.233.1.0/24 summary-only', 'In place of the addresses of the pods'],
      ['tsbgp aggregate add 2001:db8:1::/48 kernel unreachable community no-export', 'Beside them'],
    ],
    load: async () => (await aggregate()).add,
  },
  {
    usage: 'aggregate del PREFIX...',
    summary: 'Remove aggregates added here',
    examples: [['tsbgp aggregate del 10.233.1.0/24 2001:db8:1::/48', 'Both or none']],
    load: async () => (await aggregate()).remove,
  },
  {
    usage: 'neighbor',
    summary: 'Show all neighbors',
    load: async () => (await neighbor()).list,
  },
  {
    usage: 'neighbor NEIGHBOR',
    summary: 'Show a neighbor: capabilities, timers, counters, last error',
    load: async () => (await neighbor()).show,
  },
  {
    usage: 'neighbor NEIGHBOR reset [MESSAGE...]',
    summary: 'End the session and start it again',
    examples: [['tsbgp neighbor 172.18.8.102 reset new address plan', 'The other side logs the message (RFC 9003)']],
    load: async () => (await neighbor()).reset,
  },
  {
    usage: 'neighbor NEIGHBOR maintenance on|off',
    summary: 'Make routes from and to a neighbor the last choice, so that traffic leaves it; the session stays up',
    examples: [['tsbgp neighbor 172.18.8.102 maintenance on', 'Before work on the link: GRACEFUL_SHUTDOWN (RFC 8326)']],
    load: async () => (await neighbor()).maintain,
  },
  {
    usage: 'neighbor all maintenance on|off',
    summary: 'The same for all neighbors, before work on this machine',
    load: async () => (await neighbor()).maintainAll,
  },
  {
    usage: 'neighbor NEIGHBOR softreset [in|out]',
    summary: 'Ask for the routes again (in), send them again (out), or both; the session stays up',
    load: async () => (await neighbor()).softReset,
  },
  {
    usage: 'neighbor NEIGHBOR enable',
    summary: 'Bring the session up again after disable',
    load: async () => (await neighbor()).enable,
  },
  {
    usage: 'neighbor NEIGHBOR disable [MESSAGE...]',
    summary: 'Shut the session down until enable',
    examples: [
      ['tsbgp neighbor 172.18.8.102 disable maintenance until 15:00', 'The other side logs the message (RFC 9003)'],
    ],
    load: async () => (await neighbor()).disable,
  },
  {
    usage: 'neighbor NEIGHBOR add as AS [OPTION...]',
    summary: 'Add a neighbor until the daemon stops',
    examples: [
      ['tsbgp neighbor 172.18.8.103 add as 65001', 'An internal neighbor'],
      ['tsbgp neighbor 192.0.2.1 add as 65010 import accept export accept hold-time 30', 'An external one'],
    ],
    load: async () => (await neighbor()).add,
  },
  {
    usage: 'neighbor NEIGHBOR add group NAME [OPTION...]',
    summary: 'The same, with the keys of a group of the configuration, its AS among them',
    examples: [['tsbgp neighbor 172.18.8.104 add group spines', 'One more like the others']],
    load: async () => (await neighbor()).add,
  },
  {
    usage: 'neighbor NEIGHBOR del',
    summary: 'End the session and forget the neighbor until the daemon starts again',
    load: async () => (await neighbor()).remove,
  },
  {
    usage: 'policy [NAME]',
    summary: 'Show the policies, who uses them, and how many routes each statement matched',
    load: async () => (await policy()).list,
  },
  {
    usage: 'policy test PREFIX [ATTRIBUTE...]',
    summary:
      'Show what the policies of a neighbor, or for redistributed routes, do to a route, and which statements did it',
    options: ['neighbor', 'import', 'export'],
    examples: [
      ['tsbgp policy test 10.1.0.0/24 --neighbor 192.0.2.1 --import', 'The route that this neighbor sent'],
      [
        'tsbgp policy test 10.1.0.0/24 aspath "65010 65020" community 65001:100 --neighbor 192.0.2.1 --import',
        'One that need not exist',
      ],
      ['tsbgp policy test 10.1.0.0/24 --neighbor static --import', 'A route of the kernel that is redistributed'],
    ],
    load: async () => (await policy()).test,
  },
  {
    usage: 'fib [PREFIX]',
    summary: 'Show the routes in the kernel and how they are doing',
    load: async () => (await import('./fib.js')).show,
  },
  {
    usage: 'config check FILE',
    summary: 'Check a configuration file; needs no daemon',
    examples: [['tsbgp config check /etc/tsbgp/tsbgp.yml', 'Exit code 2 and every problem with its line, or silence']],
    load: async () => (await config()).check,
  },
  {
    usage: 'config show [FILE]',
    summary: "Show the configuration with its defaults: the daemon's, or a file's",
    load: async () => (await config()).show,
  },
  {
    usage: 'config reload',
    summary: 'Have the daemon read its configuration file again',
    load: async () => (await config()).reload,
  },
  {
    usage: 'monitor rib',
    summary: 'Print changes of best paths as they happen',
    load: async () => (await import('./monitor.js')).rib,
  },
  {
    usage: 'monitor neighbor [NEIGHBOR]',
    summary: 'Print changes of sessions as they happen',
    load: async () => (await import('./monitor.js')).neighbor,
  },
  {
    usage: 'status',
    summary: 'Show the daemon: version, AS, router id, since when it runs',
    load: async () => (await status()).status,
  },
  {
    usage: 'version',
    summary: 'Print the version of tsbgp and of the running daemon',
    load: async () => (await status()).version,
  },
  {
    usage: 'shutdown [MESSAGE...]',
    summary: 'Stop for good: tell every neighbor (Cease), remove the kernel routes, end the daemon',
    examples: [['tsbgp shutdown moving to the new rack', 'The neighbors log the message (RFC 9003)']],
    load: async () => (await status()).shutdown,
  },
  {
    usage: 'completion bash|zsh',
    summary: 'Print the completion script of a shell',
    examples: [
      ['source <(tsbgp completion bash)', 'In this shell'],
      ['tsbgp completion zsh > ~/.zfunc/_tsbgp', 'In a directory of fpath'],
    ],
    load: async () => (await import('./completion.js')).script,
  },
  {
    usage: 'neighbor NEIGHBOR adj-in',
    summary: 'rib in NEIGHBOR',
    options: ['family', 'limit'],
    aliasOf: 'rib in NEIGHBOR',
    load: async () => (await rib()).showIn,
  },
  {
    usage: 'neighbor NEIGHBOR adj-out',
    summary: 'rib out NEIGHBOR',
    options: ['family', 'limit'],
    aliasOf: 'rib out NEIGHBOR',
    load: async () => (await rib()).showOut,
  },
  {
    usage: 'neighbor NEIGHBOR softresetin|softresetout',
    summary: 'neighbor NEIGHBOR softreset in|out',
    aliasOf: 'neighbor NEIGHBOR softreset in|out',
    load: async () => (await neighbor()).softReset,
  },
  {
    usage: 'neighbor add NEIGHBOR as AS [OPTION...]',
    summary: 'neighbor NEIGHBOR add as AS',
    aliasOf: 'neighbor NEIGHBOR add as AS',
    load: async () => (await neighbor()).add,
  },
  {
    usage: 'neighbor del NEIGHBOR',
    summary: 'neighbor NEIGHBOR del',
    aliasOf: 'neighbor NEIGHBOR del',
    load: async () => (await neighbor()).remove,
  },
];

/** Beginnings of lines that stand for others, as gobgp has them. */
export const ALIASES: readonly (readonly [from: string, to: string])[] = [
  ['global rib', 'rib'],
  ['monitor global rib', 'monitor rib'],
  ['global', 'status'],
];

/** The words with an alias at their beginning replaced. */
export function withoutAliases(words: readonly string[]): readonly string[] {
  for (const [from, to] of ALIASES) {
    const beginning = from.split(' ');
    if (beginning.every((word, i) => words[i] === word)) return [...to.split(' '), ...words.slice(beginning.length)];
  }
  return words;
}
