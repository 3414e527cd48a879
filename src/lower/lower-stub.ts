import type { StubNode } from "../ir/pipeline.ts";
import { stubShape } from "../schema/steps.ts";
import { type Edges, lowerBase } from "./lower-base.ts";
import type { LoweringScope, StepSource } from "./lowering-scope.ts";
import { readStep } from "./read-step.ts";

export function lowerStub(step: StepSource, edges: Edges, scope: LoweringScope): StubNode {
  const fields = readStep(stubShape, step, scope);
  return { kind: "stub", ...lowerBase(step, fields, edges) };
}
