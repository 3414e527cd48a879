import { cyclesOf } from "../ir/graph.ts";
import type { Node } from "../ir/pipeline.ts";
import { walkGraphs } from "../ir/walk.ts";
import type { Span } from "../source/source-file.ts";
import type { Rule } from "./rule.ts";

/** A graph is acyclic. The place is the edge that closes the cycle. */
export const checkCycles: Rule = ({ root }, { sink }) => {
  for (const { graph } of walkGraphs(root)) {
    for (const cycle of cyclesOf(graph)) {
      // One that only the step which a misspelt name may mean would close.
      if (cycle.some(({ spans }) => sink.hasErrorAt(spans.ok) || sink.hasErrorAt(spans.failed))) continue;
      const [first] = cycle;
      const last = cycle.at(-1);
      if (first === undefined || last === undefined) continue;
      const related =
        cycle.length < 2 ? [] : [{ message: `to this step, ${JSON.stringify(first.name)}`, span: first.spans.name }];
      sink.report("cycle", { steps: cycle.map(({ name }) => name), span: edgeTo(first.name, last), related });
    }
  }
};

function edgeTo(name: string, { ok, failed, spans }: Node): Span {
  if ("to" in ok && ok.to === name && spans.ok !== undefined) return spans.ok;
  if ("to" in failed && failed.to === name && spans.failed !== undefined) return spans.failed;
  return spans.name;
}
