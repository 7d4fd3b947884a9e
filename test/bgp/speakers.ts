// Whole speakers for tests, each on a loopback address of its own: 127.0.0.N is speaker N.

import { createServer } from 'node:net';
import { pino } from 'pino';
import { afterEach } from 'vitest';
import { NEIGHBOR_DEFAULTS, type NeighborOptions } from '../../src/bgp/session/options.js';
import { Speaker, type SpeakerOptions } from '../../src/bgp/speaker.js';
import type { RouteView } from '../../src/bgp/views.js';

/** Those that are stopped when the test is over. */
export const running: Speaker[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map(speaker => speaker.stop({})));
});

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}

export function neighbor(from: number, to: number, port: number, over: Partial<NeighborOptions> = {}): NeighborOptions {
  return {
    ...NEIGHBOR_DEFAULTS,
    address: `127.0.0.${to}`,
    as: 65001,
    port,
    localAddress: `127.0.0.${from}`,
    connectRetrySeconds: 1,
    idleHoldSeconds: 1,
    import: 'accept',
    export: 'accept',
    ...over,
  };
}

export async function start(
  id: number,
  port: number,
  neighbors: NeighborOptions[],
  over: Partial<SpeakerOptions> & { restarted?: boolean } = {},
): Promise<Speaker> {
  const listen = [`127.0.0.${id}`];
  const options = { as: 65001, routerId: `10.0.0.${id}`, listen, port, neighbors, ...over };
  const speaker = new Speaker(options, pino({ level: 'silent' }));
  running.push(speaker);
  await speaker.start({ restarted: over.restarted });
  return speaker;
}

/** Waits until `condition` holds, looking again whenever the speaker reports a change. */
export async function until(speaker: Speaker, condition: () => boolean): Promise<void> {
  if (condition()) return;
  await new Promise<void>(resolve => {
    const check = () => {
      if (!condition()) return;
      stop();
      clearInterval(timer);
      resolve();
    };
    const stops = [speaker.subscribe('rib', check), speaker.subscribe('neighbor', check)];
    const stop = () => {
      for (const end of stops) end();
    };
    // Counters move without an event.
    const timer = setInterval(check, 20);
  });
}

export const routes = (speaker: Speaker, query: Parameters<Speaker['routes']>[0] = {}): RouteView[] => [
  ...speaker.routes(query),
];
export const prefixes = (speaker: Speaker, query: Parameters<Speaker['routes']>[0] = {}) =>
  routes(speaker, query).map(r => r.prefix);
export const established = (speaker: Speaker) => () => speaker.neighbors().every(n => n.state === 'Established');
