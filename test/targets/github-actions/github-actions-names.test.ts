/** Names that people give to steps, and that GitHub keeps for itself. */
import { expect, test } from "vitest";
import { readWorkflow } from "../../../src/simulate/github-actions/workflow/read-workflow.ts";
import { compileForGithub } from "./compile-github-actions.ts";

const names = [
  "__init__",
  "__",
  "_",
  "___",
  "__2",
  "_x",
  "-",
  "1",
  "é",
  "__INIT__",
  "magnus-verdict",
  "github",
  "true",
];

test("every name gives jobs that GitHub takes, in files that it calls, too", async () => {
  const item = { steps: names.map((name) => ({ name, type: "stub" })) };
  const steps = [
    ...names.map((name) => ({ name, type: "stub" })),
    { name: "__map__", type: "map", iterate_on: "xs", iterate_as: "x", branch: item },
    { name: "__loop__", type: "loop", max_iterations: 2, break_on: "y", branch: item },
  ];
  const { files, reports } = compileForGithub(JSON.stringify({ parameters: { xs: [1], y: true }, dag: { steps } }));
  expect(reports).toEqual([]);
  const workflows = [...files].filter(([file]) => file.endsWith(".yml") && file.includes("/workflows/"));
  expect(workflows).toHaveLength(3);
  for (const [file, text] of workflows) {
    const { problems, workflow } = await readWorkflow(file, text);
    expect(problems).toEqual([]);
    expect(workflow?.jobs.length).toBeGreaterThanOrEqual(names.length);
  }
});
