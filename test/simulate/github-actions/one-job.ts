import type { StepCall, StepReturn } from "../../../src/simulate/github-actions/host/simulation-host.ts";
import type { JobEnd, WorkflowEnd } from "../../../src/simulate/github-actions/workflow/workflow-end.ts";
import { jobAt, path, type Script, simulateScripted } from "./scripted-host.ts";

type Returns = { readonly [step: string]: StepReturn | ((call: StepCall) => StepReturn) };

/** A workflow of one job `a`. */
export async function jobOf(
  steps: string,
  returns: Returns = {},
  more: { readonly job?: string; readonly script?: Script; readonly files?: { readonly [path: string]: string } } = {},
  options: Parameters<typeof simulateScripted>[2] = {},
): Promise<JobEnd> {
  return jobAt(await runOf(steps, returns, more, options), "a");
}

export function runOf(
  steps: string,
  returns: Returns = {},
  more: { readonly job?: string; readonly script?: Script; readonly files?: { readonly [path: string]: string } } = {},
  options: Parameters<typeof simulateScripted>[2] = {},
): Promise<WorkflowEnd> {
  const workflow = `on: push\njobs:\n  a:\n    runs-on: x\n${more.job ?? ""}    steps:\n${steps}`;
  const execute = (call: StepCall): StepReturn => {
    const given = returns[call.step] ?? { exitCode: 0 };
    return typeof given === "function" ? given(call) : given;
  };
  return simulateScripted({ [path]: workflow, ...more.files }, { execute, ...more.script }, options);
}

export const outcomes = (job: JobEnd) => job.steps.map((step) => `${step.id}:${step.outcome}/${step.conclusion}`);
export const messages = (job: JobEnd) =>
  job.annotations.map((annotation) => `${annotation.level}: ${annotation.message}`);
