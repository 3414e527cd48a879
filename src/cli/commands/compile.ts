import { compilePipeline } from "../../compile.ts";
import { checkServicesThere } from "../../configuration/check-services-here.ts";
import type { Configuration } from "../../configuration/configuration.ts";
import { readTargetOptions } from "../../configuration/read-target-options.ts";
import { servicesText } from "../../configuration/services-of.ts";
import { DiagnosticSink } from "../../diagnostics/sink.ts";
import { suggest } from "../../diagnostics/suggest.ts";
import type { Checked } from "../../ir/checked.ts";
import { serializePipeline } from "../../ir/serialize.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import { isObject } from "../../protocol/json.ts";
import { version } from "../../protocol/version.ts";
import { checkOverrides } from "../../target/check-overrides.ts";
import type { OutputFile, Target } from "../../target/target.ts";
import { builtProgram } from "../input/built-program.ts";
import { loadConfiguration, loadPipelineWith } from "../input/load-pipeline.ts";
import { loadTarget, targetNames } from "../input/load-target.ts";
import type { CommonOptions } from "../input/options.ts";
import { sourceName } from "../input/source-files.ts";
import { renderTemplate } from "../input/templates.ts";
import { compareFiles, leftovers, printComparison, writeFiles } from "../output/output-files.ts";
import { reportBeside, reportDiagnostics } from "../output/report.ts";

export interface CompileOptions extends CommonOptions {
  readonly target: readonly string[];
  readonly output: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

/** `magnus compile`: writes what the targets give, all of it or, where anything is wrong, nothing. */
export async function compile(name: string, options: CompileOptions): Promise<number> {
  const sink = new DiagnosticSink();
  const configuration = loadConfiguration(options, sink);
  const checked = await loadPipelineWith(name, options, sink);
  const source = sourceName(name);
  const files = await compileTargets(checked, [...new Set(options.target)], { configuration, source }, sink);
  if (sink.hasErrors) return reportDiagnostics(sink, options) ?? exitCode.badInput;
  return options.output === "-" ? printFile(files, options, sink) : placeFiles(files, source, options, sink);
}

function printFile(files: readonly OutputFile[], options: CompileOptions, sink: DiagnosticSink): number {
  if (files.length !== 1) sink.report("not-one-file", { count: files.length });
  const failure = reportBeside(sink, options);
  if (failure !== undefined) return failure;
  process.stdout.write(files[0]?.content ?? "");
  return exitCode.success;
}

/** Writes the files below the folder, or with `--check` only compares them. */
function placeFiles(
  files: readonly OutputFile[],
  source: string,
  options: CompileOptions,
  sink: DiagnosticSink,
): number {
  const { output, check, json, format } = options;
  const compared = compareFiles(files, output);
  if (check !== true) writeFiles(compared, output, sink);
  const failure = json ? reportBeside(sink, options) : reportDiagnostics(sink, options);
  if (failure !== undefined) return failure;
  // With --format json the diagnostics are the result, and lines for people would spoil it.
  if (json || format !== "json") {
    process.stdout.write(printComparison(compared, { ...options, left: leftovers(files, output, source) }));
  }
  return check && compared.some(({ state }) => state !== "same") ? exitCode.failed : exitCode.success;
}

interface Compiling {
  readonly configuration: Configuration;
  readonly source: string;
}

/** Compiles for each target; reports what is wrong with any of them. */
export async function compileTargets(
  checked: Checked | undefined,
  names: readonly string[],
  compiling: Compiling,
  sink: DiagnosticSink,
): Promise<readonly OutputFile[]> {
  checkServicesThere(compiling.configuration, sink);
  const files: OutputFile[] = [];
  for (const name of names) {
    if (name === "ir") {
      const ir = checked?.pipeline;
      if (ir) files.push({ path: `${ir.name}.ir.json`, content: serializePipeline(ir) });
      continue;
    }
    const target = await loadTarget(name);
    if (target === undefined) {
      const known = [...targetNames(), "ir"];
      sink.report("unknown-target", { name, suggestion: suggest(name, known), names: known });
    } else if (checked !== undefined) files.push(...compileTarget(checked, target, compiling, sink));
  }
  return files;
}

function compileTarget(
  checked: Checked,
  target: Target,
  { configuration, source }: Compiling,
  sink: DiagnosticSink,
): readonly OutputFile[] {
  const options = readTargetOptions(target, configuration, sink);
  const overrides = configuration.targets[target.name]?.config.overrides;
  const variations = isObject(overrides) ? Object.keys(overrides) : [];
  checkOverrides(checked, { name: target.name, variations }, sink);
  if (options === undefined) return [];
  const services = servicesText(configuration);
  const render = (template: string, values: object): string => renderTemplate(target.name, template, values);
  return (
    compilePipeline({ ...checked, target, options, source, version, services, render, program: builtProgram }, sink) ??
    []
  );
}
