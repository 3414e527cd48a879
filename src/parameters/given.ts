import { DiagnosticSink } from "../diagnostics/sink.ts";
import { readYaml } from "../frontends/yaml.ts";
import type { Pipeline } from "../ir/pipeline.ts";
import type { Json } from "../protocol/json.ts";
import type { SourceDocument } from "../source/source-document.ts";
import type { Span } from "../source/source-file.ts";

/** A value that somebody gave to a parameter, and where. */
export interface Given {
  readonly name: string;
  readonly value: Json;
  readonly origin: Origin;
}

export interface Origin {
  /** Words before a message where there is no text to show: `--param lr=x: `; else empty. */
  readonly from: string;
  /** By the step that starts magnus, not by a person. */
  readonly handedOn?: true;
  /** Where a part of it stands; the way begins with the parameter's name. The nearest part around it that is known. */
  readonly locate?: (way: readonly string[], part: "key" | "value") => Span | undefined;
}

/** Values that stand in a document, in the object `root` of it. */
export function documentOrigin(document: SourceDocument, root: object): Origin {
  return { from: "", locate: (way, part) => spanIn(document, root, way, part) };
}

/**
 * Values that stand in the pipeline's document under `parameters`. The IR only knows where each name stands; for more,
 * which only an error needs, the document is read once more.
 */
export function defaultOrigin(pipeline: Pipeline): Origin {
  const locate = locateInDocument(pipeline, "parameters");
  return { from: "", locate: (way, part) => locate(way, part) ?? pipeline.parameterSpans.get(way[0] ?? "") };
}

/** Finds places below a top-level key of the pipeline's document. */
export function locateInDocument(pipeline: Pipeline, key: string): NonNullable<Origin["locate"]> {
  let read: SourceDocument | undefined;
  return (way, part) => {
    // Whatever is to be said of the document itself was said when it was compiled.
    read ??= readYaml(pipeline.span.file, new DiagnosticSink());
    const root = read?.value;
    return read && isContainer(root) ? spanIn(read, root, [key, ...way], part) : undefined;
  };
}

function spanIn(
  document: SourceDocument,
  root: object,
  way: readonly string[],
  part: "key" | "value",
): Span | undefined {
  let container: unknown = root;
  let span: Span | undefined;
  for (const [depth, key] of way.entries()) {
    if (!isContainer(container)) break;
    const index = Array.isArray(container) ? Number(key) : key;
    const wanted = part === "key" && depth === way.length - 1 ? document.keySpan(container, index) : undefined;
    span = wanted ?? document.valueSpan(container, index) ?? span;
    container = Object.hasOwn(container, key) ? Reflect.get(container, key) : undefined;
  }
  return span;
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
