// The word that was probably meant.

/** Edits (insert, delete, replace, swap neighbors) between two words: Damerau-Levenshtein, restricted. */
export function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, replaced);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length];
}

/** The candidate nearest to `word`, when it is near enough to be meant (or the only one that begins so). */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const beginning = candidates.filter(it => word.length >= 2 && it.startsWith(word));
  if (beginning.length === 1) return beginning[0];
  const limit = word.length <= 3 ? 1 : word.length <= 6 ? 2 : 3;
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase(), candidate);
    if (edits >= bestDistance) continue;
    best = candidate;
    bestDistance = edits;
  }
  return best;
}

/** `did you mean "rib"?` or, with nothing near, the list of what fits. */
export function suggestion(
  word: string,
  candidates: readonly string[],
  listed: readonly string[] = candidates,
): string {
  const near = closest(word, candidates);
  return near === undefined ? `expected ${orList(listed)}` : `did you mean "${near}"?`;
}

/** "a, b or c". */
export function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
}
