import { printJson } from "../../src/protocol/json.ts";
import type { ReferToNames } from "../../src/protocol/spec-text.ts";
import { jsonText } from "./yaml/print-text.ts";

/** Long lists of branches' names, to which the specs of a workflow refer by number. */
export interface NameTable {
  /** Keeps in `used` which ones it was asked for. */
  readonly referrer: (used: Set<number>) => ReferToNames;
  /** Arguments of a container whose specs refer to these. */
  readonly argumentsFor: (used: ReadonlySet<number>) => readonly string[];
}

/** Of its JSON; shorter lists stand in each spec, where a reader sees them. Characters. */
const long = 256;

export function nameTable(): NameTable {
  const numbers = new Map<string, number>();
  const lists: (readonly string[])[] = [];
  return {
    referrer: (used) => (names) => {
      const key = printJson(names);
      if (key.length <= long) return undefined;
      const number = numbers.get(key) ?? lists.push(names) - 1;
      numbers.set(key, number);
      used.add(number);
      return number;
    },
    argumentsFor: (used) => {
      if (used.size === 0) return [];
      const table = Object.fromEntries([...used].sort((a, b) => a - b).map((number) => [number, lists[number] ?? []]));
      return ["--names", jsonText(table)];
    },
  };
}
