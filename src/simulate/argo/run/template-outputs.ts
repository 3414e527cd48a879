import { evaluate } from "../expressions/evaluate-expression.ts";
import { textOfValue } from "../expressions/expression-value.ts";
import { environmentOf, type Scope } from "../expressions/substitute.ts";
import { ExpressionError } from "../expressions/tokenize-expression.ts";
import type { Template, ValueFrom } from "../workflow/workflow.ts";
import type { Values } from "./node.ts";

/** The outputs of a dag or of steps (operator.go, getTemplateOutputsFromScope). A text: why they cannot be made. */
export function templateOutputs({ outputs }: Template, scope: Scope): Values | string {
  const values: [string, string][] = [];
  for (const { name, valueFrom } of outputs?.parameters ?? []) {
    if (valueFrom === undefined) return "output parameters must have a valueFrom specified";
    const found = resolve(valueFrom, scope);
    const value = "value" in found && found.value !== null ? found.value : valueFrom.default;
    if (value === undefined)
      return "problem" in found
        ? found.problem
        : `output parameter "${name}": "${valueFrom.parameter ?? ""}" is an absent optional (skipped/omitted node output with no default)`;
    values.push([name, value]);
  }
  return values;
}

type Found = { readonly value: string | null } | { readonly problem: string };

function resolve({ parameter = "", expression = "" }: ValueFrom, scope: Scope): Found {
  if (expression !== "") return evaluated(expression, scope, `failed to evaluate expression "${expression}"`);
  if (parameter === "") return { value: "" };
  const tag = parameter.replace(/^\{\{/, "").replace(/\}\}$/, "").trim();
  if (tag.startsWith("=")) return evaluated(tag.slice(1), scope, `Unable to resolve: "${tag}"`);
  const value = scope.get(tag);
  return value === undefined ? { problem: `Unable to resolve: "${tag}"` } : { value };
}

function evaluated(expression: string, scope: Scope, nothing: string): Found {
  try {
    const value = evaluate(expression, environmentOf(scope));
    return value === null ? { problem: nothing } : { value: textOfValue(value) };
  } catch (error) {
    if (error instanceof ExpressionError) return { problem: error.message };
    throw error;
  }
}
