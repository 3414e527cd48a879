import { expect, test } from "vitest";
import { parse } from "yaml";
import { simulateWorkflow } from "../../../src/simulate/argo/run/simulate-workflow.ts";
import { workflowSchema } from "../../../src/simulate/argo/workflow/workflow.ts";
import { type RecordedNode, recordedTraces, scriptedPods } from "./traces.ts";

const traces = recordedTraces();

test("there are as many traces as were recorded", () => {
  expect(traces.length).toBeGreaterThanOrEqual(80);
});

test.for(traces)("$scenario", async ({ scenario, workflow, outcomes, podArgs, observed }) => {
  const args = new Map<string, readonly string[]>();
  const parsed = workflowSchema.parse(parse(workflow));
  const end = await simulateWorkflow(
    parsed,
    { startPod: scriptedPods(outcomes, args) },
    { name: scenario.replaceAll("_", "-") },
  );
  expect({ phase: end.phase, pods: end.pods, stalled: end.hangs.length > 0 }).toEqual({
    phase: observed.phase,
    pods: observed.pods,
    stalled: observed.end === "stalled",
  });
  expect(plain(end.nodes, scenario)).toEqual(plain(observed.nodes, scenario));
  expect(Object.fromEntries(args)).toEqual(podArgs);
});

/** Messages are the controller's own words, and of a map whose items all fail even the phase is a matter of chance. */
function plain(nodes: readonly RecordedNode[], scenario: string): object {
  const sorted = [...nodes].sort((a, b) => (a.name < b.name ? -1 : 1));
  return sorted.map(({ name, type, phase, inputs, outputs }) => ({ name, type, phase, inputs, outputs, scenario }));
}
