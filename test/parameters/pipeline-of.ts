import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { readYaml } from "../../src/frontends/yaml.ts";
import type { Pipeline } from "../../src/ir/pipeline.ts";
import { isObject, type Json, type JsonObject } from "../../src/protocol/json.ts";

/** The IR of a document as far as its parameters go. */
export function pipelineOf(text: string): Pipeline {
  const file = { name: "pipeline.yaml", text };
  const document = readYaml(file, new DiagnosticSink());
  const root = objectIn(document?.value);
  const parameters = objectIn(root.parameters);
  const span = { file, start: 0, end: text.length };
  return {
    name: "p",
    parameters,
    parameterSchema: Object.fromEntries(
      Object.entries(objectIn(root.parameter_schema)).map(([k, v]) => [k, objectIn(v)]),
    ),
    root: { start: "", nodes: new Map(), success: "success", fail: "fail", span },
    span,
    parameterSpans: new Map(Object.keys(parameters).map((name) => [name, document?.keySpan(parameters, name) ?? span])),
  };
}

function objectIn(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}
