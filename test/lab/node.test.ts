// The lab's own promises: nodes are separate machines, joined by a cable, and gone when their maker is.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { cleanup, createNode, findNode, isTaken, link, waitFor } from './node.mjs';

const name = (suffix: string) => `tsbgp-${process.pid}-${suffix}`;

afterEach(cleanup);

describe('a node', () => {
  it('has its own name, network and /run', async () => {
    const node = await createNode(name('own'));
    expect(await node.run('hostname')).toBe(`${node.name}\n`);
    expect(await node.run('ls /sys/class/net')).toBe('lo\n');
    expect(await node.run('ls /run')).toBe('bin\nholder\nlock\nnetns\ntsbgp\n');
  });

  it('keeps network namespaces made in it from one command to the next, and from the outside', async () => {
    const node = await createNode(name('inner'));
    await node.run('ip netns add inside');
    expect(await node.run('ip netns exec inside ls /sys/class/net')).toBe('lo\n');
    expect(isTaken('inside')).toBe(false);
  });

  it('reports status, both streams and signals of commands', async () => {
    const node = await createNode(name('exec'));
    expect(await node.try('echo out; echo err >&2; exit 3')).toEqual({
      status: 3,
      output: 'out\nerr\n',
      stdout: 'out\n',
    });
    expect((await node.try('kill -TERM $$')).status).toBe('SIGTERM');
    await expect(node.run('echo why >&2; false')).rejects.toThrow(/`echo why >&2; false` ended with 1\nwhy/);
    await expect(node.try('sleep 60', 100)).rejects.toThrow('took over 100 ms');
  });

  it('has commands of its own', async () => {
    const node = await createNode(name('command'));
    node.addCommand('greet', ['printf', "it's %s\n"]);
    expect(await node.run('greet me')).toBe("it's me\n");
  });

  it('is refused under a name in use', async () => {
    const node = await createNode(name('twice'));
    await expect(createNode(node.name)).rejects.toThrow(/could not be made: .*File exists/);
    expect(await node.run('hostname')).toBe(`${node.name}\n`);
  });
});

it('two nodes reach each other by a cable', async () => {
  const [a, b] = await Promise.all([createNode(name('a')), createNode(name('b'))]);
  await link(a, 'eth1', b, 'eth1');
  await a.run('ip addr add 10.0.0.1/24 dev eth1 && ip link set eth1 up');
  await b.run('ip addr add 10.0.0.2/24 dev eth1 && ip link set eth1 up');
  expect(await a.run('ping -c 1 -W 2 10.0.0.2')).toContain('1 received');
});

describe('the end of a node', () => {
  it('ends what runs in it and in its inner namespaces', async () => {
    const node = await createNode(name('off'));
    await node.run('ip netns add inside');
    const outer = node.start('exec sleep 60');
    const inner = node.start('exec ip netns exec inside sleep 60');
    const ends = [once(outer, 'exit'), once(inner, 'exit')];
    await waitFor('both sleep', () => [outer, inner].every(child => commandOf(child.pid) === 'sleep'));
    await node.powerOff();
    expect((await Promise.all(ends)).map(([, signal]) => signal)).toEqual(['SIGKILL', 'SIGKILL']);
    expect(isTaken(node.name)).toBe(false);
    expect(existsSync(`/proc/${node.pid}`)).toBe(false);
  });

  it('comes with the end of its maker, even a sudden one', async () => {
    const maker = makeNodeElsewhere(name('orphan'), '');
    await once(maker.stdout, 'data');
    expect(isTaken(name('orphan'))).toBe(true);
    maker.kill('SIGKILL');
    await waitFor('the node is gone', () => !isTaken(name('orphan')));
  });

  it('comes with the end of a maker that has not heard yet that there is a node', async () => {
    const node = name('unheard');
    const guardian = spawn('sh', [fileURLToPath(new URL('node.sh', import.meta.url)), 'hold', node]);
    guardian.stdin.end();
    guardian.stdout.destroy();
    await once(guardian, 'exit');
    expect(isTaken(node)).toBe(false);
  });

  it('does not come when the node is kept, until it is found and switched off', async () => {
    const maker = makeNodeElsewhere(name('kept'), 'await node.keep(); process.exit();');
    await once(maker, 'exit');
    const node = findNode(name('kept'));
    expect(await node?.run('hostname')).toBe(`${name('kept')}\n`);
    await node?.powerOff();
    expect(findNode(name('kept'))).toBe(null);
  });
});

it('waitFor says what was awaited in vain, and why', async () => {
  const question = () => {
    throw new Error('not there');
  };
  await expect(waitFor('a sign', question, 50)).rejects.toThrow('waited 0.05 s for this in vain: a sign: not there');
});

function commandOf(pid: number | undefined): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

/** Another process that makes a node, runs the given lines and stays. */
function makeNodeElsewhere(node: string, lines: string) {
  const script = `
    import { createNode } from ${JSON.stringify(new URL('node.mjs', import.meta.url).href)};
    const node = await createNode('${node}');
    ${lines}
    console.log(node.pid);
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
}
