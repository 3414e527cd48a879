import { shorten } from "../system/shorten.ts";
import { isArray, isNumber, type Json, printJson } from "./json.ts";

/** A value in plain words, for "it is …". */
export function describeJson(value: Json | undefined): string {
  if (value === undefined) return "not set";
  if (value === null) return "empty";
  if (typeof value === "string") return `the text ${JSON.stringify(shorten(value, 58))}`;
  if (typeof value === "boolean") return `${value}`;
  if (isNumber(value)) return `the number ${printJson(value)}`;
  return isArray(value) ? "a list" : "a mapping";
}
