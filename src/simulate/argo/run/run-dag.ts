/**
 * One pass over a dag (dag.go). In: its node, whose template has its inputs. Out: tasks that were started, skipped or
 * omitted, and the dag's end, if this was it; or why its outputs cannot be made.
 */

import { evaluateCondition } from "../expressions/evaluate-expression.ts";
import type { Value } from "../expressions/expression-value.ts";
import { goJson } from "../expressions/go-json.ts";
import { SubstitutionError } from "../expressions/substitute.ts";
import { ExpressionError } from "../expressions/tokenize-expression.ts";
import { WhenError } from "../expressions/when.ts";
import { ancestorsOf, type DagGraph, dagGraph } from "../workflow/dag-graph.ts";
import { expandItems, isExpanded } from "../workflow/expand-items.ts";
import type { Task } from "../workflow/workflow.ts";
import { assessDag } from "./assess-dag.ts";
import { hasFailed, isFulfilled, type Node, outboundOf } from "./node.ts";
import { resolveTask, skippedByWhen, WaitingError } from "./resolve-task.ts";
import { addChild, addNode, type Simulation, setPhase, withGlobals } from "./simulation.ts";
import { addAncestor, inputScope, type TaskScope } from "./task-scope.ts";
import { templateOutputs } from "./template-outputs.ts";

/** Undefined, or the error that makes the caller mark the node an Error. */
export function runDag(simulation: Simulation, node: Node): string | undefined {
  const dag = stateOf(node);
  for (const name of dag.graph.order) {
    const task = dag.tasks.get(name);
    if (task !== undefined) runTask(simulation, node, dag, task);
  }
  // Without failFast no dag ends before all its tasks, and its nodes need not be walked to know that.
  if (!dag.failFast && dag.graph.order.some((name) => !hasEnded(simulation, node, name))) return undefined;
  const phase = assessDag(simulation.nodes, node, dag.graph.leaves, dag.failFast, dag);
  if (phase === "Running") return undefined;
  if (phase === "Succeeded") {
    const outputs = outputsOfDag(simulation, node, dag);
    if (typeof outputs === "string") return outputs;
  }
  node.outbound = dag.graph.leaves.flatMap((leaf) => {
    const ended = simulation.nodes.get(`${node.name}.${leaf}`);
    return ended === undefined ? [] : outboundOf(ended, simulation.nodes);
  });
  setPhase(simulation, node, phase);
  return undefined;
}

function hasEnded({ nodes }: Simulation, boundary: Node, task: string): boolean {
  const node = nodes.get(`${boundary.name}.${task}`);
  return node !== undefined && isFulfilled(node);
}

interface DagState {
  readonly graph: DagGraph;
  readonly tasks: ReadonlyMap<string, Task>;
  readonly failFast: boolean;
  /** Tasks after substitution and expansion: what they are made of does not change any more. */
  readonly expanded: Map<string, Expanded>;
  /** A node that keeps the dag from its end, found by the last assessment. */
  unfulfilled?: Node;
}

interface Expanded {
  /** In the order of the items; one where there are none. */
  readonly tasks: readonly Task[];
  /** It has items in the manifest, and none after substitution. */
  readonly unlisted: boolean;
  /** Those that have not ended. */
  open: readonly OpenTask[];
}

interface OpenTask {
  readonly task: Task;
  readonly name: string;
  node: Node | undefined;
}

const states = new WeakMap<Node, DagState>();

function stateOf(node: Node): DagState {
  const known = states.get(node);
  if (known !== undefined) return known;
  const { tasks = [], failFast = true } = node.template?.template.dag ?? {};
  const state: DagState = {
    graph: dagGraph(tasks),
    tasks: new Map(tasks.map((task) => [task.name, task])),
    failFast,
    expanded: new Map(),
  };
  states.set(node, state);
  return state;
}

function runTask(simulation: Simulation, boundary: Node, dag: DagState, task: Task): void {
  const name = `${boundary.name}.${task.name}`;
  const known = simulation.nodes.get(name);
  if (known !== undefined && (isFulfilled(known) || (known.type !== "TaskGroup" && !known.dirty))) return;
  if (known === undefined && !mayStart(simulation, boundary, dag, task)) return;
  const expanded = dag.expanded.get(task.name) ?? expand(simulation, boundary, dag, task);
  if (expanded === undefined) return;
  const isGroup = isExpanded(task) && !expanded.unlisted;
  const group = isGroup ? groupOf(simulation, boundary, dag, task, expanded.tasks) : undefined;
  if (isGroup && group === undefined) return;
  for (const each of expanded.open) if (!runOne(simulation, boundary, dag, task, each, group)) break;
  expanded.open = expanded.open.filter(({ node }) => node === undefined || !isFulfilled(node));
  if (expanded.open.length > 0) return;
  dag.expanded.delete(task.name);
  if (group !== undefined) endGroup(simulation, group, boundary, expanded.tasks);
}

/** Whether the tasks before it have ended so that it runs; else it is omitted, or waits. */
function mayStart(simulation: Simulation, boundary: Node, dag: DagState, task: Task): boolean {
  const logic = dag.graph.logic.get(task.name) ?? "";
  if (logic === "") return true;
  const results = new Map<string, Value>();
  for (const dependency of dag.graph.dependencies.get(task.name) ?? []) {
    const node = simulation.nodes.get(`${boundary.name}.${dependency}`);
    if (node === undefined || !isFulfilled(node)) return false;
    const name = dependency.replaceAll("-", "_");
    if (!results.has(name)) results.set(name, resultsOf(simulation, node));
  }
  try {
    if (evaluateCondition(logic.replaceAll("-", "_"), results)) return true;
    skip(simulation, boundary, dag, task, "Omitted", "omitted: depends condition not met");
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    skip(simulation, boundary, dag, task, "Error", `unable to evaluate expression '${logic}': ${error.message}`);
  }
  return false;
}

function resultsOf(simulation: Simulation, node: Node): Value {
  const children = node.type === "TaskGroup" ? [...node.children].map((name) => simulation.nodes.get(name)) : [];
  return new Map<string, Value>([
    ["Succeeded", node.phase === "Succeeded"],
    ["Failed", node.phase === "Failed"],
    ["Errored", node.phase === "Error"],
    ["Skipped", node.phase === "Skipped"],
    ["Omitted", node.phase === "Omitted"],
    ["Daemoned", false],
    ["AnySucceeded", children.some((child) => child?.phase === "Succeeded")],
    ["AllFailed", children.length > 0 && children.every((child) => child?.phase === "Failed")],
  ]);
}

function skip(
  simulation: Simulation,
  boundary: Node,
  dag: DagState,
  task: Task,
  phase: "Omitted" | "Skipped" | "Error",
  message: string,
): void {
  const name = `${boundary.name}.${task.name}`;
  addNode(simulation, { name, type: "Skipped", phase, boundary, message });
  connect(simulation, boundary, dag, task, name);
}

/** Attaches a node to those at which the tasks before it ended, or to the dag. */
function connect(simulation: Simulation, boundary: Node, dag: DagState, task: Task, name: string): void {
  const dependencies = dag.graph.dependencies.get(task.name) ?? [];
  if (dependencies.length === 0) addChild(simulation, boundary, name);
  for (const dependency of dependencies) {
    const before = simulation.nodes.get(`${boundary.name}.${dependency}`);
    const ends = before === undefined ? [] : outboundOf(before, simulation.nodes);
    for (const end of ends) addChild(simulation, end, name);
  }
}

/** Undefined where it waits for ever, or failed, which its node tells. */
function expand(simulation: Simulation, boundary: Node, dag: DagState, task: Task): Expanded | undefined {
  try {
    const scope = withGlobals(simulation, taskScope(simulation, boundary, dag, task));
    const resolved = resolveTask(task, scope);
    const tasks = isExpanded(resolved) ? expandItems(resolved, scope) : [resolved];
    const unlisted = isExpanded(task) && !isExpanded(resolved);
    const open = tasks.map((each) => ({ task: each, name: `${boundary.name}.${each.name}`, node: undefined }));
    const expanded: Expanded = { tasks, unlisted, open };
    warnOfNull(simulation, boundary, resolved);
    dag.expanded.set(task.name, expanded);
    return expanded;
  } catch (error) {
    if (error instanceof WaitingError) {
      simulation.waiting.set(`${boundary.name}.${task.name}`, error.message);
      return undefined;
    }
    if (!(error instanceof SubstitutionError) && !(error instanceof WhenError)) throw error;
    skip(simulation, boundary, dag, task, "Error", error.message);
    return undefined;
  }
}

function warnOfNull(simulation: Simulation, boundary: Node, { name, withParam }: Task): void {
  if (withParam?.trim() === "null")
    simulation.warnings.add(`${boundary.name}.${name}: withParam is null, which Argo runs as an empty list`);
}

/** The inputs of the dag, and of the tasks before this one those that its text names. */
function taskScope(simulation: Simulation, boundary: Node, { graph, tasks }: DagState, task: Task): TaskScope {
  const scope = inputScope(boundary.template?.inputs ?? []);
  const text = goJson(task);
  if (!text.includes("tasks")) return scope;
  for (const name of ancestorsOf(graph, task.name)) {
    const node = text.includes(name) ? simulation.nodes.get(`${boundary.name}.${name}`) : undefined;
    const template = simulation.templates.get(tasks.get(name)?.template ?? "");
    if (node !== undefined) addAncestor(simulation, scope, "tasks", { name, node, template });
  }
  return scope;
}

function groupOf(
  simulation: Simulation,
  boundary: Node,
  dag: DagState,
  task: Task,
  expanded: readonly Task[],
): Node | undefined {
  const name = `${boundary.name}.${task.name}`;
  const known = simulation.nodes.get(name);
  if (known !== undefined) return known;
  if (expanded.length === 0) {
    skip(simulation, boundary, dag, task, "Skipped", "Skipped, empty params");
    return undefined;
  }
  connect(simulation, boundary, dag, task, name);
  return addNode(simulation, { name, type: "TaskGroup", phase: "Running", boundary });
}

/** False: nothing more of this task can be done now. */
function runOne(
  simulation: Simulation,
  boundary: Node,
  dag: DagState,
  task: Task,
  open: OpenTask,
  group: Node | undefined,
): boolean {
  const { task: each, name, node: known } = open;
  if (known !== undefined && (isFulfilled(known) || !known.dirty)) return true;
  if (known === undefined) {
    if (group === undefined) connect(simulation, boundary, dag, task, name);
    else addChild(simulation, group, name);
    const skipped = dag.expanded.get(task.name)?.unlisted ? undefined : skippedByWhen(each.when ?? "");
    if (skipped !== undefined) {
      open.node = addNode(simulation, { name, type: "Skipped", boundary, ...skipped });
      return true;
    }
  }
  const { node, failure } = simulation.runTemplate(simulation, {
    name,
    template: each.template,
    arguments: each.arguments?.parameters ?? [],
    boundary,
    task: each.name,
    taskKind: "tasks",
    ...(dag.expanded.get(task.name)?.unlisted ? { asGroup: true } : {}),
  });
  open.node = node;
  if (failure?.kind === "error") {
    if (node !== undefined) setPhase(simulation, node, "Error", `task '${name}' errored: ${failure.message}`);
    return false;
  }
  return node !== undefined;
}

/** Of several failures the last item's decides between Failed and Error. */
function endGroup(simulation: Simulation, group: Node, boundary: Node, tasks: readonly Task[]): void {
  let phase: Node["phase"] = "Succeeded";
  for (const { name } of tasks) {
    const node = simulation.nodes.get(`${boundary.name}.${name}`);
    if (node !== undefined && hasFailed(node)) phase = node.phase;
  }
  setPhase(simulation, group, phase);
}

/** A text: why they cannot be made. */
function outputsOfDag(simulation: Simulation, node: Node, { tasks }: DagState): string | undefined {
  const template = node.template?.template;
  if (template === undefined || (template.outputs?.parameters ?? []).length === 0) return undefined;
  const scope = inputScope(node.inputs);
  for (const { name, template: of } of tasks.values()) {
    const ended = simulation.nodes.get(`${node.name}.${name}`);
    if (ended !== undefined)
      addAncestor(simulation, scope, "tasks", { name, node: ended, template: simulation.templates.get(of) });
  }
  const outputs = templateOutputs(template, scope);
  if (typeof outputs === "string") return outputs;
  node.outputs = { parameters: outputs };
  return undefined;
}
