import type { Graph } from "../ir/pipeline.ts";
import type { Span } from "../source/source-file.ts";
import type { Shared } from "./lowering-scope.ts";

/** Stands for a graph that could not be read, so that the rest of the pipeline is checked all the same. */
export function emptyGraph(span: Span | undefined, { places, uncertain }: Shared): Graph {
  const graph: Graph = { start: "", nodes: new Map(), success: "success", fail: "fail" };
  places.addGraph(graph, span);
  uncertain.graphs.add(graph);
  return graph;
}
