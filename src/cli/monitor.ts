// `tsbgp monitor`: changes as they happen, until interrupted.

import { clientOf, type Invocation } from './invocation.js';
import { formatTime, print } from './output.js';
import { attributes } from './rib.js';

/** `monitor rib`. */
export async function rib(invocation: Invocation): Promise<void> {
  for await (const event of clientOf(invocation).stream('routeEvents')) {
    if (invocation.options.json) {
      await print(`${JSON.stringify(event)}\n`);
      continue;
    }
    const { at, prefix, best } = event;
    const what = best
      ? `[ROUTE] ${prefix} via ${best.nextHop} aspath [${best.asPath}] attrs ${attributes(best)}`
      : `[DELROUTE] ${prefix}`;
    await print(`${formatTime(at)} ${what}\n`);
  }
}

/** `monitor neighbor [NEIGHBOR]`. */
export async function neighbor(invocation: Invocation): Promise<void> {
  const { args, options } = invocation;
  for await (const event of clientOf(invocation).stream('neighborEvents', { query: { address: args.NEIGHBOR } })) {
    const { at, address, as, state, reason } = event;
    const text = `${formatTime(at)} [NEIGH] ${address} AS ${as} ${state}${reason === '' ? '' : `: ${reason}`}`;
    await print(`${options.json ? JSON.stringify(event) : text}\n`);
  }
}
