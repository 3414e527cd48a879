import { evaluateText, type Scope } from "../expressions/evaluate.ts";
import type { WorkflowStep } from "../workflow/workflow-file.ts";
import { executeStep } from "./execute-step.ts";
import { annotate, type JobSession, type RunningStep } from "./job-session.ts";

/**
 * A `run:` step. The defaults of the workflow and the job do not reach into composite actions. In a container the
 * shell is `sh` where nothing is said, since there may be no bash.
 */
export async function runScript(
  running: RunningStep,
  work: WorkflowStep["work"] & { readonly kind: "run" },
  scope: Scope,
  session: JobSession,
): Promise<boolean> {
  const defaults = running.frame.action === undefined ? session.defaults : {};
  const given = work.shell === undefined ? defaults.shell : evaluateText(work.shell, scope);
  const shell = given || (session.leg.job.ignored.includes("container") ? "sh" : undefined);
  const folder =
    work.workingDirectory === undefined ? defaults.workingDirectory : evaluateText(work.workingDirectory, scope);
  const exitCode = await executeStep(
    running,
    {
      kind: "script",
      script: evaluateText(work.script, scope),
      workingDirectory: folder ?? "",
      ...(shell !== undefined && { shell }),
    },
    session,
  );
  if (exitCode !== 0 && !running.signal.aborted)
    annotate(session, { level: "error", message: `Process completed with exit code ${exitCode}.`, step: running.name });
  return exitCode === 0;
}
