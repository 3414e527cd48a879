import type { Json } from "../protocol/json.ts";
import type { Entries } from "../source/source-document.ts";

/** A text that is read, and the places of what was found in it. */
export interface Text {
  readonly text: string;
  readonly places: WeakMap<object, Entries>;
}

export interface Read {
  readonly value: Json;
  readonly start: number;
  readonly end: number;
}

/**
 * The end of the quoted text at `start`, where it ends on its line and has no escapes but those of JSON. (A loop: a regular
 * expression exhausts its stack over a text of some millions of characters.)
 */
export function quotedEnd(text: string, start: number): number | undefined {
  const quote = text.charCodeAt(start);
  for (let at = start + 1; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === lineFeed) return undefined;
    if (code === quote) {
      if (quote === doubleQuote || text.charCodeAt(at + 1) !== quote) return at + 1;
      at += 2;
    } else if (code === backslash && quote === doubleQuote) {
      const length = escapeLength(text, at);
      if (length === undefined) return undefined;
      at += length;
    } else at++;
  }
  return undefined;
}

const lineFeed = 10;
const doubleQuote = 34;
const backslash = 92;

function escapeLength(text: string, at: number): number | undefined {
  const sign = text.charAt(at + 1);
  if (sign === "u") return /^[\da-fA-F]{4}$/.test(text.slice(at + 2, at + 6)) ? 6 : undefined;
  return sign !== "" && '"\\/bfnrt'.includes(sign) ? 2 : undefined;
}

export function quotedText(text: string, start: number, end: number): string {
  if (text.charAt(start) === "'") return text.slice(start + 1, end - 1).replaceAll("''", "'");
  const inner = text.slice(start + 1, end - 1);
  if (!inner.includes("\\")) return inner;
  const parsed: unknown = JSON.parse(text.slice(start, end));
  return String(parsed);
}

/** Whether at `at`, after blanks, the line ends or a comment begins. */
export function endsLine(text: string, at: number, lineEnd: number): boolean {
  return at >= lineEnd || (text.charAt(at) === "#" && text.charAt(at - 1) === " ");
}
