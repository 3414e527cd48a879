import type * as z from "zod";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { suggest } from "../diagnostics/suggest.ts";
import { describeJson } from "../protocol/describe-json.ts";
import { isArray, isObject, type Json, type JsonObject, setKey } from "../protocol/json.ts";
import type { Span } from "../source/source-file.ts";
import { reportIssue } from "./report-issue.ts";
import type { FieldsOf, Shape, ShapePlace } from "./shape.ts";

/**
 * The fields of a mapping. What is wrong is reported and left out; a key that is only misspelt counts as what it was
 * meant to be, so that nothing else is said of its absence.
 */
export function readShape<Fields extends z.ZodRawShape>(
  { whole, parts, keys }: Shape<Fields>,
  container: JsonObject,
  place: ShapePlace,
): FieldsOf<Fields> {
  const result = whole.safeParse(container);
  if (result.success) return result.data;
  const left: Record<string, Json> = { ...container };
  const found = new Set<string>();
  for (const issue of result.error.issues) {
    if (issue.code === "unrecognized_keys" && issue.path.length === 0)
      readUnknownKeys(issue.keys, keys, container, left, found, place);
  }
  for (const issue of result.error.issues) {
    const key = issue.path[0];
    if (typeof key !== "string") continue;
    if (!found.has(key)) reportIssue(issue, container, place);
    if (!found.has(key) || Object.hasOwn(container, key)) delete left[key];
  }
  const rest = parts.safeParse(left);
  return rest.success ? rest.data : {};
}

function readUnknownKeys(
  unknown: readonly string[],
  known: readonly string[],
  container: JsonObject,
  left: Record<string, Json>,
  found: Set<string>,
  place: ShapePlace,
): void {
  for (const key of unknown) {
    delete left[key];
    if (place.allows?.(key) === true) continue;
    const meant = synonyms.get(key) ?? key;
    const suggestion = known.includes(meant) ? meant : suggest(key, known);
    reportUnknownKey(key, suggestion, known, container, place);
    if (suggestion === undefined || Object.hasOwn(container, suggestion) || found.has(suggestion)) continue;
    found.add(suggestion);
    setKey(left, suggestion, container[key] ?? null);
  }
}

function reportUnknownKey(
  key: string,
  suggestion: string | undefined,
  known: readonly string[],
  container: JsonObject,
  { document, sink, what, span, remark }: ShapePlace,
): void {
  sink.report("unknown-key", {
    key,
    what,
    suggestion,
    remark: remark?.(key),
    known: known.filter((name) => name !== "node_name"),
    span: document.keySpan(container, key) ?? span,
  });
}

/** Words of older versions and of other tools for what is meant. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ["retry", "max_attempts"],
  ["retries", "max_attempts"],
  ["executor_config", "overrides"],
  ["mode_config", "overrides"],
  ["next_node", "next"],
  ["then", "next"],
  ["run", "command"],
  ["script", "command"],
  ["cmd", "command"],
  ["args", "command"],
  ["environment", "env"],
  ["outputs", "returns"],
  ["container", "image"],
  ["kind", "type"],
  ["start", "start_at"],
  ["tasks", "steps"],
  ["nodes", "steps"],
  ["params", "parameters"],
  ["inputs", "parameters"],
  ["pipeline", "dag"],
  ["graph", "dag"],
  ["items", "iterate_on"],
  ["reducer", "reduce"],
]);

/** A value that is a mapping; reported where it is not. */
export function asMapping(
  value: Json,
  label: string,
  span: Span | undefined,
  sink: DiagnosticSink,
): JsonObject | undefined {
  if (isObject(value)) return value;
  if (sink.hasErrorAt(span)) return undefined;
  const remedy = isArray(value) ? "write the list under `steps`" : undefined;
  sink.report("wrong-type", { label, expected: "a mapping", got: describeJson(value), remedy, span });
  return undefined;
}
