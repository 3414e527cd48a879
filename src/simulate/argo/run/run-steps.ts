/** One pass over `steps` (steps.go): groups one after the other, the steps of a group beside each other. */

import { SubstitutionError } from "../expressions/substitute.ts";
import { WhenError } from "../expressions/when.ts";
import type { Task } from "../workflow/workflow.ts";
import { hasFailed, isFulfilled, type Node, outboundOf } from "./node.ts";
import { resolveTask, skippedByWhen, WaitingError } from "./resolve-task.ts";
import { addChild, addNode, type Simulation, setPhase, withGlobals } from "./simulation.ts";
import { addAncestor, inputScope, type TaskScope } from "./task-scope.ts";
import { templateOutputs } from "./template-outputs.ts";

/** Undefined, or the error that makes the caller mark the node an Error. */
export function runSteps(simulation: Simulation, node: Node): string | undefined {
  const template = node.template?.template;
  const groups = template?.steps ?? [];
  const scope = inputScope(node.inputs);
  let before: Node | undefined;
  for (const [i, steps] of groups.entries()) {
    const group = groupNode(simulation, node, before, i);
    runGroup(simulation, node, group, steps, scope);
    if (!isFulfilled(group)) return undefined;
    if (hasFailed(group)) return end(simulation, node, group, "Failed");
    for (const { name, template: of } of steps) {
      const step = simulation.nodes.get(`${group.name}.${name}`);
      if (step !== undefined)
        addAncestor(simulation, scope, "steps", { name, node: step, template: simulation.templates.get(of) });
    }
    before = group;
  }
  const outputs = template === undefined ? [] : templateOutputs(template, scope);
  if (typeof outputs === "string") return outputs;
  if ((template?.outputs?.parameters ?? []).length > 0) node.outputs = { parameters: outputs };
  return end(simulation, node, before, "Succeeded");
}

function groupNode(simulation: Simulation, boundary: Node, before: Node | undefined, i: number): Node {
  const name = `${boundary.name}[${i}]`;
  const known = simulation.nodes.get(name);
  if (known !== undefined) return known;
  const parents =
    before === undefined ? [boundary] : before.children.size === 0 ? [before] : endsOf(simulation, before);
  for (const parent of parents) addChild(simulation, parent, name);
  return addNode(simulation, { name, type: "StepGroup", phase: "Running", boundary });
}

function endsOf({ nodes }: Simulation, group: Node): readonly Node[] {
  return [...group.children].flatMap((name) => {
    const child = nodes.get(name);
    return child === undefined ? [] : outboundOf(child, nodes);
  });
}

function end(simulation: Simulation, node: Node, last: Node | undefined, phase: "Succeeded" | "Failed"): undefined {
  if (last !== undefined) node.outbound = last.children.size === 0 ? [last] : endsOf(simulation, last);
  setPhase(simulation, node, phase, last?.message ?? "");
}

function runGroup(simulation: Simulation, boundary: Node, group: Node, steps: readonly Task[], scope: TaskScope): void {
  if (isFulfilled(group)) return;
  for (const step of steps) {
    const problem = runStep(simulation, boundary, group, step, scope);
    if (problem !== undefined) setPhase(simulation, group, "Error", problem);
    if (isFulfilled(group)) return;
  }
  if (steps.length > group.children.size) return;
  const children = [...group.children].map((name) => simulation.nodes.get(name));
  if (!children.every((child) => child !== undefined && isFulfilled(child))) return;
  const failed = children.find((child) => child !== undefined && hasFailed(child));
  if (failed === undefined) setPhase(simulation, group, "Succeeded");
  else setPhase(simulation, group, "Failed", `child '${failed.name}' failed`);
}

/** A text: why the group cannot go on. */
function runStep(
  simulation: Simulation,
  boundary: Node,
  group: Node,
  step: Task,
  scope: TaskScope,
): string | undefined {
  const name = `${group.name}.${step.name}`;
  const known = simulation.nodes.get(name);
  if (known !== undefined && (isFulfilled(known) || !known.dirty)) return undefined;
  let resolved = step;
  if (known === undefined) {
    try {
      resolved = resolveTask(step, withGlobals(simulation, scope));
    } catch (error) {
      if (error instanceof WaitingError) {
        simulation.waiting.set(name, error.message);
        return undefined;
      }
      if (error instanceof SubstitutionError || error instanceof WhenError) return error.message;
      throw error;
    }
    addChild(simulation, group, name);
    const skipped = skippedByWhen(resolved.when ?? "");
    if (skipped !== undefined) {
      addNode(simulation, { name, type: "Skipped", boundary, ...skipped });
      return undefined;
    }
  }
  const { failure } = simulation.runTemplate(simulation, {
    name,
    template: resolved.template,
    arguments: resolved.arguments?.parameters ?? [],
    boundary,
    task: step.name,
    taskKind: "steps",
  });
  return failure?.kind === "error" ? failure.message : undefined;
}
