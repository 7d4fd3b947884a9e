// Policies between tsbgp and BIRD: what export made of routes is seen by birdc, what import made of them by tsbgp, and a
// reload changes both without a new session.

import { describe, expect } from 'vitest';
import { startBird } from './bird.js';
import { it, soon } from './machines.js';
import { startTsbgp } from './tsbgp.js';

const BIRD = `
  router id 10.0.0.2;
  protocol static { ipv4; route 10.2.0.0/24 blackhole { bgp_community.add((65002,1)); }; route 10.2.1.0/24 blackhole; }
  protocol bgp tsbgp {
    local as 65002;
    neighbor 10.0.0.1 as 65001;
    ipv4 { import all; export all; };
  }`;

describe.concurrent('policies', () => {
  it('export: communities, MED, prepending, next hop and a summary; import: rejection and preference', async ({
    pair: [one, two],
  }) => {
    const bird = await startBird(two, BIRD);
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      prefix-sets:
        pods: [ 10.233.0.0/16 ge 32 ]
      policies:
        summarize:
          - { match: { prefix: pods }, then: reject }
        to-bird:
          - match: { community: '65001:7' }
            set: { med: 70, prepend: { times: 2 }, community: { remove: '65001:*', add: [ '65001:8', '65001:1:2' ] } }
            then: accept
          - { set: { med: 5 }, then: next }
        from-bird:
          - { match: { community: '65002:1' }, set: { local-pref: 300, community: { add: [ no-export ] } }, then: accept }
          - { match: { as-path: '^65002_' }, then: reject }
      neighbors:
        - address: 10.0.0.2
          as: 65002
          import: from-bird
          export: [ summarize, to-bird, accept ]`,
    );
    await tsbgp.announce(
      '10.233.1.10/32',
      '10.233.1.0/24 community blackhole',
      '10.1.0.0/24 community 65001:7,65009:1 aspath 65020',
    );

    await soon(() => bird.route('10.1.0.0/24')).toMatchObject({
      'BGP.as_path': '65001 65001 65001 65020',
      'BGP.med': '70',
      'BGP.community': '(65009,1) (65001,8)',
      'BGP.large_community': '(65001, 1, 2)',
      'BGP.next_hop': '10.0.0.1',
    });
    await soon(() => bird.route('10.233.1.0/24')).toMatchObject({ 'BGP.med': '5', 'BGP.as_path': '65001' });
    expect(await bird.route('10.233.1.10/32')).toBeUndefined();

    await soon(async () => (await tsbgp.paths('10.2.0.0/24'))[0]).toMatchObject({
      best: true,
      localPref: 300,
      communities: ['65002:1', 'no-export'],
    });
    await soon(async () => (await tsbgp.paths('10.2.1.0/24'))[0]).toMatchObject({
      eligible: false,
      reason: 'rejected by the import policy',
    });
    expect(await tsbgp.run('policy from-bird')).toMatch(/65002:1 .*accept +1\n.*reject +1\n/s);
    expect(await tsbgp.run('policy test 10.1.0.0/24 --neighbor 10.0.0.2 --export')).toContain('statement 1 of to-bird');

    const { established } = (await tsbgp.neighbor('10.0.0.2')).session;
    const file = (await tsbgp.run('status --json').then(JSON.parse)).config as string;
    const text = (await one.run(`cat ${file}`))
      .replace('local-pref: 300', 'local-pref: 50')
      .replace('med: 70', 'med: 71');
    await one.run(`cat > ${file} <<'END'\n${text}\nEND`);
    expect(await tsbgp.run('config reload')).toContain('policies: to-bird, from-bird');
    await soon(() => bird.route('10.1.0.0/24')).toMatchObject({ 'BGP.med': '71' });
    await soon(async () => (await tsbgp.paths('10.2.0.0/24'))[0]).toMatchObject({ localPref: 50 });
    expect((await tsbgp.neighbor('10.0.0.2')).session.established).toBe(established);
  });

  it('redistribution: attributes by source, a next hop, rejection; a reload tells only what came out differently', async ({
    pair: [one, two],
  }) => {
    const bird = await startBird(two, BIRD.replaceAll('65002;', '65001;'));
    await one.run('ip route add 10.7.0.0/24 via 10.0.0.2 proto static metric 7');
    await one.run('ip route add 10.8.0.0/24 via 10.0.0.2 proto static');
    await one.run('ip route add 10.66.1.0/24 via 10.0.0.2 proto static');
    const config = `
      as: 65001
      router-id: 10.0.0.1
      policies:
        redistributed:
          - { match: { source: connected }, set: { community: { add: [ '65001:10' ] } }, then: accept }
          - { match: { prefix: 10.66.0.0/16 le 32 }, then: reject }
          - { match: { med: 7 }, set: { local-pref: 300, med: '+1', origin: igp, next-hop: 10.0.0.77 }, then: next }
          - { match: { source: static }, set: { community: { add: [ '65001:20' ] } } }
      fib:
        redistribute: [ static, connected ]
        import: redistributed
      neighbors:
        - { address: 10.0.0.2, as: 65001 }`;
    const tsbgp = await startTsbgp(one, config);
    await tsbgp.announce('10.66.2.0/24');

    await soon(() => bird.route('10.7.0.0/24')).toMatchObject({
      'BGP.origin': 'IGP',
      'BGP.next_hop': '10.0.0.77',
      'BGP.med': '8',
      'BGP.local_pref': '300',
      'BGP.community': '(65001,20)',
    });
    await soon(() => bird.route('10.8.0.0/24')).toMatchObject({
      'BGP.origin': 'Incomplete',
      'BGP.community': '(65001,20)',
    });
    await soon(async () => (await tsbgp.paths('10.0.0.0/24'))[0]).toMatchObject({
      source: 'connected',
      best: true,
      communities: ['65001:10'],
    });
    // What was added by hand is as it was asked for.
    await soon(() => bird.route('10.66.2.0/24')).toBeDefined();
    expect(await bird.route('10.66.1.0/24')).toBeUndefined();
    expect((await tsbgp.paths('10.66.1.0/24'))[0]).toMatchObject({
      source: 'static',
      eligible: false,
      reason: 'rejected by the import policy',
    });

    expect(await tsbgp.run('policy')).toMatch(
      /^redistributed, used by kernel import\n(.*\n)1 .* 2\n2 .* 1\n3 .* 1\n4 .* 2\n$/,
    );
    const asked = (words: string) => tsbgp.run(`policy test ${words} --import`);
    expect(await asked('10.66.1.0/24 --neighbor static')).toContain('rejected (statement 2 of redistributed)');
    expect(await asked('192.0.2.0/24 med 7 --neighbor connected')).toContain('communities: none -> 65001:10');

    const updates = async () => (await tsbgp.neighbor('10.0.0.2')).session.messages.sent.update;
    const before = await updates();
    await tsbgp.reload(config.replace("'+1'", "'+2'"));
    await soon(() => bird.route('10.7.0.0/24')).toMatchObject({ 'BGP.med': '9' });
    expect(await updates()).toBe(before + 1);
    await tsbgp.reload(config.replace('import: redistributed', 'import: accept'));
    await soon(() => bird.route('10.66.1.0/24')).toBeDefined();
    await soon(() => bird.route('10.7.0.0/24')).toMatchObject({ 'BGP.med': '7', 'BGP.next_hop': '10.0.0.1' });
    await tsbgp.reload(config.replace('import: redistributed', 'import: reject'));
    await soon(() => bird.route('10.7.0.0/24')).toBeUndefined();
    expect(await bird.route('10.66.2.0/24')).toBeDefined();
    await one.run('ip route del 10.8.0.0/24');
    await soon(() => tsbgp.paths('10.8.0.0/24')).toEqual([]);
  });
});
