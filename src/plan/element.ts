import type { Graph, Node } from "../ir/pipeline.ts";
import type { PathElement } from "../protocol/path.ts";
import { present } from "../system/present.ts";

/** A node as it stands in paths: its edges and what replaying it needs, without a selector, defaults left out. */
export function elementOf(node: Node, graph: Graph): PathElement {
  return {
    node: node.name,
    ...(node.kind === "task" ? {} : { kind: node.kind }),
    ok: node.ok,
    failed: node.failed,
    ...(graph.start === node.name ? { start: true } : {}),
    ...compositePart(node),
  };
}

function compositePart(node: Node): Partial<PathElement> {
  switch (node.kind) {
    case "task":
    case "stub":
    case "dag":
      return {};
    case "parallel":
      return { of: [...node.branches.keys()], ...(node.onConflict === "list" ? { onConflict: "list" } : {}) };
    case "conditional":
      return { of: [...node.branches.keys()] };
    case "map":
      return { on: node.iterateOn, as: node.iterateAs, ...(node.reduce === "list" ? {} : { reduce: node.reduce }) };
    case "loop":
      return present({ as: node.indexAs });
  }
}
