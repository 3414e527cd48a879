import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Pipeline } from "../ir/pipeline.ts";
import type { Places } from "../ir/places.ts";
import type { Uncertain } from "../ir/uncertain.ts";

export type Rule = (pipeline: Pipeline, context: RuleContext) => void;

export interface RuleContext {
  readonly sink: DiagnosticSink;
  /** For messages alone: what a rule finds is the same where no place is known. */
  readonly places: Places;
  readonly uncertain: Uncertain;
}
