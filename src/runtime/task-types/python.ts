import { accessSync, constants, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isObject, type Json, type JsonObject, parseJson, printJson } from "../../protocol/json.ts";
import { CatalogError } from "../../stores/catalog-error.ts";
import type { CatalogStore } from "../../stores/catalog-store.ts";
import type { Environment } from "../environment.ts";
import { objectDigest } from "../object-value.ts";
import { scratchFolder } from "../scratch.ts";
import { pythonConversion } from "./python-conversion.ts";
import { pythonRunner } from "./python-runner.ts";
import type { Answers, Failure, Prepared, TaskContext, TaskType } from "./task-type.ts";

/**
 * A function, `package.module.function`, called by a small runner in the python3 that the task's PATH leads to. The
 * runner takes a request as its argument and leaves a result in a file; see python-runner.ts for both.
 */
export const pythonTask: TaskType = {
  prepare: async ({ task, visible, env, files, cwd, projectDir, catalog }: TaskContext): Promise<Prepared> => {
    const command = typeof task.command === "string" ? task.command.trim() : task.command.join(" ");
    const python = interpreterOn(env);
    if (python === undefined) return cannotStart("a python task needs python3 (3.8 or newer), and PATH has none");
    const objects = await getObjects(visible, catalog);
    if ("reason" in objects) return { kind: "failure", failure: objects };
    const request: JsonObject = {
      command,
      parameters: files.parameters,
      result: files.result,
      returns: (task.returns ?? []).map(({ name, kind }) => ({ name, kind })),
      objects: objects.files,
      path: projectDir === cwd ? [projectDir] : [projectDir, cwd],
    };
    return {
      kind: "command",
      file: python,
      args: [runnerFile(), printJson(request)],
      answers: () => readAnswers(files.result),
    };
  },
};

function cannotStart(message: string): Prepared {
  return { kind: "failure", failure: { reason: "cannot-start", message } };
}

const interpreters = new Map<string, string | undefined>();

function interpreterOn(env: Environment): string | undefined {
  const search = env.PATH ?? "/usr/local/bin:/usr/bin:/bin";
  if (!interpreters.has(search)) {
    const folders = search.split(":").filter((folder) => folder !== "");
    const candidates = ["python3", "python"].flatMap((name) => folders.map((folder) => join(folder, name)));
    interpreters.set(search, candidates.find(isExecutable));
  }
  return interpreters.get(search);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

let runner: string | undefined;

function runnerFile(): string {
  if (runner === undefined) {
    const file = join(scratchFolder(), "python-runner.py");
    writeFileSync(join(scratchFolder(), "python-conversion.py"), pythonConversion);
    writeFileSync(file, pythonRunner);
    runner = file;
  }
  return runner;
}

/** Pickles by digest, each fetched once a process. */
const objectFiles = new Map<string, Promise<string>>();

async function getObjects(
  visible: JsonObject,
  catalog: CatalogStore,
): Promise<{ readonly files: { readonly [name: string]: string } } | Failure> {
  const files: Record<string, string> = {};
  for (const [name, value] of Object.entries(visible)) {
    const digest = objectDigest(value);
    if (digest === undefined) continue;
    try {
      files[name] = await objectFile(digest, catalog);
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error;
      return { reason: "catalog-get", message: `the object "${name}" cannot be read: ${error.message}` };
    }
  }
  return { files };
}

function objectFile(digest: string, catalog: CatalogStore): Promise<string> {
  let file = objectFiles.get(digest);
  if (file === undefined) {
    const target = join(scratchFolder(), `${digest.replace(":", "-")}.pickle`);
    file = catalog.getFile(digest, target, { executable: false }).then(() => target);
    file.catch(() => objectFiles.delete(digest));
    objectFiles.set(digest, file);
  }
  return file;
}

function readAnswers(file: string): Answers {
  let result: Json;
  try {
    result = parseJson(readFileSync(file, "utf8"));
  } catch {
    // The process ended without one: it was killed, or left by os._exit.
    return {};
  } finally {
    rmSync(file, { force: true });
  }
  if (!isObject(result)) return {};
  const { returned, metrics, objects, environment, failure } = result;
  return {
    ...(isObject(returned) ? { returned } : {}),
    ...(isObject(metrics) ? { metrics } : {}),
    ...(isObject(objects) ? { objects: texts(objects) } : {}),
    ...(isObject(environment) ? { environment: texts(environment) } : {}),
    ...(isObject(failure) ? { failure: readFailure(failure) } : {}),
  };
}

function texts(value: JsonObject): Map<string, string> {
  return new Map(
    Object.entries(value).map(([name, text]) => [name, typeof text === "string" ? text : printJson(text)]),
  );
}

function readFailure({ reason, message }: JsonObject): Failure {
  const text = typeof message === "string" ? message : "the function failed";
  return { reason: reason === "missing-output" ? "missing-output" : "exception", message: text };
}
