import type { ErrorObject } from "ajv";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { suggest } from "../diagnostics/suggest.ts";
import type { Checked } from "../ir/checked.ts";
import { isArray, isObject, type Json, type JsonObject } from "../protocol/json.ts";
import { partAt, plainJson } from "../protocol/json-part.ts";
import { type Given, locateInDocument, type Origin } from "./given.ts";
import { keywordNames, loadValidators, typeNames, type Validate, type Validators } from "./load-validators.ts";
import { type Violation, violationOf } from "./violation.ts";

/** Reports every given value that breaks its parameter's schema, and every schema that is none. */
export async function checkParameterSchema(
  { pipeline, document }: Pick<Checked, "pipeline" | "document">,
  given: readonly Given[],
  sink: DiagnosticSink,
): Promise<void> {
  const schemas = Object.entries(pipeline.parameterSchema);
  // Loading ajv costs more than compiling a pipeline.
  if (schemas.length === 0) return;
  const validators = await loadValidators();
  const locate = locateInDocument(document, "parameter_schema");
  const checks = new Map<string, Validate>();
  for (const [name, schema] of schemas) {
    const validate = compileSchema(name, schema, validators, locate, sink);
    if (validate !== undefined) checks.set(name, validate);
  }
  for (const value of given) {
    const validate = checks.get(value.name);
    if (validate !== undefined) checkValue(value, validate, sink);
  }
}

function compileSchema(
  name: string,
  schema: JsonObject,
  validators: Validators,
  locate: NonNullable<Origin["locate"]>,
  sink: DiagnosticSink,
): Validate | undefined {
  const plain = plainJson(schema);
  const wrong = topmost(validators.schemaErrors(plain));
  for (const error of wrong) {
    const way = pointerParts(error.instancePath);
    const isType = way.at(-1) === "type" && error.keyword === "anyOf";
    const { problem } = violationOf(isType ? typeError(error) : error, partAt(schema, way));
    const where = way.length === 0 ? "" : `\`${way.join(".")}\` `;
    sink.report("bad-parameter-schema", { name, problem: `${where}${problem}`, span: locate([name, ...way], "value") });
  }
  if (wrong.length > 0) return undefined;
  try {
    return validators.compile(plain);
  } catch (error) {
    reportUncompilable(name, schema, error instanceof Error ? error.message : String(error), locate, sink);
    return undefined;
  }
}

/** A type is a name or a list of names; a name that there is not is what goes wrong. */
function typeError(error: ErrorObject): ErrorObject {
  return { ...error, keyword: "enum", params: { allowedValues: typeNames } };
}

/** What ajv finds only while it compiles: unknown keywords and formats, bad patterns, references that lead nowhere. */
function reportUncompilable(
  name: string,
  schema: JsonObject,
  message: string,
  locate: NonNullable<Origin["locate"]>,
  sink: DiagnosticSink,
): void {
  const unknown = /unknown keyword: "([^"]*)"/.exec(message)?.[1];
  const way =
    unknown !== undefined
      ? wayTo(schema, (key) => key === unknown)
      : wayTo(schema, (key, value) => blamed.has(key) && typeof value === "string" && message.includes(value));
  const near = unknown === undefined ? undefined : suggest(unknown, keywordNames);
  const problem =
    unknown === undefined
      ? message.replace(/^strict mode: /, "").replace(/ (?:in|ignored in) schema at path ".*"$/, "")
      : `there is no keyword "${unknown}"${near === undefined ? "" : `; did you mean "${near}"?`}`;
  const span = locate([name, ...(way ?? [])], unknown === undefined ? "value" : "key");
  sink.report("bad-parameter-schema", { name, problem, span });
}

/** Keywords whose values ajv cites when it cannot compile them. */
const blamed: ReadonlySet<string> = new Set(["pattern", "format", "$ref", "$schema"]);

/** The way to the first key that fits; a schema's own keys before deeper ones. */
function wayTo(schema: JsonObject, fits: (key: string, value: Json) => boolean): readonly string[] | undefined {
  const open: { value: Json; way: readonly string[] }[] = [{ value: schema, way: [] }];
  for (const { value, way } of open) {
    if (!isObject(value) && !isArray(value)) continue;
    for (const [key, part] of Object.entries(value)) {
      if (fits(key, part)) return [...way, key];
      open.push({ value: part, way: [...way, key] });
    }
  }
  return undefined;
}

function checkValue({ name, value, origin }: Given, validate: Validate, sink: DiagnosticSink): void {
  for (const error of topmost(validate(plainJson(value)))) {
    const way = pointerParts(error.instancePath);
    const violation = violationOf(error, partAt(value, way));
    sink.report("parameter-breaks-schema", {
      from: origin.from,
      what: `\`${[name, ...way].join(".")}\``,
      problem: violation.problem,
      span: spanOf(violation, [name, ...way], origin),
    });
  }
}

function spanOf({ key }: Violation, way: readonly string[], { locate }: Origin) {
  return key === undefined ? locate?.(way, "value") : locate?.([...way, key], "key");
}

/** Without what the single alternatives of `anyOf` or `oneOf` complain of: that none fits is all there is to say. */
function topmost(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const choices = errors.filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf");
  // That an `if` chose the branch whose error follows says nothing more.
  return errors.filter((error) => error.keyword !== "if" && !choices.some((choice) => isWithin(error, choice)));
}

function isWithin(error: ErrorObject, choice: ErrorObject): boolean {
  if (error === choice) return false;
  if (error.schemaPath.startsWith(`${choice.schemaPath}/`)) return true;
  // Behind a `$ref` the path begins anew at what it leads to.
  const isReferenced = /^(?!#)|^#\/(?:\$defs|definitions)\//.test(error.schemaPath);
  return (
    isReferenced && `${error.instancePath}/`.startsWith(`${choice.instancePath}/`) && error.keyword !== choice.keyword
  );
}

function pointerParts(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}
