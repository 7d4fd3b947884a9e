// The numbers of a table that stand for nothing at present, the one that was freed last in front.
//
// What comes back takes the number that it had, if nothing else has taken it since: so one must come out of the list
// wherever it is. The list is kept in two columns that a free number has no other use for.

/** A list through two columns of its table; `next` holds what is negative (~number) as long as a number is free. */
export class FreeNumbers {
  /** The one to take first; 0: none is free. */
  first = 0;

  add(id: number, next: Int32Array, previous: Int32Array | Uint32Array): void {
    const { first } = this;
    next[id] = ~first;
    previous[id] = 0;
    if (first !== 0) previous[first] = id;
    this.first = id;
  }

  remove(id: number, next: Int32Array, previous: Int32Array | Uint32Array): void {
    const after = ~next[id];
    const before = previous[id];
    if (before === 0) this.first = after;
    else next[before] = ~after;
    if (after !== 0) previous[after] = before;
  }
}
