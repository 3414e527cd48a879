import type { Way } from "../source/source-document.ts";
import type { Span } from "../source/source-file.ts";
import type { Graph, Node } from "./pipeline.ts";

/**
 * Where the parts of a pipeline were written: a table beside the IR, for messages alone. Nothing that a pipeline means
 * depends on it, and any place may be unknown.
 */
export interface Places {
  /** The whole document. */
  readonly document: Span | undefined;
  /**
   * A step's name or the key of a graph. With a way, the value under a key of the step as the language names it
   * (`"catalog", "put", 0`); where that was not written, the nearest part around it, at last the name.
   */
  of(part: Node | Graph, ...way: Way): Span | undefined;
  /** The key or value at the end of a way, only where the step itself has it. */
  exactly(node: Node, way: Way, part: "key" | "value"): Span | undefined;
  /** The key of a parameter's default. */
  ofParameter(name: string): Span | undefined;
}
