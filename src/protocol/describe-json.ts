import { isArray, isNumber, type Json, printJson } from "./json.ts";

/** A value in plain words, for "it is …". */
export function describeJson(value: Json | undefined): string {
  if (value === undefined) return "not set";
  if (value === null) return "empty";
  if (typeof value === "string") return `the text ${shorten(JSON.stringify(value))}`;
  if (typeof value === "boolean") return `${value}`;
  if (isNumber(value)) return `the number ${printJson(value)}`;
  return isArray(value) ? "a list" : "a mapping";
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…"`;
}
