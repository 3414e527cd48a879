import type { MapNode } from "../ir/pipeline.ts";
import type { Reduce } from "../protocol/path.ts";
import type { ShapeOf } from "../schema/shape.ts";
import { mapShape } from "../schema/steps.ts";
import { type Edges, lowerBase } from "./lower-base.ts";
import { lowerBranch } from "./lower-branches.ts";
import type { LoweringScope, StepSource } from "./lowering-scope.ts";
import { readStep } from "./read-step.ts";

export function lowerMap(step: StepSource, edges: Edges, scope: LoweringScope): MapNode {
  const fields = readStep(mapShape, step, scope);
  const node: MapNode = {
    kind: "map",
    ...lowerBase(step, fields, edges),
    branch: lowerBranch(step, "branch", scope),
    iterateOn: fields.iterate_on ?? "",
    iterateAs: fields.iterate_as ?? "",
    reduce: lowerReduce(fields, step, scope),
    ...(fields.max_parallel ? { maxParallel: fields.max_parallel } : {}),
  };
  if (fields.iterate_on === undefined || fields.iterate_as === undefined) scope.shared.uncertain.keys.add(node);
  return node;
}

/** runnable's reducers that say no more than a word does; any other program text is refused, never evaluated. */
const knownReducer =
  /^(?:lambda\s*\*\s*(?<items>\w+)\s*:\s*(?<call>max|min|sum|list)\s*\(\s*\k<items>\s*\)|(?<word>max|min|sum|list))$/;

function lowerReduce(
  { reduce, reducer }: ShapeOf<typeof mapShape>,
  step: StepSource,
  { document, sink }: LoweringScope,
): Reduce {
  if (reducer === undefined || reducer === null || reducer === "") return reduce ?? "list";
  if (reduce !== undefined && reduce !== null) {
    sink.report("two-reducers", { span: document.keySpan(step.container, "reducer") });
    return reduce;
  }
  const groups = knownReducer.exec(reducer.trim())?.groups;
  const word = groups?.call ?? groups?.word;
  if (word === "max" || word === "min" || word === "sum" || word === "list") return word;
  sink.report("bad-reducer", { text: reducer, span: document.valueSpan(step.container, "reducer") });
  return "list";
}
