import { setMaxListeners } from "node:events";
import { limit } from "../../../system/limit.ts";
import {
  EvaluationError,
  evaluate,
  evaluateBoolean,
  evaluateCondition,
  evaluateNumber,
  evaluateText,
  type Scope,
  scopeOf,
} from "../expressions/evaluate.ts";
import { isList, isObject, type Value, type ValueObject } from "../expressions/expression-data.ts";
import { legsOf } from "../expressions/matrix.ts";
import type { JobEnd, Result } from "../workflow/workflow-end.ts";
import type { WorkflowJob } from "../workflow/workflow-file.ts";
import type { Leg } from "./leg.ts";
import { type LegEnd, runLeg } from "./run-leg.ts";
import { type Ancestry, resultOf, type Simulation, type WorkflowCall } from "./simulation.ts";

/** What the jobs that need a job know of it. */
export interface JobState extends Ancestry {
  /** Of all its legs. */
  readonly result: Result;
  readonly outputs: { readonly [name: string]: string };
  readonly ends: readonly JobEnd[];
}

type Needs = ReadonlyMap<string, JobState>;

/** Decides whether a job runs, with which legs, runs them, and gives the result that later jobs see. */
export async function runJob(
  job: WorkflowJob,
  needs: Needs,
  call: WorkflowCall,
  simulation: Simulation,
): Promise<JobState> {
  const ancestors = ancestryOf(needs, call);
  const contexts: Contexts = {
    github: simulation.github,
    vars: simulation.vars,
    inputs: call.inputs,
    needs: Object.fromEntries([...needs].map(([id, { result, outputs }]) => [id, { result, outputs }] as const)),
  };
  const holds = (cancelled: boolean): boolean =>
    evaluateCondition(job.condition, conditionScope(contexts, needs, ancestors, cancelled));
  try {
    if (!holds(call.cancel.aborted)) return withoutLegs(job, "skipped", ancestors, call, simulation);
    const legs = plannedLegs(job, contexts, call);
    const ends = await runLegs(job, legs, { call, ancestors, simulation, holds: () => holds(true) });
    const result = resultOf(ends.map((end) => end.result));
    // Legs come in the order in which they ended: of several that set an output, the last one counts.
    const outputs = Object.assign({}, ...ends.map((end) => end.outputs));
    const sorted = [...ends].sort((a, b) => a.index - b.index);
    const allSucceeded = ancestors.allSucceeded && ends.every((end) => end.allSucceeded);
    return { ...after(ancestors, result), allSucceeded, result, outputs, ends: sorted.flatMap((end) => end.ends) };
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return withoutLegs(job, "failure", ancestors, call, simulation, error.message);
  }
}

type Contexts = { readonly [name: string]: Value };

/**
 * `success()` looks at all ancestors, not at the direct needs only: one that was skipped counts as not succeeded
 * (github.com/actions/runner/issues/2205). Those of a job of a called workflow include those of its caller, and a job
 * that needs the caller has the jobs of the called workflow among its own. The strict reading of what is reported.
 */
function ancestryOf(needs: Needs, call: WorkflowCall): Ancestry {
  const states = [call.ancestors, ...needs.values()];
  return {
    allSucceeded: states.every((state) => state.allSucceeded),
    someFailed: states.some((state) => state.someFailed),
  };
}

function after(ancestors: Ancestry, result: Result): Ancestry {
  return {
    allSucceeded: ancestors.allSucceeded && result === "success",
    someFailed: ancestors.someFailed || result === "failure",
  };
}

function conditionScope(contexts: Contexts, needs: Needs, ancestors: Ancestry, cancelled: boolean): Scope {
  const results = (names: readonly string[]): readonly (Result | undefined)[] =>
    names.map((name) => [...needs].find(([id]) => id.toLowerCase() === name.toLowerCase())?.[1].result);
  return scopeOf(contexts, {
    success: (names) =>
      !cancelled &&
      (names.length === 0 ? ancestors.allSucceeded : results(names).every((result) => result === "success")),
    failure: (names) => !cancelled && (names.length === 0 ? ancestors.someFailed : results(names).includes("failure")),
    cancelled: () => cancelled,
  });
}

/** A job that was skipped, or that GitHub fails before it has a runner. */
function withoutLegs(
  job: WorkflowJob,
  result: "skipped" | "failure",
  ancestors: Ancestry,
  call: WorkflowCall,
  simulation: Simulation,
  message?: string,
): JobState {
  const path = call.path + job.id;
  const end: JobEnd = {
    path,
    id: job.id,
    name: call.name + job.id,
    result,
    conclusion: result,
    outputs: {},
    steps: [],
    annotations: message === undefined ? [] : [{ level: "error", message: simulation.masks.mask(message) }],
    summary: "",
    ...(job.work.kind === "call" && { calls: job.work.workflow }),
  };
  for (const annotation of end.annotations) simulation.emit({ kind: "annotation", job: path, annotation });
  simulation.emit({ kind: "job-ended", job: path, name: end.name, conclusion: result, result });
  return { ...after(ancestors, result), result, outputs: {}, ends: [end] };
}

interface PlannedLegs {
  readonly legs: readonly Leg[];
  readonly failFast: boolean;
  readonly maxParallel: number;
}

function plannedLegs(job: WorkflowJob, contexts: Contexts, call: WorkflowCall): PlannedLegs {
  const scope = scopeOf(contexts);
  const matrix = job.matrix === undefined ? undefined : legsOf(evaluate(job.matrix, scope));
  const failFast = job.failFast === undefined || evaluateBoolean(job.failFast, scope);
  const most = job.maxParallel === undefined ? undefined : evaluateNumber(job.maxParallel, scope);
  const total = matrix?.length ?? 1;
  const maxParallel = most === undefined || most < 1 ? total : Math.floor(most);
  const legs = (matrix ?? [undefined]).map((values, index) => {
    const strategy = { "fail-fast": failFast, "job-index": index, "job-total": total, "max-parallel": maxParallel };
    const own: Contexts = { ...contexts, strategy, matrix: values ?? null };
    const suffix = values === undefined ? "" : `[${index}]`;
    return {
      job,
      index,
      path: `${call.path}${job.id}${suffix}`,
      name: call.name + legName(job, values, own),
      contexts: own,
      ...(values !== undefined && { matrix: values }),
    };
  });
  return { legs, failFast, maxParallel };
}

function legName(job: WorkflowJob, values: ValueObject | undefined, contexts: Contexts): string {
  if (job.name !== undefined) return evaluateText(job.name, scopeOf(contexts));
  if (values === undefined) return job.id;
  return `${job.id} (${Object.values(values).flatMap(scalars).join(", ")})`;
}

function scalars(value: Value): readonly string[] {
  if (isList(value)) return value.flatMap(scalars);
  if (isObject(value)) return Object.values(value).flatMap(scalars);
  return [String(value ?? "")];
}

interface Around {
  readonly call: WorkflowCall;
  readonly ancestors: Ancestry;
  readonly simulation: Simulation;
  /** Whether the job's condition is still true when the run is cancelled: then it is not stopped. */
  holds(): boolean;
}

/** Their ends in the order in which they came. */
async function runLegs(job: WorkflowJob, planned: PlannedLegs, around: Around): Promise<readonly LegEnd[]> {
  const { call, simulation } = around;
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const onCancel = (): void => {
    if (!around.holds()) stop.abort();
  };
  if (!call.cancel.aborted) call.cancel.addEventListener("abort", onCancel, { once: true });
  const ends: LegEnd[] = [];
  const work = limit(planned.maxParallel);
  try {
    await Promise.all(
      planned.legs.map((leg) =>
        work.run(async () => {
          const end = await runLeg(leg, { call, ancestors: around.ancestors, stop: stop.signal, simulation });
          ends.push(end);
          if (planned.failFast && job.matrix !== undefined && end.result === "failure") stop.abort();
        }),
      ),
    );
  } finally {
    call.cancel.removeEventListener("abort", onCancel);
  }
  return ends;
}
