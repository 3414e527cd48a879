import { lineMapOf } from "../source/line-map.ts";
import type { Span } from "../source/source-file.ts";

/** `file:line:column`. */
export function printPlace(span: Span): string {
  const { line, column } = lineMapOf(span.file).positionOf(span.start);
  return `${span.file.name}:${line}:${column}`;
}
