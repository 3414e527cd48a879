import { isNumber, type Json, printJson } from "../../protocol/json.ts";

/**
 * How a map's item is called on screens and in a platform's names, where it needs no guess whether it may stand there:
 * a plain word of at most 20 letters, digits, `.`, `_` and `-`, or a number or boolean. Empty for any other, which has
 * its index. No meaning hangs on it.
 */
export function itemKey(item: Json): string {
  if (typeof item === "object" && !isNumber(item)) return "";
  const text = scalarText(item);
  return plainWord.test(text) ? text : "";
}

const plainWord = /^(?=.{1,20}$)[A-Za-z0-9]+(?:[-._][A-Za-z0-9]+)*$/;

/** A value as text: strings as they are, everything else as its JSON text. */
export function scalarText(value: Json): string {
  return typeof value === "string" ? value : printJson(value);
}
