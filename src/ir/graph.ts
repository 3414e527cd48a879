/** Order and reachability in one graph. All of it is iterative and linear: a chain may have 100,000 nodes. */
import type { Edge } from "../protocol/path.ts";
import type { Graph, Node } from "./pipeline.ts";

/** The nodes that a node's edges lead to: `ok` first; each once. Names of no node are left out. */
export function successorsOf(node: Node, graph: Graph): readonly Node[] {
  const ok = nodeAt(node.ok, graph);
  const failed = nodeAt(node.failed, graph);
  return [...(ok === undefined ? [] : [ok]), ...(failed === undefined || failed === ok ? [] : [failed])];
}

function nodeAt(edge: Edge, graph: Graph): Node | undefined {
  return "to" in edge ? graph.nodes.get(edge.to) : undefined;
}

/** What the token can reach from a graph's start. */
export interface Reach {
  readonly nodes: ReadonlySet<Node>;
  readonly success: boolean;
  readonly fail: boolean;
}

export function reachOf(graph: Graph): Reach {
  const nodes = new Set<Node>();
  let success = false;
  let fail = false;
  const start = graph.nodes.get(graph.start);
  const waiting: Node[] = start === undefined ? [] : [start];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (nodes.has(node)) continue;
    nodes.add(node);
    for (const edge of [node.ok, node.failed]) {
      if ("end" in edge && edge.end === "success") success = true;
      if ("end" in edge && edge.end === "fail") fail = true;
    }
    waiting.push(...successorsOf(node, graph));
  }
  return { nodes, success, fail };
}

export type Order = { readonly order: readonly Node[] } | { readonly cycle: readonly Node[] };

/**
 * The nodes that can be reached from the start, each after all that lead to it; the way of success stays together, what
 * failures lead to comes after it. Or a cycle, as nodes of which each leads to the next and the last to the first.
 */
export function orderOf(graph: Graph): Order {
  const start = graph.nodes.get(graph.start);
  const search = newSearch(graph);
  const cycle = start === undefined ? undefined : visitFrom(start, search);
  return cycle === undefined ? { order: search.finished.reverse() } : { cycle };
}

/** Cycles of a graph that share no node, in document order, what cannot be reached included. */
export function cyclesOf(graph: Graph): readonly (readonly Node[])[] {
  const cycles: (readonly Node[])[] = [];
  const search = newSearch(graph);
  for (const node of graph.nodes.values()) {
    const cycle = visitFrom(node, search);
    if (cycle !== undefined) cycles.push(cycle);
  }
  return cycles;
}

interface Search {
  readonly graph: Graph;
  /** Nodes whose successors are all visited, in the order in which that came about. */
  readonly finished: Node[];
  readonly state: Map<Node, "open" | "done">;
}

function newSearch(graph: Graph): Search {
  return { graph, finished: [], state: new Map() };
}

/** Depth first, failure edges first, so that in the reversed order of finishing the successes follow at once. */
function visitFrom(start: Node, { graph, finished, state }: Search): readonly Node[] | undefined {
  if (state.has(start)) return undefined;
  const way: { readonly node: Node; readonly ahead: Node[] }[] = [];
  const enter = (node: Node): void => {
    state.set(node, "open");
    way.push({ node, ahead: [...successorsOf(node, graph)] });
  };
  enter(start);
  for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
    const next = top.ahead.pop();
    if (next === undefined) {
      state.set(top.node, "done");
      finished.push(top.node);
      way.pop();
    } else if (!state.has(next)) enter(next);
    else if (state.get(next) === "open") {
      const nodes = way.map(({ node }) => node);
      for (const node of nodes) state.set(node, "done");
      return nodes.slice(nodes.indexOf(next));
    }
  }
  return undefined;
}
