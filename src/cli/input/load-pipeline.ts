import path from "node:path";
import { readPipeline } from "../../check.ts";
import type { Configuration } from "../../configuration/configuration.ts";
import { readConfiguration } from "../../configuration/read-configuration.ts";
import { resolveVariables } from "../../configuration/resolve-variables.ts";
import type { DiagnosticSink } from "../../diagnostics/sink.ts";
import { frontendFor } from "../../frontends/frontends.ts";
import type { Checked } from "../../ir/checked.ts";
import { collectParameters } from "../../parameters/collect-parameters.ts";
import type { SourceFile } from "../../source/source-file.ts";
import { present } from "../../system/present.ts";
import { includedFiles } from "./included-files.ts";
import { targetNames } from "./load-target.ts";
import type { ConfigurationOptions, ParameterOptions } from "./options.ts";
import { readSource, readText, shownName } from "./source-files.ts";

/** Reads and checks a pipeline, `pipeline.yaml`; undefined where something was reported. */
export async function loadPipeline(input: string, sink: DiagnosticSink): Promise<Checked | undefined> {
  const name = frontendFor(input).fileOf?.(input) ?? input;
  const file = readSource(name, sink);
  return file && readPipeline({ input, file }, { readFile: includedFiles(name) }, sink);
}

/**
 * The same with what a parameters file and flags give as its defaults: compiled files start with them. The environment
 * is left out, so that a command gives the same files everywhere.
 */
export async function loadPipelineWith(
  name: string,
  { parametersFile, param = [] }: ParameterOptions,
  sink: DiagnosticSink,
): Promise<Checked | undefined> {
  const checked = await loadPipeline(name, sink);
  const file = parametersFile === undefined ? undefined : readSource(parametersFile, sink);
  if (checked === undefined) return undefined;
  const given = { ...present({ file }), environment: {}, flags: param };
  const parameters = await collectParameters({ ...checked, ...given, sink });
  return { ...checked, pipeline: { ...checked.pipeline, parameters } };
}

/** The configuration of this folder, overlaid by what the user named; executors and targets with their variables. */
export function loadConfiguration({ config, set = [] }: ConfigurationOptions, sink: DiagnosticSink): Configuration {
  const files = configurationFiles(config, sink);
  const configuration = readConfiguration({ files, set, targetNames: targetNames(), sink });
  return resolveVariables(configuration, process.env, sink);
}

function configurationFiles(named: string | undefined, sink: DiagnosticSink): readonly SourceFile[] {
  const standard = path.resolve("magnus-config.yaml");
  const text = readText(standard);
  const files: SourceFile[] = text === undefined ? [] : [{ name: shownName(standard), text }];
  for (const name of [process.env.MAGNUS_CONFIGURATION_FILE, named]) {
    const file = name === undefined || name === "" ? undefined : readSource(name, sink);
    if (file !== undefined) files.push(file);
  }
  return files;
}
