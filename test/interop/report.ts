// docs/interop.md from the interop matrix: a vitest reporter.
//
//   npx vitest run test/interop --reporter=default --reporter=./test/interop/report.ts
//
// The rows and columns are those of matrix.ts, the cells what the tests of the vendors found. A reporter cannot load what
// loads vitest's own functions, so report.test.ts passes the tables on. The page is written only after a run in which every
// topic was tested with every vendor that does not lack it.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Reporter, TestModule } from 'vitest/node';
import type { Topic } from './topics/topic.js';
import type { Vendor as TestedVendor } from './vendors/vendor.js';

const PAGE = fileURLToPath(new URL('../../docs/interop.md', import.meta.url));

type Row = Pick<Topic, 'name' | 'rfcs'>;
type Vendor = Pick<TestedVendor, 'name' | 'title' | 'package' | 'lacks'>;

/** The rows and columns. */
export interface Matrix {
  topics: Row[];
  vendors: Vendor[];
}

declare module 'vitest' {
  interface TaskMeta {
    matrix?: Matrix;
  }
}

const lack = ({ lacks }: Vendor, { name }: Row): string | undefined => lacks[name];

/** What a vendor's test of a topic found; undefined: there was none. */
export type Outcome = (vendor: Vendor, topic: Row) => 'passed' | 'failed' | undefined;

const link = (rfc: number) => `[${rfc}](https://www.rfc-editor.org/rfc/rfc${rfc})`;

function cell(vendor: Vendor, topic: Row, outcome: Outcome): string {
  if (lack(vendor, topic) !== undefined) return `[–](#${vendor.name})`;
  return outcome(vendor, topic) === 'passed' ? 'works' : '**fails**';
}

/** A vendor's reasons, each with the topics that are left out for it. */
function reasonsOf(topics: Row[], vendor: Vendor): Map<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const topic of topics) {
    const reason = lack(vendor, topic);
    if (reason !== undefined) reasons.set(reason, [...(reasons.get(reason) ?? []), topic.name]);
  }
  return reasons;
}

/** The page; `versionOf` is that of a vendor's daemon. */
export function interopPage(
  { topics, vendors }: Matrix,
  outcome: Outcome,
  versionOf: (vendor: Vendor) => string,
): string {
  const heads = vendors.map(vendor => `${vendor.title} ${versionOf(vendor)}`);
  const lines = [
    '# Interoperability',
    '',
    'What was tested between tsbgp and other BGP daemons: each cell is a test in which tsbgp and the daemon run on machines of their own',
    '(network namespaces), and both are asked what they have. A dash leads to the reason why a daemon is left out.',
    '',
    'This page is generated from the matrix in `test/interop/matrix.ts` and the results of its tests. Rings, meshes, failures and larger',
    'scenes are tested beside it, in `test/interop`.',
    '',
    `| | RFC | ${heads.join(' | ')} |`,
    `|---|---|${'---|'.repeat(heads.length)}`,
  ];
  for (const topic of topics) {
    const cells = vendors.map(vendor => cell(vendor, topic, outcome));
    lines.push(`| ${topic.name} | ${topic.rfcs.map(link).join(', ')} | ${cells.join(' | ')} |`);
  }
  for (const vendor of vendors) {
    const reasons = reasonsOf(topics, vendor);
    if (reasons.size === 0) continue;
    lines.push(
      '',
      `<a id="${vendor.name}"></a>`,
      '',
      `## What is left out with ${vendor.title}`,
      '',
      '| | why |',
      '|---|---|',
    );
    for (const [reason, names] of reasons) lines.push(`| ${names.join('; ')} | ${reason.replaceAll('|', '\\|')} |`);
  }
  return `${lines.join('\n')}\n`;
}

/** The upstream version of a Debian package. */
function packageVersion(vendor: Vendor): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills this in
  const version = execFileSync('dpkg-query', ['-W', '-f', '${Version}', vendor.package], { encoding: 'utf8' });
  return version.replace(/^\d+:/, '').replace(/-[^-]*$/, '');
}

/** Writes the page at the end of a run of the whole matrix. */
export default class InteropReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const found = new Map<string, 'passed' | 'failed'>();
    let matrix: Matrix | undefined;
    for (const module of modules) {
      const file = basename(module.moduleId, '.test.ts');
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        matrix ??= test.meta().matrix;
        if (state === 'passed' || state === 'failed') found.set(`${file} ${test.name}`, state);
      }
    }
    const outcome: Outcome = (vendor, topic) => found.get(`${vendor.name} ${topic.name}`);
    for (const vendor of matrix?.vendors ?? []) {
      const missing = matrix?.topics.find(topic => lack(vendor, topic) === undefined && !outcome(vendor, topic));
      if (missing === undefined) continue;
      console.log(`docs/interop.md is left as it is: "${missing.name}" was not tested with ${vendor.title}`);
      return;
    }
    if (matrix === undefined) {
      console.log('docs/interop.md is left as it is: without report.test.ts');
      return;
    }
    writeFileSync(PAGE, interopPage(matrix, outcome, packageVersion));
    console.log(`docs/interop.md: ${matrix.topics.length} topics with ${matrix.vendors.length} daemons`);
  }
}
