import type { Graph, Node, Pipeline, TaskNode } from "../../ir/pipeline.ts";
import type { CommandType } from "../../protocol/step-spec.ts";
import type { CatalogPattern } from "../../protocol/task-fields.ts";
import { present } from "../../system/present.ts";

/** What runs instead of a step's command; what it leaves out stays as it is. */
export interface Patch {
  readonly command?: string | readonly string[];
  readonly commandType?: CommandType;
}

/**
 * The pipeline as the executor `mocked` runs it: a step that has a patch runs that, all other tasks are stubs. Patches
 * go by a step's name, wherever it stands. Files that a mocked step would have made are not there, so that no pattern of
 * a catalog has to match, and secrets need not be there. Also the names in `patches` that no task has.
 */
export function mockPipeline(
  pipeline: Pipeline,
  patches: ReadonlyMap<string, Patch>,
): { readonly pipeline: Pipeline; readonly unknown: readonly string[] } {
  const used = new Set<string>();
  const mockNode = (node: Node): Node => {
    switch (node.kind) {
      case "task": {
        const patch = patches.get(node.name);
        if (patch === undefined) return stubOf(node);
        used.add(node.name);
        return patched(node, patch);
      }
      case "stub":
        return node;
      case "dag":
      case "map":
      case "loop":
        return { ...node, branch: mockGraph(node.branch) };
      case "parallel":
      case "conditional":
        return { ...node, branches: new Map([...node.branches].map(([name, graph]) => [name, mockGraph(graph)])) };
    }
  };
  // As deep as composites are nested, which the reader of documents limits.
  const mockGraph = (graph: Graph): Graph => ({
    ...graph,
    nodes: new Map([...graph.nodes].map(([name, node]) => [name, mockNode(node)])),
  });
  const root = mockGraph(pipeline.root);
  return { pipeline: { ...pipeline, root }, unknown: [...patches.keys()].filter((name) => !used.has(name)) };
}

function stubOf({ name, description, ok, failed, overrides }: TaskNode): Node {
  return { kind: "stub", name, ok, failed, overrides, ...present({ description }) };
}

function patched(node: TaskNode, { command = node.command, commandType = node.commandType }: Patch): TaskNode {
  const { get, put } = node.catalog;
  return { ...node, command, commandType, secrets: [], catalog: { get: get.map(optional), put: put.map(optional) } };
}

function optional(pattern: CatalogPattern): CatalogPattern {
  return { ...pattern, optional: true };
}
