import { gunzipSync } from "node:zlib";
import type { KubernetesObject } from "./object-store.ts";

/** What the controller says of a workflow. */
export interface WorkflowStatus {
  /** `Running` where it has not ended. */
  readonly phase: string;
  readonly message: string;
  readonly nodes: readonly EndedNode[];
}

/** A node of the workflow's status; `name` is that below the workflow, `/` for the workflow itself. */
export interface EndedNode {
  readonly name: string;
  readonly type: string;
  readonly phase: string;
  readonly message?: string;
  readonly inputs: { readonly [parameter: string]: string };
  readonly outputs: { readonly [parameter: string]: string };
}

export function readStatus(workflow: KubernetesObject): WorkflowStatus {
  const { name } = workflow.metadata;
  // The parse boundary: what the controller wrote.
  const { phase = "", message = "", nodes, compressedNodes } = (workflow.status ?? {}) as Status;
  const all: Status["nodes"] =
    compressedNodes === undefined ? nodes : JSON.parse(gunzipSync(Buffer.from(compressedNodes, "base64")).toString());
  return {
    phase,
    message,
    nodes: Object.values(all ?? {}).map((node) => ({
      name: node.name.slice(name.length) || "/",
      type: node.type,
      phase: node.phase,
      ...(node.message === undefined ? {} : { message: node.message }),
      inputs: valuesOf(node.inputs),
      outputs: valuesOf(node.outputs),
    })),
  };
}

function valuesOf(values: Values | undefined): { readonly [parameter: string]: string } {
  const parameters = (values?.parameters ?? []).filter(({ value }) => value !== undefined);
  return Object.fromEntries(parameters.map(({ name, value }) => [name, String(value)]));
}

interface Status {
  readonly phase?: string;
  readonly message?: string;
  readonly nodes?: { readonly [id: string]: Node };
  /** The nodes of a large workflow: base64 of gzip of JSON. */
  readonly compressedNodes?: string;
}

interface Node {
  readonly name: string;
  readonly type: string;
  readonly phase: string;
  readonly message?: string;
  readonly inputs?: Values;
  readonly outputs?: Values;
}

interface Values {
  readonly parameters?: readonly { readonly name: string; readonly value?: unknown }[];
}
