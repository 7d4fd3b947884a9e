// `tsbgp rib` as a child process against a real API server: standard output, standard error, exit code.

import { describe, expect, test } from 'vitest';
import { path } from '../api/fake-control.js';
import { quiet, running } from './running.js';

const system = running();
const { tsbgp } = system;
/** How long it takes to ask is left to the machine. */
const ageless = (out: string) => out.replaceAll(/ 00:0[12]:\d\d /g, ' 00:01:05 ');
const added = () =>
  [...system.api.control.speaker.routes({})].filter(it => it.paths[0].source === 'local').map(it => it.prefix);

describe('rib', () => {
  test('add announces with every attribute and says nothing', async () => {
    const words = [
      ...['nexthop', '172.18.8.1', 'community', 'blackhole,65001:100', 'community', '65001:200'],
      ...['large-community', '65001:1:2', 'ext-community', 'rt:65001:100', 'med', '10', 'local-pref', '200'],
      ...['origin', 'igp', 'aspath', '65010 65020'],
    ];
    expect(await tsbgp(['rib', 'add', '10.1.0.0/16', ...words])).toEqual(quiet);
    expect([...system.api.control.speaker.routes({ prefix: '10.1.0.0/16' })][0].paths[0]).toMatchObject({
      nextHop: '172.18.8.1',
      communities: ['blackhole', '65001:100', '65001:200'],
      largeCommunities: ['65001:1:2'],
      extendedCommunities: ['rt:65001:100'],
      med: 10,
      localPref: 200,
      origin: 'igp',
      asPath: '65010 65020',
    });
  });

  test('the table is that of gobgp', async () => {
    const more = { source: 'local', nextHop: '0.0.0.0', communities: ['blackhole'] };
    system.api.control.learned.set('10.233.1.0/24', {
      prefix: '10.233.1.0/24',
      family: 'ipv4-unicast',
      paths: [path(more)],
    });
    const { out, code } = await tsbgp('rib');
    expect(code).toBe(0);
    expect(ageless(out)).toBe(
      [
        '   Network              Next Hop             AS_PATH              Age        Attrs',
        '*> 10.233.2.0/24        172.18.8.102                              00:01:05   [{Origin: ?} {LocalPref: 100}]',
        '*> 10.233.1.0/24        0.0.0.0                                   00:01:05   [{Origin: ?} {Communities: blackhole}]',
        '',
      ].join('\n'),
    );
  });

  test('a prefix is shown with why paths are not the best', async () => {
    const paths = [
      path({ asPath: '65002', multipath: true }),
      path({ best: false, multipath: true, source: '172.18.8.103', nextHop: '172.18.8.103', asPath: '65003' }),
      path({ best: false, source: '172.18.8.104', nextHop: '172.18.8.104', reason: 'longer AS_PATH', stale: true }),
      path({
        best: false,
        eligible: false,
        source: '172.18.8.105',
        nextHop: '10.9.9.9',
        reason: 'next hop unreachable',
      }),
    ];
    system.api.control.learned.set('10.5.0.0/16', { prefix: '10.5.0.0/16', family: 'ipv4-unicast', paths });
    const { out } = await tsbgp('rib 10.5.0.0/16');
    expect(out.split('\n').map(line => line.slice(0, 3))).toEqual([
      '   ',
      '*> ',
      '*= ',
      'S* ',
      '   ',
      '   ',
      '   ',
      '',
    ]);
    expect(out).toContain('   from 172.18.8.104, next hop 172.18.8.104: not best: longer AS_PATH\n');
    expect(out).toContain('   from 172.18.8.105, next hop 10.9.9.9: not usable: next hop unreachable\n');
    expect(ageless((await tsbgp('rib 10.5.0.1')).out)).toBe(ageless(out));
  });

  test('what is not there is said, with exit code 1', async () => {
    expect(await tsbgp('rib 10.9.0.0/16')).toEqual({
      code: 1,
      out: '',
      err: 'tsbgp: 10.9.0.0/16 is not in the table\n',
    });
    expect((await tsbgp('rib 192.0.2.1')).err).toBe('tsbgp: no prefix in the table holds 192.0.2.1\n');
    system.api.control.learned.clear();
    expect(await tsbgp('rib')).toEqual({ code: 0, out: 'No routes.\n', err: '' });
    expect(await tsbgp('rib --json')).toEqual({ code: 0, out: '[]\n', err: '' });
  });

  test('options reach the query', async () => {
    const queries: unknown[] = [];
    system.api.control.speaker.routes = query => {
      queries.push(JSON.parse(JSON.stringify(query)));
      return [];
    };
    for (const line of [
      'rib -a ipv6 --limit 5',
      'rib 10.0.0.0/8 --longer',
      'rib in 172.18.8.102 --family=ipv4',
      'rib out 172.18.8.102',
      'neighbor 172.18.8.102 adj-in',
      'neighbor 172.18.8.102 adj-out -a ipv6',
      'global rib -a ipv4',
    ]) {
      expect((await tsbgp(line)).code).toBe(0);
    }
    expect(queries).toEqual([
      { family: 1, limit: 5 },
      { longer: '10.0.0.0/8' },
      { family: 0, neighbor: '172.18.8.102', direction: 'in' },
      { neighbor: '172.18.8.102', direction: 'out' },
      { neighbor: '172.18.8.102', direction: 'in' },
      { family: 1, neighbor: '172.18.8.102', direction: 'out' },
      { family: 0 },
    ]);
  });

  test.each([
    ['rib add 10.1.1.1/24', 2, '10.1.1.1/24 has host bits set', 'did you mean 10.1.1.0/24?'],
    ['rib add 10.1.1.1', 2, '10.1.1.1 has no prefix length', 'did you mean 10.1.1.1/32?'],
    ['rib add 10.1.1.0/24 nexthop 2001:db8::1', 2, 'different families', 'give an IPv4 next hop'],
    ['global rib add -a ipv6 10.0.0.0/8', 2, '10.0.0.0/8 is not of family ipv6-unicast', 'leave --family out'],
    [
      'rib add 10.1.1.0/24 comunity blackhole',
      2,
      '"comunity" is not an attribute of a route',
      'did you mean "community"?',
    ],
    ['rib add 10.1.1.0/24 med', 2, 'med needs a value', 'such as: med 10'],
    ['rib del 10.9.0.0/16', 1, '10.9.0.0/16 is not announced from here', undefined],
    ['rib del 10.233.2.0/24', 1, 'was learned from 172.18.8.102', undefined],
    ['rib del 10.233.2.0/24 -a ipv6', 2, 'is not of family ipv6-unicast', undefined],
    ['rib in 172.18.8.9', 1, 'there is no neighbor 172.18.8.9', 'the neighbors are 172.18.8.102'],
    ['global rib -a ipv6 10.0.0.0/8', 2, '10.0.0.0/8 is not of family ipv6-unicast', 'leave --family out'],
    ['rib -a ipx', 2, 'there is no address family "ipx"', 'it is ipv4 or ipv6'],
    ['rib --limit all', 2, '--limit "all" is not a number', undefined],
  ])('%s: exit code %i', async (line, code, message, hint) => {
    const outcome = await tsbgp(line);
    expect(outcome).toMatchObject({ code, out: '' });
    const [first, second] = outcome.err.split('\n');
    expect(first).toMatch(/^tsbgp: /);
    expect(first).toContain(message);
    expect(second).toContain(hint ?? '');
    expect(added()).toEqual([]);
  });

  test('a duplicate is refused unless it replaces', async () => {
    await tsbgp('rib add 10.1.0.0/16');
    expect(await tsbgp('rib add 10.1.0.0/16 med 5')).toEqual({
      code: 1,
      out: '',
      err: 'tsbgp: 10.1.0.0/16 is announced already\n  to replace it: --replace (in the API: "replace": true)\n',
    });
    expect(await tsbgp('rib add 10.1.0.0/16 med 5 --replace')).toEqual(quiet);
  });

  test('del withdraws one, several, all', async () => {
    for (const i of [1, 2, 3, 4]) await tsbgp(`global rib add 10.${i}.0.0/16`);
    expect(await tsbgp('rib del 10.1.0.0/16')).toEqual(quiet);
    expect(await tsbgp('rib del 10.2.0.0/16 10.3.0.0/16')).toEqual({ ...quiet, out: '2 routes withdrawn\n' });
    expect(await tsbgp('rib del all')).toEqual({ ...quiet, out: '1 route withdrawn\n' });
    expect(added()).toEqual([]);
  });

  test('add - reads routes from standard input', async () => {
    const lines = Array.from({ length: 1100 }, (_, i) => `10.1.${i >> 8}.${i & 255}/32 community 65001:${i}`);
    const input = `# pods\n\n${lines.join('\n')}\n2001:db8::/32 aspath "65010 65020"`;
    expect(await tsbgp('rib add -', { input })).toEqual({ ...quiet, out: '1101 routes added\n' });
    expect(added()).toHaveLength(1101);
    expect(await tsbgp('rib add - --json', { input: '10.9.0.0/16\n' })).toEqual({
      ...quiet,
      out: '{\n  "added": 1\n}\n',
    });
  });

  test('add - names the line of an error, and what was done before', async () => {
    const batch = Array.from({ length: 400 }, (_, i) => `10.1.${i >> 8}.${i & 255}/32`).join('\n');
    expect(await tsbgp('rib add -', { input: `${batch}\n\n10.2.0.0/16\n10.2.0.1/16\n` })).toEqual({
      code: 2,
      out: '',
      err: 'tsbgp: line 403: 10.2.0.1/16 has host bits set; 400 routes of the lines before were added\n  did you mean 10.2.0.0/16?\n',
    });
    expect(added()).toHaveLength(400);
    expect((await tsbgp('rib add -', { input: '10.3.0.0/16\n10.4.0.0/16 mad 5\n' })).err).toBe(
      'tsbgp: line 2: "mad" is not an attribute of a route\n  did you mean "med"?\n',
    );
    expect((await tsbgp('rib add -', { input: '10.3.0.0/16\n10.1.0.7/32\n' })).err).toContain(
      'line 2: 10.1.0.7/32 is announced already',
    );
    expect(added()).toHaveLength(400);
  });

  test('summary', async () => {
    const { out } = await tsbgp('rib summary');
    expect(out).toContain(
      'Family        Prefixes     Paths      Best     Local Redistributed\nipv4-unicast         1         1         1         0             0\n',
    );
    expect(out).toContain('172.18.8.102         yes            0         1\n');
    expect(JSON.parse((await tsbgp('rib summary -j')).out)).toMatchObject({ attributeSets: 1 });
  });

  test('a reader that has seen enough ends a big listing, quietly', async () => {
    const route = system.api.control.learned.get('10.233.2.0/24');
    if (route) for (let i = 0; i < 60_000; i++) system.api.control.learned.set(`10.${i >> 8}.${i & 255}.0/24`, route);
    expect(await tsbgp('rib', { head: 100 })).toMatchObject({ code: 0, err: '' });
    expect(await tsbgp('rib --json', { head: 100 })).toMatchObject({ code: 0, err: '' });
  });

  test('JSON is the whole answer', async () => {
    const { out } = await tsbgp('rib 10.233.2.0/24 --json');
    expect(JSON.parse(out)).toEqual([system.api.control.learned.get('10.233.2.0/24')]);
    const refused = await tsbgp('rib add 10.1.1.1/24 --json');
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(JSON.parse(refused.err)).toEqual({
      error: '10.1.1.1/24 has host bits set',
      hint: 'did you mean 10.1.1.0/24?',
      code: 'bad-input',
      index: 0,
    });
  });
});
