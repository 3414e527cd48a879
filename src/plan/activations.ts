import type { Node } from "../ir/pipeline.ts";

/** One incoming edge: active when `from` is over with that outcome. */
export interface Term {
  readonly from: string;
  readonly on: "ok" | "failed";
}

/** The OR of its terms, in document order. */
export type Activation = readonly Term[];

export interface Activations {
  /** By node name; a node with no edge into it (the start) is absent. */
  readonly incoming: ReadonlyMap<string, Activation>;
  readonly success: Activation;
  readonly fail: Activation;
}

/** Turns the outgoing edges of nodes round. */
export function activationsOf(nodes: Iterable<Node>): Activations {
  const incoming = new Map<string, Term[]>();
  const ends: Record<"success" | "fail", Term[]> = { success: [], fail: [] };
  for (const node of nodes) {
    for (const on of ["ok", "failed"] as const) {
      const edge = node[on];
      const term = { from: node.name, on };
      if ("end" in edge) ends[edge.end].push(term);
      else append(incoming, edge.to, term);
    }
  }
  return { incoming, success: ends.success, fail: ends.fail };
}

function append(terms: Map<string, Term[]>, key: string, term: Term): void {
  const list = terms.get(key);
  if (list === undefined) terms.set(key, [term]);
  else list.push(term);
}
