import type { Severity } from "./diagnostic.ts";

/**
 * One line of the table of codes. A message says what is wrong, and why it matters where that is not plain; the hint
 * says what to write instead. Both are functions of typed holes. (Method syntax: each entry names its own holes.)
 */
export interface CodeEntry {
  readonly severity: Severity;
  message(holes: object): string;
  hint?(holes: object): string | undefined;
}

export interface CodeTable {
  readonly [code: string]: CodeEntry;
}
