// All that two speakers send each other in a session, read by tshark: every message is without errors.
//
// tshark 4.0 takes every message above 4,096 octets for an error, though the speakers have agreed on them (RFC 8654): there
// are few enough routes. A proxy between them copies the octets and keeps them; nothing is sniffed, so no privileges are needed.

import { connect, createServer, type Server, type Socket } from 'node:net';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { NEIGHBOR_DEFAULTS, type NeighborOptions } from '../../src/bgp/session/options.js';
import { Speaker } from '../../src/bgp/speaker.js';
import { dissect, errors, fields, prefixes } from './tshark.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** What went through a proxy, in each direction. */
interface Tapped {
  sent: Buffer[];
  answered: Buffer[];
}

/** Takes connections on `server` and passes them on to `to`, coming from `from`. */
function tap(server: Server, from: string, to: string, port: number): Tapped {
  const tapped: Tapped = { sent: [], answered: [] };
  const copy = (source: Socket, target: Socket, kept: Buffer[]) => {
    source.on('data', data => {
      kept.push(data as Buffer);
      target.write(data);
    });
    source.on('end', () => target.end());
    source.on('error', () => target.destroy());
  };
  server.on('connection', near => {
    const far = connect({ host: to, port, localAddress: from });
    copy(near, far, tapped.sent);
    copy(far, near, tapped.answered);
    closing.push(() => {
      near.destroy();
      far.destroy();
    });
  });
  return tapped;
}

/** The whole messages in a stream. */
function messages(stream: readonly Buffer[]): Uint8Array[] {
  const octets = Buffer.concat(stream);
  const list: Uint8Array[] = [];
  for (let at = 0; at < octets.length; at += octets.readUInt16BE(at + 16)) {
    list.push(octets.subarray(at, at + octets.readUInt16BE(at + 16)));
  }
  return list;
}

async function start(id: number, port: number, neighbor: Partial<NeighborOptions>): Promise<Speaker> {
  const defaults: NeighborOptions = {
    ...NEIGHBOR_DEFAULTS,
    address: '127.0.0.43',
    as: 65001,
    port,
    localAddress: `127.0.0.${id}`,
    connectRetrySeconds: 1,
    import: 'accept',
    export: 'accept',
  };
  const neighbors = [{ ...defaults, ...neighbor }];
  const options = { as: 65001, routerId: `10.0.0.${id}`, listen: [`127.0.0.${id}`], port, neighbors };
  const speaker = new Speaker(options, pino({ level: 'silent' }));
  closing.push(() => speaker.stop({}));
  await speaker.start();
  return speaker;
}

it('tshark finds no error in what two speakers send each other', async () => {
  const server = createServer();
  closing.push(() => server.close());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.43', resolve));
  const { port } = server.address() as { port: number };
  const tapped = tap(server, '127.0.0.43', '127.0.0.42', port);
  const passive = await start(42, port, { passive: true });
  const active = await start(41, port, {});
  const many = Array.from({ length: 900 }, (_, i) => `10.${i >>> 8}.${i & 0xff}.0/24`);
  active.addRoutes([
    ...many.map(prefix => ({ prefix, communities: ['65001:7'] })),
    { prefix: '10.233.1.10/32', med: 5, largeCommunities: ['65001:1:2'], extendedCommunities: ['rt:65001:7'] },
    { prefix: '2001:db8:1::/64', nextHop: '2001:db8::9', origin: 'igp' },
  ]);
  const has = (count: number) => expect.poll(() => [...passive.routes({})].length, { timeout: 8000 }).toBe(count);
  await has(902);
  active.deleteRoutes(['10.233.1.10/32', '2001:db8:1::/64']);
  await has(900);
  await active.stop({ message: 'maintenance' });
  await expect.poll(() => passive.neighbors()[0].state, { timeout: 8000 }).not.toBe('Established');

  const [sent, answered] = await Promise.all([
    dissect(messages(tapped.sent), 4),
    dissect(messages(tapped.answered), 4),
  ]);
  expect([...sent, ...answered].flatMap(errors)).toEqual([]);
  const types = (trees: typeof sent) => [...new Set(trees.flatMap(tree => fields(tree, 'bgp.type')))].sort();
  expect(types(sent)).toEqual(['1', '2', '3', '4']);
  expect(types(answered)).toEqual(['1', '2', '4']);
  const announced = prefixes(sent.flatMap(tree => fields(tree, 'bgp.update.nlri')));
  expect(announced).toEqual([...many, '10.233.1.10/32'].sort());
  expect(prefixes(sent.flatMap(tree => fields(tree, 'bgp.update.withdrawn_routes')))).toEqual(['10.233.1.10/32']);
  expect(fields(sent, 'bgp.mp_reach_nlri_ipv6_prefix')).toEqual(['2001:db8:1::']);
  expect(fields(sent, 'bgp.mp_unreach_nlri_ipv6_prefix')).toEqual(['2001:db8:1::']);
  // Hard Reset (RFC 8538 §3.1) around Administrative Shutdown with its communication (RFC 9003 §2).
  expect(fields(sent, 'bgp.notify.minor_error_cease')).toEqual(['9']);
  const shutdown = Buffer.from('\x06\x02\x0bmaintenance')
    .toString('hex')
    .replace(/..(?!$)/g, '$&:');
  expect(fields(sent, 'bgp.notify.minor_data')).toEqual([shutdown]);
});
