/**
 * One template as one node (operator.go, executeTemplate). In: its name, arguments and place. Out: its node, new or moved
 * on; or why there is none yet. Dags and steps come back to it for their tasks.
 */
import { present } from "../../../system/present.ts";
import { parseDuration } from "../expressions/duration.ts";
import { SubstitutionError } from "../expressions/substitute.ts";
import { kindOf, type Template } from "../workflow/workflow.ts";
import { isFulfilled, type Node, type ProcessedTemplate } from "./node.ts";
import { podName } from "./pod-of-node.ts";
import { processArguments, substituteTemplate } from "./process-arguments.ts";
import { decideRetry } from "./retry.ts";
import { runDag } from "./run-dag.ts";
import { runSteps } from "./run-steps.ts";
import {
  addChild,
  addNode,
  type Executed,
  markDirty,
  type Simulation,
  setPhase,
  type TemplateCall,
  withGlobals,
} from "./simulation.ts";

export function runTemplate(simulation: Simulation, call: TemplateCall): Executed {
  const known = simulation.nodes.get(call.name);
  if (known !== undefined && isFulfilled(known)) return { node: known };
  const depth = (call.boundary?.depth ?? 0) + 1;
  if (depth >= maxDepth) return fail(simulation, call, known, "depth", "max recursion depth exceeded");
  const template = simulation.templates.get(call.template);
  if (template === undefined) return fail(simulation, call, known, "error", `template ${call.template} not found`);
  const processed = known?.template ?? process(simulation, call, template);
  if (typeof processed === "string") return fail(simulation, call, known, "error", processed);
  if (limitReached(simulation, known, call.boundary, processed.template)) {
    markDirty(known ?? call.boundary);
    return { node: known, failure: { kind: "limit", message: "max parallelism reached" } };
  }
  if (known !== undefined) known.dirty = false;
  return processed.template.retryStrategy === undefined
    ? runBody(simulation, bodyOfCall(call, processed), known)
    : runAttempts(simulation, call, processed, known);
}

/** Templates within templates: controller.go, maxStackDepth. */
const maxDepth = 100;

function fail(
  simulation: Simulation,
  { name, boundary }: TemplateCall,
  known: Node | undefined,
  kind: "depth" | "error",
  message: string,
): Executed {
  if (known !== undefined) setPhase(simulation, known, "Error", message);
  const node = known ?? addNode(simulation, { name, type: "Skipped", phase: "Error", boundary, message });
  return { node, failure: { kind, message } };
}

/** A text: why the arguments cannot be put in. */
function process(simulation: Simulation, call: TemplateCall, template: Template): ProcessedTemplate | string {
  const locals = new Map<string, string>([["node.name", call.name]]);
  if (call.task !== "") locals.set(`${call.taskKind}.name`, call.task);
  const isPod = kindOf(template) === "container" && template.retryStrategy === undefined;
  if (isPod) locals.set("pod.name", podName(call.name, template));
  try {
    return processArguments(template, call.arguments, withGlobals(simulation, locals));
  } catch (error) {
    if (error instanceof SubstitutionError) return error.message;
    throw error;
  }
}

/** operator.go, checkParallelism: pods of the workflow, and children of a dag, at a time. */
function limitReached(
  { spec, activePods }: Simulation,
  known: Node | undefined,
  boundary: Node | undefined,
  template: Template,
): boolean {
  if (spec.parallelism !== undefined && activePods >= spec.parallelism) return true;
  const { parallelism } = template;
  if (known !== undefined && parallelism !== undefined && (template.dag || template.steps))
    if (known.activePods >= parallelism) return true;
  if (known !== undefined) return false;
  const most = boundary?.template?.template.parallelism;
  return most !== undefined && (boundary?.activeChildren ?? 0) >= most;
}

function bodyOfCall({ name, boundary, asGroup }: TemplateCall, processed: ProcessedTemplate): Body {
  return { name, processed, boundary, ...present({ asGroup }) };
}

interface Body {
  readonly name: string;
  readonly processed: ProcessedTemplate;
  readonly boundary: Node | undefined;
  readonly retryOf?: Node;
  readonly asGroup?: true;
}

function runBody(simulation: Simulation, body: Body, known: Node | undefined): Executed {
  switch (kindOf(body.processed.template)) {
    case "dag":
      return ended(simulation, known ?? started(simulation, body, "DAG", "Running"), runDag);
    case "steps":
      return ended(simulation, known ?? started(simulation, body, "Steps", "Running"), runSteps);
    case "container": {
      if (known !== undefined) return { node: known };
      return startPod(simulation, started(simulation, body, "Pod", "Pending"), body.processed);
    }
    case "suspend":
      return suspend(simulation, known ?? started(simulation, body, "Suspend", "Pending"), body.processed);
    case undefined: {
      const message = `Template '${body.processed.template.name}' missing specification`;
      const node = started(simulation, body, "Skipped", "Error");
      node.message = message;
      return { node, failure: { kind: "error", message } };
    }
  }
}

function startPod(simulation: Simulation, node: Node, processed: ProcessedTemplate): Executed {
  try {
    simulation.startPod(node, processed);
    return { node };
  } catch (error) {
    if (!(error instanceof SubstitutionError)) throw error;
    setPhase(simulation, node, "Error", error.message);
    return { node, failure: { kind: "error", message: error.message } };
  }
}

function started(simulation: Simulation, body: Body, type: Node["type"], phase: Node["phase"]): Node {
  const { name, processed, boundary, retryOf, asGroup } = body;
  if (asGroup === true) {
    const processedAsGroup = { ...processed, inputs: [] };
    return addNode(simulation, { name, type: "TaskGroup", phase: "Running", boundary, processed: processedAsGroup });
  }
  return addNode(simulation, { name, type, phase, boundary, processed, ...present({ retryOf }) });
}

/** Outputs that cannot be made are an Error of the node; the nodes at which it ends are not known then. */
function ended(
  simulation: Simulation,
  node: Node,
  run: (simulation: Simulation, node: Node) => string | undefined,
): Executed {
  const message = run(simulation, node);
  if (message === undefined) return { node };
  setPhase(simulation, node, "Error", message);
  return { node, failure: { kind: "error", message } };
}

/** Without a duration it waits for a person; `0` is over at once. */
function suspend(simulation: Simulation, node: Node, { template }: ProcessedTemplate): Executed {
  const { duration = "" } = template.suspend ?? {};
  if (resumed.has(node)) {
    setPhase(simulation, node, "Succeeded");
    return { node };
  }
  if (duration === "") {
    simulation.waiting.set(node.name, "is suspended until somebody resumes it");
    setPhase(simulation, node, "Running");
    return { node };
  }
  const milliseconds = parseDuration(duration);
  if (milliseconds === undefined) {
    const message = `unable to parse duration ${duration}`;
    setPhase(simulation, node, "Error", message);
    return { node, failure: { kind: "error", message } };
  }
  if (milliseconds <= 0) setPhase(simulation, node, "Succeeded");
  else {
    setPhase(simulation, node, "Running");
    simulation.later(milliseconds, () => {
      resumed.add(node);
      markDirty(node);
    });
  }
  return { node };
}

const resumed = new WeakSet<Node>();

/** A Retry node, and under it an attempt after the other. */
function runAttempts(
  simulation: Simulation,
  call: TemplateCall,
  processed: ProcessedTemplate,
  known: Node | undefined,
): Executed {
  const { name, boundary } = call;
  const retry = known ?? addNode(simulation, { name, type: "Retry", phase: "Running", boundary, processed });
  for (;;) {
    const last = retry.attempts.at(-1);
    if (last !== undefined && !isFulfilled(last)) {
      if (last.dirty) runBody(simulation, bodyOf(last, processed), last);
      if (!isFulfilled(last)) return { node: retry };
    }
    const decision = decideRetry(simulation, retry, processed.template);
    if (decision === "wait") return { node: retry };
    if (decision === "ended") {
      retry.outputs = last?.outputs;
      return { node: retry };
    }
    const failure = startAttempt(simulation, call, processed, retry);
    if (failure !== undefined) return failure;
  }
}

function bodyOf(attempt: Node, processed: ProcessedTemplate): Body {
  attempt.dirty = false;
  return { name: attempt.name, processed: attempt.template ?? processed, boundary: attempt.boundary };
}

function startAttempt(
  simulation: Simulation,
  { boundary }: TemplateCall,
  processed: ProcessedTemplate,
  retry: Node,
): Executed | undefined {
  const number = retry.attempts.length;
  const last = retry.attempts.at(-1);
  const name = `${retry.name}(${number})`;
  addChild(simulation, retry, name);
  const locals = new Map<string, string>([
    ["pod.name", podName(name, processed.template)],
    ["retries", String(number)],
    ["lastRetry.exitCode", last?.outputs?.exitCode ?? "0"],
    ["lastRetry.duration", "0"],
    ["lastRetry.status", last?.phase ?? ""],
    ["lastRetry.message", last?.message ?? ""],
  ]);
  try {
    const own = substituteTemplate(processed.json, withGlobals(simulation, locals));
    const { node, failure } = runBody(simulation, { name, processed: own, boundary, retryOf: retry }, undefined);
    if (node !== undefined) retry.attempts.push(node);
    return failure?.kind === "limit" ? { node: retry } : undefined;
  } catch (error) {
    if (!(error instanceof SubstitutionError)) throw error;
    setPhase(simulation, retry, "Error", error.message);
    return { node: retry, failure: { kind: "error", message: error.message } };
  }
}
