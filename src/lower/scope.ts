import { quote } from "../diagnostics/quote.ts";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Graph, Resources, TaskNode } from "../ir/pipeline.ts";
import type { Json, JsonObject } from "../protocol/json.ts";
import type { SourceDocument } from "../source/source-document.ts";
import type { Span } from "../source/source-file.ts";

/** What lowering knows wherever it is in a document. */
export interface Scope {
  readonly document: SourceDocument<Json>;
  readonly sink: DiagnosticSink;
  readonly defaults: TaskDefaults;
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
  /** The text of a file, or undefined where there is none. */
  readonly readFile: (name: string) => string | Unusable | undefined;
  readonly documents: Map<string, SourceDocument<Json> | undefined>;
  /** Graphs with an edge that leads nowhere: nothing can be said of what is reachable in them. */
  readonly uncertain: Set<Graph>;
  /** Steps so far. */
  steps: number;
  /** Handed in, since a graph's steps hold graphs again. */
  readonly lowerGraph: (value: Json | undefined, place: GraphPlace, scope: Scope) => Graph;
}

export interface GraphPlace {
  /** `the pipeline`, `branch "left" of step "train"`. */
  readonly what: string;
  /** The key under which it stands. */
  readonly span: Span;
  /** The graph itself. */
  readonly valueSpan: Span | undefined;
}

/** What a document gives to all of its tasks. */
export interface TaskDefaults {
  readonly image?: string;
  readonly shell?: string;
  readonly env: { readonly [name: string]: string };
  readonly resources: Resources;
  readonly timeoutMs?: number;
  readonly maxAttempts?: number;
  readonly backoff?: NonNullable<TaskNode["backoff"]>;
}

/** A step as it was written. */
export interface StepSource {
  readonly name: string;
  readonly nameSpan: Span;
  readonly container: JsonObject;
  /** What stands below the name is no mapping, which was reported. */
  readonly broken?: true;
}

/** `step "fit"`. */
export function stepLabel({ name }: { readonly name: string }): string {
  return `step ${quote(name)}`;
}

/** A file that is there and is not read. */
export interface Unusable {
  /** As in: it is outside of the project. */
  readonly problem: string;
}
