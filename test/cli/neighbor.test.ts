// `tsbgp neighbor` as a child process against a real API server.

import { describe, expect, test } from 'vitest';
import type { NeighborStatus } from '../../src/bgp/views.js';
import { neighbor } from '../api/fake-control.js';
import { quiet, running } from './running.js';

const system = running();
const { tsbgp } = system;

describe('neighbor', () => {
  test('the table has the columns of gobgp', async () => {
    system.api.control.peers.set(
      '192.0.2.1',
      neighbor('192.0.2.1', { as: 65010, state: 'Active', since: Date.now(), received: 0, accepted: 0 }),
    );
    const never = system.api.control.peers.get('192.0.2.1');
    if (never) never.session.established = 0;
    const { out } = await tsbgp('neighbor');
    // Since when the session is up; how long it takes to ask is left to the machine.
    expect(out.replace(/ 01:\d\d:\d\d /, ' 01:02:05 ')).toBe(
      [
        'Peer            AS  Up/Down State       |#Received  Accepted',
        '172.18.8.102 65001 01:02:05 Establ      |        2         2',
        '192.0.2.1    65010    never Active      |        0         0',
        '',
      ].join('\n'),
    );
  });

  test('what a table cannot say stands below it', async () => {
    const rejecting = { type: 'external', import: 'reject', export: 'reject' } as const;
    system.api.control.peers.set('192.0.2.1', neighbor('192.0.2.1', { ...rejecting, as: 65010 }));
    system.api.control.peers.set(
      '192.0.2.2',
      neighbor('192.0.2.2', { ...rejecting, export: 'accept', shutdown: true, state: 'Idle' }),
    );
    system.api.control.peers.set('192.0.2.3', neighbor('192.0.2.3', { restartingUntil: Date.now() + 90_500 }));
    const [family] = neighbor('192.0.2.4', {}).families;
    const families = [{ ...family, longLivedUntil: Date.now() + 3_605_000 }];
    system.api.control.peers.set('192.0.2.4', neighbor('192.0.2.4', { families }));
    const { out } = await tsbgp('neighbor');
    expect(out).toContain(
      '192.0.2.1: import and export rejected, as for any external neighbor without a policy (RFC 8212)',
    );
    expect(out).toContain('192.0.2.2: import rejected');
    expect(out).toMatch(/192\.0\.2\.2 +65001 01:02:0\d Idle\(Admin\) \|/);
    expect(out).toMatch(/192\.0\.2\.3: restarting; its routes are kept for 00:01:\d\d more/);
    expect(out).toMatch(
      /192\.0\.2\.4: its stale routes of ipv4-unicast are the last choice and kept for 01:00:0\d more/,
    );
    system.api.control.peers.clear();
    expect((await tsbgp('neighbor')).out).toBe('No neighbors.\n');
  });

  test('one in full', async () => {
    const { out } = await tsbgp('neighbor 172.18.8.102');
    for (const text of [
      'Neighbor 172.18.8.102 (the other node)\n  AS 65001, internal, router id 172.18.8.102\n  Established, up for 01:02:05; established 1 time\n',
      '  connection 172.18.8.101 port 179 to 172.18.8.102 port 40123\n',
      '  Routes       received accepted advertised stale End-of-RIB\n  ipv4-unicast        2        2          1     0 received\n',
      '  route-refresh yes  yes\n',
      '  hold timer         82.1 s left\n',
      '  UPDATE               3    1\n',
      '  Last error, received\n    Cease/Administrative Reset\n',
    ]) {
      expect(out).toContain(text);
    }
    expect(JSON.parse((await tsbgp('neighbor 172.18.8.102 --json')).out)).toEqual(
      system.api.control.peers.get('172.18.8.102'),
    );
  });

  test('the roles of both sides', async () => {
    const show = async (role: NeighborStatus['role']) => {
      system.api.control.peers.set('172.18.8.102', neighbor('172.18.8.102', { role }));
      return (await tsbgp('neighbor 172.18.8.102')).out;
    };
    expect(await show({ own: 'customer', remote: 'provider', strict: true })).toContain(
      "\n  role customer (strict), the neighbor's: provider\n",
    );
    expect(await show({ own: 'peer', strict: false })).toContain("\n  role peer, the neighbor's: it names no role\n");
    expect(await show(undefined)).not.toContain('role');
  });

  test('one that never came up, and one that is shut down', async () => {
    const bare = neighbor('172.18.8.102', { state: 'Connect', description: '', families: [] });
    bare.session = {
      ...bare.session,
      ...{
        capabilities: [],
        timers: {},
        established: 0,
        lastError: undefined,
        localAddress: undefined,
        remoteRouterId: undefined,
      },
      holdTimeSeconds: { configured: 90 },
      keepaliveSeconds: undefined,
    };
    system.api.control.peers.set('172.18.8.102', bare);
    const { out } = await tsbgp('neighbor 172.18.8.102');
    expect(out).toContain('Neighbor 172.18.8.102\n  AS 65001, internal\n  Connect, never established\n');
    expect(out).toContain('hold time - configured 90 s');
    expect(out).not.toMatch(/Capabilities|connection|Last error|undefined/);
    const errors = { attributeDiscard: 1, treatAsWithdraw: 2, sessionReset: 0 };
    system.api.control.peers.set(
      '172.18.8.102',
      neighbor('172.18.8.102', { shutdown: true, shutdownMessage: 'maintenance', errors }),
    );
    const down = (await tsbgp('neighbor 172.18.8.102')).out;
    expect(down).toContain('administratively down: maintenance; established 1 time\n');
    expect(down).toContain('1 discarded, 2 UPDATEs treated as withdrawals, 0 session resets');
  });

  test('commands and their messages reach the daemon', async () => {
    for (const line of [
      'neighbor 172.18.8.102 reset',
      'neighbor 172.18.8.102 reset new address plan',
      'neighbor 172.18.8.102 maintenance on',
      'neighbor all maintenance off',
      'neighbor 172.18.8.102 softreset',
      'neighbor 172.18.8.102 softreset in',
      'neighbor 172.18.8.102 softresetout',
      'neighbor 172.18.8.102 disable until 15:00',
      'neighbor 172.18.8.102 enable',
      'neighbor 172.18.8.103 add as 65010 import accept passive hold-time 30 max-prefix 10 families ipv4-unicast',
      'neighbor add 172.18.8.104 as 1.10 passive false graceful-restart 9,ipv4-unicast=86400 add-path receive,send=all',
      'neighbor 172.18.8.105 add group spines port 1179',
      'neighbor 172.18.8.103 del',
      'neighbor del 172.18.8.104',
    ]) {
      expect(await tsbgp(line)).toEqual(quiet);
    }
    expect(system.api.control.calls).toEqual([
      ['reset', '172.18.8.102', undefined],
      ['reset', '172.18.8.102', 'new address plan'],
      ['maintain', '172.18.8.102', true],
      ['maintain', '172.18.8.102', false],
      ['softReset', '172.18.8.102', 'both'],
      ['softReset', '172.18.8.102', 'in'],
      ['softReset', '172.18.8.102', 'out'],
      ['disable', '172.18.8.102', 'until 15:00'],
      ['enable', '172.18.8.102'],
      [
        'addNeighbor',
        {
          ...{ address: '172.18.8.103', as: 65010, import: 'accept', passive: true, 'hold-time': 30 },
          ...{ 'max-prefix': { limit: 10 }, families: ['ipv4-unicast'] },
        },
      ],
      [
        'addNeighbor',
        {
          address: '172.18.8.104',
          as: '1.10',
          passive: false,
          'graceful-restart': { 'restart-time': 9, 'long-lived': { 'ipv4-unicast': 86400 } },
          'add-path': { receive: true, send: 'all' },
        },
      ],
      ['addNeighbor', { address: '172.18.8.105', group: 'spines', port: 1179 }],
      ['removeNeighbor', '172.18.8.103'],
      ['removeNeighbor', '172.18.8.104'],
    ]);
    expect(JSON.parse((await tsbgp('neighbor 172.18.8.102 enable --json')).out)).toEqual({ neighbor: '172.18.8.102' });
  });

  test.each([
    ['neighbor 172.18.8.9', 1, 'there is no neighbor 172.18.8.9'],
    ['neighbor 172.18.8.102 add as 65001', 1, 'neighbor 172.18.8.102 exists already'],
    ['neighbor 172.18.8.9 add as 65001 hold-time 1', 2, 'hold-time must be 0 or at least 3 seconds'],
    [
      'neighbor 172.18.8.9 add as 65001 holdtime 30',
      2,
      '"holdtime" is not an option of a neighbor\n  did you mean "hold-time"?',
    ],
    ['neighbor 172.18.8.9 add as 65001 port', 2, 'port needs a value\n  such as: port 1179'],
    ['neighbor 172.18.8.9 add as 65001 import all', 2, 'there is no import "all"'],
    ['neighbor 172.18.8.9 add as 65001 add-path send=x', 2, 'there is no add-path "send=x"'],
    ['neighbor 172.18.8.9 add as 65001 port x', 2, '"x" is not a whole number'],
    ['neighbor 172.18.8.9 add as 65001 port 1 port 2', 2, 'port is given twice'],
    ['neighbor 172.18.8.9 add', 2, 'needs more: as'],
    ['neighbor 172.18.8.102 rest', 2, 'did you mean "reset"?'],
  ])('%s: exit code %i', async (line, code, message) => {
    const outcome = await tsbgp(line);
    expect(outcome).toMatchObject({ code, out: '' });
    expect(outcome.err).toContain(message);
  });
});
