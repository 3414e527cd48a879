import type { Path } from "../../protocol/path.ts";
import type { LeafReplay } from "./replay-leaf.ts";

/** A leaf or gather at which the token stands, without a record that lets it go on. */
export interface StuckStep {
  /** Enclosing elements with their selectors, then the node (a closing gather's with its iteration). */
  readonly path: Path;
  readonly gather?: "open" | "close";
  /**
   * `node`: no event knows the node, which may be a leaf or a composite; its element's edges mean nothing. `start`: not
   * even its name is known, only that it is the first of its graph.
   */
  readonly unknown?: "node" | "start";
  /** Of the last attempt seen; attempt 0: never started. */
  readonly attempt: number;
  readonly round: number;
}

/** What replays collect on their way. */
export interface Findings {
  readonly stuck: StuckStep[];
  readonly warnings: { readonly path: Path; readonly message: string }[];
}

export function stuckAt(path: Path, { last, round }: LeafReplay): StuckStep {
  return { path, attempt: last?.attempt ?? 0, round };
}
