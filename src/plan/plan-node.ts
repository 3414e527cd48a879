import type { CompositeNode, Graph, Pipeline, StubNode, TaskNode } from "../ir/pipeline.ts";
import type { Edge, Path, PathElement } from "../protocol/path.ts";
import type { RunSpec, StepSpec } from "../protocol/step-spec.ts";
import type { Activation } from "./activations.ts";
import type { MutableStepSpec } from "./task-spec.ts";

export interface Plan {
  readonly pipeline: Pipeline;
  readonly root: PlanGraph;
  /** What a run starts with, with the document's defaults. */
  readonly run: RunSpec;
  /** What the verdict of a run may find lost: steps whose failure does not simply end the run as failed. */
  readonly mayBeLost: NonNullable<StepSpec["mayBeLost"]>;
}

export interface PlanGraph {
  readonly graph: Graph;
  /** Where the graph stands; the last element carries branch and, for maps and loops, no index. Empty: the root. */
  readonly prefix: Path;
  readonly start: PlanNode;
  /** In document order, without those to which no edge leads. */
  readonly nodes: ReadonlyMap<string, PlanNode>;
  /** The edges that end the graph. */
  readonly success: Activation;
  readonly fail: Activation;
}

export interface PlanNodeBase {
  readonly name: string;
  /** As it stands in paths, without a selector. */
  readonly element: PathElement;
  /** Where the node stands, its own element last. */
  readonly path: Path;
  readonly ok: Edge;
  readonly failed: Edge;
  /** OR of the incoming edges; empty for a graph's first node, which runs when its graph starts. */
  readonly activation: Activation;
}

export type PlanNode = PlanLeaf | PlanComposite;

export interface PlanLeaf extends PlanNodeBase {
  readonly kind: "leaf";
  readonly node: TaskNode | StubNode;
  readonly step: StepSpec;
}

export interface PlanComposite extends PlanNodeBase {
  readonly kind: "composite";
  readonly node: CompositeNode;
  readonly graphs: readonly PlanGraph[];
  /** The gather that runs first; it computes the control of a map or conditional, or only opens the run. */
  readonly open?: StepSpec;
  /** The leaf before it in its graph that computes its control; exactly one of `open` and this for map and conditional. */
  readonly fedBy?: string;
  /** loop: the gather that closes every iteration; where absent the body's last leaf does. */
  readonly close?: StepSpec;
}

/** A spec under construction, with the node it belongs to; the lists that need the whole plan are added at the end. */
export interface PlannedSpec {
  readonly spec: MutableStepSpec;
  readonly node: PlanNode;
  readonly gather?: "open" | "close";
}
