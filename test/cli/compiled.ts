// The command line as people run it: compiled like the package, as a child process, talking to a real socket.

import { type SpawnOptions, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundle } from '../../scripts/build.mjs';

const ROOT = resolve(import.meta.dirname, '../..');

export interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

export interface RunOptions {
  /** Standard input; empty when left out. */
  input?: string;
  env?: Record<string, string>;
  uid?: number;
  /** Reads only so many bytes of standard output and then closes it, as `head` does. */
  head?: number;
  /** The process is interrupted when its output matches. */
  until?: RegExp;
}

export interface Compiled {
  /** The package's directory, with dist/ in it. */
  directory: string;
  main: string;
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  remove(): void;
}

/** Compiles src/ as the build does, in a directory of its own. */
export async function compile(): Promise<Compiled> {
  const directory = mkdtempSync(join(tmpdir(), 'tsbgp-cli-'));
  const dist = join(directory, 'dist');
  await bundle(dist);
  copyFileSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const main = join(dist, 'cli/main.js');
  return {
    directory,
    main,
    run: (args, options) => run(main, args, options),
    remove: () => rmSync(directory, { recursive: true }),
  };
}

function run(main: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { input = '', env = {}, uid, head, until } = options;
  const spawnOptions: SpawnOptions = { env: { ...process.env, ...env }, uid, stdio: 'pipe' };
  const child = spawn(process.execPath, [main, ...args], spawnOptions);
  return new Promise((done, fail) => {
    const outcome: Outcome = { code: null, out: '', err: '' };
    child.stdout?.setEncoding('utf8').on('data', chunk => {
      outcome.out += chunk;
      if (head !== undefined && outcome.out.length >= head) child.stdout?.destroy();
      if (until?.test(outcome.out)) child.kill('SIGINT');
    });
    child.stderr?.setEncoding('utf8').on('data', chunk => {
      outcome.err += chunk;
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    child.once('error', fail);
    child.once('close', code => done({ ...outcome, code }));
  });
}
