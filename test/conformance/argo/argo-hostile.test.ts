/** Hostile text in every channel arrives at the task as it was written, in the simulator of Argo. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { foldRun } from "../../../src/run-log/views/fold.ts";
import { checkManifest } from "../../../src/simulate/argo/check/check-manifest.ts";
import { simulateWorkflow } from "../../../src/simulate/argo/run/simulate-workflow.ts";
import { hostileProject } from "./argo-hostile-project.ts";
import { compileCaseForArgo, compileTextForArgo, podsOfRun, runSimulated } from "./argo-simulator.ts";

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

test.each(["{{=", "{{=workflow", "a {{= { }} b"])(
  "what Argo cannot read keeps a workflow from starting: %s",
  async (text) => {
    const { manifest } = compileTextForArgo(
      '{"parameters": {"x": ""}, "dag": {"steps": [{"name": "a", "type": "stub"}]}}',
    );
    const { workflow } = checkManifest(manifest);
    if (workflow === undefined) throw new Error(manifest);
    const startPod = (): never => {
      throw new Error("a pod was started");
    };
    const end = await simulateWorkflow(workflow, { startPod }, { parameters: { x: text } });
    expect(end).toMatchObject({ phase: "Running", pods: 0, hangs: [expect.stringContaining("never starts")] });
  },
);
