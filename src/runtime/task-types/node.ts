import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { printJson } from "../../protocol/json.ts";
import { findProgram } from "./find-program.ts";
import { runnerFile } from "./runner-file.ts";
import { answersOf, readRunnerResult } from "./runner-result.ts";
import { commandText, type Prepared, returnsOf, type TaskContext, type TaskType } from "./task-type.ts";

/**
 * A function of a JavaScript or TypeScript module, `file.ts#export` or `package#export`, called with one object of all
 * parameters by the Node that the task's PATH leads to, else by this one. The runner (node-runner.mjs) takes a request
 * as its argument and leaves a result in a file.
 */
export const nodeTask: TaskType = {
  prepare: async (context: TaskContext): Promise<Prepared> => {
    const { task, env, files, cwd, projectDir } = context;
    const picky = task.returns?.find(({ kind }) => kind === "object");
    if (picky !== undefined) {
      const message = `"${picky.name}" is of kind object, which only Python can give; put a file in the catalog instead`;
      return { kind: "failure", failure: { reason: "cannot-start", message } };
    }
    const request = {
      command: commandText(context),
      parameters: files.parameters,
      result: files.result,
      returns: returnsOf(context),
      // Where modules are looked for, and where a TypeScript loader is, if the project has none.
      folders: cwd === projectDir ? [projectDir] : [cwd, projectDir],
      beside: programFile(),
      task: taskModule(),
    };
    return {
      kind: "command",
      file: findProgram(["node"], env) ?? process.execPath,
      // Looks up packages from the project, not from the runner; harmless where it is no flag any more.
      args: ["--experimental-import-meta-resolve", runnerFile("node-runner.mjs"), printJson(request)],
      answers: () => answersOf(readRunnerResult(files.result) ?? {}),
    };
  },
};

/** The file of this program: packages that are installed beside it are found from there. */
function programFile(): string | null {
  try {
    return realpathSync(process.argv[1] ?? "");
  } catch {
    return null;
  }
}

/** What a task imports as `magnus-pipelines/task`, where the project has not installed it; null: it is not beside this program. */
function taskModule(): string | null {
  if (foundTaskModule === undefined) {
    const file = join(dirname(programFile() ?? ""), "task.mjs");
    foundTaskModule = existsSync(file) ? file : null;
  }
  return foundTaskModule;
}

let foundTaskModule: string | null | undefined;
