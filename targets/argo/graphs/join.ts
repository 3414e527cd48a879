import type { Activation } from "../../../src/plan/activations.ts";
import type { PlanGraph, PlanNode } from "../../../src/plan/plan-node.ts";
import { ownTemplates } from "./names.ts";
import type { Task } from "./task.ts";

/**
 * Tasks that make the dag end as its graph does. Where a failure is handled, a join must run for the dag to succeed: a
 * `suspend` of no duration, which starts no container. It is not needed where success has one incoming edge, an ok edge
 * of something that is not skipped when it is empty. A fail terminal that is reached by an ok edge is a map over no list,
 * an Error without a container; the join waits for it, so that it is not an end of its own where it is omitted.
 */
export function joinOf(
  graph: PlanGraph,
  nodes: readonly PlanNode[],
  success: Activation,
  taskOf: (name: string) => string,
): readonly Task[] {
  const here = new Set(nodes.map(({ name }) => name));
  const failing = graph.fail.filter(({ from, on }) => on === "ok" && here.has(from));
  const handled = nodes.some(({ failed }) => "to" in failed || failed.end === "success");
  const [only, second] = success;
  const plain = second === undefined && only?.on === "ok" && graph.nodes.get(only.from)?.node.kind !== "map";
  if (failing.length === 0 && (!handled || plain)) return [];
  const ends = dependsOn(success, graph, taskOf);
  const join: Task = { name: "magnus-end", template: ownTemplates.join, depends: ends, parameters: [] };
  if (failing.length === 0) return [join];
  const fail: Task = {
    name: "magnus-fail",
    template: ownTemplates.join,
    depends: dependsOn(failing, graph, taskOf),
    withParam: "{{='the pipeline leads to a fail step'}}",
    parameters: [],
  };
  return [fail, { ...join, depends: `${ends} || magnus-fail.Succeeded` }];
}

/** For the body of a loop: the expression that hands on the control of the leaf that closes it. */
export function closingTask(
  graph: PlanGraph,
  nodes: readonly PlanNode[],
  taskOf: (name: string) => string,
  inputs: readonly string[],
): string | undefined {
  if (!inputs.includes("at")) return undefined;
  const closer = nodes.find((node) => node.kind === "leaf" && node.step.control?.kind === "loop");
  if (closer === undefined || graph.prefix.at(-1)?.kind !== "loop") return undefined;
  return `tasks['${taskOf(closer.name)}']?.outputs?.parameters?.control ?? 'fault'`;
}

/** The condition on which a task starts: one of its edges. */
export function dependsOn(terms: Activation, { nodes }: PlanGraph, taskOf: (name: string) => string): string {
  return terms
    .map(({ from, on }) => {
      // A pod that was evicted is Errored, not Failed.
      if (on === "failed") return `${taskOf(from)}.Failed || ${taskOf(from)}.Errored`;
      // A bare name would also mean Skipped, which no step ever is, but a composite may be.
      return nodes.get(from)?.kind === "leaf" ? taskOf(from) : `${taskOf(from)}.Succeeded`;
    })
    .join(" || ");
}

/** An Error without a container where the control could not be computed: a map over what is no list. */
export function faultTask(control: string, reason: string, after: Partial<Task>): Task {
  const withParam = `{{=${control} == 'fault' ? '${reason}' : '[]'}}`;
  return { name: "fault", template: ownTemplates.join, ...after, withParam, parameters: [] };
}

/** Whether a node leads nowhere but to this plain end. */
export function endsAs(node: PlanNode, on: "ok" | "failed", end: "success" | "fail"): boolean {
  const edge = node[on];
  return "end" in edge && edge.end === end;
}
