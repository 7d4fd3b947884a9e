// The demo as a user runs it: to the end, kept and cleaned, interrupted. It checks each of its steps itself.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { findNode, isTaken, waitFor } from './node.mjs';

const DEMO = fileURLToPath(new URL('../../scripts/demo.mjs', import.meta.url));
const prefix = `tsbgp-${process.pid}-`;
const names = [`${prefix}bgp-1`, `${prefix}bgp-2`];

afterAll(async () => {
  for (const name of names) await findNode(name)?.powerOff();
});

/** Starts the demo with other names than a user's demo beside it has. */
function start(...options: string[]) {
  const child = spawn(process.execPath, [DEMO, '--prefix', prefix, ...options]);
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => output.push(text));
  return { child, output };
}

async function end({ child, output }: { child: ChildProcess; output: string[] }) {
  const [status] = await once(child, 'close');
  return { status, output: output.join('') };
}

describe('npm run demo', () => {
  it('goes to its end, and with --keep leaves the nodes to the user until --clean', { timeout: 60_000 }, async () => {
    const { status, output } = await end(start('--keep'));
    expect(output).toContain('The demo went as it should');
    expect(status).toBe(0);
    expect(output).not.toContain('\x1b');

    const node = findNode(names[0]);
    expect(output).toContain(node?.enterCommand);
    expect(await node?.run('tsbgp neighbor')).toContain('172.18.8.102');

    const second = await end(start());
    expect(second.status).toBe(1);
    expect(second.output).toContain(`the node ${names[0]} is already up`);
    expect(await node?.run('tsbgp neighbor')).toContain('172.18.8.102');

    const cleaned = await end(start('--clean'));
    expect(cleaned.output).toBe(`${names[0]} removed\n${names[1]} removed\n`);
    expect(names.some(isTaken)).toBe(false);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGKILL', null],
  ] as const)('removes its nodes at %s', async (signal, expected) => {
    const demo = start();
    const ended = end(demo);
    await waitFor('the demo is on its way', () => demo.output.join('').includes('CREATE_POD.sh 1'));
    demo.child.kill(signal);
    expect((await ended).status).toBe(expected);
    await waitFor('the nodes are gone', () => !names.some(isTaken));
  });

  it('refuses options it does not have', async () => {
    const { status, output } = await end(start('--fast'));
    expect(status).toBe(1);
    expect(output).toContain("Unknown option '--fast'");
    expect(output).toContain('usage: npm run demo');
  });
});
