// npm run package: the Debian packages, build/tsbgp_VERSION_ARCH.deb, for amd64 and arm64.
//
//   npm run package -- --arch amd64        only this one; needs no network if it is the architecture of this machine
//
// The same commit gives the same bytes: modification times are the commit's (SOURCE_DATE_EPOCH overrides it), order, owners
// and modes are fixed. What is in the package is scripts/package/tree.mjs; its scripts for dpkg are in packaging/debian.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ARCHITECTURES, makeTree } from './package/tree.mjs';
import { ROOT, runMain, SetupError, setUp } from './setup.mjs';

/**
 * Builds one package.
 * @param {object} options
 * @param {string} options.architecture Debian's name of it
 * @param {string} options.directory where the package goes
 * @param {string} [options.version] instead of package.json's
 * @returns {Promise<string>} the file
 */
export async function buildPackage({ architecture, directory, version = ownVersion() }) {
  const epoch = await sourceDate();
  const file = join(directory, `tsbgp_${version}_${architecture}.deb`);
  const work = mkdtempSync(join(tmpdir(), 'tsbgp-package-'));
  try {
    const tree = join(work, 'tree');
    await makeTree({ tree, architecture, version, epoch });
    mkdirSync(directory, { recursive: true });
    // One thread: xz cuts its output into blocks by the number of them.
    const options = ['--root-owner-group', '-Zxz', '--threads-max=1', '--build'];
    const { status, stderr, error } = spawnSync('dpkg-deb', [...options, tree, file], {
      encoding: 'utf8',
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    });
    if (status !== 0) throw new SetupError(`dpkg-deb failed: ${error?.message ?? stderr}`);
  } finally {
    rmSync(work, { recursive: true });
  }
  return file;
}

function ownVersion() {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;
}

/** Seconds since 1970 of the sources: the commit's date, or where there is no git, that of package.json. */
async function sourceDate() {
  if (process.env.SOURCE_DATE_EPOCH) return Number(process.env.SOURCE_DATE_EPOCH);
  const { status, stdout } = spawnSync('git', ['-C', ROOT, 'log', '-1', '--format=%ct'], { encoding: 'utf8' });
  if (status === 0) return Number(stdout);
  return Math.floor(statSync(join(ROOT, 'package.json')).mtimeMs / 1000);
}

if (process.argv[1] === import.meta.filename) {
  await runMain(async () => {
    const { values } = parseArgs({
      options: { arch: { type: 'string', multiple: true }, output: { type: 'string', default: join(ROOT, 'build') } },
    });
    const known = Object.keys(ARCHITECTURES);
    const wanted = values.arch ?? known;
    for (const name of wanted) {
      if (!known.includes(name)) throw new SetupError(`there is no package for ${name}: ${known.join(' or ')}`);
    }
    setUp(['dpkg-deb']);
    for (const architecture of wanted) {
      const file = await buildPackage({ architecture, directory: values.output });
      console.log(`${file}  ${(statSync(file).size / 1e6).toFixed(1)} MB`);
    }
  });
}
