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

const double = /"(?:[^"\\\n]|\\["\\/bfnrt]|\\u[\da-fA-F]{4})*"/y;
const single = /'(?:[^'\n]|'')*'/y;

/** The end of the quoted text at `start`, where it ends on its line and has no escapes but those of JSON. */
export function quotedEnd(text: string, start: number): number | undefined {
  const pattern = text.charAt(start) === '"' ? double : single;
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : undefined;
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
