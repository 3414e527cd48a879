import { suggest } from "../diagnostics/suggest.ts";
import type { ConditionalNode, Graph } from "../ir/pipeline.ts";
import { conditionalShape } from "../schema/steps.ts";
import { present } from "../system/present.ts";
import { type Edges, lowerBase } from "./lower-base.ts";
import { lowerBranches } from "./lower-branches.ts";
import type { LoweringScope, StepSource } from "./lowering-scope.ts";
import { readStep } from "./read-step.ts";

export function lowerConditional(step: StepSource, edges: Edges, scope: LoweringScope): ConditionalNode {
  const fields = readStep(conditionalShape, step, scope);
  const branches = renameBooleans(lowerBranches(step, scope), step, scope);
  const chosen = defaultOf(fields.default, branches, step, scope);
  const node: ConditionalNode = {
    kind: "conditional",
    ...lowerBase(step, fields, edges),
    parameter: fields.parameter ?? "",
    branches,
    ...present({ default: chosen }),
  };
  if (fields.parameter === undefined) scope.shared.uncertain.keys.add(node);
  return node;
}

/** Python's booleans as names of branches: runnable's files mean the parameter's values `true` and `false`. */
const jsonOfPython: ReadonlyMap<string, string> = new Map([
  ["True", "true"],
  ["False", "false"],
]);

function renameBooleans(
  branches: ReadonlyMap<string, Graph>,
  step: StepSource,
  { document, sink }: LoweringScope,
): Map<string, Graph> {
  const renamed = new Map<string, Graph>();
  const container = step.container.branches;
  for (const [name, graph] of branches) {
    const json = jsonOfPython.get(name);
    if (json === undefined || branches.has(json)) {
      renamed.set(name, graph);
      continue;
    }
    const span = typeof container === "object" && container !== null ? document.keySpan(container, name) : undefined;
    sink.report("python-boolean-branch", { name, json, span });
    renamed.set(json, graph);
  }
  return renamed;
}

function defaultOf(
  name: string | null | undefined,
  branches: ReadonlyMap<string, Graph>,
  step: StepSource,
  { document, sink }: LoweringScope,
): string | undefined {
  if (name === null || name === undefined || name === "") return undefined;
  if (branches.has(name)) return name;
  const json = jsonOfPython.get(name);
  if (json !== undefined && branches.has(json)) return json;
  sink.report("unknown-default", {
    name,
    suggestion: suggest(name, branches.keys()),
    branches: [...branches.keys()],
    span: document.valueSpan(step.container, "default"),
  });
  return undefined;
}
