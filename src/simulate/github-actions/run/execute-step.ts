import { FileCommandError, fileEntries } from "../host/file-commands.ts";
import type { FileCommand, NodeCommand, ScriptCommand } from "../host/simulation-host.ts";
import {
  addPath,
  annotate,
  type JobSession,
  type RunningStep,
  runnerContext,
  runnerEnvironment,
} from "./job-session.ts";
import { stepOutput } from "./step-output.ts";

/** The largest summary of a step, in bytes. */
const summaryLimit = 1024 * 1024;

/** Runs a process for a step and takes in what it printed and what it wrote for the runner; gives its exit code. */
export async function executeStep(
  running: RunningStep,
  command: ScriptCommand | NodeCommand,
  session: JobSession,
): Promise<number> {
  const { host, leg } = session;
  const returned = await host.execute({
    job: leg.path,
    step: running.path,
    command,
    env: { ...running.env, ...environmentOf(running, command, session) },
    path: session.path.toReversed(),
    signal: running.signal,
    line: stepOutput(running, session),
  });
  // Also after a failure.
  for (const name of ["path", "env", "summary", "state", "output"] as const)
    takeFile(name, returned.files?.[name], running, session);
  return returned.exitCode;
}

function environmentOf(
  running: RunningStep,
  command: ScriptCommand | NodeCommand,
  session: JobSession,
): { readonly [name: string]: string } {
  const { host, simulation, leg } = session;
  // Of the composite action around; actions of JavaScript do not learn theirs.
  const { action } = running.frame;
  const github = {
    ...simulation.github,
    job: leg.job.id,
    workspace: host.workspace,
    event_path: host.eventPath,
    action: running.step.id,
    ...(action !== undefined && { action_path: `${host.workspace}/${action}` }),
  };
  const env = runnerEnvironment(github, runnerContext(host));
  if (command.kind === "script") return env;
  for (const [name, value] of Object.entries(command.inputs))
    env[`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`] = value;
  for (const [name, value] of Object.entries(running.state)) env[`STATE_${name}`] = value;
  return env;
}

function takeFile(name: FileCommand, text: string | undefined, running: RunningStep, session: JobSession): void {
  if (text === undefined || text === "") return;
  try {
    readFile(name, text, running, session);
  } catch (error) {
    if (!(error instanceof FileCommandError)) throw error;
    const file = name === "summary" ? "step_summary" : name;
    annotate(session, {
      level: "error",
      message: `Unable to process file command '${file}' successfully.`,
      step: running.name,
    });
    annotate(session, { level: "error", message: error.message, step: running.name });
    running.failed = true;
  }
}

function readFile(name: FileCommand, text: string, running: RunningStep, session: JobSession): void {
  switch (name) {
    case "path":
      for (const line of text.split(/\r?\n/)) if (line !== "") addPath(line, session);
      return;
    case "env":
      for (const [key, value] of fileEntries(text)) setEnv(key, value, running, session);
      return;
    case "state":
      for (const [key, value] of fileEntries(text)) running.state[key] = value;
      return;
    case "output":
      for (const [key, value] of fileEntries(text)) running.outputs[key] = value;
      return;
    case "summary":
      addSummary(text, running, session);
  }
}

function setEnv(key: string, value: string, running: RunningStep, session: JobSession): void {
  if (key.toUpperCase() === "NODE_OPTIONS")
    annotate(session, {
      level: "error",
      message: "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.",
      step: running.name,
    });
  else session.env.set(key, value);
}

/** One that is too long is left out, with an error that does not fail the step. */
function addSummary(text: string, running: RunningStep, session: JobSession): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= summaryLimit) session.summary.push(text);
  else
    annotate(session, {
      level: "error",
      message: `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of ${summaryLimit / 1024}k, got ${Math.floor(bytes / 1024)}k.`,
      step: running.name,
    });
}
