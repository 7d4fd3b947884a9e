// Neighbors that come by themselves, with daemons that connect: by group and password, within the limit, through a reload.

import { expect } from 'vitest';
import { it, soon } from './machines.js';
import { startTsbgp } from './tsbgp.js';
import { bird } from './vendors/bird.js';
import { frr } from './vendors/frr.js';

const configured = (more: string, exports = 'accept') => `
    as: 65001
    router-id: 10.0.0.1
    groups: { g: { as: external, password: secret, import: accept, export: ${exports}, families: [ipv4-unicast] } }
    neighbors: [${more}]`;
const other = (n: number) => ({
  as: 65000 + n,
  routerId: `10.0.0.${n}`,
  neighbors: [{ address: '10.0.0.1', as: 65001, password: 'secret' }],
  routes: [{ prefix: `10.${n}.0.0/24` }],
});

it('neighbors of two vendors and ASes from one prefix', async ({ star: [one, two, three] }) => {
  const tsbgp = await startTsbgp(one, configured('{ address: 10.0.0.0/24, group: g, limit: 1 }'));
  const a = await bird.start(two, other(2));
  await soon(() => a.state('10.0.0.1')).toBe('Established');
  const b = await frr.start(three, other(3));
  await soon(() => three.run('nstat -asz TcpActiveOpens | tail -1')).toMatch(/[1-9]/);
  expect(await tsbgp.run('neighbor')).toMatch(/^\*10\.0\.0\.2 +65002/m);
  expect(await tsbgp.run('neighbor')).not.toContain('10.0.0.3');

  await tsbgp.reload(configured('{ address: 10.0.0.0/24, group: g }'));
  await soon(() => b.state('10.0.0.1'), 20_000).toBe('Established');
  expect(await tsbgp.neighbor('10.0.0.3')).toMatchObject({
    as: 65003,
    range: '10.0.0.0/24',
    group: 'g',
    type: 'external',
  });
  await soon(() => b.route('10.2.0.0/24')).toMatchObject({ asPath: '65001 65002' });

  await tsbgp.reload(configured('{ address: 10.0.0.0/24, group: g }', 'reject'));
  await soon(() => b.route('10.2.0.0/24')).toBeUndefined();
  expect(await tsbgp.neighbor('10.0.0.3')).toMatchObject({ session: { established: 1 } });

  const established = async (address: string) => (await tsbgp.neighbor(address)).session.established;
  await tsbgp.reload(configured('{ address: 10.0.0.0/24, group: g, as: [65003-65010, 65002] }'));
  expect([await established('10.0.0.2'), await established('10.0.0.3')]).toEqual([1, 1]);
  await tsbgp.reload(configured('{ address: 10.0.0.0/24, group: g, as: [65003-65010] }'));
  await soon(() => a.state('10.0.0.1')).toMatch(/^(?!Established)/);
  await soon(async () => (await tsbgp.neighbor('10.0.0.2')).session.lastError?.text, 20_000).toMatch(
    /the neighbor is in AS 65002, the configuration says AS 65003-65010/,
  );
  expect(await established('10.0.0.3')).toBe(1);

  await tsbgp.reload(configured(''));
  await soon(() => tsbgp.run('neighbor')).toContain('No neighbors.');
  await soon(() => b.state('10.0.0.1')).toMatch(/^(?!Established)/);
});
