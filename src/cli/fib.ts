// `tsbgp fib`: what the kernel holds of this daemon.

import type { FibRouteView } from '../bgp/views.js';
import { clientOf, type Invocation } from './invocation.js';
import { print, printJson, printTable } from './output.js';

const COLUMNS = [{ title: 'Network', width: 20 }, { title: 'Next Hop', width: 34 }, { title: 'State' }];

/** `fib [PREFIX]`. */
export async function show(invocation: Invocation): Promise<void> {
  const { args, options } = invocation;
  const client = clientOf(invocation);
  const status = await client.call('fibStatus');
  const routes = client.stream('listFibRoutes', { query: { prefix: args.PREFIX } });
  if (options.json) {
    const all: FibRouteView[] = [];
    for await (const route of routes) all.push(route);
    return printJson({ ...status, routes: all });
  }
  const count = await printTable(COLUMNS, rowsOf(routes));
  if (args.PREFIX !== undefined) return;
  const { install, table, metric, protocol, installed, pending, failed, stale, redistributed, resyncs } = status;
  const lines = [
    `Table ${table}, metric ${metric}, protocol ${protocol}${install ? '' : ': nothing is installed (fib.install is false)'}`,
    `${installed} installed, ${pending} pending, ${failed} failed, ${stale} left by a previous run`,
    `${redistributed} redistributed from the kernel, ${resyncs} times compared as a whole`,
  ];
  await print(`${count > 0 ? '\n' : ''}${lines.join('\n')}\n`);
}

async function* rowsOf(routes: AsyncIterable<FibRouteView>) {
  for await (const { prefix, kind, nextHops, state } of routes) {
    const ways = nextHops.map(({ gateway, interface: link, weight }) => {
      const via = gateway === undefined ? '' : `via ${gateway} `;
      return `${via}dev ${link}${nextHops.length > 1 ? ` weight ${weight}` : ''}`;
    });
    yield [prefix, kind === 'unicast' ? ways.join(', ') : kind, state];
  }
}
