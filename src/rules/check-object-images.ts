import { orderOf } from "../ir/graph.ts";
import { type Graph, graphsOf, type Node, type TaskNode } from "../ir/pipeline.ts";
import { walkGraphs, walkNodes } from "../ir/walk.ts";
import type { Edge } from "../protocol/path.ts";
import type { Rule, RuleContext } from "./rule.ts";

/**
 * Objects that a step of one image keeps and one of another may read: a pickle needs the packages that it was made with.
 * What a step reads stands in its code, so this warns of every Python step that sees them.
 */
export const checkObjectImages: Rule = ({ root }, context) => {
  const readers = [...walkNodes(root)].filter(isReader);
  const makers = readers.filter(({ returns }) => returns.some(({ kind }) => kind === "object"));
  if (makers.length === 0 || new Set(readers.map(({ image }) => image)).size < 2) return;
  const after = readersAfter(root);
  for (const maker of makers) {
    const reader = after.get(maker)?.find(({ image }) => image !== maker.image);
    if (reader !== undefined) report(maker, reader, context);
  }
};

function isReader(node: Node): node is TaskNode {
  return node.kind === "task" && (node.commandType === "python" || node.commandType === "notebook");
}

function report(maker: TaskNode, reader: TaskNode, { sink, places }: RuleContext): void {
  const index = maker.returns.findIndex(({ kind }) => kind === "object");
  const image = reader.image === undefined ? "has the image that is configured" : `has the image ${reader.image}`;
  sink.report("object-between-images", {
    name: maker.returns[index]?.name ?? "",
    maker: maker.name,
    reader: reader.name,
    span: places.of(maker, "returns", index, "name"),
    related: [{ message: `this step sees it and ${image}`, span: places.of(reader) }],
  });
}

/** At most two steps of different images: one of them differs from any third. */
type Few = readonly TaskNode[];

function union(...all: readonly Few[]): Few {
  const [first = [], ...rest] = all;
  let few = first;
  for (const reader of rest.flat()) {
    if (few.length < 2 && few.every(({ image }) => image !== reader.image)) few = [...few, reader];
  }
  return few;
}

/** For each task that reads objects, some that see what it publishes when it has succeeded. */
function readersAfter(root: Graph): ReadonlyMap<Node, Few> {
  const inside = readersInside(root);
  const after = new Map<Node, Few>();
  for (const { graph, around } of walkGraphs(root)) {
    const outer = around.at(-1)?.node;
    const found = orderOf(graph);
    // A cycle is reported elsewhere.
    if (!("order" in found)) continue;
    const beyond = outer === undefined ? [] : seenOutside(outer, graph, after, inside);
    const from = new Map<Node, Few>();
    for (const node of [...found.order].reverse()) {
      const at = (edge: Edge): Few => ("to" in edge ? from.get(graph.nodes.get(edge.to) ?? node) : undefined) ?? beyond;
      after.set(node, at(node.ok));
      from.set(
        node,
        union(isReader(node) ? [node] : [], readersOf(node, inside), at(node.ok), at(node.failed), beyond),
      );
    }
  }
  return after;
}

/** What sees the values of a composite's graph when that has ended: what follows the composite, a loop's next iteration. */
function seenOutside(outer: Node, graph: Graph, after: ReadonlyMap<Node, Few>, inside: ReadonlyMap<Graph, Few>): Few {
  if (outer.kind === "map" && outer.reduce === "none") return [];
  return union(after.get(outer) ?? [], outer.kind === "loop" ? (inside.get(graph) ?? []) : []);
}

function readersInside(root: Graph): ReadonlyMap<Graph, Few> {
  const inside = new Map<Graph, Few>();
  for (const { graph } of [...walkGraphs(root)].reverse()) {
    let few: Few = [];
    for (const node of graph.nodes.values()) few = union(few, isReader(node) ? [node] : [], readersOf(node, inside));
    inside.set(graph, few);
  }
  return inside;
}

function readersOf(node: Node, inside: ReadonlyMap<Graph, Few>): Few {
  return union(...graphsOf(node).map(({ graph }) => inside.get(graph) ?? []));
}
