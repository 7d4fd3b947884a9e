// Whatever Loc-RIB and other people do in whatever order, in the end the kernel has what Loc-RIB wants.

import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { enterNamespace, ipBatch } from './namespace.js';
import { eventually, ourRoutes, RunningFib } from './running-fib.js';

const PREFIXES = {
  4: ['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '10.1.0.0/24', '10.1.0.1/32', '10.2.0.0/24'],
  6: ['::/0', '2001:db8:a000::/36', '2001:db8:a000::/48', '2001:db8:a000::1/128'],
} as const;
const HOPS = {
  4: ['172.18.8.101', '172.18.8.103', '172.18.9.101', '172.18.9.104'],
  6: ['2001:db8:8::101', '2001:db8:8::103', '2001:db8:9::101', '2001:db8:9::104'],
} as const;

/** So many that the kernel works on them beside the loop. */
const MANY = {
  4: Array.from({ length: 100 }, (_, i) => `10.3.${i}.0/24`),
  6: Array.from({ length: 100 }, (_, i) => `2001:db8:b${(0x100 + i).toString(16)}::/48`),
} as const;

type Family = 4 | 6;
/** A wanted route: its next hops, or the kind that drops. */
type Want = readonly string[] | 'blackhole' | 'unreachable' | 'withdrawn';
type Step =
  | { what: 'want'; family: Family; prefixes: readonly string[]; want: Want }
  | { what: 'turn' }
  | { what: 'hand'; commands: string[] }
  | { what: 'wait' };

const family = fc.constantFrom<Family>(4, 6);

const wanting: fc.Arbitrary<Step> = family.chain(f =>
  fc.record({
    what: fc.constant('want' as const),
    family: fc.constant(f),
    prefixes: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...PREFIXES[f]).map(prefix => [prefix]) },
      { weight: 1, arbitrary: fc.constant([...PREFIXES[f], ...MANY[f]]) },
    ),
    want: fc.oneof(
      { weight: 4, arbitrary: fc.subarray([...HOPS[f]], { minLength: 1 }) },
      { weight: 4, arbitrary: fc.constantFrom<Want>('blackhole', 'unreachable', 'withdrawn') },
    ),
  }),
);

// Things done to our routes and links by hand. Some of the commands fail, for there is nothing they could be done to.
const interfering: fc.Arbitrary<Step> = family
  .chain(f =>
    fc.record({ f: fc.constant(f), prefix: fc.constantFrom(...PREFIXES[f]), hop: fc.constantFrom(...HOPS[f]) }),
  )
  .chain(({ f, prefix, hop }) =>
    fc.constantFrom<string[]>(
      [`route del ${prefix} metric 20 proto bgp`],
      [`route replace ${prefix} via ${hop} metric 20 proto bgp`],
      [`route append ${prefix} via ${hop} metric 20 proto bgp`],
      [`route prepend ${prefix} via ${hop} metric 20 proto bgp`],
      [`route replace blackhole ${prefix} metric 20 proto bgp`],
      [`route replace ${prefix} via ${hop} metric 40 proto bgp`, `route del ${prefix} metric 40`],
      [`route flush root ${PREFIXES[f][0]} proto bgp`],
      ['link set eth2 down', 'link set eth2 up', 'address replace 2001:db8:9::102/64 dev eth2 nodad'],
      ['link set eth1p down', 'link set eth1p up'],
    ),
  )
  .map(commands => ({ what: 'hand', commands }));

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: wanting },
    { weight: 2, arbitrary: interfering },
    { weight: 1, arbitrary: fc.constant<Step>({ what: 'wait' }) },
    { weight: 2, arbitrary: fc.constant<Step>({ what: 'turn' }) },
  ),
  { minLength: 1, maxLength: 40 },
);

beforeAll(enterNamespace);

async function apply(step: Step, fib: RunningFib, model: Map<string, string>): Promise<void> {
  if (step.what === 'wait') {
    await fib.settled();
  } else if (step.what === 'turn') {
    await new Promise(setImmediate);
  } else if (step.what === 'hand') {
    ipBatch(step.commands);
  } else {
    const { prefixes, want } = step;
    for (const prefix of prefixes) {
      model.set(prefix, lineOf(step.family, prefix, want));
      if (want === 'blackhole') fib.rib.blackhole(prefix);
      else if (want === 'unreachable') fib.rib.unreachable(prefix);
      else if (want === 'withdrawn') fib.rib.withdraw(prefix);
      else fib.rib.route(prefix, ...want);
    }
  }
}

/** A wanted route as `normal` gives it; empty when there is none. */
function lineOf(f: Family, prefix: string, want: Want): string {
  const shown = prefix.endsWith('/0') ? 'default' : prefix.replace(/\/(32|128)$/, '');
  if (want === 'withdrawn') return '';
  if (typeof want === 'string') return `${want} ${shown}${f === 6 ? ' dev lo' : ''}`;
  const legs = want.map(hop => `via ${hop} dev ${/[.:]8[.:]/.test(hop) ? 'eth1' : 'eth2'}`);
  return [shown, ...legs.sort()].join(' ');
}

/** A line of `ip route` with its legs in a fixed order and without what is always the same. */
function normal(line: string): string {
  const bare = line.replace(' proto bgp', '').replace(' metric 20', '');
  const [head, ...legs] = bare.split(' nexthop ').map(part => part.replace(' weight 1', '').trim());
  return [head, ...legs.sort()].join(' ');
}

async function check(history: Step[]): Promise<void> {
  const running = await RunningFib.start();
  running.fib.converged();
  try {
    const model = new Map<string, string>();
    for (const step of history) await apply(step, running, model);
    const wanted = [...model.values()].filter(line => line !== '').sort();
    await eventually(() => expect([...ourRoutes(4), ...ourRoutes(6)].map(normal).sort()).toEqual(wanted));
    await running.settled();
    await eventually(() => expect(running.fib.status()).toMatchObject({ installed: wanted.length, failed: 0 }));
  } finally {
    await running.end();
  }
  expect([...ourRoutes(4), ...ourRoutes(6)]).toEqual([]);
}

test('random histories end in the wanted table', { timeout: 120_000 }, async () => {
  await fc.assert(fc.asyncProperty(steps, check), { numRuns: 60 });
});
