import { goJson } from "../expressions/go-json.ts";
import type { Workflow } from "./workflow.ts";

/** `workflow.…` (operator.go, setGlobalParameters): texts by their dotted names. `given` are parameters of the submit. */
export function workflowGlobals(
  { metadata, spec }: Workflow,
  name: string,
  given: { readonly [parameter: string]: string },
): Map<string, string> {
  const created = `${new Date().toISOString().slice(0, 19)}Z`;
  const globals = new Map<string, string>([
    ["workflow.name", name],
    ["workflow.namespace", metadata.namespace ?? "default"],
    ["workflow.mainEntrypoint", spec.entrypoint],
    ["workflow.serviceAccountName", spec.serviceAccountName ?? ""],
    ["workflow.uid", "00000000-0000-0000-0000-000000000000"],
    ["workflow.creationTimestamp", created],
    ["workflow.creationTimestamp.s", String(Math.trunc(Date.parse(created) / 1000))],
    ["workflow.creationTimestamp.RFC3339", created],
    ["workflow.duration", "0.000000"],
    ["workflow.status", "Running"],
  ]);
  const parameters = (spec.arguments?.parameters ?? []).map((parameter) => ({
    ...parameter,
    value: given[parameter.name] ?? parameter.value,
  }));
  addAll(globals, "workflow.parameters", goJson(parameters));
  for (const { name, value } of parameters) if (value !== undefined) globals.set(`workflow.parameters.${name}`, value);
  for (const key of ["labels", "annotations"] as const) {
    addAll(globals, `workflow.${key}`, goJson(metadata[key] ?? {}));
    for (const [name, value] of Object.entries(metadata[key] ?? {})) globals.set(`workflow.${key}.${name}`, value);
  }
  return globals;
}

function addAll(globals: Map<string, string>, name: string, json: string): void {
  globals.set(name, json);
  globals.set(`${name}.json`, json);
}
