import { quote } from "../diagnostics/quote.ts";
import type { Graph } from "../ir/pipeline.ts";
import { isObject } from "../protocol/json.ts";
import { type LoweringScope, type StepSource, stepLabel } from "./lowering-scope.ts";

/** The graphs under `branches` by name, in declared order. */
export function lowerBranches(step: StepSource, scope: LoweringScope): Map<string, Graph> {
  const graphs = new Map<string, Graph>();
  const { branches } = step.container;
  if (!isObject(branches)) return graphs;
  const { document, sink, shared } = scope;
  for (const name of document.keysOf(branches)) {
    const span = document.keySpan(branches, name) ?? step.nameSpan;
    const what = `branch ${quote(name)} of ${stepLabel(step)}`;
    graphs.set(
      name,
      shared.lowerGraph(branches[name], { what, span, valueSpan: document.valueSpan(branches, name) }, scope),
    );
  }
  if (graphs.size === 0) {
    sink.report("empty-branches", {
      step: step.name,
      span: document.keySpan(step.container, "branches") ?? step.nameSpan,
    });
  }
  return graphs;
}

/** The only graph of a map, loop or dag, under `key`. */
export function lowerBranch(step: StepSource, key: "branch" | "dag", scope: LoweringScope): Graph {
  const span = scope.document.keySpan(step.container, key) ?? step.nameSpan;
  const what = key === "dag" ? stepLabel(step) : `the branch of ${stepLabel(step)}`;
  const valueSpan = scope.document.valueSpan(step.container, key);
  return scope.shared.lowerGraph(step.container[key], { what, span, valueSpan }, scope);
}
