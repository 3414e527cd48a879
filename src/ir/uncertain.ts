import type { Graph, Node } from "./pipeline.ts";

/** What lowering reported and then guessed: rules say nothing that may only follow from it. */
export interface Uncertain {
  /** Graphs with an edge that leads nowhere, or without some of their steps: what can be reached in them is not known. */
  readonly graphs: ReadonlySet<Graph>;
  /** Steps of which an edge leads to what a misspelt name probably means. */
  readonly edges: ReadonlySet<Node>;
  /** Steps without a key that they need, or whose command is of no known type: an empty text stands for it. */
  readonly keys: ReadonlySet<Node>;
}
