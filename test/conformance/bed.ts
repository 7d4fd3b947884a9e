// The test bed: one speaker with neighbors on 127.0.0.x, and raw peers in their place.
//
// `conforms` names every test "RFC n §s: behaviour"; docs/conformance.md is made of these names and their results.
//
// "Nothing was sent" is not waited for with a pause: `settle` makes the speaker count a KEEPALIVE of each peer (so all
// before it is processed), then announces and withdraws a route of its own and waits until every peer has seen both.

import { createServer } from 'node:net';
import { type Logger, pino } from 'pino';
import { expect, it, vi } from 'vitest';
import type { StartOptions } from '../../src/bgp/convergence.js';
import type { NeighborOptions } from '../../src/bgp/session/options.js';
import { Speaker, type SpeakerOptions } from '../../src/bgp/speaker.js';
import type { NeighborStatus } from '../../src/bgp/views.js';
import { attr, cap, KEEPALIVE, nlri, type Octets, type OpenFields, open, prefixText, update } from './bytes.js';
import { RawPeer, type RawRoute } from './raw-peer.js';

/** Real timers, also where a test has put a clock of its own in their place. */
const { setTimeout: later, clearTimeout: forget } = globalThis;
const PATIENCE_MS = 5000;

/** The speaker under test. */
export const OWN = { as: 65001, id: '10.0.0.1', address: '127.0.0.1' } as const;
export const IPV4 = 0;
export const IPV6 = 1;

type NeighborChanges = Partial<NeighborOptions>;

function neighbor(n: number, as: number, over: NeighborChanges): NeighborOptions {
  return {
    address: `127.0.0.${n}`,
    as,
    description: '',
    shutdown: false,
    passive: true,
    port: 179,
    localAddress: OWN.address,
    holdTimeSeconds: 90,
    connectRetrySeconds: 60,
    idleHoldSeconds: 0,
    delayOpenSeconds: 0,
    families: [IPV4, IPV6],
    routeReflectorClient: false,
    routeServerClient: false,
    defaultOriginate: false,
    limit: 100,
    ttlSecurity: false,
    maintenance: false,
    nextHopSelf: false,
    nextHopUnchanged: false,
    asPath: { allowOwn: 0, enforceFirst: true, override: false, removePrivate: false },
    multihop: 1,
    gracefulRestart: { restartTimeSeconds: 120 },
    addPath: { receive: false, send: 0 },
    import: 'accept',
    export: 'accept',
    ...over,
  };
}

/** A neighbor of AS 64500 + n at 127.0.0.n. */
export const external = (n: number, over: NeighborChanges = {}): NeighborOptions => neighbor(n, 64500 + n, over);
/** A neighbor of the speaker's own AS at 127.0.0.n. */
export const internal = (n: number, over: NeighborChanges = {}): NeighborOptions => neighbor(n, OWN.as, over);

const beds: Bed[] = [];

/** A test of one behaviour: `rfc` is "4271 §6.1". */
export function conforms(rfc: string, behaviour: string, body: () => Promise<unknown>): void {
  it(`RFC ${rfc}: ${behaviour}`, async () => {
    try {
      await body();
    } finally {
      vi.useRealTimers();
      await Promise.all(beds.splice(0).map(bed => bed.end()));
    }
  });
}

/** A TCP port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, OWN.address, resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** Waits until `condition` holds, looking after every turn of the loop. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  let late = false;
  const timer = later(() => {
    late = true;
  }, PATIENCE_MS);
  try {
    while (!condition()) {
      if (late) throw new Error(`waited for ${what}`);
      await new Promise<void>(resolve => later(resolve, 1));
    }
  } finally {
    forget(timer);
  }
}

export interface PeerChanges extends Partial<OpenFields> {
  /** More capabilities than IPv4, IPv6, route refresh and 4-octet AS. */
  more?: readonly Octets[];
}

export class Bed {
  readonly speaker: Speaker;
  readonly port: number;
  /** Lines of the speaker's log. */
  readonly log: string[];
  readonly #neighbors: NeighborOptions[];
  readonly #peers = new Map<RawPeer, string>();
  #sentinels = 0;

  private constructor(speaker: Speaker, port: number, log: string[], neighbors: NeighborOptions[]) {
    this.speaker = speaker;
    this.port = port;
    this.log = log;
    this.#neighbors = neighbors;
  }

  static async start(
    neighbors: NeighborOptions[],
    over: Partial<SpeakerOptions> = {},
    how: StartOptions = {},
  ): Promise<Bed> {
    const log: string[] = [];
    const logger: Logger = pino({ level: 'trace' }, { write: (line: string) => void log.push(line) });
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      const options = { as: OWN.as, routerId: OWN.id, listen: [OWN.address], port, neighbors, ...over };
      const speaker = new Speaker(options, logger);
      try {
        await speaker.start(how);
      } catch (error) {
        if (attempt < 5 && String(error).includes('EADDRINUSE')) continue;
        throw error;
      }
      const bed = new Bed(speaker, port, log, neighbors);
      beds.push(bed);
      return bed;
    }
  }

  /** The OPEN that neighbor n would send. */
  open(n: number, { more = [], ...over }: PeerChanges = {}): Buffer {
    const as = over.as ?? this.#neighbors.find(o => o.address === `127.0.0.${n}`)?.as ?? 0;
    const capabilities = over.capabilities ?? [cap.ipv4, cap.ipv6, cap.routeRefresh, cap.as4(as), ...more];
    return open({ id: `10.0.0.${n}`, holdTime: 90, ...over, as: as > 65535 ? 23456 : as, capabilities });
  }

  /** A connection from neighbor n without any message yet. */
  async connect(n: number): Promise<RawPeer> {
    const peer = await RawPeer.connect(`127.0.0.${n}`, OWN.address, this.port);
    this.adopt(peer, n);
    return peer;
  }

  /** Takes a connection as that of neighbor n. */
  adopt(peer: RawPeer, n: number): void {
    this.#peers.set(peer, `127.0.0.${n}`);
  }

  /** A connection from neighbor n in state Established, all that is known sent to it. */
  async peer(n: number, over: PeerChanges = {}): Promise<RawPeer> {
    const peer = await this.connect(n);
    await peer.establish(this.open(n, over));
    await this.established(n);
    return peer;
  }

  status(n: number): NeighborStatus {
    const status = this.speaker.neighbor(`127.0.0.${n}`);
    if (status === undefined) throw new Error(`no neighbor 127.0.0.${n}`);
    return status;
  }

  async established(n: number): Promise<void> {
    await this.reaches(n, 'Established');
  }

  async reaches(n: number, state: NeighborStatus['state']): Promise<void> {
    await eventually(`state ${state} of neighbor ${n}`, () => this.status(n).state === state);
  }

  /** All that the peers sent is processed. */
  async processed(): Promise<void> {
    for (const [peer, address] of this.#peers) {
      const status = () => this.speaker.neighbor(address);
      if (peer.closed !== null || status()?.state !== 'Established') continue;
      const before = status()?.session.messages.received.keepalive ?? 0;
      peer.send(KEEPALIVE);
      await eventually(`a KEEPALIVE of ${address} counted`, () => {
        const now = status();
        return peer.closed !== null || now?.state !== 'Established' || now.session.messages.received.keepalive > before;
      });
    }
  }

  /** All that the peers sent is processed, and all that follows from it has arrived at `observers`. */
  async settle(...observers: RawPeer[]): Promise<void> {
    await this.processed();
    const watching =
      observers.length > 0
        ? observers
        : [...this.#peers.keys()].filter(p => p.closed === null && p.messages.length > 1);
    const sentinel = `198.18.0.${++this.#sentinels}/32`;
    this.speaker.addRoutes([{ prefix: sentinel }]);
    await Promise.all(
      watching.map(p => p.until(`sentinel ${sentinel}`, () => p.closed !== null || p.table.has(sentinel))),
    );
    this.speaker.deleteRoutes([sentinel]);
    await Promise.all(
      watching.map(p => p.until(`end of sentinel ${sentinel}`, () => p.closed !== null || !p.table.has(sentinel))),
    );
    for (const peer of watching) {
      const news = peer.news.filter(n => !n.prefix.startsWith('198.18.0.'));
      peer.news.splice(0, peer.news.length, ...news);
    }
  }

  async end(): Promise<void> {
    for (const peer of this.#peers.keys()) peer.destroy();
    await this.speaker.stop({});
  }
}

/** Time that passes only when told. Install it before the speaker starts. */
export class Clock {
  static install(): Clock {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
    return new Clock();
  }

  /** Lets time pass in steps, with turns of the loop in between for what comes over TCP. */
  async pass(seconds: number, everyStep: () => void = () => {}, stepSeconds = 0.25): Promise<void> {
    for (let passed = 0; passed < seconds - 1e-9; passed += stepSeconds) {
      everyStep();
      await new Promise<void>(resolve => later(resolve, 1));
      await vi.advanceTimersByTimeAsync(Math.min(stepSeconds, seconds - passed) * 1000);
      await new Promise<void>(resolve => later(resolve, 1));
    }
  }
}

// What many tests send

/** The attributes of a plain route of external neighbor n. */
export const fromExternal = (n: number): Buffer[] => [
  attr.origin(),
  attr.asPath(64500 + n),
  attr.nextHop(`127.0.0.${n}`),
];
/** The attributes of a plain route of internal neighbor n. */
export const fromInternal = (n: number): Buffer[] => [
  attr.origin(),
  attr.asPath(),
  attr.nextHop(`127.0.0.${n}`),
  attr.localPref(100),
];

/** An UPDATE that announces IPv4 prefixes. */
export const announce = (attributes: readonly Octets[], ...prefixes: string[]): Buffer =>
  update({ attributes, nlri: prefixes.map(p => nlri(p)) });
export const withdraw = (...prefixes: string[]): Buffer => update({ withdrawn: prefixes.map(p => nlri(p)) });

/** The attributes with one of them replaced or (`null`) left out. */
export const replace = (attributes: readonly Buffer[], code: number, by: Buffer | null): Buffer[] =>
  attributes.flatMap(a => (a[1] !== code ? [a] : by === null ? [] : [by]));

/** The route of a prefix at a peer; an error if there is none. */
export function routeAt(peer: RawPeer, prefix: string): RawRoute {
  const route = peer.table.get(prefixText(prefix));
  expect(route, `${prefix} at the peer (it has ${[...peer.table.keys()].join(', ') || 'nothing'})`).toBeDefined();
  return route as RawRoute;
}

export const has = (peer: RawPeer, prefix: string): boolean => peer.table.has(prefixText(prefix));
