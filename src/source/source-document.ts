/**
 * Phase: source. What a front end hands on: a plain value, and where each part of it was written. Places are found by
 * the identity of the object or list that holds a part, so that asking costs the same in a document of any size. A
 * document need not know any of them: then what is reported of it has no place.
 */
import type { SourceFile, Span } from "./source-file.ts";

export interface SourceDocument<Value = unknown> {
  readonly file: SourceFile;
  readonly value: Value;
  /** What the pipeline is called where the document does not say; absent: as the file. */
  readonly defaultName?: string;
  /** The whole value; undefined where it stands in no text. */
  readonly rootSpan: Span | undefined;
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

/** A document that stands in a text. */
export interface TextDocument<Value = unknown> extends SourceDocument<Value> {
  readonly rootSpan: Span;
}

/** Keys and indices that lead from an object or list to a part of it. */
export type Way = readonly (string | number)[];

/**
 * Where the part at the end of a way stands, as a key or as a value; where that is not known, the nearest part around it.
 * `root` is an object or list of the document.
 */
export function nearestSpan(
  document: SourceDocument,
  root: object,
  way: Way,
  part: "key" | "value" = "value",
): Span | undefined {
  let container: unknown = root;
  let span: Span | undefined;
  for (const [depth, key] of way.entries()) {
    if (!isContainer(container)) break;
    const index = Array.isArray(container) ? Number(key) : key;
    const wanted = part === "key" && depth === way.length - 1 ? document.keySpan(container, index) : undefined;
    span = wanted ?? document.valueSpan(container, index) ?? span;
    container = Object.hasOwn(container, key) ? Reflect.get(container, key) : undefined;
  }
  return span;
}

/** Where the part at the end of a way stands; undefined where it was not written there. */
export function exactSpan(
  document: SourceDocument,
  root: object,
  way: Way,
  part: "key" | "value" = "value",
): Span | undefined {
  let holder: unknown = root;
  for (const key of way.slice(0, -1)) {
    holder = isContainer(holder) && Object.hasOwn(holder, key) ? Reflect.get(holder, key) : undefined;
  }
  const last = way.at(-1);
  if (last === undefined || !isContainer(holder)) return undefined;
  return part === "key" ? document.keySpan(holder, last) : document.valueSpan(holder, last);
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
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
): TextDocument<Value> {
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
