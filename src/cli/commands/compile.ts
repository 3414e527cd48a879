import { compilePipeline } from "../../compile.ts";
import { checkServicesThere } from "../../configuration/check-services-here.ts";
import type { Configuration } from "../../configuration/configuration.ts";
import { readTargetOptions } from "../../configuration/read-target-options.ts";
import { servicesOf } from "../../configuration/services-of.ts";
import { DiagnosticSink } from "../../diagnostics/sink.ts";
import { suggest } from "../../diagnostics/suggest.ts";
import type { Checked } from "../../ir/checked.ts";
import type { Pipeline } from "../../ir/pipeline.ts";
import { serializePipeline } from "../../ir/serialize.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import { isObject } from "../../protocol/json.ts";
import { version } from "../../protocol/version.ts";
import { checkOverrides } from "../../target/check-overrides.ts";
import { hasHeader, usualHeader } from "../../target/header.ts";
import type { OutputFile, Target } from "../../target/target.ts";
import { builtProgram } from "../input/built-program.ts";
import { loadConfiguration, loadPipelineWith } from "../input/load-pipeline.ts";
import { loadTarget, targetNames } from "../input/load-target.ts";
import type { CommonOptions } from "../input/options.ts";
import { sourceName } from "../input/source-files.ts";
import { renderTemplate } from "../input/templates.ts";
import {
  compareFiles,
  type Family,
  leftovers,
  printComparison,
  type WrittenFile,
  writeFiles,
} from "../output/output-files.ts";
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
  const families = await compileTargets(checked, [...new Set(options.target)], { configuration, source }, sink);
  if (sink.hasErrors) return reportDiagnostics(sink, options) ?? exitCode.badInput;
  return options.output === "-" ? printFile(families, options, sink) : placeFiles(families, options, sink);
}

function printFile(families: readonly Family[], options: CompileOptions, sink: DiagnosticSink): number {
  const files = families.flatMap((family) => family.files);
  if (files.length !== 1) sink.report("not-one-file", { count: files.length });
  const failure = reportBeside(sink, options);
  if (failure !== undefined) return failure;
  process.stdout.write(files[0]?.content ?? "");
  return exitCode.success;
}

/** Writes the files below the folder, or with `--check` only compares them. */
function placeFiles(families: readonly Family[], options: CompileOptions, sink: DiagnosticSink): number {
  const { output, check, json, format } = options;
  const compared = compareFiles(
    families.flatMap(({ files }) => files),
    output,
  );
  if (check !== true) writeFiles(compared, output, sink);
  const failure = json ? reportBeside(sink, options) : reportDiagnostics(sink, options);
  if (failure !== undefined) return failure;
  // With --format json the diagnostics are the result, and lines for people would spoil it.
  if (json || format !== "json") {
    process.stdout.write(printComparison(compared, { ...options, left: leftovers(families, output) }));
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
): Promise<readonly Family[]> {
  checkServicesThere(compiling.configuration, sink);
  const families: Family[] = [];
  for (const name of names) {
    if (name === "ir") {
      if (checked) families.push(printedIr(checked.pipeline));
      continue;
    }
    const target = await loadTarget(name);
    if (target === undefined) {
      const known = [...targetNames(), "ir"];
      sink.report("unknown-target", { name, suggestion: suggest(name, known), names: known });
    } else if (checked !== undefined) families.push(compileTarget(checked, target, compiling, sink));
  }
  return families;
}

/** Without a header, by which another one would be found. */
function printedIr(pipeline: Pipeline): Family {
  const files = [{ path: `${pipeline.name}.ir.json`, content: serializePipeline(pipeline) }];
  return { files, isKin: () => false };
}

function compileTarget(
  checked: Checked,
  target: Target,
  { configuration, source }: Compiling,
  sink: DiagnosticSink,
): Family {
  const isKin = (path: string, text: string): boolean =>
    (target.paths?.test(path) ?? true) && hasHeader(text, target.header ?? usualHeader, source);
  const options = readTargetOptions(target, configuration, sink);
  const overrides = configuration.targets[target.name]?.config.overrides;
  const variations = isObject(overrides) ? Object.keys(overrides) : [];
  checkOverrides(checked, { name: target.name, variations }, sink);
  if (options === undefined) return { files: [], isKin };
  const services = servicesOf(configuration);
  const render = (template: string, values: object): string => renderTemplate(target.name, template, values);
  const given = { options, source, version, services, render, program: builtProgram };
  const files = compilePipeline({ ...checked, target, ...given }, sink) ?? [];
  return { files: files.map((file) => withKept(file, target)), isKin };
}

function withKept(file: OutputFile, target: Target): WrittenFile {
  return target.keep === undefined ? file : { ...file, keep: (onDisk) => target.keep?.(file, onDisk) ?? file.content };
}
