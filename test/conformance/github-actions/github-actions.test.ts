/** The simulator of GitHub Actions as an engine: compiled cases and random pipelines, their steps as processes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { isObject, type Json, parseJson, printJson } from "../../../src/protocol/json.ts";
import { type Case, conformanceCases, enginesOf, expectedLog, sideBySideCases, workspaceOf } from "../cases.ts";
import { randomCase, summaryOf } from "../random-case.ts";
import { type GithubRun, runInGithub } from "./github-actions-engine.ts";

/** How many random pipelines; every step is a process. */
const count = Number(process.env.PIPELINES ?? 300);
let refused = 0;

const cases = conformanceCases().filter((testCase) => enginesOf(testCase).includes("github-actions"));

describe("conformance cases give their run log", { concurrent: true }, () => {
  test.for(cases)("$name", (testCase) => expectItsLog(testCase, 4));
  test.for(sideBySideCases())("$name, one job at a time", (testCase) => expectItsLog(testCase, 1));

  async function expectItsLog(testCase: Case, jobs: number): Promise<void> {
    const work = workspaceOf(testCase);
    const run = await runInGithub(testCase, work, { jobs });
    if (typeof run === "string") throw new Error(run);
    const expected = parseJson(readFileSync(expectedLog(testCase), "utf8"));
    expect(printJson(run.log, { sorted: true }), run.told).toBe(printJson(expected, { sorted: true }));
    endsAsItsLog(run);
    rmSync(work, { recursive: true, force: true });
  }
});

describe("random pipelines mean what the reference interpreter says", { concurrent: true }, () => {
  test.for(Array.from({ length: count }, (_, seed) => seed))("seed %i", async (seed) => {
    const { document, expected } = randomCase(seed);
    const work = mkdtempSync(path.join(tmpdir(), "magnus-random-"));
    writeFileSync(path.join(work, "pipeline.yaml"), printJson(document as Json));
    const nothing: Case = { name: "random", folder: work, about: "", params: [], environment: {} };
    const run = await runInGithub(nothing, work);
    if (typeof run === "string") {
      expect(run).toContain("no-way-to-success");
      refused++;
      return;
    }
    expect(summaryOf(run.log), run.told).toEqual(expected);
    endsAsItsLog(run);
    rmSync(work, { recursive: true, force: true });
  });
});

test("most of them run", () => {
  expect(refused).toBeLessThanOrEqual(count / 3);
});

/** Green exactly where the pipeline succeeded, and no runner is started for nothing: leaves, gathers and the verdict. */
function endsAsItsLog(run: GithubRun): void {
  const succeeded = isObject(run.log) && run.log.status === "success";
  expect(run.end.conclusion, run.told).toBe(succeeded ? "success" : "failure");
  expect(run.end.jobsStarted, run.told).toBe(run.steps + 1);
}
