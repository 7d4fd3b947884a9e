// docs/conformance.md from the conformance tests: a vitest reporter.
//
//   npx vitest run test/conformance --reporter=default --reporter=./test/conformance/report.ts
//
// Test names carry everything: "RFC 4271 §6.1: behaviour" (see `conforms`). The page is written only after a run of all
// files with no test left out, so that it never tells a part of the story.

import { readdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Reporter, TestModule } from 'vitest/node';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/conformance.md', import.meta.url));

/** A behaviour and the test of it. */
export interface ConformanceRow {
  rfc: number;
  /** Empty: the RFC as a whole. */
  section: string;
  behaviour: string;
  /** File name of the test. */
  test: string;
  passed: boolean;
}

/** Titles of the RFCs that are tested. */
const TITLES: { readonly [rfc: number]: string } = {
  1997: 'BGP Communities Attribute',
  2545: 'Use of BGP-4 Multiprotocol Extensions for IPv6 Inter-Domain Routing',
  2918: 'Route Refresh Capability for BGP-4',
  4271: 'A Border Gateway Protocol 4 (BGP-4)',
  4360: 'BGP Extended Communities Attribute',
  4456: 'BGP Route Reflection',
  4486: 'Subcodes for BGP Cease Notification Message',
  4724: 'Graceful Restart Mechanism for BGP',
  4760: 'Multiprotocol Extensions for BGP-4',
  5065: 'Autonomous System Confederations for BGP',
  5492: 'Capabilities Advertisement with BGP-4',
  5701: 'IPv6 Address Specific BGP Extended Community Attribute',
  6286: 'Autonomous-System-Wide Unique BGP Identifier for BGP-4',
  6608: 'Subcodes for BGP Finite State Machine Error',
  6793: 'BGP Support for Four-Octet Autonomous System (AS) Number Space',
  7313: 'Enhanced Route Refresh Capability for BGP-4',
  7606: 'Revised Error Handling for BGP UPDATE Messages',
  7607: 'Codification of AS 0 Processing',
  7911: 'Advertisement of Multiple Paths in BGP',
  7947: 'Internet Exchange BGP Route Server',
  7999: 'BLACKHOLE Community',
  8092: 'BGP Large Communities Attribute',
  8212: 'Default External BGP (EBGP) Route Propagation Behavior without Policies',
  8326: 'Graceful BGP Session Shutdown',
  8538: 'Notification Message Support for BGP Graceful Restart',
  8654: 'Extended Message Support for BGP',
  8950: 'Advertising IPv4 Network Layer Reachability Information (NLRI) with an IPv6 Next Hop',
  9003: 'Extended BGP Administrative Shutdown Communication',
  9072: 'Extended Optional Parameters Length for BGP OPEN Message',
  9234: 'Route Leak Prevention and Detection Using Roles in UPDATE and OPEN Messages',
  9687: 'Border Gateway Protocol 4 (BGP-4) Send Hold Timer',
  9774: 'Deprecation of AS_SET and AS_CONFED_SET in BGP',
};

/** The row that a test's name stands for; null for other tests. */
export function conformanceRow(name: string, test: string, passed: boolean): ConformanceRow | null {
  const found = /^RFC (\d+)(?: §([^:]+))?: (.+)$/s.exec(name);
  return found === null ? null : { rfc: Number(found[1]), section: found[2] ?? '', behaviour: found[3], test, passed };
}

/** RFCs of the rows in ascending order, with their titles and how many behaviours are tested and right. */
export function supportedRfcs(
  rows: readonly ConformanceRow[],
): { rfc: number; title: string; tested: number; passed: number }[] {
  const numbers = [...new Set(rows.map(row => row.rfc))].sort((a, b) => a - b);
  return numbers.map(rfc => {
    const own = rows.filter(row => row.rfc === rfc);
    return { rfc, title: TITLES[rfc] ?? '', tested: own.length, passed: own.filter(row => row.passed).length };
  });
}

/** The page. */
export function conformancePage(rows: readonly ConformanceRow[]): string {
  const rfcs = supportedRfcs(rows);
  const total = rfcs.reduce((sum, { tested }) => sum + tested, 0);
  const right = rfcs.reduce((sum, { passed }) => sum + passed, 0);
  const link = (rfc: number) => `[${rfc}](https://www.rfc-editor.org/rfc/rfc${rfc})`;
  const lines = [
    '# Conformance',
    '',
    `What tsbgp does on the wire, RFC by RFC: ${total} behaviours, each with a test that speaks to it in raw bytes over TCP.`,
    right === total ? 'All of them pass.' : `${right} of them pass.`,
    '',
    'This page is generated from the tests in `test/conformance` and their results.',
    '',
    '| RFC | | behaviours | passed |',
    '|---|---|--:|--:|',
    ...rfcs.map(
      ({ rfc, title, tested, passed }) => `| ${link(rfc)} | [${title}](#rfc-${rfc}) | ${tested} | ${passed} |`,
    ),
  ];
  for (const { rfc, title } of rfcs) {
    const own = rows.filter(row => row.rfc === rfc).sort((a, b) => compareSections(a.section, b.section));
    lines.push('', `## RFC ${rfc}`, '', `${title}.`, '', '| § | behaviour | test | result |', '|---|---|---|---|');
    for (const { section, behaviour, test, passed } of own) {
      const words = behaviour.replaceAll('|', '\\|').replaceAll('<', '&lt;');
      const file = `[${test.replace('.test.ts', '')}](../test/conformance/${test})`;
      lines.push(`| ${section} | ${words} | ${file} | ${passed ? 'passes' : '**fails**'} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function compareSections(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** Writes the page at the end of a run of all conformance tests. */
export default class ConformanceReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows: ConformanceRow[] = [];
    const ran = new Set<string>();
    for (const module of modules) {
      const file = basename(module.moduleId);
      ran.add(file);
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== 'passed' && state !== 'failed') {
          console.log(`docs/conformance.md is left as it is: not all tests ran (${file})`);
          return;
        }
        const row = conformanceRow(test.name, file, state === 'passed');
        if (row !== null) rows.push(row);
      }
    }
    const missing = readdirSync(HERE).filter(file => file.endsWith('.test.ts') && !ran.has(file));
    if (missing.length > 0) {
      console.log(`docs/conformance.md is left as it is: without ${missing.join(', ')}`);
      return;
    }
    rows.sort((a, b) => a.test.localeCompare(b.test, 'en'));
    writeFileSync(PAGE, conformancePage(rows));
    console.log(`docs/conformance.md: ${rows.length} behaviours`);
  }
}
