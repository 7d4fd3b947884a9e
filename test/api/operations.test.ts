// Every operation over a real socket: what it answers, what it asks of the daemon, how it refuses.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiError } from '../../src/api/error.js';
import { OPERATION_NAMES, OPERATIONS } from '../../src/api/operations.js';
import { SHAPES, type Shape } from '../../src/api/schema.js';
import { neighbor } from './fake-control.js';
import { all, type Served, served } from './served.js';

let api: Served;
beforeEach(async () => {
  api = await served({ maxBodyBytes: 4096 });
});
afterEach(() => api.close());

const body = (error: ApiError) => error.body;
const refusal = (promise: Promise<unknown>) => promise.then(() => Promise.reject(new Error('not refused')), body);

describe('answers have the shapes they promise', () => {
  const inputs: Record<string, unknown> = {
    addRoutes: { body: { routes: [{ prefix: '10.9.0.0/16' }] } },
    deleteRoutes: { body: { all: true } },
    addAggregate: { body: { prefix: '10.9.0.0/16' } },
    deleteAggregates: { body: { prefixes: [] } },
    addNeighbor: { body: { address: '172.18.8.103', as: 65001 } },
    deleteNeighbor: { path: { address: '172.18.8.102' } },
    getNeighbor: { path: { address: '172.18.8.102' } },
    enableNeighbor: { path: { address: '172.18.8.102' } },
    disableNeighbor: { path: { address: '172.18.8.102' }, body: {} },
    resetNeighbor: { path: { address: '172.18.8.102' }, body: {} },
    softResetNeighbor: { path: { address: '172.18.8.102' }, body: {} },
    maintainNeighbor: { path: { address: '172.18.8.102' }, body: { on: true } },
    maintain: { body: { on: false } },
    testPolicy: { body: { prefix: '10.0.0.0/8', neighbor: '172.18.8.102', direction: 'import' } },
    shutdown: { body: {} },
    listRoutes: { query: {} },
    listFibRoutes: { query: {} },
  };

  test.each(OPERATION_NAMES.filter(name => OPERATIONS[name].answer === 'object'))('%s', async name => {
    const answer = await (api.client.call as (name: string, input: unknown) => Promise<unknown>)(name, inputs[name]);
    expect((SHAPES[name] as Shape).answer.parse(answer)).toEqual(answer);
  });

  test.each(OPERATION_NAMES.filter(name => OPERATIONS[name].answer === 'lines'))('%s', async name => {
    const stream = api.client.stream as (name: string, input: unknown) => AsyncIterable<unknown>;
    const lines = await all(stream(name, inputs[name]));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect((SHAPES[name] as Shape).answer.parse(line)).toEqual(line);
  });

  test('routeEvents and neighborEvents', async () => {
    const routes = api.client.stream('routeEvents')[Symbol.asyncIterator]();
    const sessions = api.client
      .stream('neighborEvents', { query: { address: '172.18.8.102' } })
      [Symbol.asyncIterator]();
    const route = routes.next();
    const session = sessions.next();
    await expect.poll(() => api.control.listeners()).toBe(2);
    api.control.tellRoute({ at: 1, prefix: '10.0.0.0/8', best: null });
    const heard = { at: 3, address: '172.18.8.102', as: 65001, state: 'Established' as const, reason: '' };
    api.control.tellNeighbor({ ...heard, at: 2, address: '172.18.8.9' });
    api.control.tellNeighbor(heard);
    expect((await route).value).toEqual({ at: 1, prefix: '10.0.0.0/8', best: null });
    expect((await session).value).toEqual(heard);
    await routes.return?.();
    await sessions.return?.();
    await expect.poll(() => api.control.listeners()).toBe(0);
  });
});

describe('routes', () => {
  const listed = async (query = {}) => (await all(api.client.stream('listRoutes', { query }))).map(it => it.prefix);

  test('are added, listed by query and deleted', async () => {
    const routes = [
      { prefix: '10.1.0.0/16', communities: ['blackhole'], med: 5 },
      { prefix: '2001:db8::/32', nextHop: '2001:db8::1' },
    ];
    expect(await api.client.call('addRoutes', { body: { routes } })).toEqual({ added: 2 });
    expect(await listed()).toEqual(['10.1.0.0/16', '2001:db8::/32', '10.233.2.0/24']);
    expect(await listed({ family: 'ipv6-unicast' })).toEqual(['2001:db8::/32']);
    expect(await listed({ prefix: '10.1.0.0/16' })).toEqual(['10.1.0.0/16']);
    expect(await listed({ address: '10.1.0.9' })).toEqual(['10.1.0.0/16']);
    expect(await listed({ limit: 1 })).toEqual(['10.1.0.0/16']);
    expect(await listed({ limit: '2' })).toHaveLength(2);
    const prefixes = ['2001:DB8:0::/32', '10.1.0.0/16'];
    expect(await api.client.call('deleteRoutes', { body: { prefixes } })).toEqual({ deleted: 2 });
    expect(await listed()).toEqual(['10.233.2.0/24']);
  });

  test('come from an Adj-RIB when a neighbor is named, by default what it sent', async () => {
    const queries: unknown[] = [];
    api.control.speaker.routes = query => {
      queries.push(query);
      return [];
    };
    await listed({ neighbor: '172.18.8.102' });
    await listed({ neighbor: '172.18.8.102', direction: 'out', family: 'ipv4-unicast' });
    expect(queries).toEqual([
      { neighbor: '172.18.8.102', direction: 'in', family: undefined },
      { neighbor: '172.18.8.102', direction: 'out', family: 0 },
    ]);
  });

  test('a duplicate is refused as a whole, unless it replaces', async () => {
    await api.client.call('addRoutes', { body: { routes: [{ prefix: '10.1.0.0/16', med: 1 }] } });
    const routes = [{ prefix: '10.2.0.0/16' }, { prefix: '10.1.0.0/16', med: 2 }];
    expect(await refusal(api.client.call('addRoutes', { body: { routes } }))).toMatchObject({
      code: 'duplicate',
      error: '10.1.0.0/16 is announced already',
      index: 1,
    });
    expect(await listed()).not.toContain('10.2.0.0/16');
    expect(await api.client.call('addRoutes', { body: { routes, replace: true } })).toEqual({ added: 2 });
    const [route] = await all(api.client.stream('listRoutes', { query: { prefix: '10.1.0.0/16' } }));
    expect(route.paths[0].med).toBe(2);
  });

  test('a learned route with the same prefix is no duplicate', async () => {
    expect(await api.client.call('addRoutes', { body: { routes: [{ prefix: '10.233.2.0/24' }] } })).toEqual({
      added: 1,
    });
  });

  test('the same prefix twice in one request is refused, in any spelling', async () => {
    const routes = [{ prefix: '2001:db8::/32' }, { prefix: '2001:DB8:0::/32' }];
    expect(await refusal(api.client.call('addRoutes', { body: { routes } }))).toMatchObject({
      code: 'duplicate',
      index: 1,
    });
  });

  test.each([
    [{ prefix: '10.1.1.1/24' }, '10.1.1.1/24 has host bits set', 'did you mean 10.1.1.0/24?'],
    [{ prefix: '10.1.1.0/24', communities: ['blackhol'] }, 'blackhol', undefined],
    [{ prefix: '10.1.1.0/24', nextHop: '2001:db8::1' }, 'different families', 'give an IPv4 next hop'],
  ])('%j is refused with its place in the list', async (bad, error, hint) => {
    for (const replace of [false, true]) {
      const routes = [{ prefix: '10.7.0.0/16' }, bad];
      const answer = await refusal(api.client.call('addRoutes', { body: { routes, replace } }));
      expect(answer).toMatchObject({ code: 'bad-input', index: 1 });
      expect(answer.error).toContain(error);
      if (hint !== undefined) expect(answer.hint).toBe(hint);
    }
    expect(await listed()).toEqual(['10.233.2.0/24']);
  });

  test('deleting what is not ours says whose it is, and deletes nothing', async () => {
    await api.client.call('addRoutes', { body: { routes: [{ prefix: '10.1.0.0/16' }] } });
    const remove = (prefix: string) =>
      refusal(api.client.call('deleteRoutes', { body: { prefixes: ['10.1.0.0/16', prefix] } }));
    expect(await remove('10.9.0.0/16')).toMatchObject({
      code: 'no-such-route',
      error: '10.9.0.0/16 is not announced from here',
      index: 1,
    });
    expect((await remove('10.233.2.0/24')).error).toMatch(/was learned from 172\.18\.8\.102/);
    expect((await remove('10.9.0.1/16')).error).toMatch(/host bits/);
    expect(await listed()).toContain('10.1.0.0/16');
  });

  test('asking for one that is not there is 404, listing within is empty', async () => {
    expect(await refusal(all(api.client.stream('listRoutes', { query: { prefix: '10.9.0.0/16' } })))).toMatchObject({
      code: 'no-such-route',
      error: '10.9.0.0/16 is not in the table',
    });
    const inOfNeighbor = { address: '192.0.2.1', neighbor: '172.18.8.102' };
    expect((await refusal(all(api.client.stream('listRoutes', { query: inOfNeighbor })))).error).toBe(
      'no prefix in the Adj-RIB-In of 172.18.8.102 holds 192.0.2.1',
    );
    api.control.learned.clear();
    expect(await listed({ longer: '10.9.0.0/16' })).toEqual([]);
  });
});

describe('aggregates', () => {
  const add = (prefix: string, more = {}) => api.client.call('addAggregate', { body: { prefix, ...more } });
  const remove = (...prefixes: string[]) => api.client.call('deleteAggregates', { body: { prefixes } });

  test('are added with the defaults of the configuration file, listed and deleted', async () => {
    expect(await add('2001:DB8::/32', { communities: ['no-export'] })).toEqual({ aggregate: '2001:db8::/32' });
    expect(await api.client.call('listAggregates')).toMatchObject([
      { prefix: '10.233.0.0/16', contributors: 2, announced: true, added: false },
      { prefix: '2001:db8::/32', summaryOnly: false, kernel: 'blackhole', communities: ['no-export'], added: true },
    ]);
    expect(await remove('2001:db8:0::/32')).toEqual({ deleted: 1 });
    expect(await api.client.call('listAggregates')).toHaveLength(1);
  });

  test('one that is there already is a duplicate; what it is made of is looked at', async () => {
    await add('10.8.0.0/16');
    const hint = 'change it in the configuration file and reload';
    expect(await refusal(add('10.233.0.0/16'))).toMatchObject({ code: 'duplicate', hint });
    expect(await refusal(add('10.8.0.0/16'))).toMatchObject({ code: 'duplicate', hint: 'delete it first' });
    expect(await refusal(add('10.7.0.1/16'))).toMatchObject({ code: 'bad-input' });
    expect(await refusal(add('10.7.0.0/16', { communities: ['nope'] }))).toMatchObject({ code: 'bad-input' });
    expect(await refusal(add('10.7.0.0/16', { kernel: 'drop' }))).toMatchObject({ code: 'bad-input' });
  });

  test('deleting is all or none, and of what was added only', async () => {
    await add('10.8.0.0/16');
    expect(await refusal(remove('10.8.0.0/16', '10.233.0.0/16'))).toMatchObject({
      code: 'no-such-route',
      error: '10.233.0.0/16 is an aggregate of the configuration file',
      index: 1,
    });
    expect(await refusal(remove('10.7.0.0/16'))).toMatchObject({
      error: 'there is no aggregate 10.7.0.0/16',
      index: 0,
    });
    expect(await api.client.call('listAggregates')).toHaveLength(2);
  });
});

describe('neighbors', () => {
  test('are reached in any spelling of their address', async () => {
    api.control.peers.set('2001:db8::5', neighbor('2001:db8::5'));
    const found = await api.client.call('getNeighbor', { path: { address: '2001:0DB8::0005' } });
    expect(found.address).toBe('2001:db8::5');
  });

  test('an unknown one is 404 and lists the known', async () => {
    const answer = await refusal(api.client.call('getNeighbor', { path: { address: '172.18.8.9' } }));
    expect(answer).toEqual({
      error: 'there is no neighbor 172.18.8.9',
      code: 'no-such-neighbor',
      hint: 'the neighbors are 172.18.8.102',
    });
    for (let i = 1; i <= 6; i++) api.control.peers.set(`10.0.0.${i}`, neighbor(`10.0.0.${i}`));
    const many = await refusal(api.client.call('enableNeighbor', { path: { address: '172.18.8.9' } }));
    expect(many.hint).toBe('the neighbors are 172.18.8.102, 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, and 2 more');
    api.control.peers.clear();
    expect((await refusal(all(api.client.stream('listRoutes', { query: { neighbor: '172.18.8.9' } })))).hint).toBe(
      'there are no neighbors',
    );
  });

  test('what is no address is bad input', async () => {
    expect(await refusal(api.client.call('getNeighbor', { path: { address: 'bgp-2' } }))).toMatchObject({
      code: 'bad-input',
      error: '"bgp-2" is not an address',
    });
  });

  test('commands reach the speaker with their messages', async () => {
    const path = { address: '172.18.8.102' };
    await api.client.call('disableNeighbor', { path, body: { message: 'maintenance' } });
    await api.client.call('enableNeighbor', { path });
    await api.client.call('resetNeighbor', { path, body: {} });
    await api.client.call('softResetNeighbor', { path, body: {} });
    await api.client.call('softResetNeighbor', { path, body: { direction: 'in' } });
    await api.client.call('deleteNeighbor', { path });
    expect(api.control.calls).toEqual([
      ['disable', '172.18.8.102', 'maintenance'],
      ['enable', '172.18.8.102'],
      ['reset', '172.18.8.102', undefined],
      ['softReset', '172.18.8.102', 'both'],
      ['softReset', '172.18.8.102', 'in'],
      ['removeNeighbor', '172.18.8.102'],
    ]);
  });

  test('a message that RFC 9003 has no room for is refused', async () => {
    const input = { path: { address: '172.18.8.102' }, body: { message: 'ü'.repeat(128) } };
    expect(await refusal(api.client.call('disableNeighbor', input))).toEqual({
      error: 'body message: must not be longer than 255 bytes',
      code: 'bad-input',
    });
    expect(api.control.calls).toEqual([]);
  });

  test('soft reset needs a session', async () => {
    api.control.peers.set('172.18.8.102', neighbor('172.18.8.102', { state: 'Active' }));
    const answer = await refusal(api.client.call('softResetNeighbor', { path: { address: '172.18.8.102' }, body: {} }));
    expect(answer).toMatchObject({ code: 'no-session', error: 'the session with 172.18.8.102 is Active' });
  });

  test('adding passes the keys on; a second one is a duplicate; what the daemon refuses is bad input', async () => {
    const body = { address: '172.18.8.103', as: 65010, 'hold-time': 30, import: 'accept' };
    expect(await api.client.call('addNeighbor', { body })).toEqual({ neighbor: '172.18.8.103' });
    expect(api.control.calls).toEqual([['addNeighbor', body]]);
    expect(await refusal(api.client.call('addNeighbor', { body }))).toMatchObject({
      code: 'duplicate',
      error: 'neighbor 172.18.8.103 exists already',
    });
    const wrong = { address: '172.18.8.104', as: 1, 'hold-time': 1 };
    expect(await refusal(api.client.call('addNeighbor', { body: wrong }))).toEqual({
      error: 'hold-time must be 0 or at least 3 seconds',
      hint: 'write 3',
      code: 'bad-input',
    });
  });
});

describe('daemon', () => {
  test('shutdown passes the message on', async () => {
    expect(await api.client.call('shutdown', { body: { message: 'moving' } })).toEqual({ stopping: true });
    expect(api.control.calls).toEqual([['shutdown', 'moving']]);
  });

  test('a reload that is refused tells every problem', async () => {
    const problems = [
      { file: 't.yml', line: 3, column: 5, path: 'as', message: 'must be a number', suggestion: 'as: 1' },
    ];
    api.control.reloadResult = { ok: false, problems };
    expect(await refusal(api.client.call('reloadConfig'))).toMatchObject({ code: 'bad-config', problems });
  });

  test('kernel routes can be asked for one by one', async () => {
    const routes = await all(api.client.stream('listFibRoutes', { query: { prefix: '10.233.1.0/24' } }));
    expect(routes).toEqual([{ prefix: '10.233.1.0/24', kind: 'blackhole', nextHops: [], state: 'installed' }]);
    expect(await refusal(all(api.client.stream('listFibRoutes', { query: { prefix: '10.9.0.0/16' } })))).toMatchObject({
      code: 'no-such-route',
    });
  });
});

describe('requests that are not right', () => {
  test.each([
    ['GET', '/v1/frob', undefined, 404, 'nothing answers at /v1/frob'],
    ['GET', '/', undefined, 404, 'nothing answers at /'],
    ['GET', '/v1/neighbors/', undefined, 404, 'nothing answers at /v1/neighbors/'],
    ['GET', '/v1/neighbors/%zz', undefined, 400, '"%zz" is not percent-encoded as a URL wants it'],
    ['GET', '/v1/routes?frob=1', undefined, 400, 'query: Unrecognized key: "frob"'],
    ['GET', '/v1/routes?limit=0', undefined, 400, 'query limit: '],
    ['GET', '/v1/routes?limit=x', undefined, 400, 'query limit: '],
    ['GET', '/v1/routes?limit=1&limit=2', undefined, 400, 'limit is given twice'],
    ['GET', '/v1/routes?prefix=10.0.0.0/8&address=10.0.0.1', undefined, 400, 'exclude each other'],
    ['GET', '/v1/routes?direction=in', undefined, 400, 'direction needs a neighbor'],
    ['GET', '/v1/routes?prefix=bogus', undefined, 400, '"bogus" is not a prefix'],
    ['GET', '/v1/routes?family=ipx', undefined, 400, 'query family: '],
    ['GET', '/v1/status?x=1', undefined, 400, 'there is no parameter "x" here'],
    ['POST', '/v1/neighbors/172.18.8.102/enable', { x: 1 }, 400, 'takes no body'],
    ['POST', '/v1/routes', undefined, 400, 'body routes: '],
    ['POST', '/v1/routes', '{"routes":', 400, 'the body is not JSON: '],
    ['POST', '/v1/routes', '[]', 400, 'body: '],
    ['POST', '/v1/routes', { routes: [{ prefix: '10.0.0.0/8', med: -1 }] }, 400, 'body routes[0].med: '],
    [
      'POST',
      '/v1/routes',
      { routes: [{ prefix: '10.0.0.0/8', mad: 1 }] },
      400,
      'body routes[0]: Unrecognized key: "mad"',
    ],
    ['POST', '/v1/routes/delete', { all: false }, 400, 'must be { "prefixes": [...] } or { "all": true }'],
    ['POST', '/v1/routes', { routes: [], pad: 'x'.repeat(5000) }, 413, 'the body is larger than 4096 bytes'],
  ])('%s %s %j → %i', async (method, path, sent, status, error) => {
    const answer = await api.send(method, path, sent);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error: expect.stringContaining(error), code: expect.any(String) });
  });

  test('a list element is named by its index', async () => {
    const answer = await api.send('POST', '/v1/routes', { routes: [{ prefix: '10.0.0.0/8' }, { prefix: 7 }] });
    expect(answer.body).toMatchObject({ index: 1 });
  });

  test('an unknown parameter is answered with the known ones', async () => {
    const { body: answer } = await api.send('GET', '/v1/routes?frob=1');
    expect(answer).toMatchObject({ hint: expect.stringContaining('prefix, address, longer, family') });
  });

  test.each([
    ['DELETE', '/v1/status', 'GET'],
    ['PUT', '/v1/routes', 'GET, POST'],
    ['GET', '/v1/neighbors/172.18.8.102/reset', 'POST'],
    ['POST', '/v1/openapi.json', 'GET'],
  ])('%s %s → 405, allowed: %s', async (method, path, allow) => {
    const answer = await api.send(method, path);
    expect(answer).toMatchObject({ status: 405, headers: { allow }, body: { code: 'method-not-allowed' } });
  });

  test('a body beyond the limit without a length is refused and the client still gets the answer', async () => {
    const { connect } = await import('node:net');
    const text = await new Promise<string>((resolve, reject) => {
      let answer = '';
      const socket = connect(api.socket, () => {
        socket.write('POST /v1/routes HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n');
        for (let i = 0; i < 100; i++) socket.write(`3e8\r\n${' '.repeat(1000)}\r\n`);
        socket.end('0\r\n\r\n');
      });
      socket.setEncoding('utf8').on('data', chunk => {
        answer += chunk;
      });
      socket.on('end', () => resolve(answer)).on('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('a failure of the daemon is 500 without its stack, which goes to the log', async () => {
    api.control.bug = new Error('secret inner workings');
    const answer = await api.send('GET', '/v1/routes/summary');
    expect(answer).toMatchObject({
      status: 500,
      body: { error: 'the daemon failed to do this', hint: 'its log says why', code: 'internal' },
    });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
    const logged = api.log.find(line => line.includes('secret inner workings'));
    expect(JSON.parse(logged ?? '{}')).toMatchObject({
      level: 50,
      url: '/v1/routes/summary',
      err: { stack: expect.any(String) },
    });
  });
});
