import { cyclesOf } from "../ir/graph.ts";
import type { Node } from "../ir/pipeline.ts";
import type { Places } from "../ir/places.ts";
import { walkGraphs } from "../ir/walk.ts";
import type { Span } from "../source/source-file.ts";
import type { Rule } from "./rule.ts";

/** A graph is acyclic. The place is the edge that closes the cycle. */
export const checkCycles: Rule = ({ root }, { sink, places, uncertain }) => {
  for (const { graph } of walkGraphs(root)) {
    for (const cycle of cyclesOf(graph)) {
      // One that only the step which a misspelt name may mean would close.
      if (cycle.some((node) => uncertain.edges.has(node))) continue;
      const [first] = cycle;
      const last = cycle.at(-1);
      if (first === undefined || last === undefined) continue;
      const related =
        cycle.length < 2 ? [] : [{ message: `to this step, ${JSON.stringify(first.name)}`, span: places.of(first) }];
      sink.report("cycle", { steps: cycle.map(({ name }) => name), span: edgeTo(first.name, last, places), related });
    }
  }
};

function edgeTo(name: string, node: Node, places: Places): Span | undefined {
  const { ok, failed } = node;
  const next = "to" in ok && ok.to === name ? places.exactly(node, ["next"], "value") : undefined;
  if (next !== undefined) return next;
  return "to" in failed && failed.to === name ? places.of(node, "on_failure") : places.of(node);
}
