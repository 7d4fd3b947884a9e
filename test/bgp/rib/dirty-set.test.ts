// The set of changed prefixes against a plain Set: nothing is lost, visited twice or let go of too early, in either order.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DirtySet } from '../../../src/bgp/rib/dirty-set.js';

const IDS = 300;

/** A set, and how often each id is held. */
function newSet() {
  const holds = new Int32Array(1 << 17);
  const woken: number[] = [];
  const holder = { hold: (id: number) => void holds[id]++, unhold: (id: number) => void holds[id]-- };
  const set = new DirtySet(
    holder,
    () => woken.push(set.size),
    () => {},
  );
  return { set, holds, woken };
}

type Step = { mark: number; count: number } | { drain: number; spread: boolean; again: boolean };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ mark: fc.integer({ min: 1, max: IDS }), count: fc.integer({ min: 1, max: 100 }) }),
    fc.record({ drain: fc.integer({ min: 1, max: 64 }), spread: fc.boolean(), again: fc.boolean() }),
  ),
  { maxLength: 60 },
);

it('is visited once each time it is marked, and held until then', () => {
  const follow = (all: Step[]) => {
    const { set, holds } = newSet();
    const model = new Set<number>();
    for (const step of all) {
      if ('mark' in step) {
        for (let id = step.mark; id < step.mark + step.count; id++) {
          set.mark(id);
          model.add(id);
        }
      } else {
        const visited: number[] = [];
        const visit = (id: number) => {
          if (holds[id] !== 1) expect.fail(`${id} is visited and not held`);
          visited.push(id);
          if (step.again && visited.length === 1) set.mark(id);
        };
        const expected = Math.min(step.drain, model.size);
        expect(step.spread ? set.drainSpread(step.drain, visit) : set.drain(step.drain, visit)).toBe(expected);
        expect(new Set(visited).size).toBe(expected);
        expect(visited.filter(id => !model.delete(id))).toEqual([]);
        if (step.again && expected > 0) model.add(visited[0]);
      }
      expect(set.size).toBe(model.size);
      for (let id = 1; id < IDS + 100; id++) {
        const waits = model.has(id);
        if (set.has(id) !== waits || holds[id] !== (waits ? 1 : 0)) expect.fail(`${id} is held ${holds[id]} times`);
      }
    }
  };
  fc.assert(fc.property(steps, follow));
});

it('is visited oldest first, and wakes its consumer when the first comes', () => {
  const { set, woken } = newSet();
  for (const id of [7, 3, 9, 3]) set.mark(id);
  const visited: number[] = [];
  set.drain(2, id => visited.push(id));
  set.drain(2, id => visited.push(id));
  expect(visited).toEqual([7, 3, 9]);
  expect(woken).toEqual([1]);
});

it('is visited in an order spread over all that waits, in stretches', () => {
  const { set, woken } = newSet();
  const count = 64_000;
  const size = 16;
  for (let id = 1; id <= count; id++) set.mark(id);
  const parts = new Set<number>();
  for (let n = 0; n < 32; n++) {
    const ids: number[] = [];
    set.drainSpread(size, id => ids.push(id));
    expect(ids).toEqual(ids.map((_, i) => ids[0] + i));
    parts.add(Math.floor((ids[0] / count) * 16));
  }
  // After 32 of 4,000 stretches every sixteenth of the ids has been visited.
  expect(parts.size).toBe(16);
  const rest = new Set<number>();
  while (set.drainSpread(size, id => rest.add(id)) > 0);
  expect(rest.size).toBe(count - 32 * size);
  expect(woken).toEqual([1]);
});
