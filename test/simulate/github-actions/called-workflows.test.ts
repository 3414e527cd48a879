import { describe, expect, it } from "vitest";
import { jobAt, path, results, simulateScripted } from "./scripted-host.ts";

const called = ".github/workflows/called.yml";

const callee = `
on:
  workflow_call:
    inputs:
      s: {type: string}
      n: {type: number}
      b: {type: boolean}
      d: {type: string, default: "\${{ github.event_name }}"}
      r: {type: string, required: true}
    secrets: {KEY: {required: false}}
    outputs:
      seen: {value: "\${{ jobs.inner.outputs.seen }}"}
      result: {value: "\${{ jobs.inner.result }}"}
      bad: {value: "\${{ jobs.inner.outputs.ok != 'true' && 'true' || '' }}"}
jobs:
  inner:
    if: \${{ !cancelled() }}
    runs-on: x
    continue-on-error: true
    outputs: {seen: "\${{ toJSON(inputs) }}", ok: "\${{ steps.s.outcome == 'success' }}"}
    steps: [{id: s, run: a, env: {KEY: "\${{ secrets.KEY }}", OUTER: "\${{ env.OUTER }}", MORE: "\${{ secrets.MORE }}"}}]
`;

const caller = (job: string) => ({
  [called]: callee,
  [path]: `
on: push
env: {OUTER: o}
jobs:
  call:
    uses: ./${called}
${job}
  after:
    needs: call
    if: "!cancelled()"
    runs-on: x
    outputs: {call: "\${{ toJSON(needs.call) }}"}
    steps: [{run: a}]
`,
});

const seenOf = async (job: string, options = {}) => {
  const end = await simulateScripted(caller(job), {}, options);
  return JSON.parse(jobAt(end, "after").outputs.call ?? "");
};

describe("called workflows", () => {
  it("gives inputs their types, with the values of GitHub for those that are not given", async () => {
    const { outputs, result } = await seenOf("    with: {r: x}");
    expect(result).toBe("success");
    expect(JSON.parse(outputs.seen)).toEqual({ s: "", n: 0, b: false, d: "push", r: "x" });
    const given = await seenOf(`    with: {r: 1, s: "\${{ 5 }}", n: "\${{ fromJSON('2.5') }}", b: true, d: ""}`);
    expect(JSON.parse(given.outputs.seen)).toEqual({ s: "5", n: 2.5, b: true, d: "", r: "1" });
  });

  it("fails the calling job for a value of another type", async () => {
    const end = await simulateScripted(caller(`    with: {r: x, n: "\${{ 'x' }}"}`));
    expect(results(end)).toEqual(["call:failure", "after:success"]);
    expect(jobAt(end, "call").annotations[0]?.message).toContain("must be a number");
  });

  it("leaves the results of jobs out of its outputs, as the server does", async () => {
    const { outputs } = await seenOf("    with: {r: x}");
    expect(outputs.result).toBeUndefined();
  });

  it("hands on the secrets that are passed, all with inherit, and no env", async () => {
    const env = async (job: string) => {
      const seen: unknown[] = [];
      await simulateScripted(
        caller(`    with: {r: x}\n${job}`),
        {
          execute: (call) => {
            if (call.job === "call/inner") seen.push([call.env.KEY, call.env.MORE, call.env.OUTER]);
            return { exitCode: 0 };
          },
        },
        { secrets: { A: "a", MORE: "m" } },
      );
      return seen[0];
    };
    expect(await env(`    secrets: {KEY: "\${{ secrets.A }}"}`)).toEqual(["a", "", ""]);
    expect(await env("    secrets: inherit")).toEqual(["", "m", ""]);
    expect(await env("")).toEqual(["", "", ""]);
  });

  it("takes the last output that is not empty among its legs, so that one that only failures set is reliable", async () => {
    const legs = async (...failing: readonly string[]) => {
      const end = await simulateScripted(
        caller(`    strategy: {fail-fast: false, matrix: {i: [0, 1, 2]}}\n    with: {r: "\${{ matrix.i }}"}`),
        { execute: ({ job }) => ({ exitCode: failing.includes(job) ? 1 : 0 }) },
      );
      return [JSON.parse(jobAt(end, "after").outputs.call ?? "").outputs.bad, end.jobs.map((job) => job.path)];
    };
    const paths = ["call[0]", "call[0]/inner", "call[1]", "call[1]/inner", "call[2]", "call[2]/inner", "after"];
    expect(await legs()).toEqual([undefined, paths]);
    expect(await legs("call[1]/inner")).toEqual(["true", paths]);
  });

  it("shows the names of callers before those of its jobs", async () => {
    const end = await simulateScripted(caller("    name: call it\n    with: {r: x}"));
    expect(jobAt(end, "call/inner").name).toBe("call it / inner");
    expect(end.jobsStarted).toBe(2);
  });

  it("lets implicit success() of its jobs look at the ancestors of the caller", async () => {
    const end = await simulateScripted({
      [called]: "on: workflow_call\njobs:\n  inner:\n    runs-on: x\n    steps: [{run: a}]\n",
      [path]: `
on: push
jobs:
  a: {if: false, runs-on: x, steps: [{run: a}]}
  call: {needs: a, if: "!cancelled()", uses: ./${called}}
`,
    });
    expect(results(end)).toEqual(["a:skipped", "call:skipped", "call/inner:skipped"]);
    expect(end.warnings).toEqual([expect.stringContaining("whose jobs are all skipped is taken as skipped")]);
  });

  it("lets implicit success() after it look at its jobs: a skipped one skips what comes after", async () => {
    const end = await simulateScripted({
      [called]: `on: workflow_call
jobs:
  one: {runs-on: x, steps: [{run: a}]}
  two: {if: false, runs-on: x, steps: [{run: a}]}
`,
      [path]: `on: push
jobs:
  call: {uses: ./${called}}
  after: {needs: call, runs-on: x, steps: [{run: a}]}
  explicit: {needs: call, if: "!cancelled() && needs.call.result == 'success'", runs-on: x, steps: [{run: a}]}
`,
    });
    expect(results(end)).toEqual([
      "call:success",
      "call/one:success",
      "call/two:skipped",
      "after:skipped",
      "explicit:success",
    ]);
  });

  it("refuses calls that GitHub would refuse, with the caller's file", async () => {
    const messages = async (files: { readonly [path: string]: string }) =>
      (await simulateScripted(files)).problems.map((problem) => problem.message);
    expect(await messages(caller(""))).toEqual([`The job call: the input r of ${called} is required and not given`]);
    expect(await messages(caller("    with: {r: x, z: 1}"))).toEqual([`The job call: ${called} has no input z`]);
    const job = `on: push\njobs:\n  a:\n    uses: ./${called}\n`;
    expect(await messages({ [path]: job })).toEqual([`The workflow that is called does not exist: ${called}`]);
    expect(
      await messages({ [path]: job, [called]: "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{run: a}]\n" }),
    ).toEqual([`The job a: ${called} is not triggered by workflow_call`]);
  });

  it("refuses jobs that ask for more than their caller may do", async () => {
    const messages = async (caller: string, inner: string) => {
      const end = await simulateScripted({
        [called]: `on: workflow_call\npermissions: {}\njobs:\n  inner: {${inner}runs-on: x, steps: [{run: a}]}\n`,
        [path]: `on: push\n${caller}jobs:\n  call: {uses: ./${called}}\n`,
      });
      return end.problems.map((problem) => problem.message);
    };
    const read = "permissions: {contents: read}, ";
    expect(await messages("permissions: {contents: read}\n", read)).toEqual([]);
    expect(await messages("permissions: write-all\n", read)).toEqual([]);
    expect(await messages("", read)).toEqual([]);
    expect(await messages("permissions: {}\n", "")).toEqual([]);
    expect(await messages("permissions: {}\n", read)).toEqual([
      "The nested job 'inner' is requesting 'contents: read', but is only allowed 'contents: none'",
    ]);
    expect(await messages("permissions: read-all\n", "permissions: {contents: write}, ")).toEqual([
      "The nested job 'inner' is requesting 'contents: write', but is only allowed 'contents: read'",
    ]);
  });

  it("allows ten levels and fifty workflows", async () => {
    const chain = (levels: number) =>
      Object.fromEntries(
        Array.from({ length: levels }, (_, index) => {
          const name = index === 0 ? path : `.github/workflows/c${index}.yml`;
          const job =
            index === levels - 1 ? "{runs-on: x, steps: [{run: a}]}" : `{uses: ./.github/workflows/c${index + 1}.yml}`;
          return [name, `on: [push, workflow_call]\njobs:\n  a: ${job}\n`];
        }),
      );
    expect((await simulateScripted(chain(10))).conclusion).toBe("success");
    const eleven = await simulateScripted(chain(11));
    expect(eleven.problems[0]?.message).toBe("Workflows call each other over more than 10 levels");
    const wide = (count: number) => ({
      [path]: `on: push\njobs:\n${Array.from({ length: count }, (_, i) => `  a${i}: {uses: ./.github/workflows/c${i}.yml}\n`).join("")}`,
      ...Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `.github/workflows/c${i}.yml`,
          "on: workflow_call\njobs:\n  a: {runs-on: x, steps: [{run: a}]}\n",
        ]),
      ),
    });
    expect((await simulateScripted(wide(50))).conclusion).toBe("success");
    expect((await simulateScripted(wide(51))).problems[0]?.message).toBe("51 workflows are called; at most 50 can be");
  });

  it("refuses workflows that call themselves", async () => {
    const end = await simulateScripted({ [path]: `on: [push, workflow_call]\njobs:\n  a: {uses: ./${path}}\n` });
    expect(end.conclusion).toBe("startup_failure");
  });

  it("can be started as if it were called, and gives its outputs", async () => {
    const end = await simulateScripted(
      { [path]: callee },
      {},
      { event: "workflow_call", inputs: { r: "x", b: "true" } },
    );
    expect(JSON.parse(end.outputs.seen ?? "")).toEqual({ s: "", n: 0, b: true, d: "workflow_dispatch", r: "x" });
  });
});
