// The keys about AS paths and next hops, changed while the session is up: what each does is there afterwards, and gone when the key
// is taken back. Only `local-as`, which the OPEN says, needs a new session.

import { describe, expect, it } from 'vitest';
import { ANY_EXTERNAL_AS, type NeighborOptions } from '../../src/bgp/session/options.js';
import type { Speaker } from '../../src/bgp/speaker.js';
import { freePort, neighbor, routes, start, until } from './speakers.js';

type Keys = Partial<NeighborOptions>;
const AS_PATH = { allowOwn: 0, enforceFirst: true, override: false, removePrivate: false } as const;

const pathOf = (speaker: Speaker, prefix: string) => routes(speaker, { prefix })[0]?.paths[0];

/** Changes the keys of a neighbor; the session stays the one it was. */
function change(speaker: Speaker, options: NeighborOptions): void {
  expect(speaker.updateNeighbor(options)).toBe('changed');
  expect(speaker.neighbor(options.address)?.session.established).toBe(1);
}

/** Speakers 1 and 2 in ASes 65001 and 65002; speaker 1 announces 10.1.0.0/24, speaker 2 10.2.0.0/24. */
async function pair(
  own: { asPath?: string; nextHop?: string } = {},
  theirs: { asPath?: string } = {},
  keys: Keys = {},
) {
  const port = await freePort();
  const other = (more: Keys = {}) => neighbor(1, 2, port, { as: 65002, ...more });
  const a = await start(1, port, [other()]);
  const b = await start(2, port, [neighbor(2, 1, port, { as: ANY_EXTERNAL_AS, ...keys })], { as: 65002 });
  a.addRoutes([{ prefix: '10.1.0.0/24', ...own }]);
  b.addRoutes([{ prefix: '10.2.0.0/24', ...theirs }]);
  await until(a, () => pathOf(a, '10.2.0.0/24') !== undefined);
  await until(b, () => pathOf(b, '10.1.0.0/24') !== undefined);
  return { a, b, other };
}

describe('changed within the session:', () => {
  it('allow-own-as', async () => {
    const { a, other } = await pair({}, { asPath: '65001' });
    const eligible = (wanted: boolean) => until(a, () => pathOf(a, '10.2.0.0/24').eligible === wanted);
    expect(pathOf(a, '10.2.0.0/24')).toMatchObject({ eligible: false, asPath: '65002 65001' });
    change(a, other({ asPath: { ...AS_PATH, allowOwn: 1 } }));
    await eligible(true);
    change(a, other());
    await eligible(false);
  });

  it('enforce-first-as', async () => {
    const port = await freePort();
    const server = (more: Keys = {}) => neighbor(1, 2, port, { as: 65002, ...more });
    const a = await start(1, port, [server()]);
    const client = { routeServerClient: true };
    const clients = [neighbor(2, 1, port, { as: 65001, ...client }), neighbor(2, 3, port, { as: 65003, ...client })];
    await start(2, port, clients, { as: 65002 });
    const c = await start(3, port, [neighbor(3, 2, port, { as: 65002 })], { as: 65003 });
    c.addRoutes([{ prefix: '10.3.0.0/24' }]);
    await until(a, () => pathOf(a, '10.3.0.0/24') !== undefined);
    expect(pathOf(a, '10.3.0.0/24')).toMatchObject({ eligible: false, asPath: '65003' });
    change(a, server({ asPath: { ...AS_PATH, enforceFirst: false } }));
    await until(a, () => pathOf(a, '10.3.0.0/24').eligible);
    change(a, server());
    await until(a, () => !pathOf(a, '10.3.0.0/24').eligible);
  });

  it('as-override', async () => {
    const { a, b, other } = await pair({ asPath: '65002' }, {}, { asPath: { ...AS_PATH, allowOwn: 2 } });
    const told = (asPath: string) => until(b, () => pathOf(b, '10.1.0.0/24')?.asPath === asPath);
    // A path with its AS goes to a neighbor all the same; it is for the neighbor to refuse it.
    await told('65001 65002');
    change(a, other({ asPath: { ...AS_PATH, override: true } }));
    await told('65001 65001');
    change(a, other());
    await told('65001 65002');
  });

  it('remove-private-as', async () => {
    const { a, b, other } = await pair({ asPath: '3 64512' });
    const told = (asPath: string) => until(b, () => pathOf(b, '10.1.0.0/24').asPath === asPath);
    await told('65001 3 64512');
    change(a, other({ asPath: { ...AS_PATH, removePrivate: 'all' } }));
    await told('65001 3');
    change(a, other({ asPath: { ...AS_PATH, removePrivate: 'replace' } }));
    await told('65001 3 65001');
    change(a, other());
    await told('65001 3 64512');
  });

  it('next-hop-unchanged', async () => {
    const { a, b, other } = await pair({ nextHop: '127.0.0.77' });
    const told = (nextHop: string) => until(b, () => pathOf(b, '10.1.0.0/24').nextHop === nextHop);
    await told('127.0.0.1');
    change(a, other({ nextHopUnchanged: true }));
    await told('127.0.0.77');
    change(a, other());
    await told('127.0.0.1');
  });

  it('next-hop-self', async () => {
    const port = await freePort();
    const internal = (more: Keys = {}) => neighbor(1, 2, port, more);
    const a = await start(1, port, [internal(), neighbor(1, 3, port, { as: 65003 })]);
    const b = await start(2, port, [neighbor(2, 1, port)]);
    const c = await start(3, port, [neighbor(3, 1, port)], { as: 65003 });
    c.addRoutes([{ prefix: '10.3.0.0/24' }]);
    const told = (nextHop: string) => until(b, () => pathOf(b, '10.3.0.0/24')?.nextHop === nextHop);
    await told('127.0.0.3');
    change(a, internal({ nextHopSelf: true }));
    await told('127.0.0.1');
    change(a, internal());
    await told('127.0.0.3');
  });
});

it('changed with a new session: local-as', async () => {
  const { a, b, other } = await pair();
  const told = (asPath: string) => until(b, () => pathOf(b, '10.1.0.0/24')?.asPath === asPath);
  const taken = (asPath: string) => until(a, () => pathOf(a, '10.2.0.0/24')?.asPath === asPath);
  await told('65001');
  const local = (noPrepend: boolean, replaceAs: boolean) =>
    other({ asPath: { ...AS_PATH, local: { as: 65020, noPrepend, replaceAs } } });
  expect(a.updateNeighbor(local(false, false))).toBe('reset');
  await told('65020 65001');
  await taken('65020 65002');
  expect(b.neighbors()[0]).toMatchObject({ as: 65020, state: 'Established' });
  expect(a.updateNeighbor(local(true, true))).toBe('reset');
  await told('65020');
  await taken('65002');
  expect(a.updateNeighbor(other())).toBe('reset');
  await told('65001');
});
