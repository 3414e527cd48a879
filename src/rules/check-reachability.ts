import { quote } from "../diagnostics/quote.ts";
import { cyclesOf, reachOf } from "../ir/graph.ts";
import { type GraphVisit, walkGraphs } from "../ir/walk.ts";
import type { Rule } from "./rule.ts";

/** Every graph can succeed, and every step can run. */
export const checkReachability: Rule = ({ root }, { sink, places, uncertain }) => {
  for (const visit of walkGraphs(root)) {
    const { graph } = visit;
    if (uncertain.graphs.has(graph) || graph.nodes.size === 0) continue;
    const { nodes, success } = reachOf(graph);
    const start = graph.nodes.get(graph.start);
    if (!success && cyclesOf(graph).length === 0)
      sink.report("no-way-to-success", {
        what: label(visit),
        success: graph.success,
        span: places.of(start ?? graph),
      });
    for (const node of graph.nodes.values()) {
      if (!nodes.has(node)) sink.report("unreachable", { step: node.name, span: places.of(node) });
    }
  }
};

function label({ around }: GraphVisit): string {
  const inner = around.at(-1);
  if (inner === undefined) return "the pipeline";
  return inner.branch === undefined ? `the graph of step ${quote(inner.node.name)}` : `branch ${quote(inner.branch)}`;
}
