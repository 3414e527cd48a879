/**
 * The intermediate representation: what a pipeline means, whatever it was written in. Plain frozen data, equal for all
 * spellings of a pipeline; where its parts were written stands beside it, in {@link file://./places.ts}.
 */
import type { JsonObject } from "../protocol/json.ts";
import type { Edge, Parameters, Reduce } from "../protocol/path.ts";
import type { CommandType } from "../protocol/step-spec.ts";
import type { TaskValues } from "../protocol/task-fields.ts";

export interface Pipeline {
  readonly name: string;
  readonly description?: string;
  /** The document's defaults; never changed by what a run is given. */
  readonly parameters: Parameters;
  /** JSON Schema per parameter. */
  readonly parameterSchema: { readonly [name: string]: JsonObject };
  readonly root: Graph;
}

export interface Graph {
  readonly description?: string;
  /** Name of the first node; never a terminal. */
  readonly start: string;
  /** In document order; terminals are not nodes. */
  readonly nodes: ReadonlyMap<string, Node>;
  /** The names of the terminals, implicit ones too. */
  readonly success: string;
  readonly fail: string;
}

export type Node = TaskNode | StubNode | ParallelNode | MapNode | DagNode | ConditionalNode | LoopNode;
export type CompositeNode = ParallelNode | MapNode | DagNode | ConditionalNode | LoopNode;
export type NodeKind = Node["kind"];

interface NodeBase {
  readonly name: string;
  readonly description?: string;
  readonly ok: Edge;
  readonly failed: Edge;
  /** Target or executor name → key in its configuration's `overrides`. */
  readonly overrides: { readonly [target: string]: string };
}

export interface TaskNode extends NodeBase, TaskValues {
  readonly kind: "task";
  readonly commandType: CommandType;
  /** container: argv; else the command's text. */
  readonly command: string | readonly string[];
}

export interface StubNode extends NodeBase {
  readonly kind: "stub";
}

export interface ParallelNode extends NodeBase {
  readonly kind: "parallel";
  /** In declared order. */
  readonly branches: ReadonlyMap<string, Graph>;
  /** Absent: the author did not say, and the last branch counts. */
  readonly onConflict?: "last" | "list";
}

export interface MapNode extends NodeBase {
  readonly kind: "map";
  readonly branch: Graph;
  readonly iterateOn: string;
  readonly iterateAs: string;
  readonly reduce: Reduce;
  readonly maxParallel?: number;
}

export interface DagNode extends NodeBase {
  readonly kind: "dag";
  readonly branch: Graph;
}

export interface ConditionalNode extends NodeBase {
  readonly kind: "conditional";
  readonly parameter: string;
  readonly branches: ReadonlyMap<string, Graph>;
  /** A branch name. */
  readonly default?: string;
}

export interface LoopNode extends NodeBase {
  readonly kind: "loop";
  readonly branch: Graph;
  readonly maxIterations: number;
  readonly breakOn: string;
  readonly indexAs?: string;
}

/** The graphs inside a node with the branch each is (parallel, conditional), in declared order; none for leaves. */
export function graphsOf(node: Node): readonly { readonly branch?: string; readonly graph: Graph }[] {
  switch (node.kind) {
    case "task":
    case "stub":
      return [];
    case "parallel":
    case "conditional":
      return [...node.branches].map(([branch, graph]) => ({ branch, graph }));
    case "map":
    case "dag":
    case "loop":
      return [{ graph: node.branch }];
  }
}
