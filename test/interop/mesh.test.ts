// Five tsbgp nodes, each with a session to every other (iBGP), each with its own routes in the kernels of the others:
// what a whole machine room going through restarts looks like from the kernels.

import { expect } from 'vitest';
import { it, kernelRoute, soon, watchKernelRoutes } from './machines.js';
import { startTsbgp, type Tsbgp } from './tsbgp.js';

const NUMBERS = [1, 2, 3, 4, 5];
const RESTART_SECONDS = 10;

const config = (n: number) => `
      as: 65001
      router-id: 10.0.0.${n}
      neighbors:${NUMBERS.filter(other => other !== n)
        .map(
          other => `
        - address: 10.0.0.${other}
          as: 65001
          idle-hold: 0
          connect-retry: 1
          graceful-restart: { restart-time: ${RESTART_SECONDS} }`,
        )
        .join('')}`;

const routesOf = (n: number) => [`10.${n}.0.0/24`, `2001:db8:${n}::/48`];

/** Every one of the nodes has the routes of every other in its kernel. */
async function haveEachOther(nodes: Map<number, Tsbgp>): Promise<void> {
  for (const [at, node] of nodes) {
    for (const of of nodes.keys()) {
      if (of === at) continue;
      for (const prefix of routesOf(of)) await soon(() => kernelRoute(node, prefix), 20_000).toBeDefined();
    }
  }
}

it('two restart at once, one of them twice, and one is gone for good: only its routes go', {
  timeout: 90_000,
}, async ({ five }) => {
  const nodes = new Map<number, Tsbgp>();
  for (const n of NUMBERS) {
    const node = await startTsbgp(five[n - 1], config(n));
    await node.announce(...routesOf(n));
    nodes.set(n, node);
  }
  const [one, two, three, four, gone] = [...nodes.values()];
  await haveEachOther(nodes);
  const changes = await Promise.all([one, two, three, four].map(watchKernelRoutes));

  await Promise.all([three, four, gone].map(node => node.stop('SIGKILL')));
  await Promise.all([three.restart(), four.restart()]);
  // Its own routes are told as soon as its session is up: a second crash finds nothing that is stale.
  for (const node of [one, two]) {
    for (const prefix of routesOf(3)) await soon(() => node.paths(prefix)).toMatchObject([{ stale: false }]);
  }
  await three.stop('SIGKILL');
  await three.restart();

  // Nobody waits long for the one that is gone …
  for (const node of [one, two]) {
    for (const address of ['10.0.0.3', '10.0.0.4']) {
      await soon(() => node.neighbor(address)).toMatchObject({ families: [{ endOfRib: true }, { endOfRib: true }] });
    }
  }
  // … and what it announced is all that goes.
  const onlyItsRoutes = NUMBERS.slice(0, 4).map(() => [/^Deleted 10\.5\.0\.0\/24 /, /^Deleted 2001:db8:5::\/48 /]);
  await soon(() => changes.map(seen => seen().sort()), (RESTART_SECONDS + 10) * 1000).toEqual(
    onlyItsRoutes.map(lines => lines.map(line => expect.stringMatching(line))),
  );
  nodes.delete(5);
  await haveEachOther(nodes);
});
