/**
 * Phase: parameters. In: the document's defaults, a parameters file, the environment, flags; later over earlier (1.4 of
 * the language). Out: the parameters that a run starts with. Everything that was given is checked against
 * `parameter_schema`, what a later source hides too.
 */

import { shownFlag } from "../diagnostics/shown-flag.ts";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { readYaml } from "../frontends/yaml.ts";
import type { Checked } from "../ir/checked.ts";
import type { Pipeline } from "../ir/pipeline.ts";
import { describeJson } from "../protocol/describe-json.ts";
import { parameterName } from "../protocol/environment-names.ts";
import { isObject, type Json, maxJsonDepth, setKey } from "../protocol/json.ts";
import {
  environmentParameters,
  isTextParameter,
  isTooDeep,
  isWithinStep,
  parameterProblem,
  readParameterFlag,
  readParameterText,
} from "../protocol/merge-parameters.ts";
import type { Parameters } from "../protocol/path.ts";
import type { SourceFile } from "../source/source-file.ts";
import type { Environment } from "../system/environment.ts";
import { checkGiven } from "./check-given.ts";
import { checkParameterSchema } from "./check-parameter-schema.ts";
import { defaultOrigin, documentOrigin, type Given } from "./given.ts";

export interface ParameterInputs extends Pick<Checked, "pipeline" | "document"> {
  /** A YAML (or JSON) mapping of names to values. */
  readonly file?: SourceFile;
  readonly environment: Environment;
  /** `name=value`, as given to `--param`. */
  readonly flags: readonly string[];
  readonly sink: DiagnosticSink;
}

/** Reports what is wrong to the sink; the parameters mean something only where it has no errors. */
export async function collectParameters(inputs: ParameterInputs): Promise<Parameters> {
  const { pipeline, sink } = inputs;
  const outside = givenOutside(inputs).filter((value) => isParameter(value, sink));
  checkGiven(pipeline, outside, sink);
  const given = [...givenByDefault(inputs), ...outside];
  await checkParameterSchema(inputs, given, sink);
  const parameters: Record<string, Json> = {};
  for (const { name, value } of given) setKey(parameters, name, value);
  return parameters;
}

function givenByDefault({ pipeline, document }: ParameterInputs): readonly Given[] {
  const origin = defaultOrigin(document);
  return Object.entries(pipeline.parameters).map(([name, value]) => ({ name, value, origin }));
}

function givenOutside({ pipeline, file, environment, flags, sink }: ParameterInputs): readonly Given[] {
  const read = (name: string, text: string): Json => readParameterText(text, isText(pipeline, name));
  const variables = environmentParameters(environment).map(({ name, variable, text }): Given => {
    const origin = { from: `${variable}: `, ...(isWithinStep(environment) ? { handedOn: true as const } : {}) };
    return { name, value: read(name, text), origin };
  });
  const named = flags.flatMap((flag): Given[] => {
    const parsed = readParameterFlag(flag);
    if (parsed === undefined) {
      sink.report("bad-parameter-flag", { flag });
      return [];
    }
    return [
      { name: parsed.name, value: read(parsed.name, parsed.text), origin: { from: `${shownFlag("--param", flag)}: ` } },
    ];
  });
  return [...(file === undefined ? [] : givenInFile(file, sink)), ...variables, ...named];
}

function givenInFile(file: SourceFile, sink: DiagnosticSink): readonly Given[] {
  const document = readYaml(file, sink);
  if (document === undefined || document.value === null) return [];
  const values = document.value;
  if (!isObject(values)) {
    sink.report("bad-parameters-file", { span: document.rootSpan, got: describeJson(values) });
    return [];
  }
  const origin = documentOrigin(document, values);
  // Keys like `x-common` only hold anchors for the others.
  const names = document.keysOf(values).filter((name) => !name.startsWith("x-"));
  return names.map((name) => ({ name, value: values[name] ?? null, origin }));
}

function isText({ parameters, parameterSchema }: Pipeline, name: string): boolean {
  return isTextParameter(
    Object.hasOwn(parameters, name) ? parameters[name] : undefined,
    Object.hasOwn(parameterSchema, name) ? parameterSchema[name] : undefined,
  );
}

function isParameter({ name, value, origin }: Given, sink: DiagnosticSink): boolean {
  if (parameterProblem(name, value) === undefined) return true;
  const place = { span: origin.locate?.([name], "key"), from: origin.from };
  if (!parameterName.test(name) || name === "__proto__") sink.report("bad-parameter-name", { ...place, name });
  else if (!isTooDeep(value)) sink.report("object-in-parameter", { ...place, name });
  else sink.report("parameter-too-deep", { ...place, name, limit: maxJsonDepth });
  return false;
}
