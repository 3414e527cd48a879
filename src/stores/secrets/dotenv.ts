import type { Environment } from "../../system/environment.ts";

/** The values of a dotenv file; `wrong`: the first line that cannot be read, and why. */
export interface Dotenv {
  /** Undefined: the line has the name alone, which takes a value before it away. */
  readonly values: ReadonlyMap<string, string | undefined>;
  readonly wrong?: { readonly line: number; readonly why: string };
}

/**
 * Reads a dotenv file as python-dotenv's `dotenv_values` does (1.2.4), with which these files are mostly written: quotes,
 * escapes, comments, values of several lines, `${NAME}` and `${NAME:-default}` of the file and then the environment. Our own
 * since the libraries of Node read the same lines otherwise. A line that python-dotenv skips with a warning is told.
 */
export function parseDotenv(text: string, environment: Environment): Dotenv {
  const values = new Map<string, string | undefined>();
  const from = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const reader: Reader = { text, at: from };
  for (;;) {
    take(reader, /\s*/y);
    if (reader.at >= text.length) return { values };
    const start = reader.at;
    const binding = readBinding(reader);
    if (typeof binding === "string") {
      return { values, wrong: { line: text.slice(from, start).split(/\r\n|\n|\r/).length, why: binding } };
    }
    const { name, value } = binding;
    const lookUp = (key: string): string | undefined => (values.has(key) ? (values.get(key) ?? "") : environment[key]);
    if (name !== "") values.set(name, value === undefined ? undefined : withReferences(value, lookUp));
  }
}

interface Reader {
  readonly text: string;
  at: number;
}

/** What a sticky expression matches here, its group where it has one; undefined where it does not match. */
function take(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  const match = pattern.exec(reader.text);
  if (match === null) return undefined;
  reader.at = pattern.lastIndex;
  return match[1] ?? match[0];
}

/** One line, or more where a quoted value has them; a text says why it is none. A comment has no name. */
function readBinding(reader: Reader): { readonly name: string; readonly value?: string } | string {
  take(reader, /(?:export[^\S\r\n]+)?/y);
  const isComment = reader.text[reader.at] === "#";
  const name = isComment ? "" : take(reader, reader.text[reader.at] === "'" ? /'([^']+)'/y : /[^=#\s]+/y);
  if (name === undefined) return "write NAME=value";
  take(reader, /[^\S\r\n]*/y);
  const yaml = name.endsWith(":") || reader.text[reader.at] === ":";
  const equals = take(reader, /=[^\S\r\n]*/y);
  if (yaml && equals === undefined) return "write NAME=value, not NAME: value (YAML)";
  const value = equals === undefined ? undefined : readValue(reader, equals);
  if (value === null) return "its quote is not closed";
  take(reader, /(?:[^\S\r\n]*#[^\r\n]*)?/y);
  if (take(reader, /[^\S\r\n]*(?:\r\n|\n|\r|$)/y) === undefined) return "text behind the value";
  return value === undefined ? { name } : { name, value };
}

/** null: a quote that nothing closes. */
function readValue(reader: Reader, equals: string): string | null {
  const first = reader.text[reader.at];
  if (first === "#" && equals.length > 1) return "";
  if (first === "'") return take(reader, /'((?:\\.|[^'\\])*)'/sy)?.replace(/\\([\\'])/g, "$1") ?? null;
  if (first === '"') {
    const quoted = take(reader, /"((?:\\.|[^"\\])*)"/sy);
    return quoted?.replace(/\\([\\'"abfnrtv])/g, (_, letter: string) => escapes[letter] ?? letter) ?? null;
  }
  return (take(reader, /[^\r\n]*/y) ?? "").replace(/\s+#.*/, "").trimEnd();
}

const escapes: { readonly [letter: string]: string } = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function withReferences(value: string, lookUp: (name: string) => string | undefined): string {
  return value.replace(
    /\$\{([^}:]*)(?::-([^}]*))?\}/g,
    (_, name: string, otherwise: string | undefined) => lookUp(name) ?? otherwise ?? "",
  );
}
