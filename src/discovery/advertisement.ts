// The messages of neighbor discovery that this speaker sends (RFC 4861 §4.1, §4.2), as octets after the IPv6 header.
//
// A router advertisement says who is here and nothing else: lifetime 0 (no default router), no flags, no prefix, every value
// left to the receiver. The link-layer address has to be there where the link has such: only with it the receiver's kernel
// notes the sender in its neighbor table. The checksum is left to the kernel.

/** ICMPv6 type */
export const DiscoveryType = { routerSolicitation: 133, routerAdvertisement: 134 } as const;

/** Length of the fixed part, in octets. */
const FIXED = { routerSolicitation: 8, routerAdvertisement: 16 } as const;
const SOURCE_LINK_LAYER_ADDRESS = 1;

/** A message with the sender's link-layer address, if there is one: up to 30 octets. */
export function encodeDiscovery(type: keyof typeof DiscoveryType, linkLayerAddress: Uint8Array): Uint8Array {
  // Options have lengths in units of 8 octets (RFC 4861 §4.6).
  const units = linkLayerAddress.length === 0 ? 0 : Math.ceil((2 + linkLayerAddress.length) / 8);
  const message = new Uint8Array(FIXED[type] + units * 8);
  message[0] = DiscoveryType[type];
  if (units === 0) return message;
  message[FIXED[type]] = SOURCE_LINK_LAYER_ADDRESS;
  message[FIXED[type] + 1] = units;
  message.set(linkLayerAddress, FIXED[type] + 2);
  return message;
}
