import type { Node } from "../ir/pipeline.ts";
import type { Edges } from "./lower-base.ts";
import { lowerConditional } from "./lower-conditional.ts";
import { lowerDag } from "./lower-dag.ts";
import { lowerLoop } from "./lower-loop.ts";
import { lowerMap } from "./lower-map.ts";
import { lowerParallel } from "./lower-parallel.ts";
import { lowerStub } from "./lower-stub.ts";
import { lowerTask } from "./lower-task.ts";
import type { LoweringScope, StepSource } from "./lowering-scope.ts";

/** A step that is no terminal, by its type. */
export function lowerStep(type: Node["kind"], step: StepSource, edges: Edges, scope: LoweringScope): Node {
  switch (type) {
    case "task":
      return lowerTask(step, edges, scope);
    case "stub":
      return lowerStub(step, edges, scope);
    case "parallel":
      return lowerParallel(step, edges, scope);
    case "map":
      return lowerMap(step, edges, scope);
    case "dag":
      return lowerDag(step, edges, scope);
    case "conditional":
      return lowerConditional(step, edges, scope);
    case "loop":
      return lowerLoop(step, edges, scope);
  }
}
