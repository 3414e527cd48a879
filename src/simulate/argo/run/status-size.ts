/**
 * The controller keeps the nodes of a workflow beside its specification in one object of at most 1 MiB (MAX_WORKFLOW_SIZE).
 * Above it compresses the nodes (packer.go); where that does not help, and it has no database for them, it ends the workflow
 * as an Error, and no exit handler runs.
 */
import { gzipSync } from "node:zlib";
import type { Node } from "./node.ts";
import type { Simulation } from "./simulation.ts";

const mostBytes = 1024 ** 2;

/** Looks whenever there are some more nodes than before; a text says why the controller gives up. */
export function statusGuard({ spec, nodes, workflow }: Simulation): () => string | undefined {
  let specBytes: number | undefined;
  let looked = 0;
  return () => {
    if (nodes.size < looked * 1.05 || nodes.size === looked) return undefined;
    looked = nodes.size;
    specBytes ??= JSON.stringify(spec).length;
    const ids = new Map([...nodes.keys()].map((name) => [name, idOf(workflow, name)]));
    const texts = [...nodes.values()].map((node) => textOf(node, workflow, ids));
    const bytes = texts.reduce((sum, text) => sum + text.length + 1, specBytes);
    if (bytes <= mostBytes) return undefined;
    // Go prints a map in the order of its keys, which are hashes.
    const packed = specBytes + Math.ceil((gzipSync(texts.sort().join(",")).length * 4) / 3);
    if (packed <= mostBytes) return undefined;
    return `workflow is longer than maximum allowed size. compressed size ${packed} > maxSize ${mostBytes}: ${specBytes} bytes of specification, and the state of ${nodes.size} nodes`;
  };
}

function textOf(node: Node, workflow: string, ids: ReadonlyMap<string, string>): string {
  const { name, type, phase, message, boundary, startedAt, finishedAt, inputs, outputs, children, template } = node;
  const id = ids.get(name) ?? name;
  const parameters = (values: Node["inputs"]): object => ({
    parameters: values.map(([parameter, value]) => ({ name: parameter, value })),
  });
  return `${JSON.stringify(id)}:${JSON.stringify({
    id,
    name,
    displayName: name.slice(name.lastIndexOf(".") + 1),
    type,
    templateName: template?.template.name,
    templateScope: `local/${workflow}`,
    phase,
    boundaryID: boundary === undefined ? undefined : ids.get(boundary.name),
    message: message === "" ? undefined : message,
    startedAt,
    finishedAt,
    progress: "1/1",
    resourcesDuration: { cpu: id.length, memory: 3 },
    inputs: inputs.length === 0 ? undefined : parameters(inputs),
    outputs: outputs && { ...parameters(outputs.parameters), exitCode: outputs.exitCode },
    children: children.size === 0 ? undefined : [...children].map((child) => ids.get(child) ?? child),
    ...(type === "Pod" ? { hostNodeName: "node-pool-of-some-name-1", taskResultSynced: true } : {}),
  })}`;
}

/** As long as the controller's: the workflow's name and the FNV-1a hash of the node's. */
function idOf(workflow: string, name: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return `${workflow}-${hash >>> 0}`;
}
