import type { LoopNode } from "../ir/pipeline.ts";
import { loopShape } from "../schema/steps.ts";
import { type Edges, lowerBase } from "./lower-base.ts";
import { lowerBranch } from "./lower-branches.ts";
import type { LoweringScope, StepSource } from "./lowering-scope.ts";
import { readStep } from "./read-step.ts";

export function lowerLoop(step: StepSource, edges: Edges, scope: LoweringScope): LoopNode {
  const fields = readStep(loopShape, step, scope);
  const node: LoopNode = {
    kind: "loop",
    ...lowerBase(step, fields, edges),
    branch: lowerBranch(step, "branch", scope),
    maxIterations: fields.max_iterations ?? 1,
    breakOn: fields.break_on ?? "",
    ...(fields.index_as ? { indexAs: fields.index_as } : {}),
  };
  if (fields.break_on === undefined) scope.shared.uncertain.keys.add(node);
  return node;
}
