/** Hostile text in every channel arrives at the task as it was written, in the simulator of Argo. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { foldRun } from "../../src/run-log/fold.ts";
import { hostileProject } from "./argo-hostile-project.ts";
import { compileCaseForArgo, podsOfRun, runSimulated } from "./argo-simulator.ts";

test("texts arrive byte for byte", async () => {
  const work = mkdtempSync(path.join(tmpdir(), "magnus-hostile-"));
  const { options, submitted, secrets, expected } = hostileProject(work);
  const testCase = { name: "hostile", folder: work, about: "", params: [], environment: {} };
  const { code, stdout, stderr } = await compileCaseForArgo(testCase, work, options);
  expect(code, stderr).toBe(0);
  const run = await runSimulated(stdout, work, "hostile", { parameters: submitted, secrets });
  const { parameters } = foldRun(run.events);
  for (const [name, value] of Object.entries(expected)) expect.soft(parameters[name], name).toEqual(value);
  expect(run.end).toMatchObject({ phase: "Succeeded", hangs: [], warnings: [] });
  expect(run.end.pods).toBe(podsOfRun(run));
  rmSync(work, { recursive: true, force: true });
});
