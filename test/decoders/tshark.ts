// What tshark (the command-line Wireshark) reads in BGP messages, as trees of named fields.
//
// Values are text as tshark prints it. A field that repeats is a list in the tree; `fields` does not mind.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pcap } from './pcap.js';

/** A field's text, or named fields in it; a list when the name occurs several times in one place. */
export type Tree = string | Tree[] | { [field: string]: Tree };

/** Severity `Error` of Wireshark's expert information; malformed packets have it. */
const EXPERT_ERROR = 0x800000;
const MALFORMED = { '_ws.expert.message': 'malformed', '_ws.expert.severity': String(EXPERT_ERROR) };
const MAX_OUTPUT_BYTES = 256 * 2 ** 20;

/**
 * The BGP tree of each segment, as one TCP stream. `asnOctets`: size of AS numbers in AS_PATH; tshark does not learn it
 * from OPEN messages and would guess.
 */
export async function dissect(segments: readonly Uint8Array[], asnOctets: 2 | 4): Promise<Tree[]> {
  const directory = mkdtempSync(join(tmpdir(), 'tsbgp-tshark-'));
  try {
    const file = join(directory, 'messages.pcap');
    writeFileSync(file, pcap(segments));
    const options = ['-n', '-r', file, '-o', `bgp.asn_len:${asnOctets} octet`];
    const output = ['-T', 'json', '--no-duplicate-keys', '-J', 'bgp _ws.malformed'];
    const { stdout } = await promisify(execFile)('tshark', [...options, ...output], { maxBuffer: MAX_OUTPUT_BYTES });
    const packets = JSON.parse(stdout) as { _source: { layers: { [layer: string]: Tree } } }[];
    return packets.map(({ _source: { layers } }) =>
      '_ws.malformed' in layers ? { ...(layers.bgp as object), '_ws.expert': MALFORMED } : layers.bgp,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The trees under a name, wherever it is in `tree`, in order. */
export function fields(tree: Tree | undefined, name: string): Tree[] {
  if (tree === undefined || typeof tree === 'string') return [];
  if (Array.isArray(tree)) return tree.flatMap(part => fields(part, name));
  return Object.entries(tree).flatMap(([key, value]) => {
    if (key === name) return Array.isArray(value) ? value : [value];
    return fields(value, name);
  });
}

/** What is wrong with a packet, says tshark. */
export function errors(tree: Tree): string[] {
  return fields(tree, '_ws.expert').flatMap(expert => {
    const severe = fields(expert, '_ws.expert.severity').some(severity => Number(severity) >= EXPERT_ERROR);
    return severe ? fields(expert, '_ws.expert.message').map(String) : [];
  });
}

/** The NLRI in `tree`: `prefix/length`, and the path identifier after a space where there is one; sorted. */
export function prefixes(tree: Tree | undefined): string[] {
  if (tree === undefined || typeof tree === 'string') return [];
  if (Array.isArray(tree)) return tree.flatMap(prefixes).sort();
  const length = tree['bgp.prefix_length'];
  if (typeof length !== 'string') return Object.values(tree).flatMap(prefixes).sort();
  const address = Object.entries(tree).find(([name]) => name.endsWith('_prefix'))?.[1];
  const pathId = tree['bgp.nlri_path_id'];
  return [`${address}/${length}${pathId === undefined ? '' : ` ${pathId}`}`];
}
