// The daemon's code, compiled once: a start finds what V8 made of it the last time, which takes a quarter off the time until
// the first session.
//
// The code is one script (scripts/build.mjs). When it has been at work for a while, what V8 has compiled of it is kept in a
// file (vm.Script.createCachedData), and the next start takes it from there. V8 checks of which version it is, but takes
// broken bytes for code: so the file begins with a checksum, of its data and of all that makes them usable, the script and
// the Node.js that runs it. A file that does not fit (an upgrade, a full disk) is as good as none: the start compiles, and
// the file is written anew.

import { readFileSync, statSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/** By then a daemon has its first routes, and what it does with them is compiled, too. */
const KEEP_AFTER_MS = 10_000;
/** The checksum's; V8 wants the data at a multiple of 8. */
const HEADER_BYTES = 8;

/** What the script is called with, as Node.js calls a CommonJS module. */
type Main = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  file: string,
  directory: string,
) => void;

/**
 * Runs a script whose value is the function that Node.js makes of a CommonJS module, and returns the module's exports.
 * @param file the script, in ASCII
 * @param directory where its compiled code is kept; without it, it is not. Who may write there decides what this process does.
 */
export function loadScript(file: string, directory: string | undefined): object {
  const source = readFileSync(file);
  const cache = directory ? new CodeCache(join(directory, `${basename(file)}.code`), source) : undefined;
  const cachedData = cache?.read();
  const script = new Script(source.toString('latin1'), { filename: file, cachedData });
  if (cache && (cachedData === undefined || script.cachedDataRejected)) {
    setTimeout(() => cache.write(script.createCachedData()), KEEP_AFTER_MS).unref();
  }
  const module = { exports: {} };
  (script.runInThisContext() as Main)(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

/** The file with the compiled code of one script. */
class CodeCache {
  private readonly file: string;
  private readonly source: Buffer;

  constructor(file: string, source: Buffer) {
    this.file = file;
    this.source = source;
  }

  /** The data, if they are whole and of this script and Node.js. */
  read(): Buffer | undefined {
    try {
      const bytes = readFileSync(this.file);
      const data = bytes.subarray(HEADER_BYTES);
      return bytes.readUInt32LE() === this.checksum(data) ? data : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps the data; where it can't, the next start is a slow one. */
  async write(data: Buffer): Promise<void> {
    const written = `${this.file}.new`;
    try {
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32LE(this.checksum(data));
      await writeFile(written, [header, data], { mode: 0o600 });
      await rename(written, this.file);
    } catch {
      await rm(written, { force: true }).catch(() => {});
    }
  }

  private checksum(data: Buffer): number {
    // The time of the last change is one that no package sets.
    const { size, ctimeMs } = statSync(process.execPath);
    return crc32(data, crc32(this.source, crc32(`${process.version} ${size} ${ctimeMs}`)));
  }
}
