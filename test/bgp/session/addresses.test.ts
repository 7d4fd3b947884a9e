import type os from 'node:os';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, octetsOf, ownAddresses } from '../../../src/bgp/session/addresses.js';
import { InputError } from '../../../src/bgp/wire/input-error.js';
import { parseAddress } from '../../../src/bgp/wire/prefix.js';

describe('canonicalAddress', () => {
  it('gives every address one spelling', () => {
    expect(canonicalAddress('172.18.8.101')).toBe('172.18.8.101');
    expect(canonicalAddress('::ffff:172.18.8.101')).toBe('172.18.8.101');
    expect(canonicalAddress('::FFFF:ac12:865')).toBe('172.18.8.101');
    expect(canonicalAddress('2001:DB8:0:0::1')).toBe('2001:db8::1');
    expect(canonicalAddress('FE80::0001%eth1')).toBe('fe80::1%eth1');
  });

  it('refuses what is no address', () => {
    expect(() => canonicalAddress('bgp-1')).toThrow(InputError);
    expect(() => canonicalAddress('')).toThrow(InputError);
  });
});

describe('octetsOf', () => {
  it('leaves the zone out and IPv4-mapped addresses IPv4', () => {
    expect([...octetsOf('::ffff:10.0.0.1')]).toEqual([10, 0, 0, 1]);
    expect(octetsOf('fe80::1%eth1')).toHaveLength(16);
    expect(octetsOf('::1:10.0.0.1')).toHaveLength(16);
  });
});

describe('ownAddresses', () => {
  const ipv4 = (address: string, length: number): os.NetworkInterfaceInfo => ({
    family: 'IPv4',
    address,
    cidr: `${address}/${length}`,
    netmask: '',
    mac: '',
    internal: false,
  });
  const ipv6 = (address: string, length: number, scopeid = 0): os.NetworkInterfaceInfo => ({
    family: 'IPv6',
    address,
    cidr: `${address}/${length}`,
    netmask: '',
    mac: '',
    internal: false,
    scopeid,
  });
  const interfaces: NodeJS.Dict<os.NetworkInterfaceInfo[]> = {
    lo: [ipv4('127.0.0.1', 8), ipv6('::1', 128)],
    wide: [ipv4('172.16.0.1', 12)],
    eth1: [ipv4('172.18.8.1', 24), ipv4('172.18.8.101', 24), ipv6('2001:db8::101', 64), ipv6('fe80::1', 64, 7)],
    eth2: [ipv6('fe80::2', 64, 8)],
  };

  it('finds the other addresses of the interface, its own first', () => {
    expect(ownAddresses('172.18.8.101', interfaces)).toEqual({
      interfaceName: 'eth1',
      interfaceIndex: 7,
      ipv4: parseAddress('172.18.8.101'),
      ipv6: parseAddress('2001:db8::101'),
      linkLocal: parseAddress('fe80::1'),
    });
    expect(ownAddresses('2001:db8::101', interfaces)).toMatchObject({
      interfaceName: 'eth1',
      ipv4: parseAddress('172.18.8.1'),
      ipv6: parseAddress('2001:db8::101'),
    });
  });

  it('knows link-local addresses by their zone', () => {
    const both = { ...interfaces, eth2: [ipv6('fe80::1', 64, 8)] };
    expect(ownAddresses('fe80::1%eth2', both)).toMatchObject({ interfaceName: 'eth2', interfaceIndex: 8, ipv6: null });
    expect(ownAddresses('fe80::1%eth1', both)).toMatchObject({ interfaceName: 'eth1', interfaceIndex: 7 });
  });

  it('finds an address by its subnet where no interface has it by itself', () => {
    expect(ownAddresses('127.0.0.77', interfaces)).toEqual({
      interfaceName: 'lo',
      interfaceIndex: 0,
      ipv4: parseAddress('127.0.0.77'),
      ipv6: parseAddress('::1'),
      linkLocal: null,
    });
    expect(ownAddresses('172.31.255.254', interfaces).interfaceName).toBe('wide');
    expect(ownAddresses('172.32.0.1', interfaces).interfaceName).toBe('');
  });

  it('has the address alone when no interface has it', () => {
    expect(ownAddresses('10.9.8.7', interfaces)).toEqual({
      interfaceName: '',
      interfaceIndex: 0,
      ipv4: parseAddress('10.9.8.7'),
      ipv6: null,
      linkLocal: null,
    });
  });

  it('reads this machine', () => {
    expect(ownAddresses('127.0.0.1').interfaceName).toBe('lo');
  });
});
