// Passwords and TTL security against what they are for: the wrong password, a neighbor that is too far away.

import { expect } from 'vitest';
import { it, soon } from './machines.js';
import { startTsbgp } from './tsbgp.js';
import { bird } from './vendors/bird.js';

const configured = (more: string) => `
    as: 65001
    router-id: 10.0.0.1
    neighbors: [{ address: 10.0.0.2, as: 65002, import: accept, export: accept, connect-retry: 1, idle-hold: 0, ${more} }]`;
const setup = (more: object) => ({
  as: 65002,
  routerId: '10.0.0.2',
  neighbors: [{ address: '10.0.0.1', as: 65001, ...more }],
});

it('a password that changes by reload: no session with the old one', async ({ pair: [one, two] }) => {
  const tsbgp = await startTsbgp(one, configured('password: wrong'));
  const other = await bird.start(two, setup({ password: 'right' }));
  await soon(() => one.run('nstat -asz TcpExtTCPMD5Failure | tail -1')).toMatch(/[1-9]/);
  expect(await tsbgp.state('10.0.0.2')).not.toBe('Established');
  await tsbgp.reload(configured('password: right'));
  await soon(() => other.state('10.0.0.1')).toBe('Established');
  await tsbgp.reload(configured('description: without'));
  await soon(() => tsbgp.state('10.0.0.2')).toMatch(/^(?!Established)/);
  await tsbgp.reload(configured('password: right, passive: true'));
  await soon(() => other.state('10.0.0.1'), 20_000).toBe('Established');
});

it('a neighbor that does not send with TTL 255 is too far away', async ({ pair: [one, two] }) => {
  const tsbgp = await startTsbgp(one, configured('ttl-security: true'));
  const other = await bird.start(two, setup({}));
  await soon(() => one.run('nstat -asz TcpExtTCPMinTTLDrop | tail -1')).toMatch(/[1-9]/);
  expect(await tsbgp.state('10.0.0.2')).not.toBe('Established');
  await tsbgp.reload(configured('description: without'));
  await soon(() => other.state('10.0.0.1')).toBe('Established');
});
