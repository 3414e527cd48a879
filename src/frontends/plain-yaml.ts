import { type Json, setKey } from "../protocol/json.ts";
import { type Entries, sourceDocument, type TextDocument } from "../source/source-document.ts";
import type { SourceFile } from "../source/source-file.ts";
import { readFlow } from "./plain-yaml-flow.ts";
import { endsLine, quotedEnd, quotedText, type Read, type Text } from "./plain-yaml-scalar.ts";
import { notFinite, plainValue } from "./yaml-scalar.ts";

/**
 * Reads the plain kind of YAML that nearly all pipelines are (block mappings and lists, scalars and brackets of one
 * line, literal blocks) about ten times faster than a parser of all of YAML can. Undefined at the first thing that is
 * anything else, an error above all: then the full reader has the word, and what both read is the same.
 */
export function readPlainYaml(file: SourceFile): TextDocument<Json> | undefined {
  const { text } = file;
  if (unusual.test(text)) return undefined;
  const lines: Lines = { text, places: new WeakMap(), at: 0, indent: 0, lineEnd: -1, over: false, depth: 0 };
  nextLine(lines);
  if (lines.over || lines.indent !== 0) return undefined;
  const root = readBlock(lines);
  if (root === undefined || !lines.over || Array.isArray(root.value)) return undefined;
  return sourceDocument(file, root.value, root, lines.places);
}

/** Tabs, other control characters and line breaks, directives, and marks of documents. */
const unusual = /[\t\r\ufeff\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]|^(?:---|\.\.\.|%)/m;

/** Deeper documents are left to the full reader, which has the limit. */
const maxDepth = 100;

/** The current line of content, comments and blank lines passed over. */
interface Lines extends Text {
  /** Offset of its first character that is no blank. */
  at: number;
  indent: number;
  lineEnd: number;
  /** There is no further line. */
  over: boolean;
  depth: number;
}

function nextLine(lines: Lines): void {
  const { text } = lines;
  for (let start = lines.lineEnd + 1; start < text.length; ) {
    let at = start;
    while (text.charCodeAt(at) === blank) at++;
    const c = text.charCodeAt(at);
    const newline = c === lineBreak ? at : text.indexOf("\n", at);
    const lineEnd = newline < 0 ? text.length : newline;
    if (at < lineEnd && c !== hash) {
      lines.at = at;
      lines.indent = at - start;
      lines.lineEnd = lineEnd;
      return;
    }
    start = lineEnd + 1;
  }
  lines.lineEnd = text.length;
  lines.indent = -1;
  lines.over = true;
}

const blank = 32;
const lineBreak = 10;
const hash = 35;

function readBlock(lines: Lines): Read | undefined {
  if (lines.depth >= maxDepth) return undefined;
  lines.depth++;
  const read = isItem(lines) ? readList(lines, lines.indent) : readMapping(lines, lines.indent);
  lines.depth--;
  return read;
}

function isItem({ text, at, lineEnd }: Lines): boolean {
  return text.charAt(at) === "-" && (at + 1 === lineEnd || text.charAt(at + 1) === " ");
}

function readMapping(lines: Lines, indent: number): Read | undefined {
  const value: Record<string, Json> = {};
  const keys: string[] = [];
  const offsets: number[] = [];
  const start = lines.at;
  while (!lines.over && lines.indent === indent) {
    const key = readKey(lines, lines.at);
    if (key === undefined || Object.hasOwn(value, key.name)) return undefined;
    const read = readValue(lines, key.end, key.after, indent, true);
    if (read === undefined) return undefined;
    setKey(value, key.name, read.value);
    keys.push(key.name);
    offsets.push(key.start, key.end, read.start, read.end);
  }
  if (lines.indent > indent) return undefined;
  return place(value, { keys, offsets, start, end: lastEnd(offsets, start) }, lines);
}

function readList(lines: Lines, indent: number): Read | undefined {
  const value: Json[] = [];
  const offsets: number[] = [];
  const start = lines.at;
  while (!lines.over && lines.indent === indent && isItem(lines)) {
    const read = readItem(lines, indent);
    if (read === undefined) return undefined;
    value.push(read.value);
    offsets.push(read.start, read.end, read.start, read.end);
  }
  if (lines.indent > indent) return undefined;
  return place(value, { keys: [], offsets, start, end: lastEnd(offsets, start) }, lines);
}

/** A mapping may begin on the line of its dash. */
function readItem(lines: Lines, indent: number): Read | undefined {
  const dash = lines.at;
  const content = skipBlanks(lines.text, dash + 1);
  if (content < lines.lineEnd && readKey(lines, content) !== undefined) {
    lines.indent += content - dash;
    lines.at = content;
    return readBlock(lines);
  }
  return readValue(lines, dash, dash + 1, indent, false);
}

function place(value: Json & object, entries: Entries, { places }: Lines): Read {
  places.set(value, entries);
  return { value, start: entries.start, end: entries.end };
}

/** An empty value stands nowhere; the key before it is the end. */
function lastEnd(offsets: readonly number[], start: number): number {
  const [, keyEnd = start, valueStart = start, valueEnd = start] = offsets.slice(-4);
  return valueEnd > valueStart ? valueEnd : keyEnd;
}

interface Key {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** After the colon. */
  readonly after: number;
}

/** The key that begins at `start`; undefined where there is none, or an unusual one. */
function readKey(lines: Lines, start: number): Key | undefined {
  const { text, lineEnd } = lines;
  const c = text.charAt(start);
  if (c === '"' || c === "'") {
    const end = quotedEnd(text, start);
    if (end === undefined || !isColon(text, end, lineEnd)) return undefined;
    return { name: quotedText(text, start, end), start, end, after: end + 1 };
  }
  if (noPlainStart.test(c)) return undefined;
  // Searched in the line alone: the next colon may be at the document's end.
  const line = text.slice(start, Math.min(lineEnd, start + 1000));
  let colon = line.indexOf(":");
  while (colon >= 0 && !isColon(text, start + colon, lineEnd)) colon = line.indexOf(":", colon + 1);
  if (colon < 0) return undefined;
  const name = line.slice(0, colon).trimEnd();
  if (name.includes(" #") || name === "<<") return undefined;
  return { name, start, end: start + name.length, after: start + colon + 1 };
}

function isColon(text: string, at: number, lineEnd: number): boolean {
  return text.charAt(at) === ":" && (at + 1 === lineEnd || text.charAt(at + 1) === " ");
}

/** What begins something else than a plain text, or may. */
const noPlainStart = /[-?:,[\]{}#&*!|>'"%@`]/;

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === blank) at++;
  return at;
}

/** The value after a colon or dash, which ended at `after`; the lines go on to the one that follows. */
function readValue(lines: Lines, owner: number, after: number, indent: number, keyed: boolean): Read | undefined {
  const { text, lineEnd } = lines;
  const from = skipBlanks(text, after);
  if (endsLine(text, from, lineEnd)) {
    nextLine(lines);
    if (lines.indent > indent || (keyed && lines.indent === indent && isItem(lines))) return readBlock(lines);
    return keyed ? { value: null, start: owner, end: owner } : undefined;
  }
  if (text.charAt(from) === "|") return readLiteral(lines, from, indent);
  const read = readInline(lines, from);
  if (read === undefined || !endsLine(text, skipBlanks(text, read.end), lineEnd)) return undefined;
  nextLine(lines);
  // A line that is indented further would go on with the text.
  return lines.indent > indent ? undefined : read;
}

function readInline(lines: Lines, from: number): Read | undefined {
  const { text, lineEnd } = lines;
  const c = text.charAt(from);
  if (c === "[" || c === "{") return readFlow(lines, from, lineEnd);
  if (c === '"' || c === "'") {
    const end = quotedEnd(text, from);
    return end === undefined ? undefined : { value: quotedText(text, from, end), start: from, end };
  }
  if (noPlainStart.test(c) && !(c === "-" && text.charAt(from + 1) !== " " && from + 1 < lineEnd)) return undefined;
  const line = text.slice(from, lineEnd);
  const comment = line.indexOf(" #");
  const written = (comment < 0 ? line : line.slice(0, comment)).trimEnd();
  if (written.includes(": ") || written.endsWith(":")) return undefined;
  const value = plainValue(written);
  return value === notFinite ? undefined : { value, start: from, end: from + written.length };
}

/** A text after `|` or `|-`, whose indentation its first line says. */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one scan of lines, whose state is all of its variables
function readLiteral(lines: Lines, from: number, indent: number): Read | undefined {
  const { text } = lines;
  const strip = text.charAt(from + 1) === "-";
  if (!endsLine(text, skipBlanks(text, from + (strip ? 2 : 1)), lines.lineEnd)) return undefined;
  const content: string[] = [];
  let own = -1;
  let end = lines.lineEnd;
  let start = lines.lineEnd + 1;
  while (start < text.length) {
    const newline = text.indexOf("\n", start);
    // Whether a last line without its break gives one is a fine point.
    if (newline < 0) return undefined;
    const first = skipBlanks(text, start);
    const inner = first - start;
    if (first === newline) {
      if (inner > Math.max(own, 0)) return undefined;
      content.push("");
    } else if (inner <= indent) break;
    else {
      if (own < 0) own = inner;
      if (inner < own) return undefined;
      content.push(text.slice(start + own, newline));
      end = newline;
    }
    start = newline + 1;
  }
  if (own < 0) return undefined;
  while (content.at(-1) === "") content.pop();
  lines.lineEnd = start - 1;
  nextLine(lines);
  const value = content.join("\n") + (strip ? "" : "\n");
  return { value, start: from, end: from + text.slice(from, end).trimEnd().length };
}
