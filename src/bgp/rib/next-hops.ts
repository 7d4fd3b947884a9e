// Next hops, each known once: what the paths depend on and the kernel's side answers for.
//
// A next hop is 4 or 16 address bytes, and the link's index when it is link-local. The resolver (src/fib) watches which
// ones are needed and answers with `set`: reachable or not, at what interior cost (RFC 4271 §5.1.3, §9.1.2.1). Without
// a resolver every next hop counts as reachable at cost 0. Id 0 is this speaker itself.

import { grown } from './columns.js';

/** Beside an interface index: of a global and a link-local next hop the link-local one counts. */
export const LINK_LOCAL_FIRST = 1 << 30;

/** Who resolves next hops. Both functions may be called from within a message's processing. */
export interface NextHopWatcher {
  needed(id: number): void;
  released(id: number): void;
}

/** The table of next hops; ids begin at 1. */
export class NextHops {
  reachable = new Uint8Array(16).fill(1, 0, 1);
  /** Interior cost to the next hop. */
  cost = new Uint32Array(16);
  private refs = new Uint32Array(16);
  private indexes = new Uint32Array(16);
  private readonly addresses: Uint8Array[] = [new Uint8Array(0)];
  private readonly byKey = new Map<number, number[]>();
  private readonly freeIds: number[] = [];
  private watcher: NextHopWatcher | undefined;
  private last = 0;
  private readonly onChange: (id: number) => void;

  /** `onChange` hears of next hops whose answer changed while paths use them. */
  constructor(onChange: (id: number) => void) {
    this.onChange = onChange;
  }

  /** Ids below this may be in use. */
  get end(): number {
    return this.addresses.length;
  }

  /** 4 or 16 bytes; empty for id 0 and ids not in use. */
  address(id: number): Uint8Array {
    return this.addresses[id];
  }

  /** The link of a link-local next hop, else 0. */
  interfaceIndex(id: number): number {
    return this.indexes[id];
  }

  /** Attribute sets that use it. */
  uses(id: number): number {
    return this.refs[id];
  }

  /**
   * The id of the next hop in `length` bytes (4, 16, or 32: global and link-local, of which the global counts) and a
   * reference to it. `link` is an interface index, which matters for link-local addresses only, maybe with LINK_LOCAL_FIRST.
   */
  acquire(bytes: Uint8Array, start: number, length: number, link: number): number {
    if (length === 0) return 0;
    if (length === 32 && (unspecified(bytes, start) || (link & LINK_LOCAL_FIRST) !== 0))
      start += isLinkLocal(bytes, start + 16) ? 16 : 0;
    const size = length === 4 ? 4 : 16;
    const interfaceIndex = link & ~LINK_LOCAL_FIRST;
    const scope = size === 16 && isLinkLocal(bytes, start) ? interfaceIndex : 0;
    if (this.last !== 0 && this.same(this.last, bytes, start, size, scope)) {
      this.refs[this.last]++;
      return this.last;
    }
    const key = keyOf(bytes, start, size, scope);
    let bucket = this.byKey.get(key);
    if (bucket === undefined) {
      bucket = [];
      this.byKey.set(key, bucket);
    }
    let id = bucket.find(candidate => this.same(candidate, bytes, start, size, scope));
    if (id === undefined) {
      id = this.create(bytes.slice(start, start + size), scope);
      bucket.push(id);
    }
    this.refs[id]++;
    this.last = id;
    return id;
  }

  release(id: number): void {
    if (id === 0 || --this.refs[id] !== 0) return;
    this.watcher?.released(id);
    const key = keyOf(this.addresses[id], 0, this.addresses[id].length, this.indexes[id]);
    const rest = (this.byKey.get(key) ?? []).filter(other => other !== id);
    if (rest.length === 0) this.byKey.delete(key);
    else this.byKey.set(key, rest);
    if (this.last === id) this.last = 0;
    this.addresses[id] = this.addresses[0];
    this.freeIds.push(id);
  }

  /** Names the resolver; it is asked at once for every next hop in use. */
  watch(watcher: NextHopWatcher): void {
    this.watcher = watcher;
    for (let id = 1; id < this.end; id++) {
      if (this.refs[id] === 0) continue;
      this.set(id, false, 0);
      watcher.needed(id);
    }
  }

  /** The resolver's answer; what depends on the next hop is decided again when it differs from the last one. */
  set(id: number, reachable: boolean, cost: number): void {
    const flag = reachable ? 1 : 0;
    if (this.reachable[id] === flag && this.cost[id] === cost) return;
    this.reachable[id] = flag;
    this.cost[id] = cost;
    if (this.refs[id] !== 0) this.onChange(id);
  }

  /** The way to the next hop changed (gateway, link), its reachability and cost did not. */
  touch(id: number): void {
    if (this.refs[id] !== 0) this.onChange(id);
  }

  private create(address: Uint8Array, interfaceIndex: number): number {
    const id = this.freeIds.pop() ?? this.addresses.length;
    if (id >= this.reachable.length) {
      const size = this.reachable.length * 2;
      this.reachable = grown(this.reachable, size);
      this.cost = grown(this.cost, size);
      this.refs = grown(this.refs, size);
      this.indexes = grown(this.indexes, size);
    }
    this.addresses[id] = address;
    this.indexes[id] = interfaceIndex;
    this.cost[id] = 0;
    this.reachable[id] = this.watcher === undefined ? 1 : 0;
    this.watcher?.needed(id);
    return id;
  }

  private same(id: number, bytes: Uint8Array, start: number, size: number, scope: number): boolean {
    const address = this.addresses[id];
    if (address.length !== size || this.indexes[id] !== scope) return false;
    for (let i = 0; i < size; i++) if (address[i] !== bytes[start + i]) return false;
    return true;
  }
}

function isLinkLocal(bytes: Uint8Array, start: number): boolean {
  return bytes[start] === 0xfe && (bytes[start + 1] & 0xc0) === 0x80;
}

function keyOf(bytes: Uint8Array, start: number, size: number, scope: number): number {
  let key = scope;
  for (let i = 0; i < size; i++) key = (Math.imul(key, 31) + bytes[start + i]) | 0;
  return key;
}

function unspecified(bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < 16; i++) if (bytes[start + i] !== 0) return false;
  return true;
}
