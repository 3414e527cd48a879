import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { readYaml } from "../../src/frontends/yaml.ts";
import type { Checked } from "../../src/ir/checked.ts";
import { isObject, type Json, type JsonObject } from "../../src/protocol/json.ts";

/** The IR of a document as far as its parameters go, and the document. */
export function pipelineOf(text: string): Pick<Checked, "pipeline" | "document"> {
  const document = readYaml({ name: "pipeline.yaml", text }, new DiagnosticSink());
  if (document === undefined) throw new Error("not YAML");
  const root = objectIn(document.value);
  const schemas = Object.entries(objectIn(root.parameter_schema)).map(([name, schema]) => [name, objectIn(schema)]);
  const pipeline = {
    name: "p",
    parameters: objectIn(root.parameters),
    parameterSchema: Object.fromEntries(schemas),
    root: { start: "", nodes: new Map(), success: "success", fail: "fail" },
  };
  return { pipeline, document };
}

function objectIn(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}
