/** The estimate of what Argo keeps of the nodes, beside what its controller (v4.1.2) did keep. */
import { expect, test } from "vitest";
import type { DagTemplate } from "../../../targets/argo/graphs/task.ts";
import { statusSize } from "../../../targets/argo/status-size.ts";
import { noise } from "./argo-large-pipelines.ts";

/** A map whose items are one step each, as the target prints it. */
function map(items: number, spec: string): readonly DagTemplate[] {
  const dag = { comment: "", inputs: [] };
  const step = { template: "step", parameters: [{ name: "spec", value: spec }] };
  return [
    { ...dag, name: "pipeline", tasks: [{ name: "each", template: "each", parameters: [] }] },
    {
      ...dag,
      name: "each",
      tasks: [
        { ...step, name: "gather" },
        { ...step, name: "item", times: items, parameters: [...step.parameters, { name: "at", value: "[{{item}}]" }] },
      ],
    },
  ];
}

test("400 items of a step whose spec has 3.5 KB: 59,196 bytes of 406 nodes that were 1,796,321", () => {
  const templates = map(400, JSON.stringify({ path: [{ node: "a" }], task: { command: noise(3400) } }));
  const { nodes, bytes } = statusSize(templates, 2_000_000);
  expect(nodes).toBe(403);
  expect(bytes / 1_796_321).toBeGreaterThan(0.9);
  expect(bytes / 1_796_321).toBeLessThan(1.15);
  const packed = statusSize(templates, 0).bytes;
  expect(packed / 59_196).toBeGreaterThan(0.85);
  expect(packed / 59_196).toBeLessThan(1.25);
});
