// A few made-up routes through tables of their own, before the first real ones.
//
// V8 compiles a function for what it has seen happen in it, and begins again when something else happens. A table comes
// before any of it goes: the first withdrawal would end the compiled code of most of what it passes through. So routes come
// and go a few times while nothing is compiled yet. Only what all routes do: with more, the compiler would have more to
// compile before the first table is fast.

import { exportOptions, importContext, type Terms } from './agreement.js';
import { SINGLE_PATH } from './rib/decision.js';
import { ingest } from './rib/ingest.js';
import { Packer } from './rib/packer.js';
import { Rib } from './rib/rib.js';
import { SourceKind } from './rib/sources.js';
import type { Member } from './rib/update-group.js';
import { UpdateGroups } from './rib/update-groups.js';
import { Framer } from './session/framing.js';
import { type LocalOptions, NEIGHBOR_DEFAULTS, type NeighborOptions } from './session/options.js';
import { Family } from './wire/family.js';
import { encode, HEADER_BYTES } from './wire/message.js';
import type { Nlri } from './wire/nlri.js';
import type { PathAttribute } from './wire/path-attribute.js';
import { parseAddress, parsePrefix } from './wire/prefix.js';
import type { UpdateMessage } from './wire/update.js';

/** V8 takes note of what a function does only after some calls. */
const ROUNDS = 10;

// Numbers and addresses for documentation (RFC 5398, RFC 5737, RFC 3849): nobody's.
const LOCAL: LocalOptions = {
  as: 64496,
  routerId: 1,
  hostname: '',
  version: '',
  restarting: () => false,
  forwardingPreserved: () => false,
};
const FEEDER_AS = 64497;
const READER_AS = 64498;
const SPACES = {
  [Family.ipv4Unicast]: {
    own: '192.0.2.1',
    feeder: '192.0.2.2',
    reader: '192.0.2.3',
    subnet: '192.0.2.0/24',
    prefix: (i: number) => `198.51.100.${i * 8}/29`,
  },
  [Family.ipv6Unicast]: {
    own: '2001:db8::1',
    feeder: '2001:db8::2',
    reader: '2001:db8::3',
    subnet: '2001:db8::/64',
    prefix: (i: number) => `2001:db8:${i + 1}::/48`,
  },
};

/** Has routes of a family come and go; a matter of about 10 ms. Returns how many octets a neighbor was told of it. */
export function rehearse(family: Family): number {
  const { own, feeder, reader, subnet } = SPACES[family];
  const rib = new Rib({ multipath: SINGLE_PATH, onWork: () => {} });
  const groups = new UpdateGroups(rib.families[family], new Packer(), () => {});
  const ownAddress = parseAddress(own);
  const isIpv4 = family === Family.ipv4Unicast;
  let told = 0;

  const join = (address: string, as: number) => {
    const options: NeighborOptions = { ...NEIGHBOR_DEFAULTS, address, as, import: 'accept', export: 'accept' };
    const terms: Terms = {
      as4: true,
      families: [family],
      addPathReceive: [],
      addPathSend: [],
      extendedNextHop: false,
      maxMessageLength: 4096,
      longLived: null,
      remoteAs: as,
      nextHopSelf: { ipv4: isIpv4 ? ownAddress : null, ipv6: isIpv4 ? null : ownAddress, linkLocal: null },
      subnets: [subnet],
      interfaceIndex: 1,
    };
    const rule = { accept: true, policy: null };
    const source = rib.sources.add(address, parseAddress(address), SourceKind.external, false);
    rib.sources.identify(source, as);
    const write = (bytes: Uint8Array) => {
      told += bytes.length;
    };
    const member: Member = { source, bufferedBytes: 0, write, synced: () => {} };
    groups.join(member, exportOptions(family, source, options, LOCAL, LOCAL.routerId, terms, rule, false));
    return importContext(source, options, LOCAL, LOCAL.routerId, terms, rule);
  };

  const context = join(feeder, FEEDER_AS);
  join(reader, READER_AS);
  const framer = new Framer((buf, start, end) => {
    ingest(rib, context, buf, start + HEADER_BYTES, end);
    return true;
  });
  const messages = updates(family, parseAddress(feeder)).map(message => encode(message));
  for (let round = 0; round < ROUNDS; round++) {
    for (const message of messages) {
      // As TCP cuts it.
      framer.push(message.subarray(0, HEADER_BYTES - round));
      framer.push(message.subarray(HEADER_BYTES - round));
      while (groups.drain()) {
        // until all is told
      }
    }
  }
  return told;
}

/** Two UPDATEs with routes, and one that takes all of them back. */
function updates(family: Family, nextHop: Uint8Array): UpdateMessage[] {
  const nlri = Array.from({ length: 14 }, (_, i): Nlri => ({ prefix: parsePrefix(SPACES[family].prefix(i)) }));
  const announcement = (asns: number[], routes: Nlri[]): UpdateMessage => {
    const attributes: PathAttribute[] = [
      { type: 'origin', origin: 'igp' },
      { type: 'asPath', segments: [{ type: 'sequence', asns: [FEEDER_AS, ...asns] }] },
    ];
    if (family !== Family.ipv4Unicast) {
      const reach: PathAttribute = { type: 'mpReach', family, nextHop, nlri: routes };
      return { type: 'update', withdrawn: [], attributes: [reach, ...attributes], nlri: [] };
    }
    return {
      type: 'update',
      withdrawn: [],
      attributes: [...attributes, { type: 'nextHop', address: nextHop }],
      nlri: routes,
    };
  };
  const withdrawal: UpdateMessage =
    family === Family.ipv4Unicast
      ? { type: 'update', withdrawn: nlri, attributes: [], nlri: [] }
      : { type: 'update', withdrawn: [], attributes: [{ type: 'mpUnreach', family, withdrawn: nlri }], nlri: [] };
  return [announcement([64499, 64500], nlri.slice(0, 7)), announcement([64501], nlri.slice(7)), withdrawal];
}
