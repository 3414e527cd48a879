/** `depends` against a small model: a task runs, is omitted or waits as its expression says of the tasks before it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { simulateWorkflow } from "../../../src/simulate/argo/run/simulate-workflow.ts";
import { workflowSchema } from "../../../src/simulate/argo/workflow/workflow.ts";

type Result = "Succeeded" | "Failed" | "Errored" | "Skipped" | "Omitted";
type Formula =
  | { readonly of: string; readonly result: Result | undefined }
  | { readonly any: boolean; readonly parts: readonly Formula[] };

const ends = ["Succeeded", "Failed", "Errored", "Skipped"] as const;
type End = (typeof ends)[number];

const results: readonly (Result | undefined)[] = [...ends, "Omitted", undefined];
const formula = fc.letrec<{ one: Formula; all: Formula }>((tie) => ({
  one: fc.record({ of: fc.constantFrom("a-1", "b", "c"), result: fc.constantFrom(...results) }),
  all: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("one"),
    fc.record({ any: fc.boolean(), parts: fc.array(tie("all"), { minLength: 1, maxLength: 3 }) }),
  ),
})).all;

test("a task runs exactly if its depends is true of how the others ended", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ "a-1": fc.constantFrom(...ends), b: fc.constantFrom(...ends), c: fc.constantFrom(...ends) }),
      formula,
      async (ended, wanted) => {
        const nodes = await run(ended, `(${print(wanted)})`);
        expect(nodes.get(".last")).toBe(holds(wanted, new Map(Object.entries(ended))) ? "Succeeded" : "Omitted");
      },
    ),
    { numRuns: 300 },
  );
});

function print(formula: Formula): string {
  if ("of" in formula) return formula.result === undefined ? formula.of : `${formula.of}.${formula.result}`;
  return `(${formula.parts.map(print).join(formula.any ? " || " : " && ")})`;
}

/** A bare name means that the task succeeded or was skipped. */
function holds(formula: Formula, ended: ReadonlyMap<string, End>): boolean {
  if ("of" in formula) {
    const end = ended.get(formula.of);
    return formula.result === undefined ? end === "Succeeded" || end === "Skipped" : end === formula.result;
  }
  return formula.any
    ? formula.parts.some((part) => holds(part, ended))
    : formula.parts.every((part) => holds(part, ended));
}

async function run(ended: { readonly [task: string]: End }, depends: string): Promise<ReadonlyMap<string, string>> {
  const tasks = Object.entries(ended).map(([name, end]) => ({
    name,
    template: "p",
    ...(end === "Skipped" ? { when: "false" } : {}),
  }));
  const workflow = workflowSchema.parse({
    kind: "Workflow",
    metadata: { name: "w" },
    spec: {
      entrypoint: "main",
      templates: [
        { name: "main", dag: { failFast: false, tasks: [...tasks, { name: "last", template: "p", depends }] } },
        { name: "p", container: { command: ["true"] } },
      ],
    },
  });
  const end = await simulateWorkflow(workflow, {
    startPod: async ({ node }) => {
      const wanted = ended[node.slice(1)];
      return { exit: wanted === "Failed" ? 1 : 0, outputs: {}, ...(wanted === "Errored" ? { waitExit: 64 } : {}) };
    },
  });
  return new Map(end.nodes.map(({ name, phase }) => [name, phase]));
}
