import { setMaxListeners } from "node:events";
import { evaluateBoolean, scopeOf } from "../expressions/evaluate.ts";
import type { Annotation, JobEnd, Result } from "../workflow/workflow-end.ts";
import type { WorkflowJob } from "../workflow/workflow-file.ts";
import { callInputs, callSecrets } from "./call-inputs.ts";
import type { Leg } from "./leg.ts";
import { type JobResult, runSteps } from "./run-steps.ts";
import { type Ancestry, messageOf, type Simulation, type WorkflowCall } from "./simulation.ts";

export interface LegEnd {
  readonly index: number;
  readonly result: Result;
  /** Also those of the jobs of the workflow that it calls. */
  readonly allSucceeded: boolean;
  readonly outputs: { readonly [name: string]: string };
  readonly ends: readonly JobEnd[];
}

export interface LegSurroundings {
  readonly call: WorkflowCall;
  readonly ancestors: Ancestry;
  /** Aborted when the leg is cancelled. */
  readonly stop: AbortSignal;
  readonly simulation: Simulation;
}

/** A job may hand on so many bytes of outputs, counted as UTF-16; a run fifty times as many. */
const outputLimit = 1024 * 1024;

export async function runLeg(leg: Leg, surroundings: LegSurroundings): Promise<LegEnd> {
  if (leg.job.work.kind === "call") return runCall(leg, leg.job.work, surroundings);
  const { simulation, stop } = surroundings;
  // Legs that wait for a runner when they are cancelled never get one.
  return simulation.slots.run(async () =>
    stop.aborted ? ended(leg, "cancelled", none, surroundings) : runOnRunner(leg, surroundings),
  );
}

const none: JobResult = { conclusion: "success", outputs: {}, steps: [], annotations: [], summary: "" };

async function runOnRunner(leg: Leg, surroundings: LegSurroundings): Promise<LegEnd> {
  const { simulation, call } = surroundings;
  simulation.started++;
  simulation.emit({ kind: "job-started", job: leg.path, name: leg.name });
  noteIgnored(leg, simulation);
  const lost = simulation.fail.has(leg.path) || simulation.fail.has(leg.path.replace(/\[\d+\]/g, ""));
  const result = lost
    ? withAnnotation(none, "failure", "The runner was lost before the first step, as asked for")
    : withinLimits(await stepsOf(leg, surroundings), simulation);
  return ended(leg, result.conclusion, result, surroundings, continueOnError(leg, call));
}

async function stepsOf(leg: Leg, { call, simulation, stop }: LegSurroundings): Promise<JobResult> {
  try {
    return await runSteps(leg, { call, simulation, stop });
  } catch (error) {
    // What the host cannot do and what the job's own fields cannot be evaluated to.
    return withAnnotation(none, "failure", messageOf(error));
  }
}

/** What this cannot evaluate fails the job all the same. */
function continueOnError(leg: Leg, call: WorkflowCall): boolean {
  try {
    return evaluateBoolean(leg.job.continueOnError, scopeOf({ ...leg.contexts, inputs: call.inputs }));
  } catch {
    return false;
  }
}

function noteIgnored({ job }: Leg, simulation: Simulation): void {
  for (const key of job.ignored)
    if (key === "container" || key === "services")
      simulation.warn(`The job ${job.id} has ${key}: its steps run on the host, without containers`);
    else simulation.warn(`${key} of the job ${job.id} has no effect`);
}

function withinLimits(result: JobResult, simulation: Simulation): JobResult {
  const bytes = Object.entries(result.outputs).reduce(
    (sum, [name, value]) => sum + 2 * (name.length + value.length),
    0,
  );
  simulation.outputBytes += bytes;
  if (bytes > outputLimit)
    return withAnnotation(
      { ...result, outputs: {} },
      "failure",
      `The outputs have ${bytes} bytes, more than ${outputLimit}`,
    );
  if (simulation.outputBytes > 50 * outputLimit)
    return withAnnotation({ ...result, outputs: {} }, "failure", "The outputs of the run have more than 50 MB");
  return result;
}

function withAnnotation(result: JobResult, conclusion: Result, message: string): JobResult {
  return { ...result, conclusion, annotations: [...result.annotations, { level: "error", message }] };
}

async function runCall(
  leg: Leg,
  work: WorkflowJob["work"] & { readonly kind: "call" },
  surroundings: LegSurroundings,
): Promise<LegEnd> {
  const { simulation, call, ancestors, stop } = surroundings;
  if (stop.aborted) return ended(leg, "cancelled", none, surroundings);
  const workflow = simulation.workflows.get(work.workflow.replace(/^\.\//, ""));
  if (workflow === undefined) throw new Error(`a workflow that is called was not read: ${work.workflow}`);
  simulation.emit({ kind: "job-started", job: leg.path, name: leg.name });
  try {
    const scope = scopeOf({ ...leg.contexts, secrets: call.secrets });
    const cancel = AbortSignal.any([call.cancel, stop]);
    setMaxListeners(0, cancel);
    const end = await simulation.runWorkflow(
      {
        workflow,
        path: `${leg.path}/`,
        name: `${leg.name} / `,
        inputs: callInputs(workflow, work.with, scope),
        secrets: callSecrets(work.secrets, call.secrets, scope),
        ancestors,
        cancel,
      },
      simulation,
    );
    if (end.result === "skipped" && end.jobs.length > 0)
      simulation.warn("A called workflow whose jobs are all skipped is taken as skipped; GitHub does not document it");
    const own = ended(leg, end.result, { ...none, outputs: end.outputs }, surroundings);
    return { ...own, allSucceeded: end.allSucceeded, ends: [...own.ends, ...end.jobs] };
  } catch (error) {
    return ended(leg, "failure", withAnnotation(none, "failure", messageOf(error)), surroundings);
  }
}

function ended(
  leg: Leg,
  conclusion: Result,
  result: JobResult,
  { simulation }: LegSurroundings,
  forgiven = false,
): LegEnd {
  const seen: Result = forgiven && conclusion === "failure" ? "success" : conclusion;
  const annotations = result.annotations.map((annotation) => masked(annotation, simulation));
  // Those of steps were told when they came.
  for (const annotation of annotations)
    if (annotation.step === undefined) simulation.emit({ kind: "annotation", job: leg.path, annotation });
  simulation.emit({ kind: "job-ended", job: leg.path, name: leg.name, conclusion, result: seen });
  const end: JobEnd = {
    path: leg.path,
    id: leg.job.id,
    name: leg.name,
    ...(leg.matrix !== undefined && { matrix: leg.matrix }),
    ...(leg.job.work.kind === "call" && { calls: leg.job.work.workflow }),
    result: seen,
    conclusion,
    outputs: result.outputs,
    steps: result.steps,
    annotations,
    summary: simulation.masks.mask(result.summary),
  };
  const outputs = Object.fromEntries(Object.entries(result.outputs).filter(([, value]) => value !== ""));
  return { index: leg.index, result: seen, allSucceeded: seen === "success", outputs, ends: [end] };
}

function masked(annotation: Annotation, { masks }: Simulation): Annotation {
  return { ...annotation, message: masks.mask(annotation.message) };
}
