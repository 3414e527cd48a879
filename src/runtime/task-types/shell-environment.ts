import { parseJson } from "../../protocol/json.ts";

/**
 * Reads what `export -p` printed, in the quoting of any shell: dash and busybox (`export A='it'"'"'s'`), bash
 * (`declare -x A="\$x"`, `$'\n'`), yash (`it\''s'`), ksh and zsh; or `env -0` (posh's `export -p` quotes nothing).
 * Variables that are exported but not set are absent. Bytes that are no UTF-8 become U+FFFD. An array is the text of a JSON
 * list, an associative one of an object, whose values are JSON where their text is.
 */
export function parseShellEnvironment(bytes: Uint8Array): Map<string, string> {
  // A character a byte: `$'\303\251'` spells bytes, not characters.
  const text = Buffer.from(bytes).toString("latin1");
  const found = text.includes("\0") ? nulSeparated(text) : declarations(text);
  return new Map(found.map(([name, value]) => [name, fromBytes(value)]));
}

function fromBytes(text: string): string {
  return /[\x80-\xff]/.test(text) ? Buffer.from(text, "latin1").toString("utf8") : text;
}

function nulSeparated(text: string): [string, string][] {
  return text.split("\0").flatMap((entry): [string, string][] => {
    const at = entry.indexOf("=");
    return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)]] : [];
  });
}

const declaration =
  /(?:export|declare|typeset)((?: -[A-Za-z]+)*)(?: --)? ([A-Za-z_][A-Za-z0-9_]*)(\[\d+\])?(?:=|(?=\n|$))|()([A-Za-z_][A-Za-z0-9_]*)()=(?=\()/y;

function declarations(text: string): [string, string][] {
  const found: [string, string][] = [];
  const split = new Map<string, string[]>();
  for (let at = 0; at < text.length; ) {
    declaration.lastIndex = at;
    const match = declaration.exec(text);
    if (match === null) {
      at = afterLine(text, at);
      continue;
    }
    const [whole, flags = "", name = match[5] ?? "", index] = match;
    const from = declaration.lastIndex;
    // Quoted where it is a text.
    if (whole.endsWith("=") && text[from] === "(") {
      const array = readArray(text, from + 1);
      found.push([name, flags.includes("A") ? objectText(array.entries) : listText(array.entries)]);
      at = afterLine(text, array.end);
      continue;
    }
    const word = readWord(text, from);
    // mksh: `export a[0]=x`, a line an element.
    if (index !== undefined) split.set(name, [...(split.get(name) ?? []), word.value]);
    else if (whole.endsWith("=")) found.push([name, word.value]);
    at = afterLine(text, word.end);
  }
  for (const [name, values] of split) found.push([name, listText(values.map((value) => ["", value]))]);
  return found;
}

type Entries = readonly (readonly [key: string, value: string])[];

/** Behind the `(` of an array: its words, `[key]=word` or only the word, to the `)`. */
function readArray(text: string, from: number): { readonly entries: Entries; readonly end: number } {
  const entries: [string, string][] = [];
  for (let at = from; at < text.length; ) {
    const c = text[at] ?? "";
    if (c === ")") return { entries, end: at + 1 };
    if (/\s/.test(c)) at += 1;
    else {
      const key = c === "[" ? readWord(text, at + 1, "]") : { value: "", end: at - 2 };
      const value = readWord(text, key.end + 2, ")");
      entries.push([key.value, value.value]);
      at = value.end;
    }
  }
  return { entries, end: text.length };
}

function listText(entries: Entries): string {
  return `[${entries.map(([, value]) => jsonText(value)).join(",")}]`;
}

function objectText(entries: Entries): string {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${jsonText(value)}`).join(",")}}`;
}

function jsonText(value: string): string {
  try {
    parseJson(value);
    return value;
  } catch {
    return JSON.stringify(value);
  }
}

function afterLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

/** A shell word from `at` to the blank, the line break or `stop` that ends it, its quotes taken away. */
function readWord(text: string, at: number, stop?: string): { readonly value: string; readonly end: number } {
  let value = "";
  let end = at;
  for (;;) {
    const c = text[end];
    if (c === undefined || c === "\n" || c === " " || c === stop) return { value, end };
    const part = readPart(text, end, c);
    value += part.value;
    end = part.end;
  }
}

function readPart(text: string, at: number, c: string): { readonly value: string; readonly end: number } {
  if (c === "'") return quoted(text, at + 1, closing(text, at + 1, "'", false));
  if (c === '"') {
    const { value, end } = quoted(text, at + 1, closing(text, at + 1, '"', true));
    return { value: value.replace(/\\([$`"\\\n])/g, (_, escaped: string) => (escaped === "\n" ? "" : escaped)), end };
  }
  if (c === "$" && text[at + 1] === "'") {
    const { value, end } = quoted(text, at + 2, closing(text, at + 2, "'", true));
    return { value: readEscapes(value), end };
  }
  if (c === "\\") return { value: text[at + 1] ?? "", end: at + 2 };
  return { value: c, end: at + 1 };
}

function quoted(text: string, from: number, to: number): { readonly value: string; readonly end: number } {
  return { value: text.slice(from, to), end: to + 1 };
}

/** Where the quote that is open at `from` closes. */
function closing(text: string, from: number, quote: string, escapes: boolean): number {
  if (!escapes) {
    const at = text.indexOf(quote, from);
    return at < 0 ? text.length : at;
  }
  for (let at = from; at < text.length; at++) {
    if (text[at] === quote) return at;
    if (text[at] === "\\") at++;
  }
  return text.length;
}

const escapes: { readonly [letter: string]: string } = {
  a: "\x07",
  b: "\b",
  e: "\x1b",
  E: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** The inside of `$'…'`. */
function readEscapes(text: string): string {
  return text.replace(
    /\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|c([\s\S])|([\s\S]))/g,
    (_, octal?: string, hex?: string, short?: string, long?: string, control?: string, other?: string) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      const unicode = short ?? long;
      if (unicode !== undefined) return utf8Bytes(Number.parseInt(unicode, 16));
      if (control !== undefined) return String.fromCharCode(control.charCodeAt(0) & 0x1f);
      return escapes[other ?? ""] ?? other ?? "";
    },
  );
}

function utf8Bytes(codePoint: number): string {
  return codePoint > 0x10ffff ? "" : Buffer.from(String.fromCodePoint(codePoint)).toString("latin1");
}
