/**
 * The driver of a compilation. In: a pipeline that passed the rules and a target. Out: the target's files, or nothing
 * where something was reported.
 */
import type { DiagnosticSink } from "./diagnostics/sink.ts";
import type { Checked } from "./ir/checked.ts";
import { digestPipeline } from "./ir/digest.ts";
import { planPipeline } from "./plan/plan.ts";
import { checkCapabilities } from "./target/check-capabilities.ts";
import { checkSecrets } from "./target/check-secrets.ts";
import { usualHeader } from "./target/header.ts";
import type { OutputFile, Target, TargetContext } from "./target/target.ts";

export interface Compilation extends Pick<Checked, "pipeline">, Omit<TargetContext<unknown>, "header"> {
  readonly target: Target;
  /** The pipeline's file as the user named it: relative, posix. */
  readonly source: string;
  readonly version: string;
}

export function compilePipeline(compilation: Compilation, sink: DiagnosticSink): readonly OutputFile[] | undefined {
  const { pipeline, target, source, version, ...given } = compilation;
  checkCapabilities(compilation, target, sink);
  checkSecrets(compilation, target.name, (name) => target.secretRemedy?.(name, given.options), sink);
  const context = { ...given, header: (target.header ?? usualHeader)({ source, version }) };
  const model = target.lower(planPipeline(pipeline, digestPipeline(pipeline)), context, sink);
  return sink.hasErrors || model === undefined ? undefined : target.print(model, context);
}
