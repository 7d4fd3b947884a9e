// Dumps and those who must not write meanwhile: who is told what when a reload comes between. That a reload then ends as it
// should, with the kernel, is in reload.test.ts.

import { expect, test, vi } from 'vitest';
import { Kernel } from '../../src/fib/kernel.js';
import { type Current, KernelEvents } from '../../src/fib/kernel-events.js';
import type { Reconciler } from '../../src/fib/reconciler.js';
import type { Redistribution } from '../../src/fib/redistribution.js';
import type { Resolver } from '../../src/fib/resolver.js';

const identity = { table: 254, metric: 20, protocol: 186 };

function reconciler() {
  const installer = { dumpBegins: vi.fn(), dumpEnds: vi.fn() };
  return { installer, installers: [installer], hold: vi.fn(() => Promise.resolve()), release: vi.fn() };
}

function events(current: () => ReturnType<typeof reconciler>): KernelEvents {
  const redistribution = { allChanged: () => {} } as unknown as Redistribution;
  const parts = { kernel: new Kernel(identity), resolver: {} as Resolver, redistribution, onLinksChanged: () => {} };
  const of = (): Current => ({ identity, reconciler: current() as unknown as Reconciler, retired: undefined });
  return new KernelEvents(parts, of, () => {});
}

/** A dump has begun, and a reload has put another reconciler in the place of the one that it holds. */
async function replaced() {
  const [before, after] = [reconciler(), reconciler()];
  let current = before;
  const ear = events(() => current);
  await ear.dumpBegins('everything');
  current = after;
  return { ear, before, after };
}

test('whoever was held for a dump goes on after it, though a reload has put another in its place', async () => {
  const { ear, before, after } = await replaced();
  ear.dumpEnds('everything', true);
  expect(before.release).toHaveBeenCalledOnce();
  expect(before.installer.dumpEnds).not.toHaveBeenCalled();
  expect(after.installer.dumpEnds).not.toHaveBeenCalled();
  expect(after.release).not.toHaveBeenCalled();
});

test('a new attempt at a dump holds who is there then', async () => {
  const { ear, before, after } = await replaced();
  await ear.dumpBegins('everything');
  expect(before.release).toHaveBeenCalledOnce();
  ear.dumpEnds('everything', true);
  expect(after.installer.dumpEnds).toHaveBeenCalledOnce();
  expect(after.release).toHaveBeenCalledOnce();
});
