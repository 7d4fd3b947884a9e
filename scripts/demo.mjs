// npm run demo: two nodes with a daemon and pods each, built from network namespaces on this machine; it walks through
// docs/demo.md, checks every step and removes what it made. Options: see USAGE.
//
// Whatever ends this process, Ctrl-C or a kill, its nodes go with it (test/lab/node.sh sees to that).

import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { readLog } from '../test/lab/daemon.mjs';
import { cleanup, createNode, findNode, isTaken, link } from '../test/lab/node.mjs';
import { play } from './demo/acts.mjs';
import { runMain, SetupError, setUp } from './setup.mjs';

const USAGE = `usage: npm run demo [-- OPTION]
  --keep          leave the nodes up at the end and say how to enter them
  --clean         remove nodes that were kept
  --prefix NAME   call the nodes NAMEbgp-1 and NAMEbgp-2, so that there can be more than one pair of them`;

/** A signal asked the demo to stop. */
class Interruption extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(signal);
    this.status = 128 + constants.signals[signal];
  }
}

await runMain(async () => {
  const { keep, clean, prefix } = readArguments();
  const names = ['bgp-1', 'bgp-2'].map(name => prefix + name);
  if (process.platform !== 'linux') throw new SetupError('the demo needs Linux with network namespaces');
  if (process.getuid?.() !== 0) {
    throw new SetupError('the demo makes network namespaces, which only root can: sudo npm run demo');
  }
  if (clean) return removeKept(names);
  for (const name of names) refuseIfTaken(name, prefix);

  const start = Date.now();
  setUp(['ip', 'ping', 'iptables', 'sysctl', 'mount', 'nsenter']);
  const interruption = interruptions();
  const nodes = await makeNodes(names);
  try {
    await Promise.race([play(nodes[0], nodes[1]), interruption]);
    console.log(`\nThe demo went as it should, in ${((Date.now() - start) / 1000).toFixed(1)} s.`);
  } catch (error) {
    if (error instanceof Interruption) {
      console.error(`\n${error.message}: removing the nodes`);
      await cleanup();
      process.exit(error.status);
    }
    for (const node of nodes) console.error(`\nthe end of the log of ${node.name}:\n${readLog(node)}`);
    console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  } finally {
    if (keep) await leave(nodes, prefix);
    else await cleanup();
  }
  // A kept daemon is still a child of this process, which would wait for it.
  process.exit();
});

/** @returns {Promise<never>} rejected by the first signal to stop */
function interruptions() {
  return new Promise((_, reject) => {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.on(signal, () => reject(new Interruption(signal)));
    }
  });
}

function readArguments() {
  /** @type {{ keep?: boolean, clean?: boolean, prefix?: string, help?: boolean }} */
  let values;
  try {
    const flag = /** @type {const} */ ({ type: 'boolean' });
    ({ values } = parseArgs({ options: { keep: flag, clean: flag, help: flag, prefix: { type: 'string' } } }));
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
  if (values.help) {
    console.log(USAGE);
    process.exit();
  }
  return { keep: values.keep ?? false, clean: values.clean ?? false, prefix: values.prefix ?? '' };
}

/**
 * @param {string} name
 * @param {string} prefix
 */
function refuseIfTaken(name, prefix) {
  if (!isTaken(name)) return;
  const node = findNode(name);
  if (node === null) {
    throw new SetupError(`there is a network namespace ${name} that is not the demo's; it is needed under this name.
Use other names: npm run demo -- --prefix my-
Or remove it, if nobody needs it: ip netns del ${name}`);
  }
  throw new SetupError(`the node ${name} is already up: the demo is running, or was kept. It is left alone.
Enter it:    ${node.enterCommand}
Remove it:   npm run demo -- --clean${prefix && ` --prefix ${prefix}`}
Or use other names: npm run demo -- --prefix my-`);
}

/** @param {string[]} names */
async function makeNodes(names) {
  try {
    const nodes = [];
    for (const name of names) nodes.push(await createNode(name));
    await link(nodes[0], 'eth1', nodes[1], 'eth1');
    return nodes;
  } catch (error) {
    await cleanup();
    throw new SetupError(`${error instanceof Error ? error.message : error}
This needs network and mount namespaces and veth links: a Linux machine, VM or privileged container.`);
  }
}

/**
 * @param {import('../test/lab/node.mjs').Node[]} nodes
 * @param {string} prefix
 */
async function leave(nodes, prefix) {
  await Promise.all(nodes.map(node => node.keep()));
  console.log('\nThe nodes are up. Enter them:');
  for (const node of nodes) console.log(`  ${node.enterCommand}   # ${node.name}`);
  console.log('There, try: tsbgp neighbor, tsbgp rib, ip route, CREATE_POD.sh 7, cat /run/tsbgp/tsbgp.log');
  console.log(`Remove them: npm run demo -- --clean${prefix && ` --prefix ${prefix}`}`);
}

/** @param {string[]} names */
async function removeKept(names) {
  for (const name of names) {
    const node = findNode(name);
    await node?.powerOff();
    console.log(node ? `${name} removed` : `there is no node ${name}`);
  }
}
