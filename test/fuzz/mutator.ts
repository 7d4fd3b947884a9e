// Mutated BGP messages: trees of what the RFCs' pictures show, changed at random, written as octets and changed again.
//
// A message is a tree of octets, lists and fields with a length in front of them, so that a mutation can move, double or
// replace whole attributes and capabilities with all lengths still right, or make one of the lengths lie. The same seed
// gives the same messages: message i of a seed depends on nothing else.

import { octets, u16 } from '../conformance/bytes.js';
import { CORPUS } from './corpus.js';

/** What follows `head` in one field: its length in 1 or 2 octets, and the content. */
export interface Field {
  head: readonly number[];
  lengthOctets: 1 | 2;
  /** Added to the length that is written. */
  lie: number;
  content: Part;
}
/** A piece of a message: octets, pieces in order, or a field. */
export type Part = Uint8Array | Part[] | Field;

/** A message; its header is made when it is written. */
export interface MessageTree {
  type: number;
  body: Part[];
}

/** Numbers that look random and follow from a seed (xorshift with a Weyl sequence). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A u32. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (x ^ (x >>> 16)) >>> 0;
  }

  /** 0 to n - 1. */
  below(n: number): number {
    return this.next() % n;
  }

  /** True once in n times. */
  once(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  octets(n: number): Uint8Array {
    return Uint8Array.from({ length: n }, () => this.below(256));
  }
}

/** Numbers that are often the edge of something. */
const EDGES = [0, 1, 2, 3, 4, 5, 8, 12, 16, 24, 32, 33, 127, 128, 129, 254, 255];
/** Sizes of contents; the long ones need two octets for their length. */
const SIZES = [...EDGES, 256, 257, 264, 288, 3000];
const LIES = [-2, -1, 1, 2, 3, 4, 17, 100, 255, -100];

const isField = (part: Part): part is Field => !(part instanceof Uint8Array) && !Array.isArray(part);

function copy(part: Part): Part {
  // Not slice(): a Buffer's shares its memory.
  if (part instanceof Uint8Array) return Uint8Array.from(part);
  return Array.isArray(part) ? part.map(copy) : { ...part, content: copy(part.content) };
}

/** The octets of a piece. */
export function write(part: Part): Uint8Array {
  if (part instanceof Uint8Array) return part;
  if (Array.isArray(part)) return octets(...part.map(write));
  const content = write(part.content);
  const length = content.length + part.lie;
  if (part.lengthOctets === 2) return octets(part.head, u16(length), content);
  return octets(part.head, length & 255, content);
}

/** The octets of a whole message; its length is right. */
export function writeMessage({ type, body }: MessageTree): Uint8Array {
  const content = write(body);
  return octets('ff'.repeat(16), u16(content.length + 19), type, content);
}

interface Places {
  lists: Part[][];
  fields: Field[];
  leaves: Uint8Array[];
}

function placesOf(part: Part, found: Places = { lists: [], fields: [], leaves: [] }): Places {
  if (part instanceof Uint8Array) {
    if (part.length > 0) found.leaves.push(part);
  } else if (Array.isArray(part)) {
    found.lists.push(part);
    for (const inner of part) placesOf(inner, found);
  } else {
    found.fields.push(part);
    placesOf(part.content, found);
  }
  return found;
}

/** A list of fields, such as all attributes, or undefined. */
function fieldList(random: Random, { lists }: Places): Part[] | undefined {
  const of = lists.filter(list => list.length > 0 && list.every(isField));
  return of.length === 0 ? undefined : random.pick(of);
}

type TreeMutation = (random: Random, tree: MessageTree, places: Places) => void;

const TREE_MUTATIONS: readonly TreeMutation[] = [
  // One thing out, double, moved, or from another message of the corpus.
  (random, _, places) => {
    const list = fieldList(random, places);
    list?.splice(random.below(list.length), 1);
  },
  (random, _, places) => {
    const list = fieldList(random, places);
    list?.splice(random.below(list.length + 1), 0, copy(random.pick(list)));
  },
  (random, _, places) => {
    const list = fieldList(random, places);
    if (list) list.splice(random.below(list.length), 0, ...list.splice(random.below(list.length), 1));
  },
  (random, tree, places) => {
    const list = fieldList(random, places);
    const others = CORPUS.filter(other => other.type === tree.type);
    const from = fieldList(random, placesOf(random.pick(others).body));
    if (list && from) list.splice(random.below(list.length + 1), random.below(2), copy(random.pick(from)));
  },
  // Lengths that lie, and heads (flags and type, or code) that are others.
  (random, _, { fields }) => {
    if (fields.length > 0) random.pick(fields).lie = random.pick(LIES);
  },
  (random, _, { fields }) => {
    const field = fields.filter(({ head }) => head.length > 0);
    if (field.length === 0) return;
    const changed = random.pick(field);
    const at = random.below(changed.head.length);
    changed.head = changed.head.map((octet, i) => (i === at ? octet ^ (1 << random.below(8)) : octet));
  },
  // The Extended Length flag of an attribute, with the length to it.
  (random, _, { fields }) => {
    const attributes = fields.filter(({ head }) => head.length === 2 && head[0] !== 255);
    if (attributes.length === 0) return;
    const field = random.pick(attributes);
    field.head = [field.head[0] ^ 0x10, field.head[1]];
    field.lengthOctets = field.lengthOctets === 1 ? 2 : 1;
  },
  // Contents: longer, shorter, empty, random, other bits; the lengths around them stay right.
  (random, _, { fields }) => {
    if (fields.length === 0) return;
    const field = random.pick(fields);
    const now = write(field.content);
    const changed = [
      now.slice(0, random.below(now.length + 1)),
      now.slice(random.below(now.length + 1)),
      octets(now, random.octets(1 + random.below(12))),
      octets(now, now),
      random.octets(random.pick(SIZES)),
      octets(...Array.from({ length: random.below(80) }, () => now)).subarray(0, 3000),
      new Uint8Array(0),
    ];
    field.content = random.pick(changed);
    if (write(field.content).length > 255 && field.lengthOctets === 1 && field.head.length === 2) {
      field.head = [field.head[0] | 0x10, field.head[1]];
      field.lengthOctets = 2;
    }
  },
  (random, _, { leaves }) => {
    if (leaves.length === 0) return;
    const leaf = random.pick(leaves);
    leaf[random.below(leaf.length)] ^= 1 << random.below(8);
  },
  (random, _, { leaves }) => {
    if (leaves.length === 0) return;
    const leaf = random.pick(leaves);
    leaf[random.below(leaf.length)] = random.pick(EDGES);
  },
];

type OctetMutation = (random: Random, message: Uint8Array) => Uint8Array;

/** Writes the real length into the header. */
function rightLength(message: Uint8Array): Uint8Array {
  if (message.length >= 19) message.set(u16(message.length), 16);
  return message;
}

const OCTET_MUTATIONS: readonly OctetMutation[] = [
  (random, message) => {
    for (let n = 1 + random.below(4); n > 0; n--) message[random.below(message.length)] ^= 1 << random.below(8);
    return message;
  },
  (random, message) => {
    if (message.length > 19) message[19 + random.below(message.length - 19)] = random.pick(EDGES);
    return message;
  },
  (random, message) => rightLength(message.slice(0, 19 + random.below(message.length - 18))),
  (random, message) => message.slice(0, 1 + random.below(message.length)),
  (random, message) => rightLength(octets(message, random.octets(1 + random.below(40)))),
  (random, message) => octets(message.subarray(0, 16), random.octets(2), message.subarray(18)),
  (random, message) => octets(message.subarray(0, 18), random.below(8), message.subarray(19)),
  // The beginning of this message and the end of another.
  (random, message) => {
    const other = writeMessage(random.pick(CORPUS));
    const from = 19 + random.below(other.length - 18);
    return rightLength(octets(message.subarray(0, 19 + random.below(message.length - 18)), other.subarray(from)));
  },
  (random, message) => rightLength(octets(message.subarray(0, 19), random.octets(random.below(120)))),
];

/** Message `index` of a seed; `type` for one made of that message type. Most are whole messages, some are not. */
export function mutant(seed: number, index: number, type?: number): Uint8Array {
  const random = new Random(Math.imul(seed, 0x2545f491) ^ Math.imul(index + 1, 0x1b873593));
  const { type: its, body } = random.pick(type === undefined ? CORPUS : CORPUS.filter(tree => tree.type === type));
  const tree: MessageTree = { type: its, body: body.map(copy) };
  for (let n = random.below(4); n > 0; n--) random.pick(TREE_MUTATIONS)(random, tree, placesOf(tree.body));
  const message = Uint8Array.from(writeMessage(tree));
  return random.once(3) ? Uint8Array.from(random.pick(OCTET_MUTATIONS)(random, message)) : message;
}
