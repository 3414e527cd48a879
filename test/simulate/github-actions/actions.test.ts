import { describe, expect, it } from "vitest";
import type { StepCall } from "../../../src/simulate/github-actions/host/simulation-host.ts";
import { jobOf, messages, outcomes, runOf } from "./one-job.ts";
import { jobAt, simulateScripted } from "./scripted-host.ts";

describe("local actions", () => {
  const node = `
name: n
description: n
inputs: {who: {description: w, default: "\${{ github.job }}"}, "two words": {description: t, required: true}}
runs: {using: node24, pre: pre.js, main: main.js, post: post.js, post-if: "success()"}
`;
  const uses = "      - {id: n, uses: ./act, with: {two words: 2}}\n";

  it("runs main, and post when the steps have ended, with inputs and state", async () => {
    const calls: StepCall[] = [];
    const job = await jobOf(
      `${uses}      - {id: m, uses: ./act/, with: {two words: 3, zzz: 1}}\n`,
      {},
      {
        files: { "act/action.yml": node },
        script: {
          execute: (call) => {
            calls.push(call);
            return { exitCode: 0, files: { state: `from=${call.step}` } };
          },
        },
      },
    );
    expect(
      calls.map(({ step, command }) => [
        step,
        command.kind === "node" && `${command.stage} ${command.action}/${command.file}`,
      ]),
    ).toEqual([
      ["n", "main act/main.js"],
      ["m", "main act/main.js"],
      ["m", "post act/post.js"],
      ["n", "post act/post.js"],
    ]);
    expect(calls[0]?.env).toMatchObject({ INPUT_WHO: "a", INPUT_TWO_WORDS: "2" });
    expect(calls[3]?.env).toMatchObject({ INPUT_TWO_WORDS: "2", STATE_from: "n" });
    expect(job.steps.map((step) => step.name)).toEqual([
      "Run ./act",
      "Run ./act/",
      "Post Run ./act/",
      "Post Run ./act",
    ]);
    expect(messages(job)).toContain("warning: `pre` execution is not supported for local action from './act'");
    expect(messages(job)).toContain("warning: Unexpected input(s) 'zzz', valid inputs are ['who', 'two words']");
  });

  it("skips a post whose condition is false, and needs the checkout before", async () => {
    const failed = await jobOf(uses, { n: { exitCode: 1 } }, { files: { "act/action.yml": node } });
    expect(outcomes(failed)).toEqual(["n:failure/failure", "__post_n:skipped/skipped"]);
    const missing = await jobOf(uses);
    expect(messages(missing)).toEqual([
      expect.stringContaining("Can't find 'action.yml' or 'action.yaml' under 'act'"),
    ]);
  });

  it("runs the steps of a composite action with its inputs, and gives its outputs", async () => {
    const composite = `
name: c
description: c
inputs: {x: {description: x, default: dx}}
outputs: {o: {description: o, value: "\${{ steps.one.outputs.v }}"}}
runs:
  using: composite
  steps:
    - {id: one, run: "echo \${{ inputs.x }}", shell: sh, env: {V: "\${{ inputs.x }}"}}
    - {id: two, if: failure(), run: a, shell: sh}
    - {id: three, uses: ./act, with: {two words: "\${{ env.OUTER }}"}}
`;
    const calls: StepCall[] = [];
    const job = await jobOf(
      `      - {id: c, uses: ./comp, env: {OUTER: o}}\n      - {id: d, run: "echo \${{ steps.c.outputs.o }}"}\n`,
      {},
      {
        files: { "comp/action.yaml": composite, "act/action.yml": node },
        script: {
          execute: (call) => {
            calls.push(call);
            return { exitCode: 0, files: { output: "v=7" } };
          },
        },
      },
    );
    expect(calls.map((call) => call.step)).toEqual(["c/one", "c/three", "d", "c/three"]);
    expect(calls[0]?.env).toMatchObject({ V: "dx", OUTER: "o" });
    expect(calls[1]?.env).toMatchObject({ INPUT_TWO_WORDS: "o" });
    expect(calls[2]?.command).toMatchObject({ script: "echo 7" });
    expect(outcomes(job)).toEqual(["c:success/success", "d:success/success", "__post_c/three:success/success"]);
  });

  it("fails the step of a composite action in which a step fails, after those with failure()", async () => {
    const composite = `
name: c
description: c
runs:
  using: composite
  steps: [{id: one, run: a, shell: sh}, {id: two, run: a, shell: sh}, {id: three, if: failure(), run: a, shell: sh}]
`;
    const steps: string[] = [];
    const job = await jobOf(
      "      - {id: c, uses: ./comp}\n",
      {
        "c/one": { exitCode: 1 },
        "c/three": (call) => (steps.push(call.step), { exitCode: 0 }),
        "c/two": (call) => (steps.push(call.step), { exitCode: 0 }),
      },
      { files: { "comp/action.yml": composite } },
    );
    expect(outcomes(job)).toEqual(["c:failure/failure"]);
    expect(steps).toEqual(["c/three"]);
  });
});

describe("known actions", () => {
  it("refuses a second artifact of a name, unless it overwrites, and names that are invalid", async () => {
    const upload = (id: string, name: string, more = "") =>
      `      - {id: ${id}, if: always(), uses: actions/upload-artifact@v7, with: {name: "${name}", path: p${more}}}\n`;
    const end = await runOf(
      upload("one", "n") + upload("two", "n") + upload("three", "n", ", overwrite: true") + upload("four", "a:b"),
    );
    const job = jobAt(end, "a");
    expect(outcomes(job).map((text) => text.replace(/\/.*/, ""))).toEqual([
      "one:success",
      "two:failure",
      "three:success",
      "four:failure",
    ]);
    expect(messages(job)).toEqual([
      expect.stringContaining("(409) Conflict"),
      expect.stringContaining('It contains ":"'),
    ]);
    expect(end.artifacts).toEqual(["n"]);
  });

  it.each([
    ["warn", "success", "warning: No files"],
    ["error", "failure", "error: No files"],
  ])("with if-no-files-found: %s, ends as %s", async (mode, result, message) => {
    const job = await jobOf(
      `      - {uses: actions/upload-artifact@v7, with: {path: p, if-no-files-found: ${mode}}}\n`,
      {},
      { script: { found: [] } },
    );
    expect(job.result).toBe(result);
    expect(messages(job)[0]).toContain(message);
  });

  it("fails a download by a name that is missing, and not by a pattern", async () => {
    const named = await jobOf("      - {uses: actions/download-artifact@v8, with: {name: n}}\n");
    expect(messages(named)).toEqual(["error: Unable to download artifact(s): Artifact not found for name: n"]);
    const pattern = await jobOf("      - {uses: actions/download-artifact@v8, with: {pattern: n*}}\n");
    expect(pattern.result).toBe("success");
  });

  it("allows 500 artifacts of a job, and lists the newest 1,000 of a run unless told otherwise", async () => {
    const uploads = (count: number) =>
      Array.from(
        { length: count },
        (_, index) => `{uses: actions/upload-artifact@v7, with: {name: "\${{ github.job }}-${index}", path: p}}`,
      ).join(", ");
    const fetched: string[] = [];
    const download = '{uses: actions/download-artifact@v8, with: {pattern: "a-*"}}';
    const end = await simulateScripted(
      `on: push
jobs:
  a: {runs-on: x, steps: [${uploads(500)}]}
  b: {needs: a, runs-on: x, steps: [${uploads(501)}]}
  c: {needs: b, if: "!cancelled()", runs-on: x, steps: [${download}]}
  d: {needs: c, if: "!cancelled()", runs-on: x, env: {ACTIONS_ARTIFACT_MAX_ARTIFACT_COUNT: 2000}, steps: [${download}]}
  e: {needs: d, if: "!cancelled()", runs-on: x, steps: [{uses: actions/upload-artifact@v7, with: {name: e, path: p}}]}
  f: {needs: e, if: "!cancelled()", runs-on: x, steps: [${download}]}
`,
      { fetch: (job, name) => fetched.push(`${job} ${name}`) },
    );
    expect(messages(jobAt(end, "b"))).toEqual(["error: A job can have at most 500 artifacts"]);
    const by = (job: string) => fetched.filter((text) => text.startsWith(job));
    expect([by("c").length, by("d").length, by("f").length]).toEqual([500, 500, 499]);
    expect(by("f")).not.toContain("f a-0");
    expect(messages(jobAt(end, "f"))[0]).toContain("The run has 1001 artifacts and only 1000 are listed");
  });

  it("says once what is not simulated", async () => {
    const end = await runOf(
      "      - {uses: actions/setup-python@v7, with: {python-version: '3.12'}, id: p}\n      - {uses: actions/cache@v4, with: {path: p, key: k}}\n",
      {},
      { job: "    container: node\n    permissions: {}\n    environment: e\n" },
    );
    expect(jobAt(end, "a").steps[0]?.outputs["python-version"]).toBe("3.12");
    expect(end.warnings).toEqual([
      "environment of the job a has no effect",
      "The job a has container: its steps run on the host, without containers",
      "actions/setup-python is not simulated: steps use the python of this machine",
      "actions/cache is not simulated: nothing is ever found and nothing is saved",
    ]);
  });
});
