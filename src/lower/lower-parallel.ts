import type { ParallelNode } from "../ir/pipeline.ts";
import { parallelShape } from "../schema/steps.ts";
import { present } from "../system/present.ts";
import { type Edges, lowerBase } from "./lower-base.ts";
import { lowerBranches } from "./lower-branches.ts";
import type { LoweringScope, StepSource } from "./lowering-scope.ts";
import { readStep } from "./read-step.ts";

export function lowerParallel(step: StepSource, edges: Edges, scope: LoweringScope): ParallelNode {
  const fields = readStep(parallelShape, step, scope);
  const { on_conflict: written = null } = step.container;
  // Another word was reported, and is as good as the usual one.
  const onConflict = fields.on_conflict ?? (written === null ? undefined : "last");
  return {
    kind: "parallel",
    ...lowerBase(step, fields, edges),
    branches: lowerBranches(step, scope),
    ...present({ onConflict }),
  };
}
