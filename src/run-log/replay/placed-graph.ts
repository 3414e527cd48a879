import type { Json } from "../../protocol/json.ts";
import { type Path, type PathElement, selectorOf } from "../../protocol/path.ts";
import type { GraphRecords, NodeRecords } from "./event-index.ts";
import { innerScope, type TokenScope } from "./token-scope.ts";

/** A graph at a place. */
export interface PlacedGraph {
  /** Undefined: no event speaks of it. */
  readonly graph: GraphRecords | undefined;
  readonly prefix: Path;
  readonly scope: TokenScope;
  readonly round: number;
}

/** Where a node stands: its graph's place, when the token arrives. */
export type Arrival = Omit<PlacedGraph, "graph">;

/** The graph inside a composite that `element` selects, with its item or iteration visible. */
export function placeInside(node: NodeRecords, element: PathElement, arrival: Arrival, item?: Json): PlacedGraph {
  const value = element.kind === "loop" ? (element.index ?? 0) : (item ?? null);
  const items = element.as === undefined ? {} : { [element.as]: value };
  return {
    graph: node.graphs.get(selectorOf(element)),
    prefix: [...arrival.prefix, element],
    scope: innerScope(arrival.scope, items),
    round: arrival.round,
  };
}
