// The picture that dumps and notifications paint together is the newest one.

import pino from 'pino';
import { beforeAll, expect, test } from 'vitest';
import { type DumpScope, type FeedListener, KernelFeed } from '../../src/fib/kernel-feed.js';
import { linkDump } from '../../src/fib/link-message.js';
import { AF_INET, Group, MessageType, RouteMessage, routeDump } from '../../src/fib/rtnetlink.js';
import { enterNamespace, ip, ipBatch } from './namespace.js';
import { eventually } from './running-fib.js';

/** Keeps the IPv4 destinations of the main table; calls `onFirst` when a dump shows the first of them. */
class Picture implements FeedListener {
  readonly destinations = new Set<string>();
  readonly scopes: DumpScope[] = [];
  private readonly route = new RouteMessage();
  private onFirst: (() => void) | undefined;

  constructor(onFirst: () => void) {
    this.onFirst = onFirst;
  }

  async dumpBegins(scope: DumpScope): Promise<Buffer[]> {
    this.scopes.push(scope);
    this.destinations.clear();
    return [linkDump(), routeDump(AF_INET, 254, 0)];
  }

  dumpEnds(): void {}

  caughtUp(): void {}

  message(buf: Buffer, type: number, _flags: number, start: number, end: number): void {
    const { route } = this;
    if (type !== MessageType.newRoute && type !== MessageType.delRoute) return;
    if (!route.scan(buf, start, end) || route.table !== 254) return;
    const destination = route.prefixBytes().join('.');
    if (type === MessageType.newRoute) this.destinations.add(destination);
    else this.destinations.delete(destination);
    const { onFirst } = this;
    this.onFirst = undefined;
    onFirst?.();
  }
}

beforeAll(enterNamespace);

test('what changes behind a dump’s back is known after it', async () => {
  ipBatch(Array.from({ length: 100_000 }, (_, i) => `route add blackhole 20.${i >> 16}.${(i >> 8) & 255}.${i & 255}`));
  // The dump has passed both by then, and goes on for a while.
  const picture = new Picture(() => {
    ip('route add blackhole 10.0.0.1');
    ip('route del blackhole 20.0.0.0');
  });
  const feed = new KernelFeed([Group.ipv4Route], picture, pino({ level: 'silent' }));
  await feed.start();
  await eventually(() => {
    expect(picture.destinations.has('10.0.0.1')).toBe(true);
    expect(picture.destinations.has('20.0.0.0')).toBe(false);
    expect(picture.destinations.size).toBeGreaterThan(100_000);
  });
  expect(picture.scopes).toEqual(['everything']);
  feed.close();
});

test('several requests are answered by one dump, of the larger scope', async () => {
  const picture = new Picture(() => {});
  const feed = new KernelFeed([Group.ipv4Route], picture, pino({ level: 'silent' }));
  await feed.start();
  feed.request('own');
  feed.request('everything');
  feed.request('own');
  await eventually(() => expect(feed.resyncs).toBe(1));
  await eventually(() => expect(picture.scopes).toEqual(['everything', 'everything']));
  feed.request('own');
  await eventually(() => expect(picture.scopes).toEqual(['everything', 'everything', 'own']));
  feed.close();
});
