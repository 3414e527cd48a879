import { printJson } from "../../protocol/json.ts";
import { findProgram } from "./find-program.ts";
import { getObjects } from "./get-objects.ts";
import { runnerFile } from "./runner-file.ts";
import { answersOf, readRunnerResult } from "./runner-result.ts";
import { commandText, type Prepared, pathsOf, returnsOf, type TaskContext, type TaskType } from "./task-type.ts";

/**
 * A notebook, executed with what papermill, nbclient and nbconvert have in common. The runner
 * (python/src/magnus/_notebook.py) gives it its parameters, shows what its cells print, and writes the executed notebook
 * into the working directory, from where it goes into the catalog, also after a failure.
 */
export const notebookTask: TaskType = {
  prepare: async (context: TaskContext): Promise<Prepared> => {
    const { task, env, files } = context;
    const python = findProgram(["python3", "python"], env);
    if (python === undefined) {
      const message = "a notebook needs python3 (3.8 or newer) with papermill or nbclient, and PATH has none";
      return { kind: "failure", failure: { reason: "cannot-start", message } };
    }
    const objects = await getObjects(context);
    const command = commandText(context);
    const output = task.notebook?.outputPath ?? executedName(command);
    const request = {
      command,
      output,
      parameters: files.parameters,
      result: files.result,
      answers: `${files.result}.answers`,
      tag: task.notebook?.outputTag ?? "magnus_output",
      returns: returnsOf(context),
      path: pathsOf(context),
      jupyter: findProgram(["jupyter"], env) ?? null,
    };
    return {
      kind: "command",
      file: python,
      args: [runnerFile("_notebook.py"), printJson(request)],
      env: objects.env,
      answers: () => {
        objects.remove();
        const result = readRunnerResult(files.result) ?? {};
        return { ...answersOf(result), ...(result.executed === true ? { executed: output } : {}) };
      },
    };
  },
};

/** magnus-core's name of an executed notebook: `train_out.ipynb` beside `train.ipynb`. */
function executedName(command: string): string {
  return `${command.replace(/^\.\//, "").replace(/\.ipynb$/, "")}_out.ipynb`;
}
