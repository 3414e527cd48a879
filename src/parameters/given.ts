import type { Json } from "../protocol/json.ts";
import { nearestSpan, type SourceDocument } from "../source/source-document.ts";
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
  return { from: "", locate: (way, part) => nearestSpan(document, root, way, part) };
}

/** Values that stand in the pipeline's document under `parameters`. */
export function defaultOrigin(document: SourceDocument): Origin {
  return { from: "", locate: locateInDocument(document, "parameters") };
}

/** Finds places below a top-level key of the pipeline's document. */
export function locateInDocument(document: SourceDocument, key: string): NonNullable<Origin["locate"]> {
  const { value } = document;
  if (typeof value !== "object" || value === null) return () => undefined;
  return (way, part) => nearestSpan(document, value, [key, ...way], part);
}
