import { type Graph, graphsOf, type Node } from "./pipeline.ts";

/** A graph with the way to it: the composites around it and the branch of each, outermost first. */
export interface GraphVisit {
  readonly graph: Graph;
  readonly around: readonly { readonly node: Node; readonly branch?: string }[];
}

/** Every graph of a pipeline: each before the graphs inside of it, in document order. */
export function* walkGraphs(root: Graph): Generator<GraphVisit> {
  const waiting: GraphVisit[] = [{ graph: root, around: [] }];
  for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
    yield visit;
    const inner: GraphVisit[] = [];
    for (const node of visit.graph.nodes.values()) {
      for (const { branch, graph } of graphsOf(node)) {
        inner.push({ graph, around: [...visit.around, branch === undefined ? { node } : { node, branch }] });
      }
    }
    while (inner.length > 0) waiting.push(...inner.splice(-1000).reverse());
  }
}

/** Every node of a pipeline: each before the nodes inside of it, in document order. */
export function* walkNodes(root: Graph): Generator<Node> {
  const waiting: Iterator<Node>[] = [root.nodes.values()];
  for (let top = waiting.at(-1); top !== undefined; top = waiting.at(-1)) {
    const { done, value } = top.next();
    if (done === true) waiting.pop();
    else {
      yield value;
      const graphs = graphsOf(value);
      for (let index = graphs.length - 1; index >= 0; index--) {
        const inner = graphs[index];
        if (inner !== undefined) waiting.push(inner.graph.nodes.values());
      }
    }
  }
}
