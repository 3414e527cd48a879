import type { PlanComposite, PlanGraph, PlanLeaf } from "../../../src/plan/plan-node.ts";
import type { StepSpec } from "../../../src/protocol/step-spec.ts";
import type { NameScope } from "../../../src/target/name-scope.ts";
import type { DagTemplate } from "./task.ts";

export interface Graphs {
  readonly templates: readonly DagTemplate[];
  /** Whether a join, which starts no container, is used. */
  readonly joins: boolean;
  /** Graphs that have more tasks than a dag may have, and cannot be cut. */
  readonly tooWide: readonly PlanGraph[];
}

/** The container template in which a step or gather runs, and the spec that it is given; none: the template has it. */
export type ShapeOf = (
  step: StepSpec,
  leaf: PlanLeaf | undefined,
) => { readonly template: string; readonly spec?: string };

/** Dag templates in the making. */
export interface Building {
  readonly names: NameScope;
  readonly shapeOf: ShapeOf;
  /** Items of this map at a time, where its override says so. */
  readonly limitOf: (node: PlanComposite) => number | undefined;
  /** Items of this map, where the document has its list. */
  readonly itemsOf: (node: PlanComposite) => number;
  readonly templates: (DagTemplate | undefined)[];
  readonly tooWide: PlanGraph[];
  joins: boolean;
}
