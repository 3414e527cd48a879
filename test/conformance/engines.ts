import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Json } from "../../src/protocol/json.ts";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { foldRun } from "../../src/run-log/views/fold.ts";
import { normalise } from "../../src/run-log/views/normalise.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";
import { type Ended, run, runMagnus, shim } from "../support/programs.ts";
import type { Case } from "./cases.ts";

/** Something that can run a pipeline in a folder. */
export interface Engine {
  readonly name: string;
  /** Why it cannot be used on this machine. */
  readonly missing?: string;
  run(testCase: Case, work: string): Promise<Ended>;
}

export const local: Engine = {
  name: "local",
  run: (testCase, work) =>
    runMagnus(["run", "pipeline.yaml", ...inputs(testCase, work)], { cwd: work, env: testCase.environment }),
};

export const localOneAtATime: Engine = {
  name: "local, one at a time",
  run: (testCase, work) =>
    runMagnus(["run", "pipeline.yaml", "--jobs", "1", ...inputs(testCase, work)], {
      cwd: work,
      env: testCase.environment,
    }),
};

export interface ShellEngine extends Engine {
  readonly program: readonly [string, ...string[]];
}

/** The compiled script under one shell. */
function shell(name: string, command: readonly [string, ...string[]]): ShellEngine {
  const [program, ...args] = command;
  const missing =
    spawnSync(program, [...args, "-c", ":"]).status === 0 ? {} : { missing: `${command.join(" ")} is not installed` };
  return {
    name,
    program: command,
    ...missing,
    run: async (testCase, work) => {
      const compiled = await runMagnus(["compile", "pipeline.yaml", "--target", "shell", "-q"], { cwd: work });
      if (compiled.code !== 0) return compiled;
      const env = { ...testCase.environment, MAGNUS_SHIM: shim };
      return run(program, [...args, "pipeline.sh", ...inputs(testCase, work)], { cwd: work, env });
    },
  };
}

export const shells: readonly ShellEngine[] = [
  shell("dash", ["dash"]),
  shell("bash", ["bash"]),
  shell("busybox", ["busybox", "sh"]),
  shell("posh", ["posh"]),
  shell("yash", ["yash"]),
  shell("mksh", ["mksh"]),
];

/** A case's parameters as arguments of commands. */
export function inputs(testCase: Case, work: string): readonly string[] {
  if (testCase.file !== undefined) writeFileSync(path.join(work, "parameters.json"), testCase.file);
  const file = testCase.file === undefined ? [] : ["-p", "parameters.json"];
  return [...file, ...testCase.params.flatMap((param) => ["--param", param])];
}

/** The normalised log of the only run in a folder. */
export async function normalisedLog(work: string): Promise<Json> {
  const [id, ...more] = readdirSync(path.join(work, ".magnus/runs"));
  if (id === undefined || more.length > 0) throw new Error(`${work} holds ${more.length + (id ? 1 : 0)} runs, not one`);
  const log = fileSystemRunLogStore(path.join(work, ".magnus/runs")).open(id);
  return normalise(foldRun(await readEvents(log)));
}
