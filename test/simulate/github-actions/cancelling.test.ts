import { describe, expect, it } from "vitest";
import { jobAt, path, results, simulateScripted } from "./scripted-host.ts";

const called = ".github/workflows/called.yml";

describe("cancelling", () => {
  const workflow = `
on: push
jobs:
  a:
    runs-on: x
    steps: [{id: s, run: a}, {run: b}, {id: t, if: always(), run: c}, {id: u, if: cancelled(), run: c}]
  queued: {runs-on: x, steps: [{run: a}]}
  b: {needs: a, runs-on: x, steps: [{run: a}]}
  handler: {needs: a, if: failure(), runs-on: x, steps: [{run: a}]}
  report:
    needs: [a, b]
    if: always()
    runs-on: x
    outputs: {cancelled: "\${{ contains(needs.*.result, 'cancelled') }}"}
    steps: [{run: a}]
`;

  it("ends the running step, runs always() steps and jobs, and starts nothing else", async () => {
    const stop = new AbortController();
    const end = await simulateScripted(
      workflow,
      {
        execute: (call) => {
          if (call.step !== "s") return { exitCode: 0 };
          const ended = new Promise<{ exitCode: number }>((resolve) =>
            call.signal.addEventListener("abort", () => resolve({ exitCode: 130 })),
          );
          stop.abort();
          return ended;
        },
      },
      { signal: stop.signal, jobs: 1 },
    );
    expect(results(end)).toEqual(["a:cancelled", "queued:cancelled", "b:skipped", "handler:skipped", "report:success"]);
    expect(jobAt(end, "a").steps.map((step) => step.outcome)).toEqual(["cancelled", "skipped", "success", "success"]);
    expect(jobAt(end, "report").outputs).toEqual({ cancelled: "true" });
    expect(end.conclusion).toBe("cancelled");
  });

  it("leaves a step and a job alone whose conditions still hold", async () => {
    const stop = new AbortController();
    const end = await simulateScripted(
      `
on: push
jobs:
  a: {runs-on: x, steps: [{if: always(), run: a}, {run: b}]}
  c: {if: always(), runs-on: x, steps: [{run: a}, {run: b}]}
`,
      {
        execute: async (call) => {
          stop.abort();
          await new Promise((resolve) => setImmediate(resolve));
          return { exitCode: call.signal.aborted ? 130 : 0 };
        },
      },
      { signal: stop.signal },
    );
    expect(jobAt(end, "a").steps.map((step) => step.outcome)).toEqual(["success", "skipped"]);
    expect(jobAt(end, "c").steps.map((step) => step.outcome)).toEqual(["success", "success"]);
    expect(results(end)).toEqual(["a:cancelled", "c:success"]);
  });

  it("ends after five minutes what would go on", async () => {
    const stop = new AbortController();
    const end = await simulateScripted(
      "on: push\njobs:\n  a: {if: always(), runs-on: x, steps: [{if: always(), run: a}]}\n",
      {
        execute: (call) => {
          stop.abort();
          return new Promise((resolve) => call.signal.addEventListener("abort", () => resolve({ exitCode: 137 })));
        },
      },
      { signal: stop.signal, minuteMs: 1 },
    );
    expect(jobAt(end, "a").steps.map((step) => step.outcome)).toEqual(["cancelled"]);
    expect(end.conclusion).toBe("cancelled");
  });

  it("reaches the jobs of called workflows", async () => {
    const stop = new AbortController();
    const end = await simulateScripted(
      {
        [called]: "on: workflow_call\njobs:\n  inner:\n    runs-on: x\n    steps: [{run: a}]\n",
        [path]: `on: push\njobs:\n  call: {uses: ./${called}}\n`,
      },
      {
        execute: (call) => {
          const ended = new Promise<{ exitCode: number }>((resolve) =>
            call.signal.addEventListener("abort", () => resolve({ exitCode: 130 })),
          );
          stop.abort();
          return ended;
        },
      },
      { signal: stop.signal },
    );
    expect(results(end)).toEqual(["call:cancelled", "call/inner:cancelled"]);
  });
});
