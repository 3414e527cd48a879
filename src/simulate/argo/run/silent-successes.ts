import { resultsAsked } from "../workflow/dag-graph.ts";
import { hasFailed, isCompleted, type Node } from "./node.ts";
import type { Simulation } from "./simulation.ts";

/**
 * Failures that nothing handled in dags that succeeded all the same: a task that failed, where no task that asks for its
 * failure has run. And hooks that failed in a workflow that succeeded.
 */
export function silentSuccesses({ nodes, workflow }: Simulation): readonly string[] {
  const found: string[] = [];
  const hooks = `${workflow}.hooks.`;
  if (nodes.get(workflow)?.phase === "Succeeded")
    for (const node of nodes.values())
      if (node.name.startsWith(hooks) && node.boundary === undefined && node.retryOf === undefined && hasFailed(node))
        found.push(`the hook ${node.name.slice(hooks.length)} failed, which the workflow's phase does not tell`);
  for (const node of nodes.values()) {
    const { boundary } = node;
    if (!hasFailed(node) || node.retryOf !== undefined || boundary?.phase !== "Succeeded") continue;
    const task = node.name.slice(boundary.name.length + 1);
    if (isTask(boundary, task) && !isHandled(nodes, boundary, task))
      found.push(
        `${node.name.slice(workflow.length)} failed, and ${boundary.name.slice(workflow.length) || "the workflow"} succeeded: no task that handles it ran`,
      );
  }
  return found;
}

function isTask(boundary: Node, task: string): boolean {
  return tasksOf(boundary).some(({ name }) => name === task);
}

const failures = ["Failed", "Errored", "AllFailed"];

function isHandled(nodes: ReadonlyMap<string, Node>, boundary: Node, task: string): boolean {
  return tasksOf(boundary).some(({ name, depends = "" }) => {
    const asks = resultsAsked(depends, task).some((result) => failures.includes(result));
    const handler = asks ? nodes.get(`${boundary.name}.${name}`) : undefined;
    // One that failed is looked at by itself.
    return handler !== undefined && isCompleted(handler);
  });
}

function tasksOf(boundary: Node): readonly { readonly name: string; readonly depends?: string | undefined }[] {
  return boundary.template?.template.dag?.tasks ?? [];
}
