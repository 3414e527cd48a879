import type { ParallelNode } from "../ir/pipeline.ts";
import { parallelShape } from "../schema/steps.ts";
import { type Edges, keySpans, lowerBase } from "./lower-base.ts";
import { lowerBranches } from "./lower-branches.ts";
import { readStep } from "./read-step.ts";
import type { Scope, StepSource } from "./scope.ts";

export function lowerParallel(step: StepSource, edges: Edges, scope: Scope): ParallelNode {
  const fields = readStep(parallelShape, step, scope);
  return {
    kind: "parallel",
    ...lowerBase(step, fields, edges, keySpans(step.container, scope.document)),
    branches: lowerBranches(step, scope),
    onConflict: fields.on_conflict ?? "last",
  };
}
