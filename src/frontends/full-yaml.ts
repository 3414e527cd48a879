import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { suggest } from "../diagnostics/suggest.ts";
import { type Json, setKey } from "../protocol/json.ts";
import { type Entries, sourceDocument, type TextDocument } from "../source/source-document.ts";
import type { SourceFile, Span } from "../source/source-file.ts";
import { present } from "../system/present.ts";
import { parseYaml } from "./parse-yaml.ts";
import { maxDepth } from "./yaml-errors.ts";
import { notFinite, plainValue } from "./yaml-scalar.ts";

/** Values that aliases may repeat. */
const maxAliased = 2_000_000;

/**
 * Reads any YAML by the yaml package, which parses; what a scalar means, duplicate keys, anchors, aliases and merge keys
 * are decided here, because its own check of keys and its search for anchors are quadratic.
 */
export function readFullYaml(file: SourceFile, sink: DiagnosticSink): TextDocument<Json> | undefined {
  const parsed = parseYaml(file, sink);
  if (parsed === undefined) return undefined;
  const reader: Reader = {
    file,
    sink,
    places: new WeakMap(),
    anchors: new Map(),
    values: 0,
    aliased: 0,
    depth: 0,
  };
  const root = parsed.contents === null ? emptyAt(0) : readNode(parsed.contents, reader);
  return sourceDocument(file, root.value, root, reader.places);
}

interface Reader {
  readonly file: SourceFile;
  readonly sink: DiagnosticSink;
  readonly places: WeakMap<object, Entries>;
  /** By name; `undefined` while its value is being read. Redefined anchors replace earlier ones, as YAML has it. */
  readonly anchors: Map<string, Anchored | undefined>;
  /** Values so far, those behind aliases included. */
  values: number;
  aliased: number;
  depth: number;
}

interface Read {
  readonly value: Json;
  readonly start: number;
  readonly end: number;
}

interface Anchored extends Read {
  /** How many values it holds, itself included. */
  readonly size: number;
}

function emptyAt(offset: number): Read {
  return { value: null, start: offset, end: offset };
}

function readNode(node: Node, reader: Reader): Read {
  if (isAlias(node)) return readAlias(node, reader);
  const { anchor } = node as Scalar | YAMLMap | YAMLSeq;
  if (anchor === undefined) return readValue(node, reader);
  const before = reader.values;
  reader.anchors.set(anchor, undefined);
  const read = readValue(node, reader);
  reader.anchors.set(anchor, { ...read, size: reader.values - before });
  return read;
}

function readValue(node: Node, reader: Reader): Read {
  reader.values++;
  if (isScalar(node)) return readScalar(node, reader);
  if (reader.depth >= maxDepth) return tooDeep(node, reader);
  reader.depth++;
  const read = isMap(node) ? readMap(node, reader) : readSeq(node as YAMLSeq, reader);
  reader.depth--;
  checkTag(node, reader);
  return read;
}

function tooDeep(node: Node, reader: Reader): Read {
  const [start, end] = rangeOf(node);
  reader.sink.report("yaml-too-deep", { levels: maxDepth, span: spanOf(reader, start, start + 1) });
  return { value: null, start, end };
}

function readScalar(node: Scalar, reader: Reader): Read {
  const [start, last] = rangeOf(node);
  const block = node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED";
  const end = block ? start + reader.file.text.slice(start, last).trimEnd().length : last;
  const text = node.source ?? "";
  checkTag(node, reader);
  const quoted = node.type !== "PLAIN";
  const value = node.tag === undefined ? (quoted ? text : plainValue(text)) : taggedValue(node.tag, text);
  if (value !== notFinite) return { value, start, end };
  reader.sink.report("yaml-not-finite", { text, span: spanOf(reader, start, end) });
  return { value: null, start, end };
}

/** `!!str` keeps the text; dates and binary stay text; the other core tags are read like unquoted text. */
function taggedValue(tag: string, text: string): Json | typeof notFinite {
  return /^tag:yaml\.org,2002:(?:int|float|bool|null)$/.test(tag) ? plainValue(text) : text;
}

const knownTags = /^(?:!|tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq|timestamp|binary))$/;

function checkTag(node: Node, reader: Reader): void {
  if (node.tag === undefined || knownTags.test(node.tag)) return;
  const [start] = rangeOf(node);
  const before = reader.file.text.slice(0, start);
  const written = /!\S*(?=[^!]*$)/.exec(before.slice(-500));
  const from = written === null ? start : start - Math.min(500, before.length) + written.index;
  const tag = written?.[0] ?? node.tag;
  reader.sink.report("yaml-unknown-tag", { tag, span: spanOf(reader, from, from + tag.length) });
}

function readSeq(node: YAMLSeq, reader: Reader): Read {
  const items: Json[] = [];
  const offsets: number[] = [];
  for (const item of node.items) {
    const read = readItem(item, node, reader);
    items.push(read.value);
    offsets.push(read.start, read.end, read.start, read.end);
  }
  const { start, end } = extent(node, offsets);
  reader.places.set(items, { keys: [], offsets, start, end });
  return { value: items, start, end };
}

/** An item may be a pair: `[a: 1]` is a list of an object. */
function readItem(item: unknown, list: YAMLSeq, reader: Reader): Read {
  if (isNode(item)) return readNode(item, reader);
  return emptyAt(rangeOf(list)[0]);
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

function readMap(node: YAMLMap, reader: Reader): Read {
  const object: Record<string, Json> = {};
  const keys: string[] = [];
  const offsets: number[] = [];
  let anchored: Set<string> | undefined;
  const merges: { readonly read: Read; readonly at: number }[] = [];
  for (const pair of node.items) {
    const [start, end] = isNode(pair.key) ? rangeOf(pair.key) : rangeOf(node);
    if (isScalar(pair.key) && pair.key.source === "<<" && pair.key.type === "PLAIN" && pair.key.tag === undefined) {
      merges.push({ read: readValueOfKey(pair.value, end, reader), at: keys.length });
      continue;
    }
    const key = readKey(pair.key, start === rangeOf(node)[0] + 1 ? rangeOf(node) : [start, end], reader);
    const read = readValueOfKey(pair.value, end, reader);
    if (key === undefined) continue;
    if (Object.hasOwn(object, key)) {
      const first = keys.indexOf(key) * 4;
      const related = [
        { message: "the first one", span: spanOf(reader, offsets[first] ?? 0, offsets[first + 1] ?? 0) },
      ];
      reader.sink.report("duplicate-key", { key, span: spanOf(reader, start, end), related });
      continue;
    }
    if (isNode(pair.value) && !isAlias(pair.value) && pair.value.anchor !== undefined)
      (anchored ??= new Set()).add(key);
    setKey(object, key, read.value);
    keys.push(key);
    offsets.push(start, end, read.start, read.end);
  }
  const { start, end } = extent(node, offsets);
  const own: Entries = { keys, offsets, start, end, ...present({ anchored }) };
  if (merges.length === 0) {
    reader.places.set(object, own);
    return { value: object, start, end };
  }
  return { value: merged(object, own, merges, reader), start, end };
}

/** The value of a key that ends at `end`; `a:` alone has none. */
function readValueOfKey(value: unknown, end: number, reader: Reader): Read {
  return isNode(value) ? readNode(value, reader) : emptyAt(end);
}

/**
 * Keys are texts, whatever YAML would make of them: `1`, `true` and `~` are their own names. `place` is what to point at
 * where it is none: for `{{ x }}`, in which a mapping begins with a mapping, all of it.
 */
function readKey(node: unknown, place: readonly [number, number], reader: Reader): string | undefined {
  if (isScalar(node)) {
    checkTag(node, reader);
    if (node.anchor !== undefined) readNode(node, reader);
    return node.source ?? "";
  }
  if (!isNode(node)) return "";
  const read = readNode(node, reader);
  if (typeof read.value === "string") return read.value;
  const scalar = read.value === null || typeof read.value !== "object";
  if (isAlias(node) && scalar) return String(read.value);
  reader.sink.report("yaml-complex-key", { span: spanOf(reader, ...place) });
  return undefined;
}

function readAlias(node: Alias, reader: Reader): Read {
  const [start, end] = rangeOf(node);
  const name = node.source;
  const anchored = reader.anchors.get(name);
  if (anchored !== undefined) {
    reader.values += anchored.size;
    reader.aliased += anchored.size;
    if (reader.aliased <= maxAliased) return anchored;
    if (reader.aliased - anchored.size <= maxAliased)
      reader.sink.report("yaml-alias-bomb", { span: spanOf(reader, start, end) });
    return { value: null, start, end };
  }
  const span = spanOf(reader, start, end);
  if (reader.anchors.has(name)) reader.sink.report("yaml-recursive-alias", { name, span });
  else reader.sink.report("yaml-unknown-anchor", { name, suggestion: suggest(name, reader.anchors.keys()), span });
  return { value: null, start, end };
}

/**
 * An object with its merge keys carried out (yaml.org/type/merge.html): own keys win, then the earlier object of a
 * list; merged keys stand where their `<<` stands and keep the places at which they were written.
 */
function merged(
  own: Record<string, Json>,
  written: Entries,
  merges: readonly { readonly read: Read; readonly at: number }[],
  reader: Reader,
): Json {
  const object: Record<string, Json> = {};
  const keys: string[] = [];
  const offsets: number[] = [];
  const take = (from: Entries, value: { readonly [key: string]: Json }, index: number): void => {
    const key = from.keys[index] ?? "";
    setKey(object, key, value[key] ?? null);
    keys.push(key);
    offsets.push(...from.offsets.slice(index * 4, index * 4 + 4));
  };
  let next = 0;
  for (const { read, at } of merges) {
    while (next < at) take(written, own, next++);
    for (const base of mergedObjects(read, reader)) {
      const from = reader.places.get(base);
      for (let index = 0; from !== undefined && index < from.keys.length; index++) {
        const key = from.keys[index] ?? "";
        if (!Object.hasOwn(own, key) && !Object.hasOwn(object, key)) take(from, base, index);
      }
    }
  }
  while (next < written.keys.length) take(written, own, next++);
  reader.places.set(object, { ...written, keys, offsets });
  return object;
}

function mergedObjects(read: Read, reader: Reader): readonly { readonly [key: string]: Json }[] {
  const list = Array.isArray(read.value) ? (read.value as readonly Json[]) : [read.value];
  return list.flatMap((value) => {
    if (isPlainObject(value)) return [value];
    reader.sink.report("yaml-bad-merge", { span: spanOf(reader, read.start, read.end) });
    return [];
  });
}

function isPlainObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** From the first to the last character: what the parser calls the end of a block is the start of what follows it. */
function extent(node: YAMLMap | YAMLSeq, offsets: readonly number[]): { start: number; end: number } {
  const [start, end] = rangeOf(node);
  if (node.flow === true) return { start, end };
  const [firstKey = start, lastKey = start, valueStart = start, valueEnd = start] = offsets.slice(-4);
  // An alias's value stands elsewhere; an empty one nowhere.
  const inside = valueStart >= firstKey && valueEnd > valueStart && valueEnd <= end;
  return { start, end: inside ? valueEnd : Math.max(lastKey, start) };
}

function rangeOf(node: Node): readonly [number, number] {
  return node.range === null || node.range === undefined ? [0, 0] : [node.range[0], node.range[1]];
}

function spanOf(reader: Reader, start: number, end: number): Span {
  return { file: reader.file, start, end };
}
