import { isSequence } from "@actions/workflow-parser";
import { ACTION_ROOT } from "@actions/workflow-parser/actions/action-constants";
import { getActionSchema } from "@actions/workflow-parser/actions/action-schema";
import { BasicExpressionToken, type TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import { field, fields, textOf } from "./read-fields.ts";
import { readSteps } from "./read-steps.ts";
import { readTemplate } from "./read-template.ts";
import type { WorkflowStep } from "./workflow-file.ts";

/** An action's `action.yml`. */
export interface LocalAction {
  readonly inputs: readonly ActionInput[];
  /** Of a composite action: the expressions of its outputs. */
  readonly outputs: readonly (readonly [name: string, value: TemplateToken])[];
  readonly runs:
    | {
        readonly kind: "node";
        readonly main: string;
        readonly pre: string | undefined;
        readonly post: string | undefined;
        /** Taken as it is, without `success()`; `always()` where there is none. */
        readonly postCondition: BasicExpressionToken;
      }
    | { readonly kind: "composite"; readonly steps: readonly WorkflowStep[] };
}

export interface ActionInput {
  readonly name: string;
  readonly default: TemplateToken | undefined;
  readonly required: boolean;
}

/** A text says why the action cannot be run. */
export function readAction(path: string, text: string): LocalAction | string {
  const { context, value } = readTemplate({ name: path, content: text }, getActionSchema(), ACTION_ROOT);
  const [error] = context.errors.getErrors();
  if (error !== undefined || value === undefined) return error?.message ?? `${path} is empty`;
  const runs = field(value, "runs");
  const using = textOf(field(runs, "using")) ?? "";
  const steps = field(runs, "steps");
  const main = textOf(field(runs, "main"));
  const parts = {
    inputs: fields(field(value, "inputs")).map(([name, input]) => ({
      name,
      default: field(input, "default"),
      required: textOf(field(input, "required")) === "true",
    })),
    outputs: fields(field(value, "outputs")).flatMap(([name, output]) => {
      const expression = field(output, "value");
      return expression === undefined ? [] : [[name, expression] as const];
    }),
  };
  if (using === "composite" && steps !== undefined && isSequence(steps))
    return { ...parts, runs: { kind: "composite", steps: readSteps(steps, context) } };
  if (!/^node(20|24)$/.test(using) || main === undefined)
    return `${path} uses ${using}: only node20, node24 and composite can be simulated`;
  return {
    ...parts,
    runs: {
      kind: "node",
      main,
      pre: textOf(field(runs, "pre")),
      post: textOf(field(runs, "post")),
      postCondition: conditionOf(field(runs, "post-if")),
    },
  };
}

function conditionOf(token: TemplateToken | undefined): BasicExpressionToken {
  const expression = token === undefined ? "always()" : token.toString().replace(/^\$\{\{|\}\}$/g, "");
  return new BasicExpressionToken(undefined, undefined, expression, undefined, undefined, undefined);
}
