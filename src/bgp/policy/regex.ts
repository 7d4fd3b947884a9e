// Regular expressions over AS paths and communities, in time linear in the text whatever the expression.
//
// POSIX extended expressions as FRR, BIRD and gobgp users write them: . [] [^] [:digit:] ( ) | * + ? {m,n} ^ $ and \d \s \w,
// and `_` for the edge of an AS number: the beginning, the end, or one of space , { } ( ) [ ]. The expression may match
// anywhere in the text. It becomes a nondeterministic automaton (Thompson), whose sets of states are remembered as they
// are met; no backtracking, so no pattern that a person or a peer's AS path could make slow.

import { InputError } from '../wire/input-error.js';

type Node =
  | { kind: 'chars'; chars: Uint8Array }
  | { kind: 'start' }
  | { kind: 'end' }
  | { kind: 'sequence'; items: Node[] }
  | { kind: 'either'; items: Node[] }
  | { kind: 'repeat'; item: Node; min: number; max: number };

const CODES = 128;
const LONGEST_PATTERN = 1000;
const MOST_STATES = 10_000;
const MOST_REPEATS = 1000;
/** Remembered sets of states; beyond, they are forgotten and met anew. */
const MOST_REMEMBERED = 2000;
const DEEPEST = 50;

const EDGES = ' ,{}()[]';
const CLASSES: Record<string, (code: number) => boolean> = {
  digit: code => code >= 48 && code <= 57,
  space: code => code === 32 || (code >= 9 && code <= 13),
  alpha: code => (code >= 65 && code <= 90) || (code >= 97 && code <= 122),
  alnum: code => CLASSES.alpha(code) || CLASSES.digit(code),
};
const ESCAPES: Record<string, (code: number) => boolean> = {
  d: CLASSES.digit,
  D: code => !CLASSES.digit(code),
  s: CLASSES.space,
  S: code => !CLASSES.space(code),
  w: code => CLASSES.alnum(code) || code === 95,
  W: code => !ESCAPES.w(code),
};

const charsWhere = (test: (code: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: CODES }, (_, code) => (test(code) ? 1 : 0));
const charsOf = (text: string): Uint8Array => charsWhere(code => text.includes(String.fromCharCode(code)));

class Parser {
  private at = 0;
  private depth = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  parse(): Node {
    if (this.text.length > LONGEST_PATTERN) throw this.error(`is longer than ${LONGEST_PATTERN} characters`);
    const node = this.either();
    if (this.at < this.text.length) throw this.error('has a ) without its (');
    return node;
  }

  private error(words: string): InputError {
    return new InputError(`"${this.text.slice(0, 80)}" ${words}`, 'expressions are like ^65001_ or _65002$');
  }

  private either(): Node {
    const items = [this.sequence()];
    while (this.text[this.at] === '|') {
      this.at++;
      items.push(this.sequence());
    }
    return items.length === 1 ? items[0] : { kind: 'either', items };
  }

  private sequence(): Node {
    const items: Node[] = [];
    while (this.at < this.text.length && this.text[this.at] !== '|' && this.text[this.at] !== ')') {
      items.push(this.repeated(this.atom()));
    }
    return items.length === 1 ? items[0] : { kind: 'sequence', items };
  }

  private repeated(item: Node): Node {
    let node = item;
    for (;;) {
      const bounds = this.bounds();
      if (bounds === undefined) return node;
      // Reluctant or not, the answer is the same.
      if (this.text[this.at] === '?') this.at++;
      node = { kind: 'repeat', item: node, min: bounds[0], max: bounds[1] };
    }
  }

  private bounds(): readonly [number, number] | undefined {
    const char = this.text[this.at];
    if (char === '*' || char === '+' || char === '?') {
      this.at++;
      return [char === '+' ? 1 : 0, char === '?' ? 1 : Number.POSITIVE_INFINITY];
    }
    if (char !== '{') return undefined;
    const found = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(this.text.slice(this.at));
    // A set of the AS path, not a count.
    if (!found) return undefined;
    this.at += found[0].length;
    const min = Number(found[1]);
    const max = found[3] === undefined ? (found[2] ? Number.POSITIVE_INFINITY : min) : Number(found[3]);
    if (max < min) throw this.error(`repeats from ${min} to ${max}`);
    if (min > MOST_REPEATS || (max > MOST_REPEATS && max !== Number.POSITIVE_INFINITY)) {
      throw this.error(`repeats more than ${MOST_REPEATS} times`);
    }
    return [min, max];
  }

  private atom(): Node {
    const char = this.text[this.at++];
    if (char === '(') return this.group();
    if (char === '[') return { kind: 'chars', chars: this.bracket() };
    if (char === '.') return { kind: 'chars', chars: charsWhere(() => true) };
    if (char === '^') return { kind: 'start' };
    if (char === '$') return { kind: 'end' };
    if (char === '_') {
      return { kind: 'either', items: [{ kind: 'start' }, { kind: 'end' }, { kind: 'chars', chars: charsOf(EDGES) }] };
    }
    if (char === '\\') return { kind: 'chars', chars: this.escape() };
    if (char === '*' || char === '+' || char === '?') throw this.error(`has a ${char} with nothing before it`);
    if (char.charCodeAt(0) >= CODES) throw this.error(`has the character ${char}, which no AS path has`);
    return { kind: 'chars', chars: charsOf(char) };
  }

  private group(): Node {
    if (this.text.startsWith('?:', this.at)) this.at += 2;
    else if (this.text[this.at] === '?') throw this.error('has a group that begins with ?');
    if (++this.depth > DEEPEST) throw this.error(`is nested deeper than ${DEEPEST}`);
    const node = this.either();
    this.depth--;
    if (this.text[this.at++] !== ')') throw this.error('has a ( without its )');
    return node;
  }

  private escape(): Uint8Array {
    const char = this.text[this.at++];
    if (char === undefined) throw this.error('ends with a backslash');
    if (Object.hasOwn(ESCAPES, char)) return charsWhere(ESCAPES[char]);
    if (/[a-z0-9]/i.test(char)) throw this.error(`has \\${char}, which means nothing here`);
    return charsOf(char);
  }

  private bracket(): Uint8Array {
    const not = this.text[this.at] === '^';
    if (not) this.at++;
    const chars = new Uint8Array(CODES);
    for (let first = true; first || this.text[this.at] !== ']'; first = false) {
      if (this.at >= this.text.length) throw this.error('has a [ without its ]');
      this.bracketItem(chars);
    }
    this.at++;
    return not ? chars.map(bit => 1 - bit) : chars;
  }

  private bracketItem(chars: Uint8Array): void {
    const named = /^\[:(\w+):\]/.exec(this.text.slice(this.at));
    if (named) {
      if (!Object.hasOwn(CLASSES, named[1])) throw this.error(`has the unknown class ${named[0]}`);
      for (let code = 0; code < CODES; code++) if (CLASSES[named[1]](code)) chars[code] = 1;
      this.at += named[0].length;
      return;
    }
    let from = this.text[this.at++];
    if (from === '\\') {
      const set = this.escape();
      for (let code = 0; code < CODES; code++) if (set[code] === 1) chars[code] = 1;
      return;
    }
    const isRange = this.text[this.at] === '-' && this.text[this.at + 1] !== ']' && this.at + 1 < this.text.length;
    const to = isRange ? this.text[this.at + 1] : from;
    if (isRange) this.at += 2;
    if (to < from) throw this.error(`has the range ${from}-${to}`);
    for (; from <= to && from.charCodeAt(0) < CODES; from = String.fromCharCode(from.charCodeAt(0) + 1)) {
      chars[from.charCodeAt(0)] = 1;
    }
  }
}

const Op = { chars: 0, split: 1, start: 2, end: 3, match: 4 } as const;

interface Instruction {
  op: number;
  chars?: Uint8Array;
  /** The next instruction, and of a split the other one. */
  next: number;
  other: number;
}

/** Instructions of a node that go on at `next`; returns the first one. */
function emit(node: Node, next: number, out: Instruction[]): number {
  const add = (op: number, to: number, other = 0, chars?: Uint8Array): number => {
    if (out.length >= MOST_STATES) throw new InputError('the expression is too large', 'write smaller repetitions');
    out.push({ op, next: to, other, chars });
    return out.length - 1;
  };
  if (node.kind === 'chars') return add(Op.chars, next, 0, node.chars);
  if (node.kind === 'start') return add(Op.start, next);
  if (node.kind === 'end') return add(Op.end, next);
  if (node.kind === 'sequence') return node.items.reduceRight((to, item) => emit(item, to, out), next);
  if (node.kind === 'either') {
    return node.items.map(item => emit(item, next, out)).reduceRight((other, one) => add(Op.split, one, other));
  }
  let to = next;
  if (node.max === Number.POSITIVE_INFINITY) {
    const loop = add(Op.split, 0, next);
    out[loop].next = emit(node.item, loop, out);
    to = loop;
  } else {
    for (let i = node.min; i < node.max; i++) to = add(Op.split, emit(node.item, to, out), next);
  }
  for (let i = 0; i < node.min; i++) to = emit(node.item, to, out);
  return to;
}

/** A compiled expression. */
export class Regex {
  private readonly program: Instruction[] = [];
  private readonly first: number;
  private readonly marks: Uint32Array;
  private generation = 0;
  private remembered = new Map<string, number>();
  private states: Int32Array[] = [];
  private moves: Int32Array[] = [];
  private matched: boolean[] = [];
  private matchedAtEnd: boolean[] = [];

  /** Throws InputError for an expression that is none. */
  constructor(pattern: string) {
    this.program.push({ op: Op.match, next: 0, other: 0 });
    this.first = emit(new Parser(pattern).parse(), 0, this.program);
    this.marks = new Uint32Array(this.program.length);
  }

  /** Does it match anywhere in the text? */
  test(text: string): boolean {
    if (this.states.length > MOST_REMEMBERED) this.forget();
    let state = this.stateOf([this.first], true);
    for (let i = 0; i < text.length; i++) {
      if (this.matched[state]) return true;
      const code = text.charCodeAt(i);
      let to = code < CODES ? this.moves[state][code] : this.stateOf([this.first], false);
      if (to < 0) {
        to = this.step(state, code);
        this.moves[state][code] = to;
      }
      state = to;
    }
    if (this.matched[state]) return true;
    return text === '' ? this.isMatch(this.states[state], true) : this.matchedAtEnd[state];
  }

  private forget(): void {
    this.remembered = new Map();
    this.states = [];
    this.moves = [];
    this.matched = [];
    this.matchedAtEnd = [];
  }

  private step(state: number, code: number): number {
    const next = [this.first];
    for (const at of this.states[state]) {
      const { op, chars, next: to } = this.program[at];
      if (op === Op.chars && chars?.[code] === 1) next.push(to);
    }
    return this.stateOf(next, false);
  }

  private stateOf(from: readonly number[], atStart: boolean): number {
    const set = this.closure(from, atStart, false);
    const key = set.join();
    const known = this.remembered.get(key);
    if (known !== undefined) return known;
    const state = this.states.length;
    this.remembered.set(key, state);
    this.states.push(set);
    this.moves.push(new Int32Array(CODES).fill(-1));
    this.matched.push(set.includes(0));
    this.matchedAtEnd.push(this.isMatch(set, false));
    return state;
  }

  private isMatch(set: Int32Array, atStart: boolean): boolean {
    return this.closure(set, atStart, true).includes(0);
  }

  /** Where one can be without reading a character; only places that read, end or match are kept. */
  private closure(from: ArrayLike<number>, atStart: boolean, atEnd: boolean): Int32Array {
    const { program, marks } = this;
    const generation = ++this.generation;
    const pending = Array.from(from);
    const kept: number[] = [];
    while (pending.length > 0) {
      const at = pending.pop() as number;
      if (marks[at] === generation) continue;
      marks[at] = generation;
      const { op, next, other } = program[at];
      if (op === Op.split) pending.push(other, next);
      else if (op === Op.start) {
        if (atStart) pending.push(next);
      } else if (op === Op.end && atEnd) pending.push(next);
      else kept.push(at);
    }
    return Int32Array.from(kept.sort((a, b) => a - b));
  }
}
