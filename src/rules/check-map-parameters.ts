import { orderOf, successorsOf } from "../ir/graph.ts";
import { type Graph, graphsOf, type Node } from "../ir/pipeline.ts";
import { describeJson } from "../protocol/describe-json.ts";
import { isArray } from "../protocol/json.ts";
import type { Rule } from "./rule.ts";

/**
 * A map over a parameter whose default is no list, where no step runs before that could set it. A default of null says
 * that the value is given to each run, so nothing is known of it.
 */
export const checkMapParameters: Rule = ({ root, parameters }, { sink, places }) => {
  const waiting: { readonly graph: Graph; readonly hidden: ReadonlySet<string> }[] = [
    { graph: root, hidden: new Set() },
  ];
  for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
    const { graph, hidden } = visit;
    for (const node of unpreceded(graph)) {
      if (node.kind === "map" && !hidden.has(node.iterateOn) && Object.hasOwn(parameters, node.iterateOn)) {
        const value = parameters[node.iterateOn];
        if (value !== null && value !== undefined && !isArray(value)) {
          const span = places.of(node, "iterate_on");
          const related = [{ message: "its default", span: places.ofParameter(node.iterateOn) }];
          sink.report("map-not-a-list", {
            step: node.name,
            parameter: node.iterateOn,
            got: describeJson(value),
            span,
            related,
          });
        }
      }
      const inner = new Set([...hidden, ...namesGiven(node)]);
      // A loop's later iterations come after its tasks.
      if (node.kind !== "loop")
        for (const { graph: branch } of graphsOf(node)) waiting.push({ graph: branch, hidden: inner });
    }
  }
};

function namesGiven(node: Node): readonly string[] {
  return node.kind === "map" ? [node.iterateAs] : [];
}

/** The nodes of a graph before which nothing runs that could set a parameter. */
function unpreceded(graph: Graph): readonly Node[] {
  const found = orderOf(graph);
  if ("cycle" in found) return [];
  const after = new Set<Node>();
  const first: Node[] = [];
  for (const node of found.order) {
    if (!after.has(node)) first.push(node);
    if (after.has(node) || node.kind !== "stub") for (const next of successorsOf(node, graph)) after.add(next);
  }
  return first;
}
