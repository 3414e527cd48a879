import { quote } from "./quote.ts";

/** A flag as it was given, for messages: on one line, long values shortened. */
export function shownFlag(option: string, value: string): string {
  return `${option} ${quote(value, 100).slice(1, -1)}`;
}
