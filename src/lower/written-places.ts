import type { Graph, Node } from "../ir/pipeline.ts";
import type { Places } from "../ir/places.ts";
import type { Json } from "../protocol/json.ts";
import { exactSpan, nearestSpan, type SourceDocument, type Way } from "../source/source-document.ts";
import type { Span } from "../source/source-file.ts";

interface Written {
  readonly nameSpan: Span | undefined;
  /** Its keys and their values. */
  readonly container: object;
}

/** The places of what was lowered. It keeps of each step only the mapping that it was written as, and looks when asked. */
export class WrittenPlaces implements Places {
  readonly #document: SourceDocument<Json>;
  readonly #graphs = new Map<unknown, Span | undefined>();
  readonly #steps = new Map<unknown, { readonly step: Written; readonly document: SourceDocument<Json> }>();

  constructor(document: SourceDocument<Json>) {
    this.#document = document;
  }

  addGraph(graph: Graph, span: Span | undefined): void {
    this.#graphs.set(graph, span);
  }

  /** `document`: the one in which the step stands, which may be an included one. */
  addNode(node: Node, step: Written, document: SourceDocument<Json>): void {
    this.#steps.set(node, { step, document });
  }

  get document(): Span | undefined {
    return this.#document.rootSpan;
  }

  of(part: Node | Graph, ...way: Way): Span | undefined {
    const written = this.#steps.get(part);
    if (written === undefined) return this.#graphs.get(part);
    const { step, document } = written;
    return (way.length === 0 ? undefined : nearestSpan(document, step.container, way)) ?? step.nameSpan;
  }

  exactly(node: Node, way: Way, part: "key" | "value"): Span | undefined {
    const written = this.#steps.get(node);
    return written && exactSpan(written.document, written.step.container, way, part);
  }

  ofParameter(name: string): Span | undefined {
    const { value, rootSpan } = this.#document;
    const found = typeof value === "object" && value !== null;
    return (found ? exactSpan(this.#document, value, ["parameters", name], "key") : undefined) ?? rootSpan;
  }
}
