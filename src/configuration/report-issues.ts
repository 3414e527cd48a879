import * as z from "zod";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { partAt } from "../protocol/json-part.ts";
import { reportMissing, reportShape, reportUnknownKey } from "./diagnose.ts";
import type { Setting } from "./setting.ts";
import { placeOf, type Way } from "./setting-place.ts";

/** Reports what zod found wrong with a setting, each thing at its place; `what` names the setting in sentences. */
export function reportIssues(
  what: string,
  schema: z.ZodType,
  issues: readonly z.core.$ZodIssue[],
  setting: Setting,
  sink: DiagnosticSink,
): void {
  for (const issue of issues.flatMap(ofTheFormThatWasMeant)) {
    const way: Way = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
    const where = way.length === 0 ? what : `\`${way.join(".")}\``;
    if (issue.code === "unrecognized_keys") {
      const known = keysAt(schema, way);
      for (const key of issue.keys) reportUnknownKey(sink, key, where, known, placeOf(setting.places, [...way, key]));
      continue;
    }
    const value = partAt(setting.config, way);
    const place = placeOf(setting.places, way);
    if (value === undefined) reportMissing(sink, what, way.join("."), place, expectedBy(issue));
    else reportShape(sink, where, expectedBy(issue), value, place);
  }
}

/** Where a value may have several forms and is of the kind of just one: what is wrong with it as that one. */
function ofTheFormThatWasMeant(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const meant = issue.errors.filter((errors) => !errors.some(isOfAnotherKind));
  const [only, ...others] = meant;
  if (only === undefined || others.length > 0) return [issue];
  return only.flatMap((inner) => ofTheFormThatWasMeant({ ...inner, path: [...issue.path, ...inner.path] }));
}

function isOfAnotherKind({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === "invalid_type" || code === "invalid_value" || code === "invalid_union");
}

/** The keys that an object has at the end of the way; none where the schema does not say. */
function keysAt(schema: z.core.$ZodType, way: Way): readonly string[] {
  const inner = unwrapped(schema);
  const [key, ...rest] = way;
  if (inner instanceof z.ZodObject) {
    if (key === undefined) return Object.keys(inner.shape);
    const part: z.core.$ZodType | undefined = Object.hasOwn(inner.shape, key) ? inner.shape[key] : undefined;
    return part === undefined ? [] : keysAt(part, rest);
  }
  if (inner instanceof z.ZodUnion) {
    return inner.options.map((form: z.core.$ZodType) => keysAt(form, way)).find((keys) => keys.length > 0) ?? [];
  }
  if (inner instanceof z.ZodRecord) return keysAt(inner.valueType, rest);
  return inner instanceof z.ZodArray ? keysAt(inner.element, rest) : [];
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodNullable ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault
  ) {
    inner = inner.unwrap();
  }
  return inner instanceof z.ZodPipe ? unwrapped(inner.in) : inner;
}

function expectedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return typeWords.get(issue.expected) ?? issue.expected;
    case "invalid_value":
      return `${issue.values.length === 1 ? "" : "one of "}${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "invalid_union":
      return unionWords(issue);
    case "too_small":
      return `${sizeWords(issue.origin)}${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`;
    case "too_big":
      return `${sizeWords(issue.origin)}${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}`;
    default:
      // What a refinement of a target says is a condition in its own words.
      return `right: ${issue.message}`;
  }
}

/** What each alternative asks for, where that is a type or a choice at this very place. */
function unionWords(issue: z.core.$ZodIssueInvalidUnion): string {
  const asked = issue.errors.flatMap((errors) => errors.filter(({ path }) => path.length === 0).map(expectedBy));
  return asked.length === 0 ? "one of the forms that the documentation lists" : [...new Set(asked)].join(" or ");
}

function sizeWords(origin: string): string {
  return origin === "string" || origin === "array" ? "of a length of " : "";
}

const typeWords: ReadonlyMap<string, string> = new Map([
  ["string", "text"],
  ["boolean", "true or false"],
  ["number", "a number"],
  ["int", "a whole number"],
  ["object", "a mapping"],
  ["record", "a mapping"],
  ["array", "a list"],
  ["null", "null"],
]);
