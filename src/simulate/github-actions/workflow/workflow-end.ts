import type { Value } from "../expressions/expression-data.ts";

/** What became of a run. Plain data: it can be printed as JSON. */
export interface WorkflowEnd {
  /**
   * `startup_failure`: GitHub would not start it, `refused`: the simulator cannot run it; `problems` say why, and no
   * job was started. `skipped`: the conditions of all jobs were false.
   */
  readonly conclusion: Result | "startup_failure" | "refused";
  /** Jobs and legs, those of a called workflow after the job that calls it, in the order of the files. */
  readonly jobs: readonly JobEnd[];
  /** Outputs of a workflow that was started with the event `workflow_call`. */
  readonly outputs: { readonly [name: string]: string };
  /** Names, in the order in which they were uploaded. */
  readonly artifacts: readonly string[];
  /** Jobs that got a runner; a job that calls a workflow gets none. */
  readonly jobsStarted: number;
  readonly problems: readonly Problem[];
  /** What is not simulated, or differs on GitHub; each once. */
  readonly warnings: readonly string[];
}

export type Result = "success" | "failure" | "cancelled" | "skipped";

export interface JobEnd {
  /**
   * The id; of a leg `id[index]`; of a job of a called workflow after the path of its caller and `/`:
   * `train[1]/fit`.
   */
  readonly path: string;
  readonly id: string;
  /** As GitHub shows it; names of callers come before and ` / `. */
  readonly name: string;
  /** The leg's values. */
  readonly matrix?: Value;
  /** The workflow that the job calls. */
  readonly calls?: string;
  /** What `needs.<id>.result` makes of it: with `continue-on-error`, a failed job is a success there. */
  readonly result: Result;
  readonly conclusion: Result;
  readonly outputs: { readonly [name: string]: string };
  readonly steps: readonly StepEnd[];
  readonly annotations: readonly Annotation[];
  /** Markdown that its steps wrote to GITHUB_STEP_SUMMARY. */
  readonly summary: string;
}

export interface StepEnd {
  /** The id that the step was given, else one that begins with `__`. */
  readonly id: string;
  readonly name: string;
  /** Before `continue-on-error` was applied. */
  readonly outcome: Result;
  readonly conclusion: Result;
  readonly outputs: { readonly [name: string]: string };
}

export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  readonly line?: string;
  /** The step's name; absent where the job itself is meant. */
  readonly step?: string;
}

/** Why a run does not start: the place in a file, lines and columns from 1, as far as there is one. */
export interface Problem {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

/** A transition of the run, as it happens. Texts are masked. */
export type SimulationEvent =
  | { readonly kind: "job-started"; readonly job: string; readonly name: string }
  | {
      readonly kind: "job-ended";
      readonly job: string;
      readonly name: string;
      readonly conclusion: Result;
      readonly result: Result;
    }
  | { readonly kind: "step-started"; readonly job: string; readonly step: string }
  | {
      readonly kind: "step-ended";
      readonly job: string;
      readonly step: string;
      readonly outcome: Result;
      readonly conclusion: Result;
    }
  | { readonly kind: "line"; readonly job: string; readonly step: string; readonly text: string }
  | { readonly kind: "annotation"; readonly job: string; readonly annotation: Annotation }
  | { readonly kind: "warning"; readonly message: string };
