// A capture file of BGP messages going one way, for tshark: classic pcap, Ethernet, IPv4, TCP to port 179.
//
// Each message is one segment with the sequence number that follows the last, so that a message is a packet of the
// answer. No checksums: tshark does not check them unless asked.

const LINK_ETHERNET = 1;
const HEADERS = 14 + 20 + 20;
const PUSH_ACK = 0x18;

/** The octets of the file. `segments`: what each packet carries, at most 65,495 octets. */
export function pcap(segments: readonly Uint8Array[]): Uint8Array {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(0x40000, 16);
  head.writeUInt32LE(LINK_ETHERNET, 20);
  const parts: Uint8Array[] = [head];
  let sequence = 1;
  segments.forEach((payload, i) => {
    parts.push(packet(payload, i, sequence));
    sequence += payload.length;
  });
  return Buffer.concat(parts);
}

function packet(payload: Uint8Array, seconds: number, sequence: number): Uint8Array {
  const out = Buffer.alloc(16 + HEADERS + payload.length);
  out.writeUInt32LE(seconds, 0);
  out.writeUInt32LE(HEADERS + payload.length, 8);
  out.writeUInt32LE(HEADERS + payload.length, 12);
  const ip = 16 + 14;
  out.writeUInt16BE(0x0800, ip - 2);
  out[ip] = 0x45;
  out.writeUInt16BE(40 + payload.length, ip + 2);
  out[ip + 8] = 64;
  out[ip + 9] = 6;
  out.set([192, 0, 2, 1, 192, 0, 2, 2], ip + 12);
  const tcp = ip + 20;
  out.writeUInt16BE(40000, tcp);
  out.writeUInt16BE(179, tcp + 2);
  out.writeUInt32BE(sequence, tcp + 4);
  out.writeUInt32BE(1, tcp + 8);
  out[tcp + 12] = 0x50;
  out[tcp + 13] = PUSH_ACK;
  out.writeUInt16BE(0xffff, tcp + 14);
  out.set(payload, tcp + 20);
  return out;
}
