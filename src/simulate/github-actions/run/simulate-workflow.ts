// Simulation of GitHub Actions. In: the files of a repository, the path of a workflow, an event with its inputs, and a
// host that executes steps. Out: what became of the run, its jobs and their steps, as GitHub would have it; events
// while it runs. Conditions, matrices, results and outputs are decided here; parsing and expressions are done by
// GitHub's own packages.
import { setMaxListeners } from "node:events";
import { limit } from "../../../system/limit.ts";
import { scopeOf } from "../expressions/evaluate.ts";
import type { ValueObject } from "../expressions/expression-data.ts";
import { masksOf } from "../host/masks.ts";
import type { SimulationHost } from "../host/simulation-host.ts";
import { artifactNames } from "../workflow/artifact-names.ts";
import { type LoadedWorkflows, loadWorkflows } from "../workflow/load-workflows.ts";
import { inputsOf } from "../workflow/read-workflow.ts";
import type { JobEnd, Problem, WorkflowEnd } from "../workflow/workflow-end.ts";
import type { WorkflowFile } from "../workflow/workflow-file.ts";
import { callInputs, dispatchInputs } from "./call-inputs.ts";
import { githubContext } from "./github-context.ts";
import { runWorkflow } from "./run-workflow.ts";
import { messageOf, type Simulation } from "./simulation.ts";

export type SimulatedEvent = "workflow_dispatch" | "schedule" | "push" | "workflow_call";

export interface SimulationOptions {
  /** What starts the run; the workflow must have it among its `on`. Default: the first of these that it has. */
  readonly event?: string;
  /** Texts, as a form would give them. */
  readonly inputs?: { readonly [name: string]: string };
  readonly secrets?: { readonly [name: string]: string };
  readonly vars?: { readonly [name: string]: string };
  /** Jobs that lose their runner before the first step: paths, with or without the indices of legs. */
  readonly fail?: readonly string[];
  /** The most jobs that run at the same time; default 4. */
  readonly jobs?: number;
  /** Aborted: the run is cancelled, as by the button. */
  readonly signal?: AbortSignal;
  /** Entries of the context `github`, such as `run_id` and `run_attempt`, in place of those that are made up. */
  readonly github?: ValueObject;
  /** Milliseconds in a minute of `timeout-minutes`; default 60,000. */
  readonly minuteMs?: number;
}

/**
 * Runs a workflow once.
 *
 * @param files text of a file by its path relative to the repository; undefined: there is none
 * @param workflowPath relative to the repository, as a rule `.github/workflows/<name>.yml`
 *
 * What GitHub would refuse and what cannot be simulated are `problems` of the result; nothing has been started then.
 * Rejects only for defects.
 *
 * Not simulated: containers and services (steps run on the host), Docker actions, actions of others, caches, protection
 * rules and secrets of environments, concurrency groups, problem matchers, masks of encoded secrets.
 */
export async function simulateWorkflow(
  files: (path: string) => string | undefined,
  workflowPath: string,
  host: SimulationHost,
  options: SimulationOptions = {},
): Promise<WorkflowEnd> {
  const loaded = await loadWorkflows(workflowPath, files);
  const workflow = loaded.workflows.get(workflowPath);
  if (loaded.problems.length > 0 || workflow === undefined) return notStarted("startup_failure", loaded.problems);
  if (loaded.refusals.length > 0) return notStarted("refused", loaded.refusals);
  const { event: wanted } = options;
  const event = events.find((name) => workflow.events.has(name) && name === (wanted ?? name));
  if (event === undefined) return notStarted("refused", [notTriggered(workflow, wanted)]);
  const { inputs, problems } = givenInputs(workflow, event, options);
  if (problems.length > 0) return notStarted("startup_failure", problems);
  return run(workflow, inputs, loaded, host, { ...options, event });
}

const events: readonly SimulatedEvent[] = ["workflow_dispatch", "push", "schedule", "workflow_call"];

function notStarted(conclusion: "startup_failure" | "refused", problems: readonly Problem[]): WorkflowEnd {
  return { conclusion, jobs: [], outputs: {}, artifacts: [], jobsStarted: 0, problems, warnings: [] };
}

function notTriggered(workflow: WorkflowFile, event: string | undefined): Problem {
  const message =
    event === undefined
      ? `None of ${events.join(", ")} starts it; only these can be simulated`
      : `The event ${event} does not start it`;
  return { file: workflow.path, message };
}

function givenInputs(
  workflow: WorkflowFile,
  event: SimulatedEvent,
  options: SimulationOptions,
): { readonly inputs: ValueObject; readonly problems: readonly Problem[] } {
  const given = options.inputs ?? {};
  const problem = (message: string): Problem => ({ file: workflow.path, message });
  if (event === "schedule" || event === "push") {
    const names = Object.keys(given);
    return {
      inputs: {},
      problems: names.length > 0 ? [problem(`The event ${event} has no inputs: ${names.join(", ")}`)] : [],
    };
  }
  const scope = scopeOf({ github: githubContext(workflow, {}, event, options.github ?? {}), vars: options.vars ?? {} });
  try {
    const definitions = inputsOf(workflow, event);
    const { inputs, problems } = dispatchInputs(definitions, given, scope);
    if (event === "workflow_dispatch" || problems.length > 0) return { inputs, problems: problems.map(problem) };
    // A called workflow has other values for what is not given.
    const names = new Set(Object.keys(given).map((name) => name.toLowerCase()));
    const absent = Object.entries(callInputs(workflow, undefined, scope)).filter(
      ([name]) => !names.has(name.toLowerCase()),
    );
    return { inputs: { ...inputs, ...Object.fromEntries(absent) }, problems: [] };
  } catch (error) {
    return { inputs: {}, problems: [problem(messageOf(error))] };
  }
}

async function run(
  workflow: WorkflowFile,
  inputs: ValueObject,
  loaded: LoadedWorkflows,
  host: SimulationHost,
  options: SimulationOptions & { readonly event: SimulatedEvent },
): Promise<WorkflowEnd> {
  const github = githubContext(workflow, inputs, options.event, options.github ?? {});
  const secrets = { GITHUB_TOKEN: String(github.token), ...options.secrets };
  const warnings = new Set<string>();
  const force = new AbortController();
  setMaxListeners(0, force.signal);
  const simulation: Simulation = {
    host,
    workflows: loaded.workflows,
    github,
    vars: options.vars ?? {},
    masks: masksOf(Object.values(secrets)),
    artifacts: artifactNames(),
    slots: limit(Math.max(1, options.jobs ?? 4)),
    fail: new Set(options.fail),
    force: force.signal,
    minuteMs: options.minuteMs ?? 60_000,
    started: 0,
    outputBytes: 0,
    emit: (event) => host.onEvent?.(event),
    warn: (message) => {
      if (warnings.has(message)) return;
      warnings.add(message);
      host.onEvent?.({ kind: "warning", message });
    },
    runWorkflow,
  };
  const cancel = options.signal ?? new AbortController().signal;
  setMaxListeners(0, cancel);
  const disarm = forceAfterCancel(cancel, force, simulation.minuteMs);
  const ancestors = { allSucceeded: true, someFailed: false };
  const end = await runWorkflow({ workflow, path: "", name: "", inputs, secrets, ancestors, cancel }, simulation);
  disarm();
  return {
    conclusion: cancel.aborted && end.result !== "success" ? "cancelled" : end.result,
    jobs: end.jobs,
    outputs: end.outputs,
    artifacts: simulation.artifacts.all(),
    jobsStarted: simulation.started,
    problems: [],
    warnings: [...warnings, ...unknownJobs(options.fail ?? [], end.jobs)],
  };
}

/** After five minutes the server ends all jobs and steps (docs.github.com, "Workflow cancellation reference"). */
function forceAfterCancel(cancel: AbortSignal, force: AbortController, minuteMs: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    timer = setTimeout(() => force.abort(), 5 * minuteMs);
  };
  if (cancel.aborted) arm();
  else cancel.addEventListener("abort", arm, { once: true });
  return () => {
    cancel.removeEventListener("abort", arm);
    clearTimeout(timer);
  };
}

function unknownJobs(fail: readonly string[], jobs: readonly JobEnd[]): readonly string[] {
  const paths = jobs.filter((job) => job.calls === undefined).map((job) => job.path);
  const known = new Set(paths.flatMap((path) => [path, path.replace(/\[\d+\]/g, "")]));
  return fail
    .filter((path) => !known.has(path))
    .map((path) => `The job ${path} was to lose its runner: no job with steps has this path`);
}
