import { kinds } from "../protocol/kinds.ts";
import { present } from "../system/present.ts";
import type { Plan, PlanComposite, PlanGraph, PlanLeaf, PlanNode, PlanNodeBase, PlannedSpec } from "./plan-node.ts";
/**
 * Phase: plan. In: the IR of a pipeline that passed the rules. Out: the same graphs with everything decided that a
 * target would otherwise have to reason about: when each node is active, which leaf computes which control, and the
 * step spec that a shim needs for each leaf. Targets print it; the local runner walks it.
 */

import { declaredParameters } from "../ir/declared-parameters.ts";
import { reachOf } from "../ir/graph.ts";
import type { CompositeNode, Graph, Pipeline, StubNode, TaskNode } from "../ir/pipeline.ts";
import { graphsOf } from "../ir/pipeline.ts";
import { isTextParameter } from "../protocol/merge-parameters.ts";
import type { Path, PathElement } from "../protocol/path.ts";
import type { RunSpec, StepSpec } from "../protocol/step-spec.ts";
import { type Activation, activationsOf } from "./activations.ts";
import { closingLeaf, controlDuty, needsOpeningGather } from "./controls.ts";
import { elementOf } from "./element.ts";
import { addLossLists } from "./losses.ts";
import { type MutableStepSpec, taskSpec } from "./task-spec.ts";

export function planPipeline(pipeline: Pipeline, digest: string): Plan {
  const run: RunSpec = {
    pipeline: pipeline.name,
    digest,
    parameters: pipeline.parameters,
    ...textParameters(pipeline),
    ...declaredNames(pipeline),
  };
  const specs: PlannedSpec[] = [];
  const root = planGraph(pipeline.root, [], undefined, { concurrent: false, specs });
  const mayBeLost = addLossLists(root, specs, run);
  return { pipeline, root, run, mayBeLost };
}

interface Surroundings {
  readonly concurrent: boolean;
  readonly specs: PlannedSpec[];
}

function planGraph(graph: Graph, prefix: Path, owner: CompositeNode | undefined, around: Surroundings): PlanGraph {
  const { nodes: reached } = reachOf(graph);
  const order = [...graph.nodes.values()].filter((node) => reached.has(node));
  const { incoming, success, fail } = activationsOf(order);
  const nodes = new Map<string, PlanNode>();
  const closer = owner?.kind === "loop" ? closingLeaf(graph, success) : undefined;
  for (const node of order) {
    const activation = incoming.get(node.name) ?? [];
    const element = elementOf(node, graph);
    const base = { name: node.name, element, path: [...prefix, element], ok: node.ok, failed: node.failed, activation };
    const planned =
      node.kind === "task" || node.kind === "stub"
        ? planLeaf(node, base, graph, incoming, owner, closer, around)
        : planComposite(node, base, graph, prefix, around);
    nodes.set(node.name, planned);
  }
  const start = nodes.get(graph.start);
  if (start === undefined) throw new Error(`graph without its start ${graph.start}`);
  return { graph, prefix, start, nodes, success, fail };
}

function planLeaf(
  node: TaskNode | StubNode,
  base: PlanNodeBase,
  graph: Graph,
  incoming: ReadonlyMap<string, Activation>,
  owner: CompositeNode | undefined,
  closer: string | undefined,
  around: Surroundings,
): PlanLeaf {
  const control = controlDuty(node, graph, incoming, owner, closer);
  const spec: MutableStepSpec = {
    path: base.path,
    ...(node.kind === "task" ? { task: taskSpec(node) } : {}),
    ...present({ control }),
    ...(around.concurrent ? { concurrent: true } : {}),
  };
  const leaf: PlanLeaf = { ...base, kind: "leaf", node, step: spec };
  around.specs.push({ spec, node: leaf });
  return leaf;
}

function planComposite(
  node: CompositeNode,
  base: PlanNodeBase,
  graph: Graph,
  prefix: Path,
  around: Surroundings,
): PlanComposite {
  const isRoot = prefix.length === 0;
  const inside = { ...around, concurrent: around.concurrent || kinds[node.kind].concurrent };
  const openSpec = needsOpeningGather(node, graph, base.activation, isRoot)
    ? openingGather(node, base.path)
    : undefined;
  const graphs = graphsOf(node).map(({ branch, graph: body }) =>
    planGraph(body, [...prefix, branch === undefined ? base.element : { ...base.element, branch }], node, inside),
  );
  const body = graphs[0];
  const closeSpec =
    node.kind === "loop" && body !== undefined && closingLeaf(body.graph, body.success) === undefined
      ? closingGather(node, base.path)
      : undefined;
  const composite: PlanComposite = {
    ...base,
    kind: "composite",
    node,
    graphs,
    ...present({ open: openSpec, close: closeSpec }),
    ...(openSpec === undefined && kinds[node.kind].needsControl ? { fedBy: base.activation[0]?.from ?? "" } : {}),
  };
  if (openSpec) around.specs.push({ spec: openSpec, node: composite, gather: "open" });
  if (closeSpec) around.specs.push({ spec: closeSpec, node: composite, gather: "close" });
  return composite;
}

function openingGather(node: CompositeNode, path: Path): MutableStepSpec {
  const element = path.at(-1);
  if (element === undefined) throw new Error("a gather without a path");
  if (node.kind === "map") return { path, gather: "open", control: { kind: "map", element } };
  if (node.kind !== "conditional") return { path, gather: "open" };
  return { path, gather: "open", control: conditionalDuty(node, element) };
}

function conditionalDuty(node: CompositeNode & { kind: "conditional" }, element: PathElement) {
  const { parameter, default: otherwise } = node;
  return {
    kind: "conditional",
    element,
    parameter,
    ...present({ default: otherwise }),
  } as const;
}

function closingGather(node: CompositeNode & { kind: "loop" }, path: Path): MutableStepSpec {
  const { breakOn, maxIterations } = node;
  return { path, gather: "close", control: { kind: "loop", breakOn, maxIterations } };
}

/** Parameters whose text is never read as JSON: their default or their schema is a string (1.4). */
function textParameters(pipeline: Pipeline): { text?: readonly string[] } {
  const names = new Set([...Object.keys(pipeline.parameters), ...Object.keys(pipeline.parameterSchema)]);
  const text = [...names].filter((name) => isTextParameter(pipeline.parameters[name], pipeline.parameterSchema[name]));
  return text.length === 0 ? {} : { text };
}

/** What a shim needs to judge the parameters that somebody gives it. */
function declaredNames(pipeline: Pipeline): Pick<RunSpec, "types" | "names"> {
  const { types, names } = declaredParameters(pipeline);
  return { ...(Object.keys(types).length === 0 ? {} : { types }), ...(names.length === 0 ? {} : { names }) };
}

/** All nodes of a plan, in document order, a composite before what is in it. */
export function* planNodes(graph: PlanGraph): Generator<PlanNode> {
  for (const node of graph.nodes.values()) {
    yield node;
    if (node.kind === "composite") for (const inner of node.graphs) yield* planNodes(inner);
  }
}

/** The leaves and gathers of a plan, in document order, a composite's opening gather before and its closing one after its steps. */
export function* stepSpecs(graph: PlanGraph): Generator<StepSpec> {
  for (const node of graph.nodes.values()) {
    if (node.kind === "leaf") yield node.step;
    else {
      if (node.open) yield node.open;
      for (const inner of node.graphs) yield* stepSpecs(inner);
      if (node.close) yield node.close;
    }
  }
}
