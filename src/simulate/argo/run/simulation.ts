/** The state of a workflow that is being simulated, and the few changes that nodes go through. */

import type { Scope } from "../expressions/substitute.ts";
import type { PodEnd } from "../pods/pod.ts";
import type { Parameter, Template, WorkflowSpec } from "../workflow/workflow.ts";
import type { Node, NodeOutputs, NodeType, Phase, ProcessedTemplate, Values } from "./node.ts";

export interface Simulation {
  readonly workflow: string;
  readonly spec: WorkflowSpec;
  readonly templates: ReadonlyMap<string, Template>;
  readonly nodes: Map<string, Node>;
  /** `workflow.…`, as simple tags and expressions see it. */
  readonly globals: Map<string, string>;
  /** Tasks that wait for something, by the name of their node; why the workflow hangs where nothing else happens. */
  readonly waiting: Map<string, string>;
  readonly warnings: Set<string>;
  activePods: number;
  podsStarted: number;
  /** Whether this reconciliation did anything. */
  changed: boolean;
  readonly startPod: (node: Node, processed: ProcessedTemplate) => void;
  /** Calls back after so many milliseconds, in a later reconciliation. */
  readonly later: (milliseconds: number, then: () => void) => void;
  readonly runTemplate: (simulation: Simulation, call: TemplateCall) => Executed;
  readonly observe: (node: Node) => void;
}

/** A template that is to run as a node. */
export interface TemplateCall {
  readonly name: string;
  readonly template: string;
  readonly arguments: readonly Parameter[];
  readonly boundary: Node | undefined;
  /** The name of the task or step; empty for the entry point and hooks. */
  readonly task: string;
  readonly taskKind: "tasks" | "steps";
  /** The list of its items became an empty text: Argo runs the task once, as the node of the group. */
  readonly asGroup?: true;
}

/** What became of it: perhaps no node yet, where a limit is reached. */
export interface Executed {
  readonly node: Node | undefined;
  /** `limit`: it is tried again later; `depth`: too many templates in templates, the node is an Error. */
  readonly failure?: { readonly kind: "limit" | "depth" | "error"; readonly message: string };
}

export interface NewNode {
  readonly name: string;
  readonly type: NodeType;
  readonly phase: Phase;
  readonly boundary: Node | undefined;
  readonly message?: string;
  readonly processed?: ProcessedTemplate;
  readonly retryOf?: Node;
}

export function addNode(simulation: Simulation, made: NewNode): Node {
  const { name, type, phase, boundary, message = "", processed, retryOf } = made;
  const now = timestamp();
  const node: Node = {
    name,
    type,
    phase,
    message,
    boundary,
    depth: (boundary?.depth ?? 0) + 1,
    inputs: processed?.inputs ?? [],
    outputs: undefined,
    children: new Set(),
    outbound: [],
    template: processed,
    retryOf,
    attempts: [],
    activePods: 0,
    activeChildren: 0,
    dirty: false,
    startedAt: now,
    finishedAt: now,
  };
  simulation.nodes.set(name, node);
  count(simulation, node, 1);
  simulation.changed = true;
  simulation.observe(node);
  return node;
}

export function setPhase(simulation: Simulation, node: Node, phase: Phase, message?: string): void {
  const text = message ?? node.message;
  if (node.phase === phase && node.message === text) return;
  const moved = node.phase !== phase;
  if (moved) count(simulation, node, -1);
  node.phase = phase;
  node.message = text;
  node.finishedAt = timestamp();
  if (moved) {
    count(simulation, node, 1);
    simulation.observe(node);
  }
  simulation.changed = true;
}

/** What limits of parallelism count: node_counters.go. */
function count(simulation: Simulation, { type, phase, boundary }: Node, by: 1 | -1): void {
  if (phase !== "Pending" && phase !== "Running") return;
  if (type === "Pod") simulation.activePods += by;
  if (boundary === undefined) return;
  if (type === "Pod") boundary.activePods += by;
  if (type === "Pod" || type === "DAG" || type === "Steps") boundary.activeChildren += by;
}

/** The controller looks at all dags; here at those in which something may have changed. */
export function markDirty(node: Node | undefined): void {
  for (let at = node; at !== undefined && !at.dirty; at = at.retryOf ?? at.boundary) at.dirty = true;
}

export function addChild(simulation: Simulation, parent: Node, child: string): void {
  if (parent.children.has(child)) return;
  parent.children.add(child);
  simulation.changed = true;
}

/** How a pod ended, as the controller sees it (operator.go, inferFailedReason). */
export function endPod(simulation: Simulation, node: Node, processed: ProcessedTemplate, end: PodEnd): void {
  if (end.waiting !== undefined && processed.template.activeDeadlineSeconds === undefined) {
    simulation.waiting.set(node.name, `waits forever, since it has no deadline: ${end.waiting}`);
    setPhase(simulation, node, "Pending", end.waiting);
    return;
  }
  const { phase, message } = podPhase(end, processed);
  const started = !end.evicted && !end.deleted && end.waiting === undefined && end.initExit === undefined;
  const reported = started && end.report !== false;
  node.outputs = reported ? outputsOf(processed, end) : undefined;
  setPhase(simulation, node, phase, message);
  markDirty(node.retryOf ?? node.boundary);
}

function podPhase(end: PodEnd, processed: ProcessedTemplate): { readonly phase: Phase; readonly message: string } {
  if (end.deleted) return { phase: "Error", message: "pod deleted" };
  if (end.evicted) return { phase: "Failed", message: "The node was low on resource: memory." };
  if (end.deadlineExceeded || end.waiting !== undefined)
    return { phase: "Failed", message: "Pod was active on the node longer than the specified deadline" };
  const why = end.message === undefined ? "" : `: ${end.message}`;
  if (end.initExit !== undefined)
    return {
      phase: "Failed",
      message: `${end.initContainer ?? "init container"}: Error (exit code ${end.initExit})${why}`,
    };
  if (end.exit !== 0) return { phase: "Failed", message: `main: Error (exit code ${end.exit})${why}` };
  const wait = end.waitExit ?? (missingOutput(processed, end) ? executorFailed : 0);
  if (wait !== 0) return { phase: "Error", message: `wait: Error (exit code ${wait})` };
  return { phase: "Succeeded", message: "" };
}

/** What Argo's executor exits with where an output parameter has neither file nor default. */
const executorFailed = 64;

function missingOutput({ template }: ProcessedTemplate, { outputs }: PodEnd): boolean {
  return (template.outputs?.parameters ?? []).some(
    ({ name, valueFrom }) =>
      valueFrom?.path !== undefined && outputs[name] === undefined && valueFrom.default === undefined,
  );
}

/** Argo (executor.go, SaveParameters): one final newline is dropped; a missing file gives the default. */
function outputsOf({ template }: ProcessedTemplate, { outputs, exit }: PodEnd): NodeOutputs {
  const parameters: Values = (template.outputs?.parameters ?? []).flatMap(({ name, valueFrom }) => {
    if (valueFrom?.path === undefined) return [];
    const value = outputs[name] ?? valueFrom.default;
    return value === undefined ? [] : [[name, value.replace(/\n$/, "")] as const];
  });
  return { parameters, exitCode: String(exit) };
}

/** Globals and what is added for one object. */
export function withGlobals({ globals }: Simulation, more: Scope): Scope {
  return new Map<string, string | null>([...globals, ...more]);
}

function timestamp(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
