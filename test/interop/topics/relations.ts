// What two neighbors are to each other, and which routes go between them for it.

import { soon } from '../machines.js';
import { ADDRESS, startBoth, type Topic, TSBGP_AS, VENDOR_AS } from './topic.js';

const roles = (own: 'provider' | 'customer' | 'peer', theirs: 'provider' | 'customer' | 'peer'): Topic => ({
  name: `roles, tsbgp is the ${own}`,
  rfcs: [9234],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, {
      tsbgp: `families: [ipv4-unicast], role: ${own}, strict-role: true`,
      vendor: { role: theirs },
      routes: [{ prefix: '10.2.0.0/24' }],
    });
    await tsbgp.announce('10.1.0.0/24');
    await soon(async () => (await tsbgp.neighbor(ADDRESS.ipv4.vendor)).role).toEqual({
      own,
      remote: theirs,
      strict: true,
    });
    // Only what came from a customer is not marked.
    await soon(() => other.route('10.1.0.0/24')).toMatchObject({
      onlyToCustomer: own === 'customer' ? undefined : TSBGP_AS,
    });
    await soon(() => tsbgp.route('10.2.0.0/24')).toBeDefined();
    await soon(async () => (await tsbgp.route('10.2.0.0/24'))?.onlyToCustomer).toBe(
      own === 'provider' ? undefined : VENDOR_AS,
    );
  },
});

const mismatch: Topic = {
  name: 'roles that do not fit',
  rfcs: [9234],
  async test(vendor, machines) {
    const [tsbgp] = await startBoth(vendor, machines, {
      tsbgp: 'families: [ipv4-unicast], role: peer',
      vendor: { role: 'provider' },
    });
    const status = async () => (await tsbgp.neighbor(ADDRESS.ipv4.vendor)).session;
    await soon(status).toMatchObject({ established: 0, lastError: { code: 2, subcode: 11 } });
  },
};

export const RELATIONS: readonly Topic[] = [
  roles('provider', 'customer'),
  roles('customer', 'provider'),
  roles('peer', 'peer'),
  mismatch,
];
