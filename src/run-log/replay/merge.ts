/** How the deltas of a composite's graphs become one. Total: whatever was set, a merge has a result. */

import { isArray, isNumber, type Json, type JsonArray, sameJson, setKey } from "../../protocol/json.ts";
import type { Parameters, Reduce, ReduceWord } from "../../protocol/path.ts";
import { shorten } from "../../system/shorten.ts";
import { extremeOf, sumOf } from "./arithmetic.ts";
import { scalarText } from "./item-key.ts";

export interface Merged {
  readonly delta: Parameters;
  /** One line each, for the run log. */
  readonly warnings: readonly string[];
}

/** Merges the deltas of a parallel's branches, given in declared order. */
export function mergeParallel(deltas: readonly Parameters[], onConflict: "last" | "list" = "last"): Merged {
  const warnings: string[] = [];
  const delta = gather(deltas, (key, set) => {
    const values = set.map((entry) => entry.value);
    const last = values.at(-1) ?? null;
    // Also where they are equal: what type a parameter has must not depend on data.
    if (onConflict === "list") return values.length === 1 ? last : values;
    if (values.every((value) => sameJson(value, last))) return last;
    warnings.push(`several branches set \`${key}\` to different values; the last one in declared order counts`);
    return last;
  });
  return { delta, warnings };
}

/** Merges the deltas of a map's items, both in item order. `reduce`: one word, or a word per key (others: `list`). */
export function mergeMap(deltas: readonly Parameters[], items: readonly Json[], reduce: Reduce = "list"): Merged {
  if (reduce === "none") return { delta: {}, warnings: [] };
  const warnings: string[] = [];
  const dropped = new Set<string>();
  const delta = gather(deltas, (key, set) => {
    const word = wordFor(key, reduce);
    if (word === "none") dropped.add(key);
    return reduceValues(word, set, { key, items, count: deltas.length, warnings });
  });
  if (dropped.size === 0) return { delta, warnings };
  return { delta: without(delta, dropped), warnings };
}

/** A value that one of the graphs set, with the graph's position. */
interface Entry {
  readonly index: number;
  readonly value: Json;
}

/** One value for every key that any delta sets, in the order in which the keys first come. */
function gather(deltas: readonly Parameters[], merge: (key: string, set: readonly Entry[]) => Json): Parameters {
  const entries = new Map<string, Entry[]>();
  for (const [index, delta] of deltas.entries()) {
    for (const [key, value] of Object.entries(delta)) {
      const list = entries.get(key);
      if (list === undefined) entries.set(key, [{ index, value }]);
      else list.push({ index, value });
    }
  }
  const merged: Record<string, Json> = {};
  for (const [key, set] of entries) setKey(merged, key, merge(key, set));
  return merged;
}

function wordFor(key: string, reduce: Reduce): ReduceWord {
  if (typeof reduce === "string") return reduce;
  return (Object.hasOwn(reduce, key) ? reduce[key] : undefined) ?? "list";
}

interface Reducing {
  readonly key: string;
  readonly items: readonly Json[];
  readonly count: number;
  readonly warnings: string[];
}

function reduceValues(word: ReduceWord, set: readonly Entry[], reducing: Reducing): Json {
  switch (word) {
    case "list":
      return listed(set, reducing.count);
    case "last":
      return set.at(-1)?.value ?? null;
    case "sum": {
      const numbers = pick(set, isNumber, "not a number", word, reducing);
      const sum = sumOf(numbers);
      if (sum === null) reducing.warnings.push(`the sum of \`${reducing.key}\` is beyond what a float can hold: null`);
      return sum;
    }
    case "min":
    case "max":
      return extremeOf(pick(set, isNumber, "not a number", word, reducing), word);
    case "concat":
      return pick(set, isArray, "not a list", word, reducing).flat();
    case "object":
      return byItem(set, reducing);
    case "none":
      return null;
  }
}

function listed(set: readonly Entry[], count: number): JsonArray {
  const values = new Array<Json>(count).fill(null);
  for (const { index, value } of set) values[index] = value;
  return values;
}

/** The values that a word can work on; the others are left out, with one warning a key. */
function pick<T extends Json>(
  set: readonly Entry[],
  fits: (value: Json) => value is T,
  fault: string,
  word: ReduceWord,
  { key, warnings }: Reducing,
): readonly T[] {
  const values = set.map((entry) => entry.value).filter(fits);
  const left = set.length - values.length;
  if (left > 0) warnings.push(`\`${word}\` of \`${key}\` left out ${left} of ${set.length} values: ${fault}`);
  return values;
}

/** By the item's text, and its number where several items have that text, with one warning a key. */
function byItem(set: readonly Entry[], { key, items, warnings }: Reducing): Json {
  const { names, shared } = itemNames(items);
  const values: Record<string, Json> = {};
  for (const { index, value } of set) setKey(values, names[index] ?? "", value);
  if (shared.length > 0) {
    const texts = shared.slice(0, 3).map((text) => JSON.stringify(shorten(text, 40)));
    const more = shared.length > texts.length ? ", …" : "";
    warnings.push(
      `\`object\` of \`${key}\`: several items have the text ${texts.join(", ")}${more}; their values have the item's number, too: \`${shorten(shared[0] ?? "", 40)}#${items.findIndex((item) => scalarText(item) === shared[0])}\``,
    );
  }
  return values;
}

/** For each item its text, or `text#number` where another item has the text; the texts that several have. */
function itemNames(items: readonly Json[]): { readonly names: readonly string[]; readonly shared: readonly string[] } {
  const texts = items.map(scalarText);
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const taken = new Set(texts);
  const names = texts.map((text, index) => {
    if (counts.get(text) === 1) return text;
    let name = `${text}#${index}`;
    // An item may be called so itself.
    while (taken.has(name)) name += `#${index}`;
    taken.add(name);
    return name;
  });
  return { names, shared: [...counts].flatMap(([text, count]) => (count > 1 ? [text] : [])) };
}

function without(delta: Parameters, names: ReadonlySet<string>): Parameters {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(delta)) if (!names.has(key)) setKey(kept, key, value);
  return kept;
}
