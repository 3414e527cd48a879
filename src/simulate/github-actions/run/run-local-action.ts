import { evaluateCondition, evaluateText, evaluateTexts, type Scope } from "../expressions/evaluate.ts";
import { type LocalAction, readAction } from "../workflow/read-action.ts";
import type { Result } from "../workflow/workflow-end.ts";
import { executeStep } from "./execute-step.ts";
import {
  annotate,
  type JobSession,
  type PostStep,
  type RunningStep,
  type StepFrame,
  stepScope,
} from "./job-session.ts";
import { messageOf } from "./simulation.ts";

/** Composite actions within composite actions (actions/runner, CompositeActionsMaxDepth). */
const mostLevels = 9;

/** `uses: ./folder`: an action from the job's workspace, which has to be checked out before. */
export async function runLocalAction(
  running: RunningStep,
  uses: string,
  scope: Scope,
  session: JobSession,
): Promise<boolean> {
  const folder = uses.replace(/^\.\//, "").replace(/\/$/, "");
  const action = actionAt(folder, session);
  const inputs = inputsOf(running, action, scope, session);
  const { runs } = action;
  switch (runs.kind) {
    case "composite":
      return runComposite(running, action, runs.steps, folder, inputs, session);
    case "node": {
      if (runs.pre !== undefined)
        warn(`\`pre\` execution is not supported for local action from '${uses}'`, running, session);
      if (runs.post !== undefined) session.posts.push(postOf(running, runs, runs.post, folder, inputs, session));
      const command = { kind: "node", stage: "main", action: folder, file: runs.main, inputs } as const;
      return (await executeStep(running, command, session)) === 0;
    }
  }
}

function actionAt(folder: string, session: JobSession): LocalAction {
  for (const name of ["action.yml", "action.yaml"]) {
    const path = folder === "" ? name : `${folder}/${name}`;
    const text = session.host.readFile(path);
    if (text === undefined) continue;
    const action = cached(path, text);
    if (typeof action === "string") throw new Error(action);
    return action;
  }
  throw new Error(
    `Can't find 'action.yml' or 'action.yaml' under '${folder}'. Did you forget to run actions/checkout before running your local action?`,
  );
}

/** The same few actions are used by all jobs of a run. */
const known = new Map<string, { readonly path: string; readonly action: LocalAction | string }>();

function cached(path: string, text: string): LocalAction | string {
  const entry = known.get(text);
  if (entry?.path === path) return entry.action;
  const action = readAction(path, text);
  if (known.size > 100) known.clear();
  known.set(text, { path, action });
  return action;
}

function inputsOf(
  running: RunningStep,
  action: LocalAction,
  scope: Scope,
  session: JobSession,
): { [name: string]: string } {
  const given = evaluateTexts(running.step.with, scope);
  const inputs: { [name: string]: string } = { ...given };
  for (const input of action.inputs) {
    if (Object.keys(given).some((name) => name.toLowerCase() === input.name.toLowerCase())) continue;
    inputs[input.name] = input.default === undefined ? "" : evaluateText(input.default, scope);
  }
  const unexpected = Object.keys(given).filter(
    (name) => !action.inputs.some((input) => input.name.toLowerCase() === name.toLowerCase()),
  );
  if (unexpected.length > 0)
    warn(
      `Unexpected input(s) '${unexpected.join("', '")}', valid inputs are ['${action.inputs.map(({ name }) => name).join("', '")}']`,
      running,
      session,
    );
  return inputs;
}

function warn(message: string, running: RunningStep, session: JobSession): void {
  annotate(session, { level: "warning", message, step: running.name });
}

function postOf(
  running: RunningStep,
  runs: LocalAction["runs"] & { readonly kind: "node" },
  file: string,
  folder: string,
  inputs: { readonly [name: string]: string },
  session: JobSession,
): PostStep {
  const name = `Post ${running.name}`;
  const end = (outcome: Result): void => {
    session.steps.push({ id: `__post_${running.path}`, name, outcome, conclusion: outcome, outputs: {} });
    session.simulation.emit({ kind: "step-ended", job: session.leg.path, step: name, outcome, conclusion: outcome });
    if (outcome === "failure" && session.status === "success") session.status = "failure";
  };
  return {
    name,
    id: running.path,
    run: async () => {
      session.simulation.emit({ kind: "step-started", job: session.leg.path, step: name });
      const post: RunningStep = { ...running, name, failed: false, outputs: {}, signal: session.simulation.force };
      try {
        const frame: StepFrame = { ...running.frame, status: "success" };
        const scope = stepScope(session, frame, running.env, running.step.id);
        if (!evaluateCondition(runs.postCondition, scope)) return end("skipped");
        const command = { kind: "node", stage: "post", action: folder, file, inputs } as const;
        const exitCode = await executeStep(post, command, session);
        end(exitCode === 0 && !post.failed ? "success" : "failure");
      } catch (error) {
        annotate(session, { level: "error", message: messageOf(error), step: name });
        end("failure");
      }
    },
  };
}

async function runComposite(
  running: RunningStep,
  action: LocalAction,
  steps: (LocalAction["runs"] & { readonly kind: "composite" })["steps"],
  folder: string,
  inputs: { readonly [name: string]: string },
  session: JobSession,
): Promise<boolean> {
  if (running.frame.depth >= mostLevels)
    throw new Error(`Composite actions are nested more than ${mostLevels} levels deep`);
  const outer = running.frame;
  const frame: StepFrame = {
    prefix: `${running.path}/`,
    steps: {},
    inputs,
    env: overrides(running, session),
    action: folder,
    depth: outer.depth + 1,
    signal: running.signal,
    status: "success",
  };
  for (const step of steps) {
    if (running.signal.aborted) break;
    const { conclusion } = await session.runStep(step, frame);
    if ((conclusion === "failure" || conclusion === "cancelled") && frame.status !== "failure")
      frame.status = conclusion;
  }
  const scope = stepScope(session, frame, running.env, running.step.id);
  for (const [name, value] of action.outputs) running.outputs[name] = evaluateText(value, scope);
  return frame.status === "success";
}

/** What the steps around set themselves: it wins over GITHUB_ENV, which wins over the job's. */
function overrides(running: RunningStep, session: JobSession): { readonly [name: string]: string } {
  const own = Object.entries(running.env).filter(
    ([name, value]) => name in running.frame.env || session.env.get(name) !== value,
  );
  return Object.fromEntries(own);
}
