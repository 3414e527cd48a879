import type { FieldValues } from "../protocol/task-fields.ts";
import type { Written } from "../schema/field-shapes.ts";
import { exactSpan } from "../source/source-document.ts";
import { lowerDuration } from "./duration.ts";
import type { FieldPlace } from "./lowering-scope.ts";

/** What is left out: a second, doubled, at most five minutes. */
export function lowerBackoff(fields: Written["backoff"], { container, scope }: FieldPlace): FieldValues["backoff"] {
  const { document, sink } = scope;
  const read = (key: "initial" | "max", fallback: number): number => {
    const text = fields[key];
    if (text === null || text === undefined) return fallback;
    const span = exactSpan(document, container, ["backoff", key]);
    return lowerDuration(text, { label: `backoff.${key}`, span, least: 0 }, sink) ?? fallback;
  };
  return {
    initialMs: read("initial", 1000),
    factor: Number(fields.factor?.toString() ?? 2),
    maxMs: read("max", 300_000),
  };
}
