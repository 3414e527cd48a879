import { describe, expect, it } from "vitest";
import { jobAt, path, results, simulateScripted } from "./scripted-host.ts";

const failing = (...jobs: readonly string[]) => ({
  execute: ({ job }: { readonly job: string }) => ({ exitCode: jobs.includes(job) ? 1 : 0 }),
});

const steps = "runs-on: x\n    steps: [{run: a}]";

describe("needs and conditions", () => {
  it("skips what comes after a failure, and a skip goes on below", async () => {
    const end = await simulateScripted(
      `
on: push
jobs:
  a:
    ${steps}
  b:
    needs: a
    ${steps}
  c:
    needs: [b]
    ${steps}
  cleanup:
    needs: [a, b]
    if: failure()
    ${steps}
  report:
    needs: c
    if: \${{ always() && needs.c.result == 'skipped' }}
    ${steps}
`,
      failing("a"),
    );
    expect(results(end)).toEqual(["a:failure", "b:skipped", "c:skipped", "cleanup:success", "report:success"]);
    expect(end.conclusion).toBe("failure");
    expect(end.jobsStarted).toBe(3);
  });

  it("asks all ancestors for success(): below a skipped one even a join with a successful job is skipped", async () => {
    const end = await simulateScripted(`
on: push
jobs:
  a:
    if: false
    ${steps}
  b:
    needs: a
    if: "!cancelled()"
    ${steps}
  c:
    needs: b
    ${steps}
  d:
    needs: b
    if: \${{ !cancelled() && needs.b.result == 'success' }}
    ${steps}
`);
    expect(results(end)).toEqual(["a:skipped", "b:success", "c:skipped", "d:success"]);
    expect(end.conclusion).toBe("success");
  });

  it("takes a condition with text around its expression as true, as GitHub does", async () => {
    const end = await simulateScripted(`
on: push
jobs:
  a:
    if: |
      \${{ false }}
    ${steps}
  b:
    if: \${{ false }}
    ${steps}
`);
    expect(results(end)).toEqual(["a:success", "b:skipped"]);
  });

  it("forgives a job with continue-on-error: later jobs see a success, its own conclusion is a failure", async () => {
    const end = await simulateScripted(
      `
on: push
jobs:
  a:
    continue-on-error: true
    outputs: {ok: "\${{ steps.s.outcome == 'success' }}"}
    runs-on: x
    steps: [{id: s, run: a}]
  b:
    needs: a
    if: needs.a.outputs.ok == 'false'
    ${steps}
`,
      failing("a"),
    );
    expect(results(end)).toEqual(["a:success", "b:success"]);
    expect(jobAt(end, "a").conclusion).toBe("failure");
    expect(end.conclusion).toBe("success");
  });

  it("fails a job whose condition cannot be evaluated, and says so", async () => {
    const end = await simulateScripted(`
on: push
jobs:
  a:
    if: fromJSON('') == 1
    ${steps}
`);
    expect(jobAt(end, "a").annotations[0]?.message).toContain("fromJSON was given no JSON");
    expect(end.conclusion).toBe("failure");
  });

  it("can lose the runner of a job, which then sets no output", async () => {
    const end = await simulateScripted(
      `
on: push
jobs:
  a:
    runs-on: x
    outputs: {o: "1"}
    steps: [{run: a}]
  b:
    needs: a
    if: "!cancelled() && needs.a.outputs.o == ''"
    ${steps}
`,
      {},
      { fail: ["a", "z"] },
    );
    expect(results(end)).toEqual(["a:failure", "b:success"]);
    expect(end.warnings).toEqual(["The job z was to lose its runner: no job with steps has this path"]);
  });

  it("keeps keys that JavaScript's objects have of their own", async () => {
    const end = await simulateScripted(`
on: push
jobs:
  a:
    runs-on: x
    outputs: {o: "\${{ fromJSON('{\\"constructor\\": 7}').constructor }}"}
    steps: [{run: a}]
`);
    expect(jobAt(end, "a").outputs).toEqual({ o: "7" });
  });
});

describe("what does not start", () => {
  it("reports errors of the file with their places", async () => {
    const end = await simulateScripted(`on: push\njobs:\n  a:\n    needs: b\n    ${steps}\n  c:\n    ${steps}\n`);
    expect(end.conclusion).toBe("startup_failure");
    expect(end.problems).toContainEqual({
      file: path,
      line: 4,
      column: 12,
      message: "Job 'a' depends on unknown job 'b'.",
    });
  });

  it("refuses files above 512,000 bytes", async () => {
    const file = `on: push\njobs:\n  a:\n    ${steps}\n#`;
    const fits = await simulateScripted(file.padEnd(512_000, "x"));
    expect(fits.conclusion).toBe("success");
    const end = await simulateScripted(file.padEnd(512_001, "x"));
    expect(end.problems[0]?.message).toContain("512001 bytes");
  });

  it("refuses texts that become an expression above 21,000 characters", async () => {
    const end = await simulateScripted(`
on: push
jobs:
  a:
    runs-on: x
    steps:
      - run: |
          echo \${{ github.sha }}
          echo ${"x".repeat(21_000)}
`);
    expect(end.conclusion).toBe("startup_failure");
    expect(end.problems[0]?.message).toContain("at most 21000 are allowed");
  });

  it("refuses actions and workflows of others by name, before anything runs", async () => {
    const end = await simulateScripted(`
on: push
jobs:
  a:
    runs-on: x
    steps: [{uses: some/action@v1}, {uses: actions/upload-artifact@v3, with: {path: p}}]
  b:
    uses: some/repository/.github/workflows/w.yml@v1
`);
    expect(end.conclusion).toBe("refused");
    expect(end.problems.map((problem) => problem.message)).toEqual([
      "The job a uses some/action@v1: this action cannot be simulated",
      "The job a uses actions/upload-artifact@v3: GitHub fails runs with versions of it before v4",
      "The job b calls some/repository/.github/workflows/w.yml@v1: only workflows of this repository (./…) can be simulated",
    ]);
    expect(end.jobsStarted).toBe(0);
  });

  it("refuses an event that the workflow does not have, and a file that is missing", async () => {
    const end = await simulateScripted(`on: push\njobs:\n  a:\n    ${steps}\n`, {}, { event: "schedule" });
    expect(end.problems[0]?.message).toBe("The event schedule does not start it");
    const none = await simulateScripted({});
    expect(none.problems[0]?.message).toBe(`There is no file ${path}`);
  });
});

describe("inputs", () => {
  const dispatch = (inputs: string) => `
on:
  workflow_dispatch:
    inputs: ${inputs}
  schedule: [{cron: "0 1 * * *"}]
jobs:
  a:
    runs-on: x
    outputs: {all: "\${{ toJSON(inputs) }}", event: "\${{ github.event_name }} \${{ github.event.schedule }}"}
    steps: [{run: a}]
`;
  const all = async (inputs: string, given: { readonly [name: string]: string }) => {
    const end = await simulateScripted(dispatch(inputs), {}, { inputs: given });
    return end.problems.length > 0
      ? end.problems.map((problem) => problem.message)
      : JSON.parse(jobAt(end, "a").outputs.all ?? "");
  };

  it("gives inputs their types and defaults", async () => {
    const inputs = "{s: {default: x}, n: {type: number}, b: {type: boolean}, c: {type: choice, options: [p, q]}}";
    expect(await all(inputs, {})).toEqual({ s: "x", n: "", b: false, c: "" });
    expect(await all(inputs, { s: "1", n: "1.5", b: "true", c: "q" })).toEqual({ s: "1", n: 1.5, b: true, c: "q" });
  });

  it("refuses values of other types, unknown names and missing values", async () => {
    expect(
      await all("{n: {type: number}, c: {type: choice, options: [p]}, r: {required: true}}", {
        n: "x",
        c: "q",
        z: "1",
      }),
    ).toEqual([
      "There is no input z; there are: n, c, r",
      'The input n is not a number: "x"',
      'The input c is not a choice of p: "q"',
      "The input r is required and was not given",
    ]);
  });

  it("refuses more than 25 inputs", async () => {
    const inputs = (count: number) => `{${Array.from({ length: count }, (_, index) => `i${index}: {}`).join(", ")}}`;
    expect(Object.keys(await all(inputs(25), {}))).toHaveLength(25);
    expect(await all(inputs(26), {})).toEqual(["workflow_dispatch has 26 inputs; at most 25 are allowed"]);
  });

  it("gives a scheduled run no inputs", async () => {
    const end = await simulateScripted(dispatch("{s: {default: x}}"), {}, { event: "schedule" });
    expect(jobAt(end, "a").outputs).toEqual({ all: "{}", event: "schedule 0 1 * * *" });
  });
});

describe("events", () => {
  it("tell each transition, the same way each time", async () => {
    const told = async () => {
      const events: string[] = [];
      await simulateScripted(
        `on: push
jobs:
  a: {strategy: {matrix: {i: [1, 2]}}, runs-on: x, steps: [{name: "say \${{ matrix.i }}", run: a}, {uses: actions/cache@v4}]}
  b: {if: false, runs-on: x, steps: [{run: a}]}
  c: {needs: a, runs-on: x, steps: [{id: s, name: last, run: a}]}
`,
        {
          execute: ({ job, line }) => {
            line(`in ${job}`);
            return { exitCode: job === "c" ? 1 : 0 };
          },
          onEvent: (event) =>
            events.push(
              Object.values(event)
                .map((part) => (typeof part === "string" ? part : part.message))
                .join(" "),
            ),
        },
        { jobs: 1 },
      );
      return events;
    };
    const cache = "warning actions/cache is not simulated: nothing is ever found and nothing is saved";
    const leg = (index: number) => [
      `job-started a[${index}] a (${index + 1})`,
      `step-started a[${index}] say ${index + 1}`,
      `line a[${index}] say ${index + 1} in a[${index}]`,
      `step-ended a[${index}] say ${index + 1} success success`,
      `step-started a[${index}] Run actions/cache@v4`,
      ...(index === 0 ? [cache] : []),
      `step-ended a[${index}] Run actions/cache@v4 success success`,
      `job-ended a[${index}] a (${index + 1}) success success`,
    ];
    const first = await told();
    expect(first).toEqual([
      "job-started a[0] a (1)",
      "job-ended b b skipped skipped",
      ...leg(0).slice(1),
      ...leg(1),
      "job-started c c",
      "step-started c last",
      "line c last in c",
      "annotation c Process completed with exit code 1.",
      "step-ended c last failure failure",
      "job-ended c c failure failure",
    ]);
    expect(await told()).toEqual(first);
  });
});
