/**
 * The candidate that `word` is most likely a misspelling of, if one is near enough: at most a third of its letters
 * wrong, swapped, missing or too many; else the only one that begins with it. Case, blanks, dashes and underscores do not
 * count.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word);
  let best: string | undefined;
  let limit = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  const longer: string[] = [];
  for (const candidate of candidates) {
    if (candidate !== word && wanted.length >= 3 && plain(candidate).startsWith(wanted)) longer.push(candidate);
    if (candidate === word || Math.abs(candidate.length - word.length) > limit + 2) continue;
    const distance = editDistance(wanted, plain(candidate), limit);
    if (distance >= limit) continue;
    best = candidate;
    limit = distance;
    if (distance === 0) break;
  }
  return best ?? (longer.length === 1 ? longer[0] : undefined);
}

/** The hint that follows from a suggestion. */
export function didYouMean(suggestion: string | undefined): string | undefined {
  return suggestion === undefined ? undefined : `did you mean ${JSON.stringify(suggestion)}?`;
}

function plain(word: string): string {
  return word
    .slice(0, 80)
    .toLowerCase()
    .replace(/[\s_-]+/g, "");
}

/** Damerau-Levenshtein (adjacent swaps); `limit` where it is at least that. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    if (Math.min(...row) >= limit) return limit;
    before = last;
    last = row;
  }
  return Math.min(last[b.length] ?? limit, limit);
}
