import { type Json, setKey } from "../protocol/json.ts";
import { quotedEnd, quotedText, type Read, type Text } from "./plain-yaml-scalar.ts";
import { notFinite, plainValue } from "./yaml-scalar.ts";

/** A list or mapping in brackets that ends on its line; undefined where it does not, or has anything unusual in it. */
export function readFlow(source: Text, start: number, lineEnd: number): Read | undefined {
  return read({ ...source, lineEnd, depth: 0 }, start);
}

interface Flow extends Text {
  readonly lineEnd: number;
  depth: number;
}

const maxDepth = 100;

function read(flow: Flow, start: number): Read | undefined {
  const { text } = flow;
  const c = text.charAt(start);
  if (c === "[" || c === "{") {
    if (flow.depth >= maxDepth) return undefined;
    flow.depth++;
    const found = c === "[" ? readList(flow, start) : readMapping(flow, start);
    flow.depth--;
    return found;
  }
  if (c === '"' || c === "'") {
    const end = quotedEnd(text, start);
    return end === undefined ? undefined : { value: quotedText(text, start, end), start, end };
  }
  const end = plainEnd(flow, start);
  if (end === undefined || text.charAt(end) === ":") return undefined;
  const written = text.slice(start, end).trimEnd();
  const value = plainValue(written);
  return value === notFinite ? undefined : { value, start, end: start + written.length };
}

function readList(flow: Flow, start: number): Read | undefined {
  const { text, places } = flow;
  const value: Json[] = [];
  const offsets: number[] = [];
  let at = skipBlanks(text, start + 1);
  while (text.charAt(at) !== "]") {
    const item = read(flow, at);
    if (item === undefined) return undefined;
    value.push(item.value);
    offsets.push(item.start, item.end, item.start, item.end);
    const next = afterEntry(text, item.end, "]");
    if (next === undefined) return undefined;
    at = next;
  }
  places.set(value, { keys: [], offsets, start, end: at + 1 });
  return { value, start, end: at + 1 };
}

function readMapping(flow: Flow, start: number): Read | undefined {
  const { text, places } = flow;
  const value: Record<string, Json> = {};
  const keys: string[] = [];
  const offsets: number[] = [];
  let at = skipBlanks(text, start + 1);
  while (text.charAt(at) !== "}") {
    const key = readKey(flow, at);
    if (key === undefined || key.name === "<<" || Object.hasOwn(value, key.name)) return undefined;
    const item = read(flow, skipBlanks(text, key.end + key.gap + 1));
    if (item === undefined) return undefined;
    setKey(value, key.name, item.value);
    keys.push(key.name);
    offsets.push(at, key.end, item.start, item.end);
    const next = afterEntry(text, item.end, "}");
    if (next === undefined) return undefined;
    at = next;
  }
  places.set(value, { keys, offsets, start, end: at + 1 });
  return { value, start, end: at + 1 };
}

/** `gap`: blanks between the key and its colon, after which there is a blank. */
function readKey(
  flow: Flow,
  start: number,
): { readonly name: string; readonly end: number; readonly gap: number } | undefined {
  const { text } = flow;
  const c = text.charAt(start);
  const quoted = c === '"' || c === "'";
  const end = quoted ? quotedEnd(text, start) : plainEnd(flow, start);
  if (end === undefined || text.charAt(end) !== ":" || text.charAt(end + 1) !== " ") return undefined;
  if (quoted) return { name: quotedText(text, start, end), end, gap: 0 };
  const name = text.slice(start, end).trimEnd();
  return { name, end: start + name.length, gap: end - start - name.length };
}

/** After an entry and its comma, or at the closing bracket; a comma before the bracket is left to the full reader. */
function afterEntry(text: string, end: number, close: string): number | undefined {
  const at = skipBlanks(text, end);
  if (text.charAt(at) === close) return at;
  if (text.charAt(at) !== ",") return undefined;
  const next = skipBlanks(text, at + 1);
  return text.charAt(next) === close ? undefined : next;
}

/** Where a plain text ends: at the colon of a key, else at a comma or bracket; undefined for anything unusual. */
function plainEnd({ text, lineEnd }: Flow, start: number): number | undefined {
  const first = text.charAt(start);
  if (/[\s?:,[\]{}#&*!|>'"%@`]/.test(first) || (first === "-" && /[\s,[\]{}]/.test(text.charAt(start + 1))))
    return undefined;
  for (let at = start; at < lineEnd; at++) {
    const c = text.charAt(at);
    if (c === "," || c === "]" || c === "}") return at;
    if (c === "[" || c === "{" || (c === "#" && text.charAt(at - 1) === " ")) return undefined;
    if (c !== ":") continue;
    const next = text.charAt(at + 1);
    if (next === " ") return at;
    if (at + 1 >= lineEnd || /[,[\]{}]/.test(next)) return undefined;
  }
  return undefined;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text.charAt(at) === " ") at++;
  return at;
}
