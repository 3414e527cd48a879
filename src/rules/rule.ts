import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Graph, Pipeline } from "../ir/pipeline.ts";

export type Rule = (pipeline: Pipeline, context: RuleContext) => void;

export interface RuleContext {
  readonly sink: DiagnosticSink;
  /** Graphs with an edge that leads nowhere, which was reported. */
  readonly uncertain: ReadonlySet<Graph>;
}
