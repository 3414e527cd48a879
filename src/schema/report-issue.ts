import type * as z from "zod";
import { quote } from "../diagnostics/quote.ts";
import { suggest } from "../diagnostics/suggest.ts";
import { describeJson } from "../protocol/describe-json.ts";
import { isArray, isNumber, isObject, type Json, type JsonObject, printJson } from "../protocol/json.ts";
import type { Span } from "../source/source-file.ts";
import type { ShapePlace } from "./shape.ts";

type Issue = z.core.$ZodIssue;

/** Words what zod found in the mapping `container`, and points at the key or value that is meant. */
export function reportIssue(issue: Issue, container: JsonObject, place: ShapePlace): void {
  const { container: holder, value } = follow(container, issue.path);
  const key = issue.path.at(-1);
  const finding: Finding = { way: issue.path, holder, key, value, place };
  if (value === undefined && issue.code !== "unrecognized_keys") reportMissing(finding);
  else if (issue.code === "unrecognized_keys") reportUnknownKeys(issue.keys, finding);
  else if (issue.code === "invalid_value") reportValue(issue.values.map(String), finding);
  else if (issue.code === "invalid_union") reportUnion(issue, container, finding);
  else
    reportType(issue.code === "invalid_type" ? (typeWords[issue.expected] ?? issue.expected) : issue.message, finding);
}

interface Finding {
  readonly way: readonly PropertyKey[];
  readonly holder: object | undefined;
  readonly key: PropertyKey | undefined;
  readonly value: Json | undefined;
  readonly place: ShapePlace;
}

const typeWords: { readonly [expected: string]: string } = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

function reportMissing({ way, holder, key, place }: Finding): void {
  const name = String(key);
  const inside = way.length > 1;
  place.sink.report("missing-key", {
    what: inside ? labelOf(way.slice(0, -1)) : place.what,
    key: name,
    example: examples[name],
    span: (inside && holder !== undefined ? place.document.spanOf(holder) : undefined) ?? place.span,
  });
}

const examples: { readonly [key: string]: string } = {
  type: "type: task",
  command: "command: package.module.function",
  branch: "branch: {start_at: …, steps: {…}}",
  branches: "branches: {left: {start_at: …, steps: {…}}}",
  iterate_on: "iterate_on: cities, a parameter that holds a list",
  iterate_as: "iterate_as: city, the parameter that holds one item in the branch",
  parameter: "parameter: size, whose value chooses the branch",
  max_iterations: "max_iterations: 10",
  break_on: "break_on: done, a parameter that is true when the loop should end",
  steps: "steps: {fit: {type: task, …}}",
  pattern: 'pattern: "data/*.csv"',
  name: "name: fit",
  dag: "dag: {start_at: …, steps: {…}}",
};

function reportUnknownKeys(keys: readonly string[], { way, value, place }: Finding): void {
  const known = nestedKeys[String(way.findLast((step) => typeof step === "string"))] ?? [];
  for (const key of keys) {
    place.sink.report("unknown-key", {
      key,
      what: labelOf(way),
      suggestion: suggest(key, known),
      remark: undefined,
      known,
      span: isObject(value) ? place.document.keySpan(value, key) : place.span,
    });
  }
}

/** The keys of mappings inside of steps, by the key that holds them. */
const nestedKeys: { readonly [key: string]: readonly string[] } = {
  catalog: ["get", "put", "store_copy"],
  get: ["pattern", "optional", "store_copy"],
  put: ["pattern", "optional", "store_copy"],
  returns: ["name", "kind"],
  resources: ["cpu", "memory", "gpu"],
  backoff: ["initial", "factor", "max"],
};

function reportValue(allowed: readonly string[], finding: Finding): void {
  const { way, value, place } = finding;
  if (typeof value !== "string") {
    reportType("text", finding);
    return;
  }
  place.sink.report("bad-value", {
    label: labelOf(way),
    value: quote(value),
    suggestion: otherWords.get(value) ?? suggest(value, allowed),
    allowed,
    span: valueSpan(finding),
  });
}

/** Programs by whose name a kind of command is called. */
const otherWords: ReadonlyMap<string, string> = new Map([
  ...["bash", "sh", "zsh", "script"].map((word) => [word, "shell"] as const),
  ...["python3", "py"].map((word) => [word, "python"] as const),
  ...["javascript", "js", "typescript", "ts"].map((word) => [word, "node"] as const),
  ...["docker", "podman", "image"].map((word) => [word, "container"] as const),
  ...["jupyter", "ipynb"].map((word) => [word, "notebook"] as const),
]);

function reportType(expected: string, finding: Finding): void {
  const { way, value, place } = finding;
  const span = valueSpan(finding);
  if (place.sink.hasErrorAt(span)) return;
  const got = describeJson(value);
  const remedy = value === undefined ? undefined : (remedyAt(way, value) ?? remedyFor(expected, value));
  place.sink.report("wrong-type", { label: labelOf(way), expected, got, remedy, span });
}

/** Of the alternatives, the one is meant whose outer form fits; where none does, all are named. */
function reportUnion(issue: Extract<Issue, { code: "invalid_union" }>, container: JsonObject, finding: Finding): void {
  const fitting = issue.errors.find((issues) =>
    issues.every((inner) => inner.path.length > 0 || inner.code === "unrecognized_keys"),
  );
  const words = issue.errors.flatMap((issues) => issues.filter(({ path }) => path.length === 0));
  const value = words.find((inner) => inner.code === "invalid_value");
  if (fitting !== undefined) {
    for (const inner of fitting)
      reportIssue({ ...inner, path: [...issue.path, ...inner.path] }, container, finding.place);
  } else if (value?.code === "invalid_value" && typeof finding.value === "string") {
    reportValue(value.values.map(String), finding);
  } else {
    const expected = words.map((inner) =>
      inner.code === "invalid_type" ? (typeWords[inner.expected] ?? inner.expected) : "text",
    );
    reportType([...new Set(expected)].join(" or "), finding);
  }
}

function valueSpan({ holder, key, place }: Finding): Span | undefined {
  const found =
    holder === undefined || typeof key === "symbol" || key === undefined
      ? undefined
      : place.document.valueSpan(holder, key);
  return found ?? place.span;
}

/** `"returns[1].kind"`. */
function labelOf(way: readonly PropertyKey[]): string {
  return quote(
    way
      .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${String(step)}`))
      .join(""),
  );
}

/** A remedy that follows from the key and what is there. */
function remedyAt(way: readonly PropertyKey[], value: Json): string | undefined {
  const key = way.length === 1 ? String(way[0]) : "";
  const list = isArray(value);
  if (key === "iterate_on" && list) {
    return `give the name of a parameter that holds the list: \`parameters: {items: ${shortJson(value)}}\` and \`iterate_on: items\``;
  }
  if (key === "catalog" && (list || typeof value === "string")) {
    return `choose get or put: \`catalog: {put: ${shortJson(list ? value : [value])}}\``;
  }
  if (key === "branches" && list)
    return "give each branch a name: `branches: {left: {steps: […]}, right: {steps: […]}}`";
  if (key === "env" && (list || typeof value === "string"))
    return 'write names with their values: `env: {NAME: "value"}`';
  if (key === "secrets" && isObject(value))
    return `list the names only: ${JSON.stringify(Object.keys(value).slice(0, 5))}`;
  if (key === "returns" && isObject(value)) return `list them: ${JSON.stringify(Object.keys(value).slice(0, 5))}`;
  return undefined;
}

function shortJson(value: Json): string {
  const text = printJson(value);
  return text.length > 60 ? "[…]" : text;
}

/** A remedy that follows from what was expected and what is there. */
function remedyFor(expected: string, value: Json): string | undefined {
  const scalar = typeof value === "boolean" || isNumber(value);
  if (expected === "text" && scalar) return `to write it as text, put it in quotes: "${printJson(value)}"`;
  if (expected.includes("number") && typeof value === "string" && /^\d+$/.test(value))
    return `write it without quotes: ${value}`;
  if (expected.startsWith("a list") && typeof value === "string") return `write a list: [${quote(value)}]`;
  return undefined;
}

/** The value at the end of a way, with the list or mapping that holds it. */
function follow(
  root: Json,
  way: readonly PropertyKey[],
): { readonly container: object | undefined; readonly value: Json | undefined } {
  let container: object | undefined;
  let value: Json | undefined = root;
  for (const step of way) {
    if (isArray(value) && typeof step === "number") [container, value] = [value, value[step]];
    else if (isObject(value) && typeof step === "string")
      [container, value] = [value, Object.hasOwn(value, step) ? value[step] : undefined];
    else return { container: undefined, value: undefined };
  }
  return { container, value };
}
