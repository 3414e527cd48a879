import type { CommandType } from "../../protocol/step-spec.ts";
import { containerTask } from "./container.ts";
import { nodeTask } from "./node.ts";
import { notebookTask } from "./notebook.ts";
import { pythonTask } from "./python.ts";
import { shellTask } from "./shell.ts";
import type { TaskType } from "./task-type.ts";

/** The kinds of command that this runtime starts. A new one is a file and a line. */
export const taskTypes: { readonly [type in CommandType]: TaskType } = {
  shell: shellTask,
  python: pythonTask,
  notebook: notebookTask,
  node: nodeTask,
  container: containerTask,
};
