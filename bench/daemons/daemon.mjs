// What a daemon is to the benchmarks. Each file beside this one describes one daemon by such an object: how it is
// configured for a given set of neighbors, how it is started in the foreground, and how it is asked for its routes.

/**
 * @typedef {object} Neighbor
 * @property {string} address
 * @property {number} as
 * @property {'ipv4' | 'ipv6'} family of its address and of the routes exchanged with it
 * @property {boolean} [client] of the route reflector
 * @property {boolean} [nextHopSelf] the daemon gives itself as next hop to this internal neighbor
 * @property {boolean} [active] the daemon connects; else it waits for the neighbor
 */

/**
 * @typedef {object} Topology what a daemon is to be
 * @property {number} as
 * @property {string} routerId
 * @property {Neighbor[]} neighbors routes from all of them are accepted, and announced to all of them
 * @property {number} holdSeconds
 * @property {boolean} fib put best routes into the kernel
 * @property {ImportPolicy} [policy] for routes from all neighbors
 * @property {NodeJS.ProcessEnv} [env] of its processes, besides the usual
 */

/**
 * @typedef {object} ImportPolicy
 * @property {string[]} rejected prefixes; routes inside them are rejected
 * @property {{ community: string, med: number }[]} statements a route with the community gets the MED, the first
 *   matching statement counts; all other routes are accepted as they are
 */

/**
 * @typedef {object} Daemon
 * @property {string} name for options and results
 * @property {string} title for people
 * @property {Record<string, string>} commands it needs, each with Debian's package for it
 * @property {(topology: Topology) => Record<string, string>} files its configuration: contents by path, all below /run
 * @property {string} [prepare] shell command on the node, before the start
 * @property {(topology: Topology) => Process[]} processes in the order of their start
 * @property {(node: import('../../test/lab/node.mjs').Node, family: 'ipv4' | 'ipv6') => Promise<number>} count prefixes in
 *   its table, by its own show command
 * @property {() => string} version
 * @property {boolean} [sendsNoEndOfRib] it does not say when a new neighbor has been told everything
 * @property {(prefix: string, all: string[]) => { files?: Record<string, string>, argv: string[] }} [announce] how a person
 *   announces one more prefix on it, `all` being those announced then: these files are written, then the command is run
 * @property {string[]} [announceAll] the command that reads prefixes to announce, one a line
 * @property {Record<string, string>} lacks why it is left out of scenarios, by their name
 */

/**
 * @typedef {object} Process
 * @property {string[]} argv
 * @property {NodeJS.ProcessEnv} [env] besides the usual
 * @property {string} [ready] a file that shows that the next process may be started
 */

export {};
