// What each operation does: what is there and what is not is said here, the work is the speaker's, the kernel side's or the
// daemon's.
//
// Objects are answered at once, listings are lazy iterables (the server takes them in slices), event operations
// subscribe and return the end of the subscription.

import { RefusedRoute } from '../bgp/local-routes.js';
import { isKernelSource } from '../bgp/policy-test.js';
import type { NeighborStatus, RouteView } from '../bgp/views.js';
import { FAMILIES } from '../bgp/wire/family.js';
import { InputError } from '../bgp/wire/input-error.js';
import { formatPrefix, parsePrefix } from '../bgp/wire/prefix.js';
import type { Control } from './control.js';
import { ApiError } from './error.js';
import type { OperationsThat } from './operations.js';
import type { AnswerOf, Checked } from './schema.js';

type ObjectHandlers = {
  [N in OperationsThat<'object'>]: (control: Control, input: Checked<N>) => AnswerOf<N> | Promise<AnswerOf<N>>;
};
type LineHandlers = {
  [N in OperationsThat<'lines'>]: (control: Control, input: Checked<N>) => Iterable<AnswerOf<N>>;
};
type EventHandlers = {
  [N in OperationsThat<'events'>]: (
    control: Control,
    input: Checked<N>,
    listener: (event: AnswerOf<N>) => void,
  ) => () => void;
};

/** Operations that answer one value. */
export const OBJECT_HANDLERS: ObjectHandlers = {
  status: ({ daemon }) => daemon.status(),
  shutdown: async ({ daemon }, { body }) => {
    await daemon.shutdown(body.message);
    return { stopping: true };
  },
  addRoutes: ({ speaker }, { body }) => {
    try {
      speaker.addRoutes(body.routes, body.replace === true);
    } catch (error) {
      throw error instanceof RefusedRoute ? refusalOf(error) : error;
    }
    return { added: body.routes.length };
  },
  deleteRoutes: (control, { body }) => {
    if ('all' in body) return { deleted: control.speaker.deleteAllRoutes() };
    for (const [index, prefix] of body.prefixes.entries()) demandLocalRoute(control, prefix, index);
    return { deleted: control.speaker.deleteRoutes(body.prefixes) };
  },
  summary: ({ speaker }) => speaker.summary(),
  listAggregates: ({ speaker }) => speaker.listAggregates(),
  addAggregate: ({ speaker }, { body }) => {
    const prefix = formatPrefix(parsePrefix(body.prefix));
    const before = speaker.listAggregates().find(it => it.prefix === prefix);
    if (before) {
      const hint = before.added ? 'delete it first' : 'change it in the configuration file and reload';
      throw new ApiError('duplicate', `${prefix} is an aggregate already`, { hint });
    }
    speaker.addAggregate({ ...body, prefix });
    return { aggregate: prefix };
  },
  deleteAggregates: ({ speaker }, { body }) => {
    const known = new Map(speaker.listAggregates().map(({ prefix, added }) => [prefix, added]));
    const prefixes = body.prefixes.map(canonicalPrefix);
    for (const [index, prefix] of prefixes.entries()) {
      const added = known.get(prefix);
      if (added === undefined) throw new ApiError('no-such-route', `there is no aggregate ${prefix}`, { index });
      if (added) continue;
      const hint = 'remove it there and reload';
      throw new ApiError('no-such-route', `${prefix} is an aggregate of the configuration file`, { hint, index });
    }
    return { deleted: speaker.deleteAggregates(prefixes) };
  },
  listNeighbors: ({ speaker }) => speaker.neighbors(),
  getNeighbor: (control, { path }) => findNeighbor(control, path.address),
  addNeighbor: ({ speaker, daemon }, { body }) => {
    const { interface: link = '', address = link } = body;
    const before = speaker.neighbor(address);
    if (before) {
      const hint = 'delete it first, or change it in the configuration file and reload';
      throw new ApiError('duplicate', `neighbor ${before.address} exists already`, { hint });
    }
    daemon.addNeighbor(body);
    return { neighbor: speaker.neighbor(address)?.address ?? address };
  },
  deleteNeighbor: async (control, { path }) => {
    const { address } = findNeighbor(control, path.address);
    await control.speaker.removeNeighbor(address);
    return { neighbor: address };
  },
  enableNeighbor: (control, { path }) => {
    const { address } = findNeighbor(control, path.address);
    control.speaker.enable(address);
    return { neighbor: address };
  },
  disableNeighbor: async (control, { path, body }) => {
    const { address } = findNeighbor(control, path.address);
    await control.speaker.disable(address, body.message);
    return { neighbor: address };
  },
  maintainNeighbor: (control, { path, body }) => {
    const { address } = findNeighbor(control, path.address);
    control.speaker.maintain(address, body.on);
    return { neighbor: address };
  },
  maintain: ({ speaker }, { body }) => {
    const neighbors = speaker.neighbors().map(({ address }) => address);
    for (const address of neighbors) speaker.maintain(address, body.on);
    return { neighbors };
  },
  resetNeighbor: (control, { path, body }) => {
    const { address } = findNeighbor(control, path.address);
    control.speaker.reset(address, body.message);
    return { neighbor: address };
  },
  softResetNeighbor: (control, { path, body }) => {
    const { address, state } = findNeighbor(control, path.address);
    if (state !== 'Established') {
      const hint = 'there is nothing to refresh until the session is established';
      throw new ApiError('no-session', `the session with ${address} is ${state}`, { hint });
    }
    control.speaker.softReset(address, body.direction);
    return { neighbor: address };
  },
  listPolicies: ({ speaker }) => speaker.listPolicies(),
  testPolicy: (control, { body }) => {
    const neighbor = isKernelSource(body.neighbor) ? body.neighbor : findNeighbor(control, body.neighbor).address;
    return control.speaker.testPolicy({ ...body, neighbor });
  },
  fibStatus: ({ fib }) => fib.status(),
  showConfig: ({ daemon }) => daemon.config(),
  reloadConfig: async ({ daemon }) => {
    const result = await daemon.reload();
    if (result.ok) return { changes: result.changes, warnings: result.warnings };
    throw new ApiError('bad-config', 'the configuration file cannot be used; nothing was changed', {
      problems: result.problems,
    });
  },
};

/** Operations that answer a listing. */
export const LINE_HANDLERS: LineHandlers = {
  listRoutes: (control, { query }) => {
    const { family, neighbor, direction, ...rest } = query;
    const routes = control.speaker.routes({
      ...rest,
      family: FAMILIES.find(row => row.name === family)?.family,
      ...(neighbor !== undefined && {
        neighbor: findNeighbor(control, neighbor).address,
        direction: direction ?? 'in',
      }),
    });
    if (rest.prefix === undefined && rest.address === undefined) return routes;
    const table =
      neighbor === undefined ? 'the table' : `the Adj-RIB-${direction === 'out' ? 'Out' : 'In'} of ${neighbor}`;
    return atLeastOne(routes, () =>
      rest.prefix === undefined ? `no prefix in ${table} holds ${rest.address}` : `${rest.prefix} is not in ${table}`,
    );
  },
  listFibRoutes: ({ fib }, { query }) => {
    if (query.prefix === undefined) return fib.routes();
    const prefix = formatPrefix(parsePrefix(query.prefix));
    return atLeastOne(onlyPrefix(fib.routes(), prefix), () => `${prefix} is not among the routes for the kernel`);
  },
};

/** Operations that answer events until the reader goes. */
export const EVENT_HANDLERS: EventHandlers = {
  routeEvents: ({ speaker }, _input, listener) => speaker.subscribe('rib', listener),
  neighborEvents: (control, { query }, listener) => {
    const only = query.address === undefined ? undefined : findNeighbor(control, query.address).address;
    return control.speaker.subscribe('neighbor', event => {
      if (only === undefined || event.address === only) listener(event);
    });
  },
};

function findNeighbor({ speaker }: Control, text: string): NeighborStatus {
  const neighbor = speaker.neighbor(text);
  if (neighbor) return neighbor;
  const known = speaker.neighbors().map(it => it.address);
  const more = known.length > 5 ? `, and ${known.length - 5} more` : '';
  const hint =
    known.length === 0 ? 'there are no neighbors' : `the neighbors are ${known.slice(0, 5).join(', ')}${more}`;
  throw new ApiError('no-such-neighbor', `there is no neighbor ${text}`, { hint });
}

function* onlyPrefix<T extends { prefix: string }>(lines: Iterable<T>, prefix: string): Iterable<T> {
  for (const line of lines) if (line.prefix === prefix) yield line;
}

function* atLeastOne<T>(lines: Iterable<T>, otherwise: () => string): Iterable<T> {
  let found = false;
  for (const line of lines) {
    found = true;
    yield line;
  }
  if (!found) throw new ApiError('no-such-route', otherwise());
}

/** What is wrong with an element of a list: the same error with its index. */
const atIndex = (error: unknown, index: number) =>
  error instanceof InputError ? new ApiError('bad-input', error.message, { hint: error.hint, index }) : error;

function refusalOf({ message, hint, index, duplicate }: RefusedRoute): ApiError {
  if (!duplicate) return new ApiError('bad-input', message, { hint, index });
  return new ApiError('duplicate', message, { hint: 'to replace it: --replace (in the API: "replace": true)', index });
}

/** The prefix in the speaker's spelling. */
function canonicalPrefix(text: string, index: number): string {
  try {
    return formatPrefix(parsePrefix(text));
  } catch (error) {
    throw atIndex(error, index);
  }
}

function findRoute({ speaker }: Control, prefix: string): RouteView | undefined {
  for (const route of speaker.routes({ prefix })) return route;
  return undefined;
}

const isLocal = (path: RouteView['paths'][number]) => path.source === 'local';

const ORIGIN_WORDS: { readonly [source: string]: string | undefined } = {
  connected: 'is a subnet of an interface',
  static: "comes from the kernel's table",
  kernel: "comes from the kernel's table",
  aggregate: 'is an aggregate',
};

function demandLocalRoute(control: Control, text: string, index: number): void {
  const prefix = canonicalPrefix(text, index);
  const route = findRoute(control, prefix);
  if (route?.paths.some(isLocal)) return;
  if (!route) throw new ApiError('no-such-route', `${prefix} is not announced from here`, { index });
  const source = route.paths[0].source;
  const origin = ORIGIN_WORDS[source] ?? `was learned from ${source}`;
  throw new ApiError('no-such-route', `${prefix} ${origin}: only routes that were added here can be deleted`, {
    index,
  });
}
