import { type Scope, type Status, scopeOf } from "../expressions/evaluate.ts";
import type { Value, ValueObject } from "../expressions/expression-data.ts";
import type { JobHost } from "../host/simulation-host.ts";
import type { Annotation, Result, StepEnd } from "../workflow/workflow-end.ts";
import type { WorkflowStep } from "../workflow/workflow-file.ts";
import type { Leg } from "./leg.ts";
import type { Simulation, WorkflowCall } from "./simulation.ts";

/** What the steps of one job share and change. */
export interface JobSession {
  readonly leg: Leg;
  readonly call: WorkflowCall;
  readonly simulation: Simulation;
  readonly host: JobHost;
  /** Aborted when the job is cancelled. */
  readonly stop: AbortSignal;
  /** Of workflow, job and GITHUB_ENV. */
  readonly env: Map<string, string>;
  /** The last one added comes first in PATH. */
  readonly path: string[];
  /** Of `run:` steps. */
  readonly defaults: { readonly shell?: string; readonly workingDirectory?: string };
  status: Exclude<Result, "skipped">;
  readonly steps: StepEnd[];
  readonly annotations: Annotation[];
  readonly summary: string[];
  /** Run last-in first-out when the steps have ended. */
  readonly posts: PostStep[];
  artifacts: number;
  /** Here so that a composite action need not import what imports it. */
  runStep(step: WorkflowStep, frame: StepFrame): Promise<StepEnd>;
}

/** The list of steps that a step is in: the job's, or those of a composite action. */
export interface StepFrame {
  /** Before the ids of its steps; empty, or ends with `/`. */
  readonly prefix: string;
  /** The context `steps`. */
  readonly steps: { [id: string]: ValueObject };
  /** Inputs of the composite action; the job's are those of the workflow. */
  readonly inputs: ValueObject;
  /** `env` of the steps around, which GITHUB_ENV does not override. */
  readonly env: { readonly [name: string]: string };
  /** Folder of the composite action. */
  readonly action?: string;
  /** Levels of composite actions around. */
  readonly depth: number;
  /** Aborted when the step around is ended. */
  readonly signal?: AbortSignal;
  /** Of the steps of a composite action so far; the job's own is in the session. */
  status: Exclude<Result, "skipped">;
}

export interface PostStep {
  readonly name: string;
  readonly id: string;
  run(): Promise<void>;
}

/** A step while it runs. */
export interface RunningStep {
  readonly step: WorkflowStep;
  readonly frame: StepFrame;
  readonly name: string;
  /** {@link StepFrame.prefix} and its id. */
  readonly path: string;
  readonly env: { readonly [name: string]: string };
  readonly outputs: { [name: string]: string };
  readonly state: { [name: string]: string };
  /** A workflow command or a file that could not be processed. */
  failed: boolean;
  /** Aborted when the step must end. */
  readonly signal: AbortSignal;
}

/** What expressions of a step see. */
export function stepScope(
  session: JobSession,
  frame: StepFrame,
  env: { readonly [name: string]: string },
  id?: string,
): Scope {
  const { host, leg, call } = session;
  const github = {
    ...session.simulation.github,
    job: leg.job.id,
    workspace: host.workspace,
    event_path: host.eventPath,
    action: id ?? "",
    ...(frame.action !== undefined && {
      action_path: `${host.workspace}/${frame.action}`,
      action_status: frame.status,
    }),
  };
  return scopeOf(
    {
      ...leg.contexts,
      github,
      inputs: frame.inputs,
      env,
      steps: frame.steps,
      job: { status: session.status },
      runner: runnerContext(host),
      // A composite action sees no secrets.
      secrets: frame.action === undefined ? call.secrets : {},
    },
    statusOf(session, frame),
    (patterns) => host.hashFiles(patterns),
  );
}

export function runnerContext(host: JobHost): { readonly [name: string]: string } {
  const systems: { readonly [platform: string]: string } = { darwin: "macOS", win32: "Windows" };
  return {
    name: "magnus simulation",
    os: systems[process.platform] ?? "Linux",
    arch: process.arch === "arm64" ? "ARM64" : "X64",
    temp: host.temp,
    tool_cache: host.toolCache,
    environment: "github-hosted",
    debug: "",
  };
}

/**
 * The steps of a composite action look at those before them in it; all others at the job's status
 * (actions/runner, src/Runner.Worker/Expressions).
 */
function statusOf(session: JobSession, frame: StepFrame): Status {
  const status = (): string =>
    frame.action === undefined || session.status === "cancelled" ? session.status : frame.status;
  return {
    success: () => status() === "success",
    failure: () => status() === "failure",
    cancelled: () => session.status === "cancelled",
  };
}

/** For the front of PATH of the steps that follow. */
export function addPath(folder: string, session: JobSession): void {
  const known = session.path.indexOf(folder);
  if (known >= 0) session.path.splice(known, 1);
  session.path.push(folder);
}

export function annotate(session: JobSession, annotation: Annotation): void {
  const masked = { ...annotation, message: session.simulation.masks.mask(annotation.message) };
  session.annotations.push(masked);
  session.simulation.emit({ kind: "annotation", job: session.leg.path, annotation: masked });
}

/**
 * The environment that a job's own fields and its `github` context become for processes: GITHUB_… and RUNNER_…, `CI`.
 * The names as in actions/runner, src/Runner.Worker/GitHubContext.cs.
 */
export function runnerEnvironment(
  github: ValueObject,
  runner: { readonly [name: string]: string },
): { [name: string]: string } {
  const env: { [name: string]: string } = { CI: "true", GITHUB_ACTIONS: "true" };
  for (const name of githubVariables) {
    const value: Value | undefined = github[name];
    if (typeof value === "string" || typeof value === "number") env[`GITHUB_${name.toUpperCase()}`] = String(value);
  }
  for (const name of ["os", "arch", "name", "temp", "tool_cache", "environment"])
    env[`RUNNER_${name.toUpperCase()}`] = runner[name] ?? "";
  return env;
}

const githubVariables = [
  ...["action", "action_path", "action_ref", "action_repository", "actor", "actor_id", "api_url", "base_ref"],
  ...["event_name", "event_path", "graphql_url", "head_ref", "job", "ref", "ref_name", "ref_protected", "ref_type"],
  ...["repository", "repository_id", "repository_owner", "repository_owner_id", "retention_days", "run_attempt"],
  ...["run_id", "run_number", "server_url", "sha", "triggering_actor", "workflow", "workflow_ref", "workflow_sha"],
  "workspace",
];
