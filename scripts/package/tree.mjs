// What is in the Debian package: a directory as dpkg-deb wants it.
//
//   /usr/lib/tsbgp       dist, with the npm packages that are bundled in it, package.json, and node_modules: the packages with
//                        natives, those of one architecture, of each the files that run
//   /usr/bin/tsbgp       its command
//   /usr/share           man pages, completions, copyright of all that is in it, changelog, example for sysctl.d
//   /usr/lib/systemd, sysusers.d, tmpfiles.d
//   /etc/tsbgp           the configuration, a conffile
//   DEBIAN               control, conffiles, scripts
//
// Modes and times are set here, so that neither the umask nor the checkout shows in the package.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT, SetupError } from '../setup.mjs';
import { changelog } from './changelog.mjs';
import { copyright } from './copyright.mjs';
import { manualPages } from './manual.mjs';

/** Node's name for each of Debian's architectures. */
export const ARCHITECTURES = /** @type {Record<string, string>} */ ({ amd64: 'x64', arm64: 'arm64' });

const LIBRARY = 'usr/lib/tsbgp';

/** Extensions of files that run. */
const CODE = ['.js', '.cjs', '.mjs', '.json', '.node'];
/** The packages that the build leaves outside dist. */
const NATIVE = ['koffi', 'netlink'];
/** What those depend on to be compiled. */
const COMPILING = ['node-addon-api', '@types/node'];

/** Files copied as they are. */
const FILES = /** @type {const} */ ([
  ['packaging/completions/tsbgp.bash', 'usr/share/bash-completion/completions/tsbgp'],
  ['packaging/completions/_tsbgp', 'usr/share/zsh/vendor-completions/_tsbgp'],
  ['packaging/tsbgp.service', 'usr/lib/systemd/system/tsbgp.service'],
  ['packaging/tsbgp.sysusers', 'usr/lib/sysusers.d/tsbgp.conf'],
  ['packaging/tsbgp.tmpfiles', 'usr/lib/tmpfiles.d/tsbgp.conf'],
  ['packaging/tsbgp.sysctl', 'usr/share/doc/tsbgp/examples/50-tsbgp.conf'],
  ['packaging/tsbgp.yml', 'etc/tsbgp/tsbgp.yml'],
  ['packaging/debian/lintian-overrides', 'usr/share/lintian/overrides/tsbgp'],
]);

const SCRIPTS = ['postinst', 'prerm', 'postrm'];

/**
 * @param {object} options
 * @param {string} options.tree directory to make
 * @param {string} options.architecture
 * @param {string} options.version
 * @param {number} options.epoch modification time of everything, seconds since 1970
 */
export async function makeTree({ tree, architecture, version, epoch }) {
  /** @param {string} path @param {string | Buffer} data @param {number} [mode] */
  const write = (path, data, mode = 0o644) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), data, { mode });
  };
  const packages = nativePackages(ARCHITECTURES[architecture]);
  const elsewhere = mkdtempSync(join(tmpdir(), 'tsbgp-natives-'));
  try {
    cpSync(join(ROOT, 'dist'), join(tree, LIBRARY, 'dist'), { recursive: true, filter: isCode });
    for (const { path, locked } of packages) {
      const source = existsSync(join(ROOT, path)) ? join(ROOT, path) : fetchPackage(path, locked, elsewhere);
      const target = join(tree, LIBRARY, path);
      cpSync(source, target, { recursive: true, filter: file => file === source || isCode(file) });
      keepWhatRuns(target, ARCHITECTURES[architecture]);
    }
    const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    write(`${LIBRARY}/package.json`, `${JSON.stringify({ name: own.name, version, type: own.type })}\n`);
    const main = join(tree, LIBRARY, 'dist/cli/main.js');
    // Debian's Node.js, whatever else a user has on the PATH.
    writeFileSync(main, readFileSync(main, 'utf8').replace(/^#!.*/, '#!/usr/bin/node'));
    mkdirSync(join(tree, 'usr/bin'), { recursive: true });
    symlinkSync('../lib/tsbgp/dist/cli/main.js', join(tree, 'usr/bin/tsbgp'));

    for (const [source, target] of FILES) write(target, readFileSync(join(ROOT, source)));
    write('usr/share/doc/tsbgp/copyright', copyright(bundledPackages(), packages, elsewhere));
    write('usr/share/doc/tsbgp/changelog.gz', gzip(changelog(version, epoch)));
    for (const { name, section, text } of await manualPages(version, epoch)) {
      write(`usr/share/man/man${section}/${name}.${section}.gz`, gzip(text));
    }
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
  const bytes = settle(tree, epoch);
  chmodSync(join(tree, 'etc/tsbgp/tsbgp.yml'), 0o640);
  chmodSync(main(tree), 0o755);

  write('DEBIAN/control', control(architecture, version, bytes));
  write('DEBIAN/conffiles', '/etc/tsbgp/tsbgp.yml\n');
  for (const name of SCRIPTS) write(`DEBIAN/${name}`, readFileSync(join(ROOT, 'packaging/debian', name)), 0o755);
  write('DEBIAN/md5sums', checksums(tree));
  settle(join(tree, 'DEBIAN'), epoch);
  for (const name of SCRIPTS) chmodSync(join(tree, 'DEBIAN', name), 0o755);
}

/** @param {string} tree */
const main = tree => join(tree, LIBRARY, 'dist/cli/main.js');

/** @param {string} text */
const gzip = text => gzipSync(text, { level: 9 });

/**
 * The packages with natives and what they need to run, by the lock file; koffi's platform package is the architecture's.
 * @param {string} cpu
 */
function nativePackages(cpu) {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const found = new Set(NATIVE);
  for (const name of found) {
    const { dependencies = {}, optionalDependencies = {} } = packages[`node_modules/${name}`];
    for (const it of Object.keys(dependencies)) if (!COMPILING.includes(it)) found.add(it);
    for (const it of Object.keys(optionalDependencies)) if (it.endsWith(`-linux-${cpu}`)) found.add(it);
  }
  return [...found].sort().map(name => ({ path: `node_modules/${name}`, locked: packages[`node_modules/${name}`] }));
}

/** Where the packages are that are bundled in dist, by its source maps. */
function bundledPackages() {
  const files = readdirSync(join(ROOT, 'dist'), { recursive: true, encoding: 'utf8' });
  const sources = files
    .filter(file => /\.c?js\.map$/.test(file))
    .flatMap(file => JSON.parse(readFileSync(join(ROOT, 'dist', file), 'utf8')).sources);
  const paths = sources.flatMap(source => /node_modules\/(.*node_modules\/)?(@[^/]+\/)?[^/]+/.exec(source)?.[0] ?? []);
  return [...new Set(paths)].sort();
}

/**
 * A package that npm left out because it is for another architecture.
 * @param {string} path
 * @param {{ version: string, integrity: string }} locked
 * @param {string} directory to unpack it in
 * @returns {string} where it is
 */
function fetchPackage(path, { version, integrity }, directory) {
  const name = path.replace(/^.*node_modules\//, '');
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--json', `${name}@${version}`], {
    cwd: directory,
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new SetupError(`${stderr.trim()}\ncannot fetch ${name}@${version}, which is for another architecture`);
  const [archive] = readdirSync(directory).filter(file => file.endsWith('.tgz'));
  const data = readFileSync(join(directory, archive));
  const digest = `sha512-${createHash('sha512').update(data).digest('base64')}`;
  if (digest !== integrity) throw new SetupError(`${name}@${version} is not what package-lock.json says (${stdout})`);
  const target = join(directory, path);
  mkdirSync(target, { recursive: true });
  spawnSync('tar', ['-xzf', archive, '-C', target, '--strip-components=1'], { cwd: directory });
  rmSync(join(directory, archive));
  return target;
}

/** @param {string} file */
function isCode(file) {
  if (lstatSync(file).isDirectory()) return basename(file) !== 'node_modules';
  return CODE.includes(extname(file)) && !/\.(test|d)\.[cm]?js$/.test(file);
}

/**
 * Removes natives of other architectures and of other C libraries, commands, and directories in which nothing is left.
 * @param {string} directory of an npm package
 * @param {string} cpu
 */
function keepWhatRuns(directory, cpu) {
  const kept = [`linux-${cpu}`, `linux_${cpu}`];
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    const idle = file.endsWith('.node')
      ? !kept.includes(basename(dirname(file)))
      : readFileSync(file, 'latin1').startsWith('#!');
    if (idle) rmSync(file);
  }
  removeEmpty(directory);
}

/** @param {string} directory */
function removeEmpty(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmpty(join(directory, entry.name));
  }
  if (readdirSync(directory).length === 0) rmSync(directory, { recursive: true });
}

/**
 * Sets mode and time of everything below a directory.
 * @param {string} directory
 * @param {number} epoch
 * @returns {number} bytes, as files take them from a disk with blocks of 4 KiB
 */
function settle(directory, epoch) {
  let bytes = 4096;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) bytes += settle(path, epoch);
    else {
      if (!entry.isSymbolicLink()) chmodSync(path, 0o644);
      bytes += Math.ceil(lstatSync(path).size / 4096) * 4096;
      lutimesSync(path, epoch, epoch);
    }
  }
  chmodSync(directory, 0o755);
  lutimesSync(directory, epoch, epoch);
  return bytes;
}

/** @param {string} tree */
function checksums(tree) {
  const files = readdirSync(tree, { recursive: true, encoding: 'utf8' })
    .filter(file => !/^(DEBIAN|etc)(\/|$)/.test(file) && lstatSync(join(tree, file)).isFile())
    .sort();
  const sum = (/** @type {string} */ file) =>
    createHash('md5')
      .update(readFileSync(join(tree, file)))
      .digest('hex');
  return files.map(file => `${sum(file)}  ${file}\n`).join('');
}

/**
 * @param {string} architecture
 * @param {string} version
 * @param {number} bytes
 */
function control(architecture, version, bytes) {
  return readFileSync(join(ROOT, 'packaging/debian/control'), 'utf8')
    .replace('@VERSION@', version)
    .replace('@ARCHITECTURE@', architecture)
    .replace('@SIZE@', String(Math.ceil(bytes / 1024)));
}
