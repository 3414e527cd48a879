import type { Activation } from "../../../src/plan/activations.ts";
import type { PlanGraph, PlanNode } from "../../../src/plan/plan-node.ts";
import type { Edge } from "../../../src/protocol/path.ts";

/** Some nodes of a graph that are a graph of their own: the token enters by the first and leaves for the next part. */
export interface Part {
  readonly nodes: readonly PlanNode[];
  /** The edges into the next part; of the last: into success. */
  readonly success: Activation;
}

/**
 * Cuts a long graph into parts of at most `longest` nodes; undefined where an edge crosses every place at which it could
 * be cut. A cut before a node is possible where all edges over it lead to that node, none into success, and where the
 * node takes no control from the leaf before it.
 */
export function cutChain(graph: PlanGraph, nodes: readonly PlanNode[], longest: number): readonly Part[] | undefined {
  const order = runOrder(graph, nodes);
  const cuts = possibleCuts(order);
  const parts: Part[] = [];
  for (let start = 0; start < order.length; ) {
    let end = order.length;
    if (end - start > longest) {
      end = start + longest;
      while (end > start && !cuts.has(end)) end--;
      if (end === start) return undefined;
    }
    const entry = order[end];
    parts.push({ nodes: order.slice(start, end), success: entry === undefined ? graph.success : entry.activation });
    start = end;
  }
  // More parts than a dag may hold tasks: none of this would fit into one object anyway.
  return parts.length > longest ? undefined : parts;
}

/** The nodes such that every edge leads forward (Kahn). */
function runOrder(graph: PlanGraph, nodes: readonly PlanNode[]): readonly PlanNode[] {
  const here = new Set(nodes.map(({ name }) => name));
  const waiting = new Map(
    nodes.map((node) => [node.name, node.activation.filter(({ from }) => here.has(from)).length]),
  );
  const order: PlanNode[] = [];
  const ready = [graph.start];
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    order.push(node);
    for (const edge of [node.failed, node.ok]) {
      if (!("to" in edge)) continue;
      const left = (waiting.get(edge.to) ?? 0) - 1;
      waiting.set(edge.to, left);
      const next = graph.nodes.get(edge.to);
      if (left === 0 && next !== undefined) ready.push(next);
    }
  }
  return order;
}

/** Positions before which the order can be cut. */
function possibleCuts(order: readonly PlanNode[]): ReadonlySet<number> {
  const position = new Map(order.map(({ name }, i) => [name, i]));
  const farthest = (edge: Edge): number => {
    if ("to" in edge) return position.get(edge.to) ?? 0;
    return edge.end === "success" ? order.length : 0;
  };
  const cuts = new Set<number>();
  let reach = 0;
  order.forEach((node, i) => {
    const fed = node.kind === "composite" && node.fedBy !== undefined;
    if (i > 0 && reach === i && !fed) cuts.add(i);
    reach = Math.max(reach, farthest(node.ok), farthest(node.failed));
  });
  return cuts;
}
