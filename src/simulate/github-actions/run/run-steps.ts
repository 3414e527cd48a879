import { setMaxListeners } from "node:events";
import { evaluate, evaluateNumber, evaluateTexts, scopeOf } from "../expressions/evaluate.ts";
import { isObject, type Value } from "../expressions/expression-data.ts";
import type { JobHost } from "../host/simulation-host.ts";
import { field } from "../workflow/read-fields.ts";
import type { Annotation, Result, StepEnd } from "../workflow/workflow-end.ts";
import { annotate, type JobSession, runnerContext, type StepFrame, stepScope } from "./job-session.ts";
import type { Leg } from "./leg.ts";
import { runStep } from "./run-step.ts";
import { messageOf, type Simulation, type WorkflowCall } from "./simulation.ts";

export interface JobResult {
  readonly conclusion: Result;
  readonly outputs: { readonly [name: string]: string };
  readonly steps: readonly StepEnd[];
  readonly annotations: readonly Annotation[];
  readonly summary: string;
}

/**
 * One job on its runner: its steps in order, the posts of its actions, its outputs. Rejects where the host has no
 * runner or a field of the job cannot be evaluated.
 */
export async function runSteps(
  leg: Leg,
  around: { readonly call: WorkflowCall; readonly simulation: Simulation; readonly stop: AbortSignal },
): Promise<JobResult> {
  const { simulation, call } = around;
  const repository = String(simulation.github.repository);
  const host = await simulation.host.openJob({ path: leg.path, repository, event: simulation.github.event ?? null });
  const timeout = new AbortController();
  try {
    const stop = AbortSignal.any([around.stop, timeout.signal, simulation.force]);
    const session = openSession(leg, call, simulation, host, stop);
    const frame: StepFrame = { prefix: "", steps: {}, inputs: call.inputs, env: {}, depth: 0, status: "success" };
    const ended = armTimeout(leg, session, timeout);
    setMaxListeners(0, stop);
    stop.addEventListener("abort", () => {
      session.status = "cancelled";
    });
    try {
      await runAll(session, frame);
    } finally {
      ended();
    }
    const outputs = jobOutputs(session, frame);
    return {
      conclusion: session.status,
      outputs,
      steps: session.steps,
      annotations: session.annotations,
      summary: session.summary.join("\n"),
    };
  } finally {
    await host.close();
  }
}

function openSession(
  leg: Leg,
  call: WorkflowCall,
  simulation: Simulation,
  host: JobHost,
  stop: AbortSignal,
): JobSession {
  const runner = runnerContext(host);
  const workflowScope = scopeOf({ ...leg.contexts, secrets: call.secrets });
  const jobScope = scopeOf({ ...leg.contexts, secrets: call.secrets, runner });
  const env = new Map([
    ...Object.entries(evaluateTexts(call.workflow.env, workflowScope)),
    ...Object.entries(evaluateTexts(leg.job.env, jobScope)),
  ]);
  const defaultsScope = scopeOf({ ...leg.contexts, env: Object.fromEntries(env) });
  const runDefaults = [call.workflow.defaults, leg.job.defaults].map((token) => {
    const run = field(token, "run");
    const value: Value = run === undefined ? {} : evaluate(run, defaultsScope);
    return isObject(value) ? value : {};
  });
  const merged = Object.assign({}, ...runDefaults);
  const session: JobSession = {
    leg,
    call,
    simulation,
    host,
    stop,
    env,
    path: [],
    defaults: {
      ...(typeof merged.shell === "string" && { shell: merged.shell }),
      ...(typeof merged["working-directory"] === "string" && { workingDirectory: merged["working-directory"] }),
    },
    status: "success",
    steps: [],
    annotations: [],
    summary: [],
    posts: [],
    artifacts: 0,
    runStep: (step, frame) => runStep(step, frame, session),
  };
  return session;
}

/** A job that takes too long ends as cancelled; six hours where nothing is said. */
function armTimeout(leg: Leg, session: JobSession, timeout: AbortController): () => void {
  const token = leg.job.timeoutMinutes;
  const minutes = token === undefined ? 360 : evaluateNumber(token, scopeOf(leg.contexts));
  const timer = setTimeout(
    () => {
      annotate(session, {
        level: "error",
        message: `The job has exceeded the maximum execution time of ${minutes} minutes`,
      });
      timeout.abort();
    },
    Math.min(minutes * session.simulation.minuteMs, 2 ** 31 - 1),
  );
  return () => clearTimeout(timer);
}

async function runAll(session: JobSession, frame: StepFrame): Promise<void> {
  const { work } = session.leg.job;
  for (const step of work.kind === "steps" ? work.steps : []) {
    const end = await runStep(step, frame, session);
    session.steps.push(end);
    if (end.conclusion === "failure" && session.status === "success") session.status = "failure";
  }
  for (let post = session.posts.pop(); post !== undefined; post = session.posts.pop()) await post.run();
}

/** Empty outputs are not set; those that show a secret are left out with a warning, as on GitHub. */
function jobOutputs(session: JobSession, frame: StepFrame): { readonly [name: string]: string } {
  const outputs: { [name: string]: string } = {};
  if (session.leg.job.outputs === undefined) return outputs;
  const scope = stepScope(session, frame, Object.fromEntries(session.env));
  try {
    for (const [name, value] of Object.entries(evaluateTexts(session.leg.job.outputs, scope))) {
      if (value === "") continue;
      if (session.simulation.masks.hit(value))
        annotate(session, { level: "warning", message: `Skip output '${name}' since it may contain secret.` });
      else outputs[name] = value;
    }
  } catch (error) {
    annotate(session, { level: "error", message: "Fail to evaluate job outputs" });
    annotate(session, { level: "error", message: messageOf(error) });
    if (session.status === "success") session.status = "failure";
  }
  return outputs;
}
