import { isMapping } from "@actions/workflow-parser";
import type { TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import { EvaluationError, evaluate, evaluateText, evaluateTexts, type Scope } from "../expressions/evaluate.ts";
import { toData, type Value, type ValueObject } from "../expressions/expression-data.ts";
import { fields } from "../workflow/read-fields.ts";
import { inputsOf } from "../workflow/read-workflow.ts";
import type { InputDefinition, WorkflowFile } from "../workflow/workflow-file.ts";

/**
 * The context `inputs` of a called workflow. One that is not given and has no default is an empty text, `0` or
 * `false`, by its type; a value of another type fails the calling job.
 */
export function callInputs(workflow: WorkflowFile, given: TemplateToken | undefined, scope: Scope): ValueObject {
  const values = new Map(fields(given).map(([name, token]) => [name.toLowerCase(), token] as const));
  const definitions = inputsOf(workflow, "workflow_call");
  return Object.fromEntries(
    definitions.map((definition) => {
      const token = values.get(definition.name.toLowerCase());
      const value = token === undefined ? defaultOf(definition, scope) : evaluate(token, scope);
      return [definition.name, typed(definition, value)] as const;
    }),
  );
}

export function callSecrets(
  given: "inherit" | TemplateToken | undefined,
  own: { readonly [name: string]: string },
  scope: Scope,
): { readonly [name: string]: string } {
  if (given === "inherit") return own;
  const token = Object.entries(own).filter(([name]) => name === "GITHUB_TOKEN");
  const passed =
    given !== undefined && isMapping(given)
      ? fields(given).map(([name, value]) => [name, evaluateText(value, scope)] as const)
      : Object.entries(evaluateTexts(given, scope));
  return Object.fromEntries([...token, ...passed]);
}

/**
 * The context `inputs` of a run by hand. Messages for values that GitHub's form and API refuse. Not given and without
 * a default: `false` for a boolean, else an empty text.
 */
export function dispatchInputs(
  definitions: readonly InputDefinition[],
  given: { readonly [name: string]: string },
  scope: Scope,
): { readonly inputs: ValueObject; readonly problems: readonly string[] } {
  const known = definitions.length === 0 ? "none" : definitions.map(({ name }) => name).join(", ");
  const problems = Object.keys(given)
    .filter((name) => !definitions.some((definition) => same(definition.name, name)))
    .map((name) => `There is no input ${name}; there are: ${known}`);
  const inputs = definitions.map((definition): readonly [string, Value] => {
    const text = Object.entries(given).find(([name]) => same(name, definition.name))?.[1];
    if (text === undefined && definition.required && definition.default === undefined)
      problems.push(`The input ${definition.name} is required and was not given`);
    if (text === undefined && definition.default === undefined)
      return [definition.name, definition.type === "boolean" ? false : ""];
    const value = text ?? (definition.default ? evaluateText(definition.default, scope) : "");
    const read = dispatchValue(definition, value);
    if (read === undefined)
      problems.push(`The input ${definition.name} is not a ${describe(definition)}: ${JSON.stringify(value)}`);
    return [definition.name, read ?? value];
  });
  return { inputs: Object.fromEntries(inputs), problems };
}

function defaultOf(definition: InputDefinition, scope: Scope): Value {
  if (definition.default !== undefined) return evaluate(definition.default, scope);
  return definition.type === "boolean" ? false : definition.type === "number" ? 0 : "";
}

function typed(definition: InputDefinition, value: Value): Value {
  switch (definition.type) {
    case "boolean":
      if (typeof value === "boolean") return value;
      break;
    case "number":
      if (typeof value === "number") return value;
      break;
    case "string":
    case "choice":
    case "environment":
      if (value === null || typeof value !== "object") return toData(value).coerceString();
  }
  throw new EvaluationError(
    `The input ${definition.name} of the called workflow must be a ${definition.type}, and it is given ${JSON.stringify(value)}`,
  );
}

function dispatchValue(definition: InputDefinition, text: string): Value | undefined {
  switch (definition.type) {
    case "boolean":
      return text === "true" || text === "false" ? text === "true" : undefined;
    case "number":
      return text === "" ? "" : Number.isFinite(Number(text)) ? Number(text) : undefined;
    case "choice":
      return definition.options.includes(text) ? text : undefined;
    case "string":
    case "environment":
      return text;
  }
}

function describe(definition: InputDefinition): string {
  return definition.type === "choice" ? `choice of ${definition.options.join(", ")}` : definition.type;
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
