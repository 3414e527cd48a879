/** Every case as a workflow of GitHub Actions, executed by the simulator with the real shim. */
import { readFileSync, rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isObject, printJson } from "../../src/protocol/json.ts";
import { conformanceCases, expectedLog, workspaceOf } from "./cases.ts";
import { normalisedLog } from "./engines.ts";
import { githubActions } from "./github-actions-engine.ts";

describe("the compiled workflow gives the run log of the local run", { concurrent: true }, () => {
  test.for(conformanceCases())("$name", async (testCase) => {
    const work = workspaceOf(testCase);
    const { code, stderr } = await githubActions.run(testCase, work);
    const log = await normalisedLog(work).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${stderr}`);
    });
    expect(JSON.parse(printJson(log, { sorted: true })), stderr).toEqual(
      JSON.parse(readFileSync(expectedLog(testCase), "utf8")),
    );
    expect(code, stderr).toBe(isObject(log) && log.status === "success" ? 0 : 1);
    rmSync(work, { recursive: true, force: true });
  });
});
