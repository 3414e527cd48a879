/**
 * Who computes a control. A composite takes it from a leaf only if its single incoming edge is an `ok` edge from a leaf
 * of its graph: then that leaf has certainly succeeded wherever the control is read. Everywhere else a gather computes it.
 */

import type { CompositeNode, Graph, Node, StubNode, TaskNode } from "../ir/pipeline.ts";
import { kinds } from "../protocol/kinds.ts";
import type { ControlDuty } from "../protocol/step-spec.ts";
import { present } from "../system/present.ts";
import type { Activation } from "./activations.ts";
import { elementOf } from "./element.ts";

export function needsOpeningGather(node: CompositeNode, graph: Graph, incoming: Activation, isRoot: boolean): boolean {
  // One leaf writes `run.created`, so a root never starts with a composite that has several first leaves.
  if (isRoot && graph.start === node.name) return true;
  if (!kinds[node.kind].needsControl) return false;
  return feedingLeaf(node, graph, incoming) === undefined;
}

/** The leaf that computes the control of a map or conditional, or undefined where a gather has to. */
function feedingLeaf(node: Node, graph: Graph, incoming: Activation): string | undefined {
  const [only, second] = incoming;
  if (only === undefined || second !== undefined || graph.start === node.name || only.on !== "ok") return undefined;
  return isLeaf(graph.nodes.get(only.from)) ? only.from : undefined;
}

/** The leaf that is a loop body's only edge into success, and that an ok edge; undefined: a gather closes the body. */
export function closingLeaf(body: Graph, success: Activation): string | undefined {
  const [only, second] = success;
  if (only === undefined || second !== undefined || only.on !== "ok") return undefined;
  return isLeaf(body.nodes.get(only.from)) ? only.from : undefined;
}

export function controlDuty(
  node: TaskNode | StubNode,
  graph: Graph,
  incoming: ReadonlyMap<string, Activation>,
  owner: CompositeNode | undefined,
  closer: string | undefined,
): ControlDuty | undefined {
  if (owner?.kind === "loop" && closer === node.name) {
    return { kind: "loop", breakOn: owner.breakOn, maxIterations: owner.maxIterations };
  }
  if ("end" in node.ok) return undefined;
  const next = graph.nodes.get(node.ok.to);
  if (next === undefined || (next.kind !== "map" && next.kind !== "conditional")) return undefined;
  if (feedingLeaf(next, graph, incoming.get(next.name) ?? []) !== node.name) return undefined;
  const element = elementOf(next, graph);
  if (next.kind === "map") return { kind: "map", element };
  const { parameter, default: otherwise } = next;
  return { kind: "conditional", element, parameter, ...present({ default: otherwise }) };
}

function isLeaf(node: Node | undefined): boolean {
  return node !== undefined && kinds[node.kind].leaf;
}
