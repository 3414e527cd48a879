import { printJson } from "../../protocol/json.ts";
import { findProgram } from "./find-program.ts";
import { getObjects } from "./get-objects.ts";
import { runnerFile } from "./runner-file.ts";
import { answersOf, readRunnerResult } from "./runner-result.ts";
import { commandText, type Prepared, pathsOf, returnsOf, type TaskContext, type TaskType } from "./task-type.ts";

/**
 * A function, `package.module.function`, called by a small runner in the python3 that the task's PATH leads to. The
 * runner (python/src/magnus/_runner.py) takes a request as its argument and leaves a result in a file.
 */
export const pythonTask: TaskType = {
  prepare: async (context: TaskContext): Promise<Prepared> => {
    const { env, files } = context;
    const python = findProgram(["python3", "python"], env);
    if (python === undefined) return cannotStart("a python task needs python3 (3.8 or newer), and PATH has none");
    const objects = await getObjects(context);
    const request = {
      command: commandText(context),
      parameters: files.parameters,
      result: files.result,
      returns: returnsOf(context),
      objects: objects.file,
      path: pathsOf(context),
    };
    return {
      kind: "command",
      file: python,
      args: [runnerFile("_runner.py"), printJson(request)],
      env: objects.env,
      answers: () => {
        objects.remove();
        return answersOf(readRunnerResult(files.result) ?? {});
      },
    };
  },
};

function cannotStart(message: string): Prepared {
  return { kind: "failure", failure: { reason: "cannot-start", message } };
}
