// Sets of addresses: single ones and prefixes, for neighbors and next hops; of neighbors also those named by an interface.
// Small, and looked at once a set of attributes.

import { InputError } from '../wire/input-error.js';
import { isInterfaceName, type Prefix, parseAddress, parsePrefix } from '../wire/prefix.js';
import { contains } from './prefix-classes.js';

/** An address or a prefix as a prefix. Throws InputError. */
export function parseAddressOrPrefix(text: string): Prefix {
  if (text.includes('/')) return parsePrefix(text);
  const address = parseAddress(text.split('%')[0]);
  return { family: address.length === 4 ? 0 : 1, address, length: address.length * 8 };
}

/** Whether an address (4 or 16 octets) is in the set. Throws InputError. */
export function addressSet(texts: readonly string[]): (address: Uint8Array) => boolean {
  const prefixes = texts.map(parseAddressOrPrefix);
  return address => {
    if (address.length !== 4 && address.length !== 16) return false;
    const one: Prefix = { family: address.length === 4 ? 0 : 1, address, length: address.length * 8 };
    return prefixes.some(prefix => contains(prefix, one));
  };
}

/** Whether a neighbor, by its address (4 or 16 octets) or its name, is in the set. Throws InputError. */
export function neighborSet(texts: readonly string[]): (address: Uint8Array, name: string) => boolean {
  const interfaces = texts.filter(isInterfaceName);
  const has = addressSet(texts.filter(text => !isInterfaceName(text)));
  return (address, name) => interfaces.includes(name) || has(address);
}

/** An address of a given family, for next hops. Throws InputError. */
export function parseNextHop(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address.every(octet => octet === 0))
    throw new InputError(`${text} is no next hop`, 'write self for this speaker');
  return address;
}
