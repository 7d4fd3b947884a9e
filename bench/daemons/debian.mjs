// Debian's packages of the peers.

import { execFileSync } from 'node:child_process';

/** The upstream part of a package's version. @param {string} name */
export function debianVersion(name) {
  const version = execFileSync('dpkg-query', ['--show', '--showformat', `\${Version}`, name], { encoding: 'utf8' });
  return version.replace(/^\d+:/, '').replace(/-[^-]*$/, '');
}
