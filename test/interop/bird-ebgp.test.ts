// tsbgp and BIRD in different autonomous systems: what changes on the way, and that nothing passes unasked (RFC 8212).

import { describe, expect } from 'vitest';
import { startBird } from './bird.js';
import { it, kernelRoute, soon } from './machines.js';
import { startTsbgp } from './tsbgp.js';

describe.concurrent('eBGP', () => {
  it('AS numbers are prepended, the next hop is the sender, MED goes one AS far, LOCAL_PREF stays at home', async ({
    pair: [one, two],
  }) => {
    const bird = await startBird(
      two,
      `
      router id 10.0.0.2;
      protocol static { ipv4; route 10.2.0.0/24 blackhole { bgp_path.prepend(65010); }; }
      protocol static { ipv6; route 2001:db8:2::/48 blackhole; }
      protocol bgp tsbgp {
        local as 65002;
        neighbor 10.0.0.1 as 65001;
        ipv4 { import all; export filter { bgp_med = 20; accept; }; };
        ipv6 { import all; export all; };
      }`,
    );
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors:
        - address: 10.0.0.2
          as: 65002
          import: accept
          export: accept`,
    );
    await tsbgp.announce(
      '10.1.0.0/24 med 30 local-pref 200 aspath "65020 65021"',
      '2001:db8:1::/48',
      '10.1.9.0/24 community no-export',
    );

    await soon(() => bird.route('10.1.0.0/24')).toMatchObject({
      via: '10.0.0.1 on eth1',
      'BGP.as_path': '65001 65020 65021',
      'BGP.next_hop': '10.0.0.1',
      'BGP.med': '30',
      'BGP.local_pref': '100',
    });
    await soon(() => bird.route('2001:db8:1::/48')).toMatchObject({
      'BGP.as_path': '65001',
      'BGP.next_hop': '2001:db8::1 fe80::1',
    });
    await soon(() => kernelRoute(bird, '10.1.0.0/24')).toMatchObject({ gateway: '10.0.0.1', dev: 'eth1' });
    await soon(() => kernelRoute(bird, '2001:db8:1::/48')).toMatchObject({ gateway: '2001:db8::1', dev: 'eth1' });
    expect(await bird.route('10.1.9.0/24')).toBeUndefined();

    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toMatchObject({ gateway: '10.0.0.2', protocol: 'bgp' });
    await soon(() => kernelRoute(tsbgp, '2001:db8:2::/48')).toMatchObject({ gateway: '2001:db8::2', protocol: 'bgp' });
    const [path] = await tsbgp.paths('10.2.0.0/24');
    expect(path).toMatchObject({ asPath: '65002 65010', nextHop: '10.0.0.2', med: 20 });
    expect(path.localPref).toBeUndefined();
  });

  it('without import and export nothing passes, and the neighbor view says why', async ({ pair: [one, two] }) => {
    const bird = await startBird(
      two,
      `
      router id 10.0.0.2;
      protocol static { ipv4; route 10.2.0.0/24 blackhole; }
      protocol bgp tsbgp {
        local as 65002;
        neighbor 10.0.0.1 as 65001;
        ipv4 { import all; export all; };
      }`,
    );
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors:
        - address: 10.0.0.2
          as: 65002`,
    );
    await tsbgp.announce('10.1.0.0/24');
    await soon(() => tsbgp.neighbor('10.0.0.2')).toMatchObject({ received: 1, accepted: 0, advertised: 0 });
    expect(await tsbgp.run('neighbor 10.0.0.2')).toContain('import reject, export reject');
    expect(await tsbgp.paths('10.2.0.0/24')).toMatchObject([{ best: false, reason: 'rejected by the import policy' }]);
    expect(await kernelRoute(tsbgp, '10.2.0.0/24')).toBeUndefined();
    expect(await bird.protocol()).toMatch(/Routes: +0 imported, 1 exported/);
  });

  it('AS numbers of four octets through a session that has two only (AS4_PATH)', async ({ pair: [one, two] }) => {
    const bird = await startBird(
      two,
      `
      router id 10.0.0.2;
      protocol static { ipv4; route 10.2.0.0/24 blackhole { bgp_path.prepend(4200000020); }; }
      protocol bgp tsbgp {
        local as 65002;
        neighbor 10.0.0.1 as 65001;
        enable as4 off;
        ipv4 { import all; export all; };
      }`,
    );
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors:
        - address: 10.0.0.2
          as: 65002
          import: accept
          export: accept`,
    );
    await tsbgp.announce('10.1.0.0/24 aspath "65020 4200000010"');
    await soon(() => bird.route('10.1.0.0/24')).toMatchObject({ 'BGP.as_path': '65001 65020 4200000010' });
    await soon(() => tsbgp.paths('10.2.0.0/24')).toMatchObject([{ best: true, asPath: '65002 4200000020' }]);
    expect(await bird.protocol()).toMatch(/Session: +external\n/);
  });
});
