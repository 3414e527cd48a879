import { setMaxListeners } from "node:events";
import {
  EvaluationError,
  evaluateBoolean,
  evaluateCondition,
  evaluateNumber,
  evaluateText,
  evaluateTexts,
  type Scope,
} from "../expressions/evaluate.ts";
import { supportedAction } from "../workflow/supported-actions.ts";
import type { Result, StepEnd } from "../workflow/workflow-end.ts";
import type { WorkflowStep } from "../workflow/workflow-file.ts";
import { annotate, type JobSession, type RunningStep, type StepFrame, stepScope } from "./job-session.ts";
import { playAction } from "./play-action.ts";
import { runLocalAction } from "./run-local-action.ts";
import { runScript } from "./run-script.ts";
import { messageOf } from "./simulation.ts";

/**
 * One step, in the runner's order (actions/runner, src/Runner.Worker/StepsRunner.cs): its `env`, which fails it even
 * where it would be skipped; its condition; its work; `continue-on-error`. Its entry in the context `steps` is set.
 */
export async function runStep(step: WorkflowStep, frame: StepFrame, session: JobSession): Promise<StepEnd> {
  const base = { ...Object.fromEntries(session.env), ...frame.env };
  const name = shownName(step, stepScope(session, frame, base, step.id));
  const end = await stepEnd(step, name, base, frame, session);
  if (!step.id.startsWith("__"))
    frame.steps[step.id] = { outputs: end.outputs, outcome: end.outcome, conclusion: end.conclusion };
  if (frame.depth === 0)
    session.simulation.emit({
      kind: "step-ended",
      job: session.leg.path,
      step: name,
      outcome: end.outcome,
      conclusion: end.conclusion,
    });
  return end;
}

async function stepEnd(
  step: WorkflowStep,
  name: string,
  base: { readonly [name: string]: string },
  frame: StepFrame,
  session: JobSession,
): Promise<StepEnd> {
  const ended = (outcome: Result, conclusion: Result = outcome, outputs = {}): StepEnd => ({
    id: step.id,
    name,
    outcome,
    conclusion,
    outputs,
  });
  let env: { readonly [name: string]: string };
  try {
    env = { ...base, ...evaluateTexts(step.env, stepScope(session, frame, base, step.id)) };
    if (!evaluateCondition(step.condition, stepScope(session, frame, env, step.id))) return ended("skipped");
  } catch (error) {
    annotate(session, { level: "error", message: messageOf(error), step: name });
    return ended("failure");
  }
  if (frame.depth === 0) session.simulation.emit({ kind: "step-started", job: session.leg.path, step: name });
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const scope = stepScope(session, frame, env, step.id);
  const path = frame.prefix + step.id;
  const running: RunningStep = {
    step,
    frame,
    name,
    path,
    env,
    outputs: {},
    state: {},
    failed: false,
    signal: stop.signal,
  };
  const outcome = await supervised(running, stop, scope, session);
  const forgiven = outcome === "failure" && forgives(running, scope, session);
  return ended(outcome, forgiven ? "success" : outcome, running.outputs);
}

/** Ends the step at its timeout and, unless its condition still holds then, when the job is cancelled. */
async function supervised(
  running: RunningStep,
  stop: AbortController,
  scope: Scope,
  session: JobSession,
): Promise<Result> {
  const { step, frame, name } = running;
  const onStop = (): void => {
    if (!stillHolds(step, stepScope(session, frame, running.env, step.id))) stop.abort("cancelled");
  };
  const onOuter = (): void => stop.abort("cancelled");
  if (!session.stop.aborted) session.stop.addEventListener("abort", onStop);
  if (frame.signal?.aborted === true) stop.abort("cancelled");
  frame.signal?.addEventListener("abort", onOuter);
  const { force } = session.simulation;
  if (force.aborted) stop.abort("cancelled");
  force.addEventListener("abort", onOuter);
  const minutes = timeoutOf(running, scope, session);
  const timer =
    minutes > 0
      ? setTimeout(() => stop.abort("timeout"), Math.min(minutes * session.simulation.minuteMs, 2 ** 31 - 1))
      : undefined;
  try {
    const succeeded = await workOf(running, scope, session);
    if (stop.signal.aborted) {
      const timedOut = stop.signal.reason === "timeout";
      annotate(session, {
        level: "error",
        message: timedOut
          ? `The action '${name}' has timed out after ${minutes} minutes.`
          : "The operation was canceled.",
        step: name,
      });
      return timedOut ? "failure" : "cancelled";
    }
    return succeeded && !running.failed ? "success" : "failure";
  } catch (error) {
    annotate(session, { level: "error", message: messageOf(error), step: name });
    return "failure";
  } finally {
    clearTimeout(timer);
    session.stop.removeEventListener("abort", onStop);
    frame.signal?.removeEventListener("abort", onOuter);
    force.removeEventListener("abort", onOuter);
  }
}

async function workOf(running: RunningStep, scope: Scope, session: JobSession): Promise<boolean> {
  const { work } = running.step;
  if (work.kind === "run") return runScript(running, work, scope, session);
  if (work.action.startsWith("./")) return runLocalAction(running, work.action, scope, session);
  const known = supportedAction(work.action);
  if (known === undefined) throw new Error(`The action ${work.action} cannot be simulated`);
  return playAction(known, running, evaluateTexts(running.step.with, scope), session);
}

function stillHolds(step: WorkflowStep, scope: Scope): boolean {
  try {
    return evaluateCondition(step.condition, scope);
  } catch {
    return false;
  }
}

/** In whole minutes; a timeout that cannot be evaluated is told and counts as none. */
function timeoutOf({ step, name }: RunningStep, scope: Scope, session: JobSession): number {
  if (step.timeoutMinutes === undefined) return 0;
  try {
    return Math.trunc(evaluateNumber(step.timeoutMinutes, scope));
  } catch (error) {
    const message = `An error occurred when attempting to determine the step timeout. ${messageOf(error)}`;
    annotate(session, { level: "error", message, step: name });
    return 0;
  }
}

function forgives({ step, name }: RunningStep, scope: Scope, session: JobSession): boolean {
  try {
    return evaluateBoolean(step.continueOnError, scope);
  } catch (error) {
    annotate(session, { level: "error", message: messageOf(error), step: name });
    return false;
  }
}

/** As GitHub shows it; a name that cannot be evaluated is left as if there were none. */
function shownName(step: WorkflowStep, scope: Scope): string {
  try {
    if (step.name !== undefined) return evaluateText(step.name, scope);
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
  }
  if (step.work.kind === "uses") return `Run ${step.work.action}`;
  return `Run ${step.work.script.toString().trim().split("\n")[0]}`;
}
