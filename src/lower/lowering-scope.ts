import { quote } from "../diagnostics/quote.ts";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { IncludedDocuments } from "../frontends/included-documents.ts";
import type { Graph, Node } from "../ir/pipeline.ts";
import type { Json, JsonObject } from "../protocol/json.ts";
import type { TaskValues } from "../protocol/task-fields.ts";
import type { SourceDocument } from "../source/source-document.ts";
import type { Span } from "../source/source-file.ts";
import type { WrittenPlaces } from "./written-places.ts";

/** What lowering knows wherever it is in a document. */
export interface LoweringScope {
  readonly document: SourceDocument<Json>;
  readonly sink: DiagnosticSink;
  /** What the document gives to all of its tasks. */
  readonly defaults: Partial<TaskValues>;
  /** The graphs around this one, innermost first. */
  readonly around: GraphNames | undefined;
  /** Graphs around this one. */
  readonly depth: number;
  /** The files that led here by inclusion, the root's first. */
  readonly trail: readonly Inclusion[];
  readonly shared: Shared;
}

/** The names of a graph's steps and terminals, and of the graphs around it. */
export interface GraphNames {
  readonly names: ReadonlyMap<string, unknown>;
  readonly around: GraphNames | undefined;
}

export interface Inclusion {
  readonly file: string;
  /** Where the file is named; undefined for the root. */
  readonly span: Span | undefined;
}

/** One for all scopes of a pipeline. */
export interface Shared {
  readonly readDocument: IncludedDocuments["read"];
  readonly documents: Map<string, SourceDocument<Json> | undefined>;
  /** {@link Uncertain}, while it is collected. */
  readonly uncertain: { readonly graphs: Set<Graph>; readonly edges: Set<Node>; readonly keys: Set<Node> };
  readonly places: WrittenPlaces;
  /** Steps so far. */
  steps: number;
  /** Handed in, since a graph's steps hold graphs again. */
  readonly lowerGraph: (value: Json | undefined, place: GraphPlace, scope: LoweringScope) => Graph;
}

export interface GraphPlace {
  /** `the pipeline`, `branch "left" of step "train"`. */
  readonly what: string;
  /** The key under which it stands. */
  readonly span: Span | undefined;
  /** The graph itself. */
  readonly valueSpan: Span | undefined;
}

/** Where a field of a task was written, or of `defaults`. */
export interface FieldPlace {
  readonly key: string;
  /** The mapping that has the key. */
  readonly container: JsonObject;
  readonly scope: LoweringScope;
}

/** A step as it was written. */
export interface StepSource {
  readonly name: string;
  readonly nameSpan: Span | undefined;
  readonly container: JsonObject;
  /** What stands below the name is no mapping, which was reported. */
  readonly broken?: true;
}

/** `step "fit"`. */
export function stepLabel({ name }: { readonly name: string }): string {
  return `step ${quote(name)}`;
}
