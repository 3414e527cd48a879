/**
 * `fixtures/errors/<code>/` of configuration and parameters: `magnus-config.yaml`, `parameters.yaml`, `pipeline.yaml` and
 * `inputs.yaml` {set, params, environment, compile, target, nested} give exactly `expected.txt`. UPDATE=1 rewrites it.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadTarget, targetNames } from "../../src/cli/input/load-target.ts";
import { checkServicesHere, checkServicesThere } from "../../src/configuration/check-services-here.ts";
import { readConfiguration } from "../../src/configuration/read-configuration.ts";
import { readTargetOptions } from "../../src/configuration/read-target-options.ts";
import { resolveVariables } from "../../src/configuration/resolve-variables.ts";
import { configurationCodes } from "../../src/diagnostics/codes-configuration.ts";
import { printPretty } from "../../src/diagnostics/print-pretty.ts";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { readYaml } from "../../src/frontends/yaml.ts";
import { collectParameters } from "../../src/parameters/collect-parameters.ts";
import { isArray, isObject, type Json } from "../../src/protocol/json.ts";
import type { SourceFile } from "../../src/source/source-file.ts";
import { pipelineOf } from "../parameters/pipeline-of.ts";

const folder = new URL("../../fixtures/errors/", import.meta.url);

describe("errors of configuration and parameters", () => {
  it.each(Object.keys(configurationCodes))("%s", async (code) => {
    const sink = await diagnose(code);
    const printed = printPretty(sink.list());
    const expected = new URL(`${code}/expected.txt`, folder);
    if (process.env.UPDATE === "1") writeFileSync(expected, printed);
    expect(printed).toBe(readFileSync(expected, "utf8"));
    expect(new Set(sink.list().map((diagnostic) => diagnostic.code))).toEqual(new Set([code]));
  });
});

async function diagnose(code: string): Promise<DiagnosticSink> {
  const sink = new DiagnosticSink();
  const inputs = readInputs(code);
  const file = source(code, "magnus-config.yaml");
  const read = readConfiguration({
    files: file === undefined ? [] : [file],
    set: inputs.set,
    targetNames: targetNames(),
    sink,
  });
  const configuration = resolveVariables(read, inputs.environment, sink);
  if (inputs.compile) checkServicesThere(configuration, sink);
  // What is no service at all was said already.
  else if (!sink.hasErrors || code === "unset-variable") checkServicesHere(configuration, inputs.environment, sink);
  const target = inputs.target === undefined ? undefined : await loadTarget(inputs.target);
  if (target !== undefined) readTargetOptions(target, configuration, sink);
  const parameters = source(code, "parameters.yaml");
  await collectParameters({
    ...pipelineOf(source(code, "pipeline.yaml")?.text ?? ""),
    ...(parameters === undefined ? {} : { file: parameters }),
    environment: inputs.environment,
    flags: inputs.params,
    sink,
  });
  return sink;
}

function source(code: string, name: string): SourceFile | undefined {
  const url = new URL(`${code}/${name}`, folder);
  return existsSync(url) ? { name, text: readFileSync(url, "utf8") } : undefined;
}

function readInputs(code: string) {
  const file = source(code, "inputs.yaml");
  const value = file === undefined ? {} : readYaml(file, new DiagnosticSink())?.value;
  const { set, params, environment, compile, target, nested } = isObject(value) ? value : {};
  const depth = Number(nested ?? 0);
  const deep = depth === 0 ? [] : [`deep=${"[".repeat(depth)}${"]".repeat(depth)}`];
  return {
    set: texts(set),
    params: [...texts(params), ...deep],
    environment: isObject(environment)
      ? Object.fromEntries(Object.entries(environment).map(([name, text]) => [name, String(text)]))
      : {},
    compile: compile === true,
    target: typeof target === "string" ? target : undefined,
  };
}

function texts(value: Json | undefined): readonly string[] {
  return isArray(value) ? value.map(String) : [];
}
