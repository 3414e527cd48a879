/** Reads and checks a pipeline: read → schema → lower → rules. In: its text. Out: the IR, where nothing is wrong. */
import type { DiagnosticSink } from "./diagnostics/sink.ts";
import { readYaml } from "./frontends/yaml.ts";
import type { Pipeline } from "./ir/pipeline.ts";
import { type LowerOptions, lowerPipeline } from "./lower/lower-pipeline.ts";
import { rules } from "./rules/rules.ts";
import type { SourceFile } from "./source/source-file.ts";

/** Reports everything that is wrong at once; undefined where any of it is an error. Warnings stop nothing. */
export function checkPipeline(file: SourceFile, options: LowerOptions, sink: DiagnosticSink): Pipeline | undefined {
  const before = sink.errorCount;
  const document = readYaml(file, sink);
  const lowered = document && lowerPipeline(document, options, sink);
  if (lowered === undefined) return undefined;
  for (const check of rules) check(lowered.pipeline, { sink, uncertain: lowered.uncertain });
  return sink.errorCount > before ? undefined : lowered.pipeline;
}
