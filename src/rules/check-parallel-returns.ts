import { type Graph, graphsOf, type Node, type ParallelNode } from "../ir/pipeline.ts";
import type { Places } from "../ir/places.ts";
import { walkGraphs, walkNodes } from "../ir/walk.ts";
import type { Span } from "../source/source-file.ts";
import type { Rule, RuleContext } from "./rule.ts";

/** Branches that run at a time and return one name, where the pipeline does not say which value counts. */
export const checkParallelReturns: Rule = ({ root }, context) => {
  const parallels = [...walkNodes(root)].filter((node) => node.kind === "parallel");
  if (parallels.length === 0) return;
  const returns = returnsOfGraphs(root, context.places);
  for (const node of parallels) if (node.onConflict === undefined) checkParallel(node, returns, context);
};

type Returns = ReadonlyMap<string, Span | undefined>;

/** What each graph publishes by `returns`; the inner graphs come first. */
function returnsOfGraphs(root: Graph, places: Places): ReadonlyMap<Graph, Returns> {
  const all = new Map<Graph, Returns>();
  for (const { graph } of [...walkGraphs(root)].reverse()) {
    const names = new Map<string, Span | undefined>();
    for (const node of graph.nodes.values()) {
      for (const [name, span] of returnsOf(node, all, places)) if (!names.has(name)) names.set(name, span);
    }
    all.set(graph, names);
  }
  return all;
}

function returnsOf(
  node: Node,
  all: ReadonlyMap<Graph, Returns>,
  places: Places,
): Iterable<readonly [string, Span | undefined]> {
  if (node.kind === "task") {
    return node.returns.map(({ name }, index) => [name, places.of(node, "returns", index, "name")]);
  }
  if (node.kind === "map" && node.reduce === "none") return [];
  return graphsOf(node).flatMap(({ graph }) => [...(all.get(graph) ?? [])]);
}

function checkParallel(node: ParallelNode, returns: ReadonlyMap<Graph, Returns>, { sink }: RuleContext): void {
  const byName = new Map<string, { readonly branch: string; readonly span: Span | undefined }[]>();
  for (const [branch, graph] of node.branches) {
    for (const [name, span] of returns.get(graph) ?? []) {
      const found = byName.get(name);
      if (found === undefined) byName.set(name, [{ branch, span }]);
      else found.push({ branch, span });
    }
  }
  for (const [name, found] of byName) {
    const last = found.at(-1);
    if (found.length < 2 || last === undefined) continue;
    const related = found
      .slice(0, -1)
      .map(({ branch, span }) => ({ message: `returned by branch ${JSON.stringify(branch)} too`, span }));
    sink.report("conflicting-returns", {
      name,
      branches: found.map(({ branch }) => branch),
      span: last.span,
      related: related.slice(0, 3),
    });
  }
}
