// The Debian package on two machines with systemd: installed with apt, configured and started as docs/operations.md says,
// with pods; restarted, reloaded and killed under traffic; upgraded, removed and purged; with BIRD and with FRR.
//
// The tests are one story, told in order.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPackage } from '../../scripts/package.mjs';
import { cleanup, link } from '../lab/node.mjs';
import { bootMachine, type Machine, obstacle } from './machine.mjs';
import { debianTree } from './tree.mjs';

const MINUTES = 60_000;
const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64';
const CREATE_POD = readFileSync(new URL('../../vagrant/create-pod.sh', import.meta.url));
const CONFIG = readFileSync(new URL('../../vagrant/tsbgp.yml.in', import.meta.url), 'utf8');

let directory: string;
let bgp1: Machine;
let bgp2: Machine;
let older: string;
let newer: string;

const machines = () => [bgp1, bgp2].map((machine, i) => ({ machine, number: i + 1, other: 2 - i }));
const onBoth = <T>(work: (the: { machine: Machine; number: number; other: number }) => Promise<T>) =>
  Promise.all(machines().map(work));
const property = (machine: Machine, name: string) => machine.run(`systemctl show --value -p ${name} tsbgp`);
const established = (machine: Machine, other: number) =>
  machine.until(`tsbgp neighbor`, new RegExp(`172\\.18\\.8\\.10${other} .* Establ`));
/** bgp-1 has no route to pods of bgp-2 any more. */
const routesGone = () => bgp1.until('test -z "$(ip route show root 10.233.2.0/24 proto bgp)" && echo gone', 'gone');

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tsbgp-machines-'));
  const missing = obstacle();
  if (missing !== undefined) throw new Error(`no machine can be booted here: ${missing}`);
  const tree = await debianTree('machine');
  older = await buildPackage({ architecture: ARCHITECTURE, directory, version: '0.0.1' });
  newer = await buildPackage({ architecture: ARCHITECTURE, directory });
  [bgp1, bgp2] = await Promise.all([bootMachine('bgp-1', tree), bootMachine('bgp-2', tree)]);
  await link(bgp1.node, 'eth1', bgp2.node, 'eth1');
  await onBoth(({ machine, number }) =>
    machine.node.run(`ip addr add 172.18.8.10${number}/24 dev eth1 && ip link set eth1 up`),
  );
}, 15 * MINUTES);

afterAll(async () => {
  await cleanup();
  rmSync(directory, { recursive: true });
}, MINUTES);

async function install(machine: Machine, file: string): Promise<string> {
  const place = `/srv/${basename(file)}`;
  machine.write(place, readFileSync(file));
  return machine.run(`DEBIAN_FRONTEND=noninteractive apt-get install -y ${place} 2>&1`, 2 * MINUTES);
}

/** A thousand pings a second from bgp-1 to the pod of bgp-2 while something is done; how many were lost. */
async function lossDuring(work: () => Promise<unknown>): Promise<number> {
  const ping = bgp1.node.start(`exec nsenter -t ${bgp1.init} -m ping -q -i 0.001 -W 2 10.233.2.10 >/run/ping`);
  try {
    await work();
  } finally {
    process.kill(ping.pid ?? 0, 'SIGINT');
    await new Promise(resolve => ping.once('exit', resolve));
  }
  const summary = readFileSync(bgp1.node.path('/run/ping'), 'utf8');
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(summary) ?? [];
  expect(Number(sent), summary).toBeGreaterThan(100);
  return Number(sent) - Number(received);
}

describe('installed', { timeout: 5 * MINUTES }, () => {
  it('by apt without a network, neither enabled nor started', async () => {
    const outputs = await onBoth(({ machine }) => install(machine, older));
    for (const output of outputs) expect(output).toContain('systemctl enable --now tsbgp');
    expect((await bgp1.try('systemctl is-enabled tsbgp; systemctl is-active tsbgp')).stdout).toBe(
      'disabled\ninactive\n',
    );
    expect(await bgp1.run('stat -c "%a %U:%G" /etc/tsbgp /etc/tsbgp/tsbgp.yml')).toBe('750 root:tsbgp\n640 root:tsbgp');
  });

  it('a wrong configuration is refused with its line, and not tried again', async () => {
    bgp1.write('/etc/tsbgp/tsbgp.yml', 'as: 65001\nrouter-id: 172.18.8.101\nneighbours: []\n', 0o640);
    expect((await bgp1.try('systemctl start tsbgp')).status).not.toBe(0);
    expect(await property(bgp1, 'ExecMainStatus,NRestarts')).toMatch(/^(2\n+0|0\n+2)$/);
    expect(await bgp1.run('journalctl -u tsbgp -o cat')).toContain('neighbours');
    await bgp1.run('systemctl reset-failed tsbgp');
  });

  it('starts, and is ready when it listens and the configuration is in effect', async () => {
    await onBoth(async ({ machine, number, other }) => {
      const config = CONFIG.replaceAll('@ADDRESS@', `172.18.8.10${number}`).replaceAll(
        '@NEIGHBOR@',
        `172.18.8.10${other}`,
      );
      machine.write('/etc/tsbgp/tsbgp.yml', config, 0o640);
      machine.write('/root/CREATE_POD.sh', CREATE_POD, 0o755);
      const answer = await machine.run(
        'systemctl enable --now tsbgp 2>&1 && ss -ltnH "sport = :179" && tsbgp config show',
      );
      expect(answer).toContain('0.0.0.0:179');
      expect(answer).toContain(`172.18.8.10${other}`);
    });
    expect(await property(bgp1, 'Type')).toBe('notify');
    expect(await property(bgp1, 'StatusText')).toBe('AS 65001, router id 172.18.8.101');
    expect(await bgp1.run('systemctl is-active tsbgp')).toBe('active');
    await onBoth(({ machine, other }) => established(machine, other));
  });

  it('runs as its own user with two capabilities, in its sandbox', async () => {
    const status = await bgp1.run('cat /proc/$(systemctl show --value -p MainPID tsbgp)/status');
    const value = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1];
    // CAP_NET_BIND_SERVICE is bit 10, CAP_NET_ADMIN bit 12.
    for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb']) expect(value(set)).toBe('0000000000001400');
    expect(value('Uid')?.split('\t')[0]).toBe(await bgp1.run('id -u tsbgp'));
    expect([value('NoNewPrivs'), value('Seccomp')]).toEqual(['1', '2']);
    const inside = 'nsenter -t $(systemctl show --value -p MainPID tsbgp) -m';
    for (const place of ['/usr', '/etc/tsbgp', '/home']) {
      expect((await bgp1.try(`${inside} touch ${place}/x`)).status, place).not.toBe(0);
    }
    const [, exposure] =
      / level for tsbgp\.service: ([\d.]+)/.exec(await bgp1.run('systemd-analyze security --no-pager tsbgp')) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(2.1);
  });

  it('keeps its compiled code, which a start takes and leaves as it is', async () => {
    const kept = 'stat -c "%a %U %Y" /var/cache/tsbgp/daemon.cjs.code';
    const found = await bgp1.until(kept, /^600 tsbgp \d/);
    await bgp1.run('systemctl restart tsbgp');
    await established(bgp1, 2);
    // Had it not been taken, it would be written anew after ten seconds.
    const age = 'ps -o etimes= -p $(systemctl show --value -p MainPID tsbgp)';
    await bgp1.until(`test $(${age}) -gt 11 && echo older`, 'older');
    expect(await bgp1.run(kept)).toBe(found.trim());
  });

  it('logs into the journal with fields', async () => {
    const lines = await bgp1.run('journalctl -u tsbgp -o json NEIGHBOR=172.18.8.102');
    const entries = lines.split('\n').map(line => JSON.parse(line));
    expect(entries.some(({ MESSAGE }) => /Established/.test(MESSAGE))).toBe(true);
    for (const { NEIGHBOR, SYSLOG_IDENTIFIER } of entries) {
      expect([NEIGHBOR, SYSLOG_IDENTIFIER]).toEqual(['172.18.8.102', 'tsbgp']);
    }
    expect(await bgp1.run('journalctl -u tsbgp -o cat TO=Established')).toContain('172.18.8.102');
    expect(await bgp1.run('journalctl -u tsbgp -o cat -p warning')).not.toContain('Established');
  });

  it('is controlled by root and the group tsbgp, and by nobody else', async () => {
    await bgp1.run('useradd member && useradd stranger && usermod -a -G tsbgp member');
    expect(await bgp1.run('runuser -u member -- tsbgp neighbor')).toContain('172.18.8.102');
    const { status, output } = await bgp1.try('runuser -u stranger -- tsbgp neighbor');
    expect([status, output]).toEqual([4, expect.stringContaining('tsbgp')]);
  });
});

describe('with pods', { timeout: 5 * MINUTES }, () => {
  it('the routes of one are in the kernel of the other, and the pods answer', async () => {
    await onBoth(async ({ machine, number }) => {
      await machine.run(`/root/CREATE_POD.sh --proxy-arp ${number}`);
      await machine.run(`tsbgp rib add 10.233.${number}.10/32`);
      await machine.run(`tsbgp rib add 10.233.${number}.0/24 community blackhole`);
    });
    await bgp1.until('ip route', '10.233.2.10 via 172.18.8.102 dev eth1 proto bgp metric 20');
    await bgp2.until('ip route', '10.233.1.10 via 172.18.8.101 dev eth1 proto bgp metric 20');
    expect(await bgp1.run('ip route show 10.233.1.0/24')).toContain('blackhole');
    await bgp1.run('ping -c 2 -W 5 10.233.2.10');
    await bgp2.run('ping -c 2 -W 5 10.233.1.10');
    await bgp1.run('ip netns exec vm1_pod ping -c 2 -W 5 10.233.2.10');
  });

  it.each([
    ['systemctl restart', 'systemctl restart tsbgp'],
    ['systemctl reload', 'systemctl reload tsbgp'],
    ['kill -9', 'systemctl kill -s KILL tsbgp'],
  ])('%s costs no packet', async (_, command) => {
    const before = await property(bgp2, 'MainPID');
    const loss = await lossDuring(async () => {
      await bgp2.run(command);
      if (command.includes('reload')) await bgp2.until('journalctl -u tsbgp -o cat', 'configuration reloaded');
      else {
        await bgp2.until('systemctl show --value -p MainPID,ActiveState tsbgp', /^active$/m);
        expect(await property(bgp2, 'MainPID')).not.toBe(before);
        await established(bgp1, 2);
      }
    });
    expect(loss).toBe(0);
    await bgp1.until('ip route', '10.233.2.10 via 172.18.8.102');
  });

  it('systemd is told of stop, start and reload, as they happen', async () => {
    await bgp1.run('systemd-analyze log-level debug && systemctl restart tsbgp && systemctl kill -s HUP tsbgp');
    const told = 'journalctl _PID=1 -u tsbgp -o cat --grep "notification message"';
    await bgp1.until(told, /STOPPING=1.*READY=1.*RELOADING=1.*READY=1/s);
    await bgp1.run('systemd-analyze log-level info');
    expect(await property(bgp1, 'ActiveState')).toBe('active');
    await established(bgp1, 2);
  });

  it('a daemon that stands still is ended by the watchdog and comes back', async () => {
    const before = await property(bgp2, 'MainPID');
    bgp2.write('/run/systemd/system/tsbgp.service.d/watchdog.conf', '[Service]\nWatchdogSec=3\n');
    await bgp2.run('systemctl daemon-reload && systemctl restart tsbgp && systemctl kill -s STOP tsbgp');
    await bgp2.until('journalctl -u tsbgp -o cat', /Watchdog timeout/i);
    await bgp2.run('rm -r /run/systemd/system/tsbgp.service.d && systemctl daemon-reload');
    await bgp2.until('systemctl show --value -p ActiveState tsbgp', /^active$/m);
    expect(await property(bgp2, 'MainPID')).not.toBe(before);
    await bgp2.run('systemctl restart tsbgp');
    await established(bgp1, 2);
  });

  it('an upgrade keeps the configuration and costs no packet', async () => {
    const config = await bgp2.run('cat /etc/tsbgp/tsbgp.yml');
    const before = await property(bgp2, 'MainPID');
    // It has been started again and again here, which systemd allows five times in ten seconds.
    await bgp2.run('systemctl reset-failed tsbgp');
    expect(await lossDuring(() => install(bgp2, newer))).toBe(0);
    expect(await bgp2.run('cat /etc/tsbgp/tsbgp.yml')).toBe(config);
    expect(await property(bgp2, 'MainPID')).not.toBe(before);
    const [, version] = basename(newer).split('_');
    await bgp2.until('tsbgp status', version);
    await established(bgp1, 2);
    await bgp1.until('ip route', '10.233.2.10 via 172.18.8.102');
  });

  it('tsbgp shutdown ends the service for good and leaves no route', async () => {
    await bgp2.run('tsbgp shutdown');
    await bgp2.until('systemctl show --value -p ActiveState,Result tsbgp', /^inactive$/m);
    expect(await property(bgp2, 'Result')).toBe('success');
    expect(await bgp2.run('ip route show proto bgp')).toBe('');
    await routesGone();
  });
});

describe('with another speaker on bgp-2', { timeout: 5 * MINUTES }, () => {
  const speakers = {
    bird: {
      file: '/etc/bird/bird.conf',
      config: `router id 172.18.8.102;
protocol device {}
protocol direct { ipv4; }
protocol kernel { ipv4 { export where source = RTS_BGP; }; }
protocol static { ipv4; route 10.233.2.0/24 blackhole; route 10.233.2.10/32 via "veth_vm2"; }
protocol bgp { local as 65001; neighbor 172.18.8.101 as 65001; ipv4 { import all; export where source = RTS_STATIC; next hop self; }; }
`,
    },
    frr: {
      file: '/etc/frr/frr.conf',
      config: `ip route 10.233.2.0/24 blackhole
router bgp 65001
 bgp router-id 172.18.8.102
 neighbor 172.18.8.101 remote-as 65001
 address-family ipv4 unicast
  redistribute static
  redistribute kernel
`,
    },
  };

  it.each(Object.entries(speakers))('%s', async (name, { file, config }) => {
    bgp2.write(file, config);
    await bgp2.run("sed -i 's/^bgpd=no/bgpd=yes/' /etc/frr/daemons");
    await bgp2.run(`systemctl restart ${name}`, 2 * MINUTES);
    await established(bgp1, 2);
    await bgp1.until('ip route', '10.233.2.0/24 via 172.18.8.102 dev eth1 proto bgp metric 20');
    await bgp2.until('ip route', /^10\.233\.1\.10 .*via 172\.18\.8\.101/m);
    await bgp1.run('ping -c 2 -W 5 10.233.2.10');
    await bgp2.run(`systemctl stop ${name}`, 2 * MINUTES);
    await routesGone();
  });
});

describe('taken away', { timeout: 5 * MINUTES }, () => {
  it('removed: the daemon ends, no route stays, the configuration does', async () => {
    await bgp2.run('systemctl start tsbgp');
    await bgp2.until('ip route show proto bgp', '10.233.1.0/24');
    await bgp2.run('apt-get remove -y tsbgp', 2 * MINUTES);
    expect(await bgp2.run('ip route show proto bgp')).toBe('');
    expect((await bgp2.try('pgrep -u tsbgp')).stdout).toBe('');
    await bgp2.run('test -e /etc/tsbgp/tsbgp.yml && test ! -e /usr/bin/tsbgp');
  });

  it('purged: nothing stays', async () => {
    await bgp2.run('apt-get purge -y tsbgp', 2 * MINUTES);
    expect(
      await bgp2.run("find / -xdev -name '*tsbgp*' -not -path '/srv/*' -not -path '/proc/*' -not -path '/var/log/*'"),
    ).toBe('');
    expect((await bgp2.try('getent passwd tsbgp; getent group tsbgp')).stdout).toBe('');
    expect(await bgp2.run('systemctl list-units --all --plain --no-legend "tsbgp*"')).toBe('');
  });
});
