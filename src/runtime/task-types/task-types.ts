import type { CommandType } from "../../protocol/step-spec.ts";
import { pythonTask } from "./python.ts";
import { shellTask } from "./shell.ts";
import type { TaskType } from "./task-type.ts";

/** The kinds of command that this runtime starts. A new one is a file and a line. */
export const taskTypes: { readonly [type in CommandType]: TaskType } = {
  shell: shellTask,
  python: pythonTask,
  notebook: unavailable("notebook"),
  node: unavailable("node"),
  container: unavailable("container"),
};

function unavailable(type: CommandType): TaskType {
  const message = `command_type ${type} cannot be run by this version of magnus; shell and python can`;
  return { prepare: async () => ({ kind: "failure", failure: { reason: "cannot-start", message } }) };
}
