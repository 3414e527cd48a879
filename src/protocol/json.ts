/**
 * JSON values whose numbers keep their text.
 *
 * `1.0`, `1e5` or a 20-digit integer must reach a task as they were written. A JavaScript number stands for a
 * number whose shortest text is the text that was read; every other number is a {@link NumberText}.
 */
export type Json = null | boolean | number | NumberText | string | JsonArray | JsonObject;
export type JsonArray = readonly Json[];
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A number that a JavaScript number would print otherwise (`1.0`, `12345678901234567890`). `text` is valid JSON. */
export class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  /** For `JSON.stringify`, which cannot print the exact text; {@link printJson} does. */
  toJSON(): number {
    printedInexactly = true;
    return Number(this.text);
  }
}

/** Set by every number that `JSON.stringify` printed as another text: then its result is of no use. */
let printedInexactly = false;

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The JSON number that `text` (a valid JSON number) stands for, exact. */
export function numberOf(text: string): number | NumberText {
  const value = Number(text);
  return String(value) === text ? value : new NumberText(text);
}

export function isNumber(value: Json | undefined): value is number | NumberText {
  return typeof value === "number" || value instanceof NumberText;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberText);
}

export function isArray(value: Json | undefined): value is JsonArray {
  return Array.isArray(value);
}

/** Texts in which JSON.parse could lose the text of a number; a match inside a string only costs the slow path. */
const maybeInexact = /\d\.\d*0(?!\d)|\d[eE][+-]?\d|[\d.]{16,}|-0(?![.\d])|0\.000000/;

/** Parses JSON, keeping the text of numbers. Throws SyntaxError with the offset in its message. */
export function parseJson(text: string): Json {
  if (!maybeInexact.test(text)) return JSON.parse(text) as Json;
  return parseExact(text);
}

/** Depth that {@link parseJson} and {@link printJson} accept; deeper values are refused with a clear message. */
export const maxJsonDepth = 500;

function parseExact(text: string): Json {
  let at = 0;
  const fail = (): never => {
    // JSON.parse gives the better message; it must fail on the same text.
    JSON.parse(text);
    throw new SyntaxError(`Unexpected token in JSON at position ${at}`);
  };
  const blank = (): void => {
    while (at < text.length && " \t\n\r".includes(text.charAt(at))) at++;
  };
  const string = (): string => {
    const from = at++;
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    if (at >= text.length) fail();
    return JSON.parse(text.slice(from, ++at)) as string;
  };
  const scalar = (): Json => {
    const word = /[^\s,\]}:]*/y;
    word.lastIndex = at;
    const found = word.exec(text)?.[0] ?? "";
    at += found.length;
    if (found === "true") return true;
    if (found === "false") return false;
    if (found === "null") return null;
    return jsonNumber.test(found) ? numberOf(found) : fail();
  };
  const value = (depth: number): Json => {
    if (depth > maxJsonDepth) throw new SyntaxError(`JSON is nested deeper than ${maxJsonDepth} levels`);
    blank();
    const c = text[at];
    if (c === '"') return string();
    if (c === "[") return array(depth);
    if (c === "{") return object(depth);
    return scalar();
  };
  const array = (depth: number): Json => {
    const items: Json[] = [];
    at++;
    blank();
    if (text[at] === "]") return (at++, items);
    for (;;) {
      items.push(value(depth + 1));
      blank();
      const c = text[at++];
      if (c === "]") return items;
      if (c !== ",") fail();
    }
  };
  const object = (depth: number): Json => {
    const entries: Record<string, Json> = {};
    at++;
    blank();
    if (text[at] === "}") return (at++, entries);
    for (;;) {
      blank();
      if (text[at] !== '"') fail();
      const key = string();
      blank();
      if (text[at++] !== ":") fail();
      setKey(entries, key, value(depth + 1));
      blank();
      const c = text[at++];
      if (c === "}") return entries;
      if (c !== ",") fail();
    }
  };
  const result = value(0);
  blank();
  return at === text.length ? result : fail();
}

/** Sets an own key, `__proto__` too. */
export function setKey(target: Record<string, Json>, key: string, value: Json): void {
  if (key !== "__proto__") target[key] = value;
  else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

export interface PrintStyle {
  /** `compact`: no blanks, as JSON.stringify. `python`: `", "` and `": "`, ASCII only, as Python's json.dumps. */
  readonly style?: "compact" | "python";
  /** Sort the keys of every object by code unit. */
  readonly sorted?: boolean;
}

/** Prints JSON on one line, numbers by their text. */
export function printJson(value: Json, { style = "compact", sorted = false }: PrintStyle = {}): string {
  if (style === "compact" && !sorted) {
    printedInexactly = false;
    const text = JSON.stringify(value);
    if (!printedInexactly) return text;
  }
  const python = style === "python";
  return print(value, { comma: python ? ", " : ",", colon: python ? ": " : ":", ascii: python, sorted }, 0);
}

interface Form {
  readonly comma: string;
  readonly colon: string;
  readonly ascii: boolean;
  readonly sorted: boolean;
}

function print(value: Json, form: Form, depth: number): string {
  if (typeof value === "string") return form.ascii ? quoteAscii(value) : JSON.stringify(value);
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof NumberText) return value.text;
  if (depth > maxJsonDepth) throw new RangeError(`a value is nested deeper than ${maxJsonDepth} levels`);
  if (isArray(value)) return `[${value.map((item) => print(item, form, depth + 1)).join(form.comma)}]`;
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  if (form.sorted) keys.sort();
  const entries = keys.map((key) => {
    const name = form.ascii ? quoteAscii(key) : JSON.stringify(key);
    return `${name}${form.colon}${print(value[key] ?? null, form, depth + 1)}`;
  });
  return `{${entries.join(form.comma)}}`;
}

/** A JSON string literal in ASCII. Lone surrogates stay escapes, as in Python. */
export function quoteAscii(text: string): string {
  return escapeNonAscii(JSON.stringify(text));
}

/** JSON text with every character outside ASCII as an escape. */
export function escapeNonAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Whether two values are the same JSON: keys in any order, numbers by their text. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return printJson(a, { sorted: true }) === printJson(b, { sorted: true });
}
