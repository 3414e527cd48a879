/** Notebooks mean the same on every target, whose run logs are equal although executed notebooks are not. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { type Json, printJson } from "../../src/protocol/json.ts";
import { notebookEngine, notebookText } from "../runtime/task-types/notebooks.ts";
import { compileCaseForArgo, runSimulated } from "./argo/argo-simulator.ts";
import type { Case } from "./cases.ts";
import { type Engine, local, normalisedLog, shells } from "./engines.ts";
import { runInGithub } from "./github-actions/github-actions-engine.ts";

const found = (["papermill", "nbclient", "nbconvert"] as const).map(notebookEngine);
const engine = found.find(({ missing }) => missing === undefined);
if (engine === undefined) process.stderr.write("not tested: notebooks on targets, since nothing executes them here\n");

const notebooks = {
  "early.ipynb": ["import sys, time\nprint(time.time())\nrows = x\nsys.exit(0)", "rows = None"],
  "dies.ipynb": ["import os\nos._exit(0)"],
};

const pipeline = {
  parameters: { x: 7 },
  defaults: { env: { PATH: `${engine?.bin}:${process.env.PATH}` } },
  dag: {
    steps: [
      { name: "early", type: "task", command_type: "notebook", command: "early.ipynb", returns: ["rows"] },
      { name: "dies", type: "task", command_type: "notebook", command: "dies.ipynb", on_failure: "after" },
      { name: "after", type: "task", command_type: "shell", command: "seen=$rows", returns: ["seen"], next: "success" },
    ],
  },
};

const expected: Json = {
  status: "success",
  parameters: { x: 7, rows: 7, seen: 7 },
  steps: [
    {
      path: ["early"],
      kind: "task",
      status: "success",
      attempts: [{ status: "success", exitCode: 0 }],
      delta: { rows: 7 },
    },
    {
      path: ["dies"],
      kind: "task",
      status: "failed",
      attempts: [{ status: "failed", exitCode: 1, reason: "exception" }],
    },
    {
      path: ["after"],
      kind: "task",
      status: "success",
      attempts: [{ status: "success", exitCode: 0 }],
      delta: { seen: 7 },
    },
  ],
};

const testCase: Case = { name: "notebooks", folder: "", about: "", params: [], environment: {} };

const byItself = async ({ run }: Engine, work: string): Promise<Json> => {
  const { code, stderr } = await run(testCase, work);
  expect(code, stderr).toBe(0);
  return normalisedLog(work);
};

const targets: { readonly [name: string]: (work: string) => Promise<Json> } = {
  local: (work) => byItself(local, work),
  shell: (work) => byItself(shells.find(({ missing }) => missing === undefined) ?? local, work),
  argo: async (work) => {
    const { code, stdout, stderr } = await compileCaseForArgo(testCase, work);
    expect(code, stderr).toBe(0);
    return (await runSimulated(stdout, work, "notebooks")).log;
  },
  "github-actions": async (work) => {
    const run = await runInGithub(testCase, work);
    if (typeof run === "string") throw new Error(run);
    return run.log;
  },
};

test.skipIf(engine === undefined).for(Object.entries(targets))("%s", async ([, runIn]) => {
  const work = mkdtempSync(path.join(tmpdir(), "magnus-notebooks-"));
  writeFileSync(path.join(work, "pipeline.yaml"), printJson(pipeline));
  for (const [name, cells] of Object.entries(notebooks)) writeFileSync(path.join(work, name), notebookText(cells));
  expect(printJson(await runIn(work), { sorted: true })).toBe(printJson(expected, { sorted: true }));
  rmSync(work, { recursive: true, force: true });
});
