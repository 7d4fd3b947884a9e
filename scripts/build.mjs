// npm run build: dist/ from src/. The compiler checks the types and writes their declarations; the bundler writes the code.
//
// Starting a process is mostly the reading of modules, so there are few files: one for each module that is loaded by
// itself (an entry below, or an import() in the code), under its name in src/, and some for what these share, npm packages
// included. The daemon is one script of its own, whose compiled code can be kept (src/code-cache.ts). Native packages stay
// outside.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { ROOT, runMain, SetupError } from './setup.mjs';

const SOURCE = join(ROOT, 'src');

/** What is loaded from outside: the library, the command, and what the reference pages are written from. */
const ENTRIES = [
  'index',
  'cli/main',
  'api/reference',
  'cli/commands',
  'cli/reference',
  'config/example',
  'config/json-schema',
  'config/reference',
];

/**
 * Writes the code of src/.
 * @param {string} directory usually dist/
 */
export async function bundle(directory) {
  await write(sourceOf('daemon'), {
    file: join(directory, 'daemon.cjs'),
    format: 'cjs',
    strict: true,
    codeSplitting: false,
    postBanner: '(function (exports, require, module, __filename, __dirname) {',
    postFooter: '})',
  });
  await write(Object.fromEntries(ENTRIES.map(name => [name, sourceOf(name)])), {
    dir: directory,
    format: 'esm',
    chunkFileNames: ({ facadeModuleId, name }) => `${nameInSource(facadeModuleId) ?? name}.js`,
    codeSplitting: {
      groups: [
        // It finds package.json beside the directory that it is in.
        { name: 'version', test: /src\/version\.ts$/ },
        // What the command loads whatever it is to do.
        { name: 'command', test: /src\/(api\/error|cli\/(commands|exit|grammar|options|suggest))\.ts$/ },
      ],
    },
  });
}

/**
 * @param {import('rolldown').InputOptions['input']} input
 * @param {import('rolldown').OutputOptions} output
 */
async function write(input, output) {
  const build = await rolldown({
    input,
    cwd: ROOT,
    platform: 'node',
    external: ['koffi', /^netlink\//],
    plugins: [{ name: 'ascii', generateBundle: (_, files) => Object.values(files).forEach(inAscii) }],
  });
  await build.write({
    ...output,
    sourcemap: true,
    comments: { legal: true, annotation: false, jsdoc: false },
  });
  await build.close();
}

/**
 * A character that takes one octet takes half the memory. What is not ASCII is in strings, templates and regular expressions.
 * @param {import('rolldown').OutputChunk | import('rolldown').OutputAsset} file
 */
function inAscii(file) {
  if (file.type !== 'chunk') return;
  file.code = file.code.replace(/[^\0-\x7f]/g, it => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** @param {string} name */
function sourceOf(name) {
  return join(SOURCE, `${name}.ts`);
}

/** @param {string | null} file */
function nameInSource(file) {
  return file?.startsWith(SOURCE) ? relative(SOURCE, file).replace(/\.ts$/, '') : undefined;
}

function declare() {
  const compiler = join(ROOT, 'node_modules/.bin/tsc');
  const { status } = spawnSync(compiler, ['-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) throw new SetupError('the types are wrong: correct the errors above and try again');
}

if (process.argv[1] === import.meta.filename) {
  await runMain(async () => {
    const directory = join(ROOT, 'dist');
    rmSync(directory, { recursive: true, force: true });
    declare();
    await bundle(directory);
  });
}
