/**
 * The driver of a compilation. In: a pipeline that passed the rules and a target. Out: the target's files, or nothing
 * where something was reported.
 */
import type { DiagnosticSink } from "./diagnostics/sink.ts";
import type { Checked } from "./ir/checked.ts";
import { digestPipeline } from "./ir/digest.ts";
import { planPipeline } from "./plan/plan.ts";
import { checkCapabilities } from "./target/check-capabilities.ts";
import type { OutputFile, Target } from "./target/target.ts";

export interface Compilation extends Pick<Checked, "pipeline" | "places"> {
  readonly target: Target;
  /** `targets.<name>` of the configuration, checked by the target's own schema. */
  readonly options: unknown;
  readonly source: string;
  readonly version: string;
  /** The services' configuration as JSON; undefined: all defaults. */
  readonly services: string | undefined;
  readonly render: (template: string, values: object) => string;
  readonly program: (name: string) => string;
}

export function compilePipeline(compilation: Compilation, sink: DiagnosticSink): readonly OutputFile[] | undefined {
  const { pipeline, target } = compilation;
  checkCapabilities(compilation, target, sink);
  const plan = planPipeline(pipeline, digestPipeline(pipeline));
  for (const check of target.rules ?? []) check(plan, compilation, sink);
  return sink.hasErrors ? undefined : target.emit(plan, compilation);
}
