import { DiagnosticSink } from "../../diagnostics/sink.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import { loadConfiguration, loadPipelineWith } from "../input/load-pipeline.ts";
import type { CommonOptions } from "../input/options.ts";
import { sourceName } from "../input/source-files.ts";
import { reportDiagnostics } from "../output/report.ts";
import { compileTargets } from "./compile.ts";

export interface CheckOptions extends CommonOptions {
  readonly target?: readonly string[];
}

/** `magnus check`: all diagnostics of pipelines, configuration and targets, nothing else. */
export async function check(names: readonly string[], options: CheckOptions): Promise<number> {
  const sink = new DiagnosticSink();
  const configuration = loadConfiguration(options, sink);
  const targets = [...new Set(options.target)];
  for (const name of names) {
    const checked = await loadPipelineWith(name, options, sink);
    if (targets.length > 0) await compileTargets(checked, targets, { configuration, source: sourceName(name) }, sink);
  }
  return reportDiagnostics(sink, options) ?? exitCode.success;
}
