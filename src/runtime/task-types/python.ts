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
    const { visible, env, files, catalog } = context;
    const python = findProgram(["python3", "python"], env);
    if (python === undefined) return cannotStart("a python task needs python3 (3.8 or newer), and PATH has none");
    const objects = await getObjects(visible, catalog);
    if ("reason" in objects) return { kind: "failure", failure: objects };
    const request = {
      command: commandText(context),
      parameters: files.parameters,
      result: files.result,
      returns: returnsOf(context),
      objects: objects.files,
      path: pathsOf(context),
    };
    return {
      kind: "command",
      file: python,
      args: [runnerFile("_runner.py"), printJson(request)],
      env: objectVariable(objects.files),
      answers: () => answersOf(readRunnerResult(files.result) ?? {}),
    };
  },
};

function cannotStart(message: string): Prepared {
  return { kind: "failure", failure: { reason: "cannot-start", message } };
}

/** Where `magnus.get_object` finds the objects of earlier steps: MAGNUS_OBJECTS, JSON of names to files. */
export function objectVariable(files: { readonly [name: string]: string }): { readonly [name: string]: string } {
  return Object.keys(files).length === 0 ? {} : { MAGNUS_OBJECTS: printJson(files) };
}
