import type { Limit } from "../../../system/limit.ts";
import type { ValueObject } from "../expressions/expression-data.ts";
import type { Masks } from "../host/masks.ts";
import type { SimulationHost } from "../host/simulation-host.ts";
import type { ArtifactNames } from "../workflow/artifact-names.ts";
import type { JobEnd, Result, SimulationEvent } from "../workflow/workflow-end.ts";
import type { WorkflowFile } from "../workflow/workflow-file.ts";

/** What all jobs of one run share. */
export interface Simulation {
  readonly host: SimulationHost;
  /** All that the run can reach, by path. */
  readonly workflows: ReadonlyMap<string, WorkflowFile>;
  /** The context `github`, without what belongs to a job. */
  readonly github: ValueObject;
  readonly vars: ValueObject;
  readonly masks: Masks;
  readonly artifacts: ArtifactNames;
  /** Runners. */
  readonly slots: Limit;
  /** Paths of jobs whose runner is lost before their first step. */
  readonly fail: ReadonlySet<string>;
  /** Aborted five minutes after the run was cancelled: then whatever still runs is ended. */
  readonly force: AbortSignal;
  /** Milliseconds in a minute of `timeout-minutes`. */
  readonly minuteMs: number;
  /** Counts the jobs that got a runner. */
  started: number;
  /** Bytes of all outputs so far. */
  outputBytes: number;
  emit(event: SimulationEvent): void;
  /** Says once what is not simulated. */
  warn(message: string): void;
  /** Runs the jobs of a called workflow; here so that a job need not import what imports it. */
  runWorkflow(call: WorkflowCall, simulation: Simulation): Promise<CallEnd>;
}

export interface WorkflowCall {
  readonly workflow: WorkflowFile;
  /** Before the ids of its jobs; empty, or ends with `/`. */
  readonly path: string;
  /** Before the names of its jobs; empty, or ends with ` / `. */
  readonly name: string;
  readonly inputs: ValueObject;
  readonly secrets: { readonly [name: string]: string };
  /** Of everything that the calling job needs, directly or not. */
  readonly ancestors: Ancestry;
  /** Aborted when the run, or the leg that calls, is cancelled. */
  readonly cancel: AbortSignal;
}

export interface Ancestry {
  readonly allSucceeded: boolean;
  readonly someFailed: boolean;
}

export interface CallEnd {
  readonly jobs: readonly JobEnd[];
  readonly result: Result;
  /** None of the jobs failed or was skipped. */
  readonly allSucceeded: boolean;
  readonly outputs: { readonly [name: string]: string };
}

/** Of several jobs or legs: a failure counts more than a cancelled one, and a skipped one only among its like. */
export function resultOf(results: readonly Result[]): Result {
  for (const result of ["failure", "cancelled", "success"] as const) if (results.includes(result)) return result;
  return "skipped";
}

/** What went wrong for the user. A defect of the simulator must not end as a failed job: it is thrown on. */
export function messageOf(error: unknown): string {
  // Node's own errors about arguments have a code: a step's text can cause them.
  const defect = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
  if (defect && !("code" in error)) throw error;
  return error instanceof Error ? error.message : String(error);
}
