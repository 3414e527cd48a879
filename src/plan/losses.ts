/**
 * Which steps can be the first to write after a step was lost.
 *
 * A shim that finds the run log stopping before its own step may declare the step in the way lost, but only if that
 * step's failure leads here with nothing else running. These lists, computed from the edges, are its right to do so.
 */

import { kinds } from "../protocol/kinds.ts";
import type { RunSpec, StepSpec } from "../protocol/step-spec.ts";
import { present } from "../system/present.ts";
import type { PlanComposite, PlanGraph, PlanNode, PlannedSpec } from "./plan-node.ts";

type Loss = NonNullable<StepSpec["mayBeLost"]>[number];

/** Further steps that were lost in a row before one came. A longer row ends the run: exit 74, never a wrong record. */
const longestRow = 8;

/** Completes the specs with `mayBeLost` and `run`; returns the verdict's list: what it could not assume of a lost step. */
export function addLossLists(root: PlanGraph, specs: readonly PlannedSpec[], run: RunSpec): readonly Loss[] {
  const owners = ownersOf(root);
  const specOf = new Map(specs.map((planned) => [stepKey(planned.node, planned.gather), planned]));
  const verdict: Loss[] = [];
  const first = root.start;
  for (const lost of specs) {
    const { followers, endsPlainly } = followersOf(lost.node, owners);
    const entry: Loss = { path: lost.spec.path, ...present({ gather: lost.gather }) };
    if (!endsPlainly || isFirstInside(lost)) verdict.push(entry);
    for (const key of followers) {
      const follower = specOf.get(key);
      if (follower === undefined) continue;
      follower.spec.mayBeLost ??= [];
      follower.spec.mayBeLost.push(entry);
      if (lost.node === first && lost.gather !== "close") follower.spec.run = run;
    }
  }
  const opener = specOf.get(stepKey(first, first.kind === "leaf" ? undefined : "open"));
  if (opener === undefined) throw new Error("a plan without a first step");
  opener.spec.run = run;
  return verdict;
}

const nodeKeys = new WeakMap<PlanNode, number>();
let keys = 0;

/** The step with which a composite begins: where it never came, nothing in the log knows it, nor what is around it. */
function isFirstInside({ node, gather }: PlannedSpec): boolean {
  return gather !== "close" && (gather === "open" || (node.path.length > 1 && node.element.start === true));
}

function stepKey(node: PlanNode, gather: "open" | "close" | undefined): string {
  let key = nodeKeys.get(node);
  if (key === undefined) nodeKeys.set(node, (key = ++keys));
  return `${key}${gather ?? ""}`;
}

interface Owner {
  readonly graph: PlanGraph;
  /** Undefined: the graph is the root. */
  readonly composite: PlanComposite | undefined;
}

function ownersOf(root: PlanGraph): ReadonlyMap<PlanNode, Owner> {
  const owners = new Map<PlanNode, Owner>();
  const visit = (graph: PlanGraph, composite: PlanComposite | undefined): void => {
    for (const node of graph.nodes.values()) {
      owners.set(node, { graph, composite });
      if (node.kind === "composite") for (const inner of node.graphs) visit(inner, node);
    }
  };
  visit(root, undefined);
  return owners;
}

interface Followers {
  readonly followers: ReadonlySet<string>;
  /** Its failure and that of all around it lead to the run's implicit `fail` and nowhere else. */
  readonly endsPlainly: boolean;
}

/** The leaves and gathers to which the failure of `lost` can lead with nothing running between. */
function followersOf(lost: PlanNode, owners: ReadonlyMap<PlanNode, Owner>): Followers {
  const walk: Walk = { owners, followers: new Set(), seen: new Set(), endsPlainly: isPlain(lost) };
  let front: Ended[] = [{ node: lost, on: "failed" }];
  for (let row = 0; row < longestRow && front.length > 0; row++) front = nextRow(front, walk);
  return walk;
}

/** A node, and how it ended. */
interface Ended {
  readonly node: PlanNode;
  readonly on: "ok" | "failed";
}

interface Walk {
  readonly owners: ReadonlyMap<PlanNode, Owner>;
  readonly followers: Set<string>;
  readonly seen: Set<string>;
  endsPlainly: boolean;
}

/** The nodes that start next, and may be lost as well; `front` grows by the composites that end with it. */
function nextRow(front: Ended[], walk: Walk): Ended[] {
  const next: Ended[] = [];
  // Ends of graphs are passed within a row: no step stands between a branch's end and its composite's edge.
  for (const { node, on } of front) {
    if (walk.seen.has(stepKey(node, undefined) + on)) continue;
    walk.seen.add(stepKey(node, undefined) + on);
    const { graph, composite } = walk.owners.get(node) ?? {};
    const edge = node[on];
    if (edge !== undefined && "to" in edge) {
      walk.endsPlainly = false;
      const target = graph?.nodes.get(edge.to);
      if (target !== undefined) enter(target, walk.followers, next);
    } else if (composite !== undefined) {
      front.push(...afterEnd(composite, edge.end, walk.followers));
      if (composite.element.failed !== undefined && !isPlain(composite)) walk.endsPlainly = false;
    } else if (edge.end === "success" || edge.name !== "fail") walk.endsPlainly = false;
  }
  return next;
}

function isPlain(node: PlanNode): boolean {
  return "end" in node.failed && node.failed.end === "fail" && node.failed.name === "fail";
}

/** What the token starts when it arrives at `node`; all that it starts may be lost as well. */
function enter(node: PlanNode, followers: Set<string>, next: Ended[]): void {
  next.push({ node, on: "failed" });
  if (node.kind === "leaf") {
    followers.add(stepKey(node, undefined));
    return;
  }
  if (node.open !== undefined) {
    followers.add(stepKey(node, "open"));
    return;
  }
  // A map or conditional without a gather is fed by a leaf's ok edge; the token cannot come from a failure.
  if (kinds[node.node.kind].needsControl) return;
  for (const graph of node.graphs) enter(graph.start, followers, next);
}

function afterEnd(composite: PlanComposite, end: "success" | "fail", followers: Set<string>): readonly Ended[] {
  const failed = { node: composite, on: "failed" } as const;
  if (end === "fail") return [failed];
  if (composite.node.kind === "loop") {
    if (composite.close !== undefined) followers.add(stepKey(composite, "close"));
    return [failed];
  }
  const ok = { node: composite, on: "ok" } as const;
  return kinds[composite.node.kind].concurrent ? [failed, ok] : [ok];
}
