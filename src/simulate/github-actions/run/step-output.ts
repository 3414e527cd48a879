import type { Annotation } from "../workflow/workflow-end.ts";
import { addPath, annotate, type JobSession, type RunningStep } from "./job-session.ts";
import { isStopToken, readCommand, type WorkflowCommand } from "./workflow-command.ts";

/** Takes a step's lines: carries its workflow commands out and shows the rest, masked. */
export function stepOutput(running: RunningStep, session: JobSession): (line: string) => void {
  const { simulation, leg } = session;
  let stopToken: string | undefined;
  const show = (text: string): void =>
    simulation.emit({ kind: "line", job: leg.path, step: running.name, text: simulation.masks.mask(text) });
  return (line) => {
    const command = readCommand(line, stopToken);
    if (stopToken !== undefined) {
      if (command?.name === stopToken.toLowerCase()) stopToken = undefined;
      else show(line);
      return;
    }
    if (command === undefined) show(line);
    else if (command.name !== "stop-commands") carryOut(command, running, session, show);
    else if (isStopToken(command.data)) stopToken = command.data;
    else refuse(`::stop-commands::${command.data}`, "The end token is empty or a workflow command.", running, session);
  };
}

function carryOut(
  command: WorkflowCommand,
  running: RunningStep,
  session: JobSession,
  show: (text: string) => void,
): void {
  switch (command.name) {
    case "error":
    case "warning":
    case "notice":
      annotate(session, annotationOf(command.name, command, running));
      return;
    case "add-mask":
      if (command.data.trim() === "")
        annotate(session, {
          level: "warning",
          message: "Can't add secret mask for empty string in ##[add-mask] command.",
          step: running.name,
        });
      else session.simulation.masks.add(command.data);
      return;
    case "group":
      show(command.data);
      return;
    case "set-output":
      deprecated(command, running, session);
      if (named(command, running, session)) running.outputs[command.properties.name ?? ""] = command.data;
      return;
    case "save-state":
      deprecated(command, running, session);
      if (named(command, running, session)) running.state[command.properties.name ?? ""] = command.data;
      return;
    case "set-env":
    case "add-path":
      unsecure(command, running, session);
      return;
    default:
    // debug, echo, endgroup, matchers: no effect on the run.
  }
}

function annotationOf(level: Annotation["level"], command: WorkflowCommand, running: RunningStep): Annotation {
  const { title, file, line } = command.properties;
  return {
    level,
    message: command.data,
    ...(title !== undefined && { title }),
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    step: running.name,
  };
}

function deprecated({ name }: WorkflowCommand, running: RunningStep, session: JobSession): void {
  const message = `The \`${name}\` command is deprecated and will be disabled soon. Please upgrade to using Environment Files.`;
  annotate(session, { level: "warning", message, step: running.name });
}

function named(command: WorkflowCommand, running: RunningStep, session: JobSession): boolean {
  if ((command.properties.name ?? "") !== "") return true;
  const message = `Required field 'name' is missing in ##[${command.name}] command.`;
  refuse(`::${command.name}::`, message, running, session);
  return false;
}

/** Disabled since 2020, unless ACTIONS_ALLOW_UNSECURE_COMMANDS is set. */
function unsecure(command: WorkflowCommand, running: RunningStep, session: JobSession): void {
  if (running.env.ACTIONS_ALLOW_UNSECURE_COMMANDS !== "true") {
    const message = `The \`${command.name}\` command is disabled. Please upgrade to using Environment Files.`;
    refuse(`::${command.name}::`, message, running, session);
  } else if (command.name === "add-path") addPath(command.data, session);
  else if (named(command, running, session)) session.env.set(command.properties.name ?? "", command.data);
}

/** A command that cannot be processed fails the step. */
function refuse(shown: string, message: string, running: RunningStep, session: JobSession): void {
  annotate(session, {
    level: "error",
    message: `Unable to process command '${shown}' successfully.`,
    step: running.name,
  });
  annotate(session, { level: "error", message, step: running.name });
  running.failed = true;
}
