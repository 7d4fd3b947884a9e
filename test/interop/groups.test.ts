// Groups of neighbors at work: a reload of the group reaches its members, those added by the API too, and no session ends.

import { expect } from 'vitest';
import { it, soon } from './machines.js';
import { startTsbgp } from './tsbgp.js';
import { bird } from './vendors/bird.js';

it('a group that changes, changes its members within their sessions', async ({ pair: [one, two] }) => {
  const configured = (exports: string) => `
    as: 65001
    router-id: 10.0.0.1
    groups: { b: { as: 65002, import: accept, export: ${exports}, connect-retry: 1, families: [ipv4-unicast] } }
    neighbors: [{ address: 10.0.0.2, group: b }]`;
  const tsbgp = await startTsbgp(one, configured('reject'));
  await two.run('ip addr add 10.0.0.3/24 dev eth1');
  await tsbgp.run('neighbor 10.0.0.3 add as 65003 group b export reject passive');
  await bird.start(two, { as: 65002, routerId: '10.0.0.2', neighbors: [{ address: '10.0.0.1', as: 65001 }] });
  await tsbgp.announce('10.1.0.0/24');
  await soon(() => tsbgp.state('10.0.0.2')).toBe('Established');
  expect(await tsbgp.run('neighbor 10.0.0.2')).toContain('AS 65002, external, group b');

  await tsbgp.reload(configured('accept'));
  await soon(() => tsbgp.prefixes('out', '10.0.0.2')).toEqual(['10.1.0.0/24']);
  expect(await tsbgp.neighbor('10.0.0.2')).toMatchObject({ session: { established: 1 }, group: 'b' });
  expect(await tsbgp.neighbor('10.0.0.3')).toMatchObject({ as: 65003, group: 'b', import: 'accept', export: 'reject' });

  await tsbgp.reload(configured('accept').replace('import: accept', 'import: reject'));
  await soon(() => tsbgp.neighbor('10.0.0.3')).toMatchObject({ import: 'reject', export: 'reject' });
  expect(await tsbgp.neighbor('10.0.0.2')).toMatchObject({ session: { established: 1 }, import: 'reject' });
});
