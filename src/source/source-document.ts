/**
 * Phase: source. What a front end hands on: a plain value, and where each part of it was written. Places are found by
 * the identity of the object or list that holds a part, so that asking costs the same in a document of any size.
 */
import type { SourceFile, Span } from "./source-file.ts";

export interface SourceDocument<Value = unknown> {
  readonly file: SourceFile;
  readonly value: Value;
  /** The whole value. */
  readonly rootSpan: Span;
  /** Where a key of an object stands (of a list: the item). Undefined: not an object of this document, or no such key. */
  keySpan(container: object, key: string | number): Span | undefined;
  /** Where the value under a key stands; the key where the value is empty. */
  valueSpan(container: object, key: string | number): Span | undefined;
  /** The whole of an object or list. */
  spanOf(container: object): Span | undefined;
  /** Keys in the order in which they were written: JavaScript moves keys like `10` to the front. */
  keysOf(container: object): readonly string[];
  /** Whether the value under a key is named by an anchor, to be used elsewhere. */
  isAnchored(container: object, key: string): boolean;
}

/** Where the entries of one object or list were written; four offsets an entry: key start and end, value start and end. */
export interface Entries {
  readonly keys: readonly string[];
  readonly offsets: readonly number[];
  readonly start: number;
  readonly end: number;
  /** Keys whose values carry an anchor. */
  readonly anchored?: ReadonlySet<string>;
}

/** A document of `value`, whose objects and lists were written at `places`. */
export function sourceDocument<Value>(
  file: SourceFile,
  value: Value,
  root: { readonly start: number; readonly end: number },
  places: WeakMap<object, Entries>,
): SourceDocument<Value> {
  const indexes = new WeakMap<Entries, ReadonlyMap<string, number>>();
  const span = (start: number, end: number): Span => ({ file, start, end });
  const find = (container: object, key: string | number, offset: 0 | 2): Span | undefined => {
    const entries = places.get(container);
    if (entries === undefined) return undefined;
    const index = typeof key === "number" ? key : indexOfKey(entries, key, indexes);
    const start = entries.offsets[index * 4 + offset];
    const end = entries.offsets[index * 4 + offset + 1];
    return index < 0 || start === undefined || end === undefined ? undefined : span(start, end);
  };
  return {
    file,
    value,
    rootSpan: span(root.start, root.end),
    keySpan: (container, key) => find(container, key, 0),
    valueSpan: (container, key) => {
      const found = find(container, key, 2);
      return found !== undefined && found.start === found.end ? find(container, key, 0) : found;
    },
    spanOf: (container) => {
      const entries = places.get(container);
      return entries === undefined ? undefined : span(entries.start, entries.end);
    },
    keysOf: (container) => places.get(container)?.keys ?? Object.keys(container),
    isAnchored: (container, key) => places.get(container)?.anchored?.has(key) === true,
  };
}

/** Short objects are searched; long ones (`steps`) get an index when they are first asked. */
function indexOfKey(entries: Entries, key: string, indexes: WeakMap<Entries, ReadonlyMap<string, number>>): number {
  if (entries.keys.length <= 12) return entries.keys.indexOf(key);
  let index = indexes.get(entries);
  if (index === undefined) {
    index = new Map(entries.keys.map((name, position) => [name, position]));
    indexes.set(entries, index);
  }
  return index.get(key) ?? -1;
}
