import { describe, expect, it } from "vitest";
import type { StepCall, StepReturn } from "../../../src/simulate/github-actions/simulation-host.ts";
import type { JobEnd, WorkflowEnd } from "../../../src/simulate/github-actions/workflow-end.ts";
import { jobAt, path, type Script, simulateScripted } from "./scripted-host.ts";

type Returns = { readonly [step: string]: StepReturn | ((call: StepCall) => StepReturn) };

/** A workflow of one job `a`. */
async function jobOf(
  steps: string,
  returns: Returns = {},
  more: { readonly job?: string; readonly script?: Script; readonly files?: { readonly [path: string]: string } } = {},
  options: Parameters<typeof simulateScripted>[2] = {},
): Promise<JobEnd> {
  return jobAt(await runOf(steps, returns, more, options), "a");
}

function runOf(
  steps: string,
  returns: Returns = {},
  more: { readonly job?: string; readonly script?: Script; readonly files?: { readonly [path: string]: string } } = {},
  options: Parameters<typeof simulateScripted>[2] = {},
): Promise<WorkflowEnd> {
  const workflow = `on: push\njobs:\n  a:\n    runs-on: x\n${more.job ?? ""}    steps:\n${steps}`;
  const execute = (call: StepCall): StepReturn => {
    const given = returns[call.step] ?? { exitCode: 0 };
    return typeof given === "function" ? given(call) : given;
  };
  return simulateScripted({ [path]: workflow, ...more.files }, { execute, ...more.script }, options);
}

const outcomes = (job: JobEnd) => job.steps.map((step) => `${step.id}:${step.outcome}/${step.conclusion}`);
const messages = (job: JobEnd) => job.annotations.map((annotation) => `${annotation.level}: ${annotation.message}`);

describe("conditions of steps", () => {
  it("skips the steps after a failure but those with a status function that is true", async () => {
    const job = await jobOf(
      `
      - {id: f, run: a}
      - {id: s, run: a}
      - {id: t, if: "steps.f.outcome == 'failure'", run: a}
      - {id: u, if: failure(), run: a}
      - {id: v, if: always(), run: a}
`,
      { f: { exitCode: 3 } },
    );
    expect(outcomes(job)).toEqual([
      "f:failure/failure",
      "s:skipped/skipped",
      "t:skipped/skipped",
      "u:success/success",
      "v:success/success",
    ]);
    expect(messages(job)).toEqual(["error: Process completed with exit code 3."]);
    expect(job.result).toBe("failure");
  });

  it("forgives a step with continue-on-error: its outcome is a failure, its conclusion a success", async () => {
    const job = await jobOf("      - {id: f, run: a, continue-on-error: true}\n      - {id: s, run: a}\n", {
      f: { exitCode: 1 },
    });
    expect(outcomes(job)).toEqual(["f:failure/success", "s:success/success"]);
    expect(job.result).toBe("success");
  });

  it("evaluates env before the condition: an error there fails a step that would be skipped", async () => {
    const job = await jobOf(`
      - id: f
        if: false
        run: a
        env: {X: "\${{ fromJSON('{') }}"}
`);
    expect(outcomes(job)).toEqual(["f:failure/failure"]);
  });

  it("gives steps a timeout in whole minutes, which fails them", async () => {
    const job = await jobOf(
      "      - {id: f, run: a, timeout-minutes: 2}\n",
      {},
      {
        script: {
          execute: (call) =>
            new Promise((resolve) => call.signal.addEventListener("abort", () => resolve({ exitCode: 0 }))),
        },
      },
      { minuteMs: 1 },
    );
    expect(outcomes(job)).toEqual(["f:failure/failure"]);
    expect(messages(job)).toEqual(["error: The action 'Run a' has timed out after 2 minutes."]);
  });

  it("ends a job that takes too long as cancelled, after its always() steps", async () => {
    const job = await jobOf(
      "      - {id: f, run: a}\n      - {id: s, run: a}\n      - {id: t, run: a, if: always()}\n",
      {},
      {
        job: "    timeout-minutes: 3\n",
        script: {
          execute: (call) =>
            call.step === "f"
              ? new Promise((resolve) => call.signal.addEventListener("abort", () => resolve({ exitCode: 130 })))
              : { exitCode: 0 },
        },
      },
      { minuteMs: 1 },
    );
    expect(outcomes(job)).toEqual(["f:cancelled/cancelled", "s:skipped/skipped", "t:success/success"]);
    expect(job.result).toBe("cancelled");
  });
});

describe("files that steps write for the runner", () => {
  it("reads outputs, variables, folders for PATH and summaries", async () => {
    const seen: StepCall[] = [];
    const job = await jobOf(
      `
      - {id: w, run: a}
      - id: r
        run: a
        env: {LIST: "\${{ steps.w.outputs.list }}", FROM: "\${{ env.GIVEN }}"}
`,
      {
        w: {
          exitCode: 0,
          files: {
            output: "list<<E=<\n1=\n\n2\nE=<\none=a=b<<c\n",
            env: "GIVEN=x\nMORE<<E\ny\nE",
            path: "/p\n/q\n/p\n",
            summary: "# hi",
          },
        },
        r: (call) => {
          seen.push(call);
          return { exitCode: 0 };
        },
      },
    );
    expect(job.steps[0]?.outputs).toEqual({ list: "1=\n\n2", one: "a=b<<c" });
    expect(seen[0]?.env).toMatchObject({
      LIST: "1=\n\n2",
      FROM: "x",
      GIVEN: "x",
      MORE: "y",
      GITHUB_JOB: "a",
      CI: "true",
    });
    expect(seen[0]?.path).toEqual(["/p", "/q"]);
    expect(job.summary).toBe("# hi");
  });

  it.each([
    ["no equals sign", "Invalid format 'no equals sign'"],
    ["x<<E\n1\n", "Invalid value. Matching delimiter not found 'E'"],
    ["x<<E\n1", "Invalid value. EOF marker missing new line."],
    ["<<E\n1\nE\n", "Invalid format '<<E'. Name must not be empty and delimiter must not be empty"],
  ])("fails the step for the malformed text %j, also after a success; entries before count", async (text, message) => {
    const job = await jobOf("      - {id: w, run: a}\n", {
      w: { exitCode: 0, files: { output: `before=1\n${text}` } },
    });
    expect(outcomes(job)).toEqual(["w:failure/failure"]);
    expect(messages(job)).toEqual([
      "error: Unable to process file command 'output' successfully.",
      `error: ${message}`,
    ]);
    expect(job.steps[0]?.outputs).toEqual({ before: "1" });
  });

  it("takes files in after a failure, refuses NODE_OPTIONS, and leaves out a summary above 1 MiB", async () => {
    const job = await jobOf(
      "      - {id: w, run: a}\n",
      {
        w: {
          exitCode: 1,
          files: { output: "x=1", env: "NODE_OPTIONS=--inspect", summary: "x".repeat(1024 * 1024 + 1) },
        },
      },
      { job: `    outputs: {x: "\${{ steps.w.outputs.x }}"}\n` },
    );
    expect(job.outputs).toEqual({ x: "1" });
    expect(job.summary).toBe("");
    expect(messages(job)).toEqual([
      "error: Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.",
      expect.stringContaining("supports content up to a size of 1024k, got 1024k"),
      "error: Process completed with exit code 1.",
    ]);
  });
});

describe("workflow commands", () => {
  const printing = async (lines: readonly string[], options: Parameters<typeof simulateScripted>[2] = {}, env = "") => {
    const shown: string[] = [];
    const job = await jobOf(
      `      - {id: w, run: a${env}}\n`,
      {
        w: (call) => {
          for (const line of lines) call.line(line);
          return { exitCode: 0 };
        },
      },
      { script: {} },
      options,
    );
    return { job, shown };
  };

  it("makes annotations of errors, warnings and notices", async () => {
    const { job } = await printing([
      "::error title=A%2CB,file=f.py,line=3::one%0Atwo %25",
      "  ::warning::careful",
      "::notice::x",
      "##[error]old",
    ]);
    expect(job.annotations).toEqual([
      { level: "error", message: "one\ntwo %", title: "A,B", file: "f.py", line: "3", step: "Run a" },
      { level: "warning", message: "careful", step: "Run a" },
      { level: "notice", message: "x", step: "Run a" },
      { level: "error", message: "old", step: "Run a" },
    ]);
    expect(job.result).toBe("success");
  });

  it("stops to look for commands until the token is printed", async () => {
    const { job } = await printing(["::stop-commands::tok", "::error::no", "::tok::", "::error::yes"]);
    expect(messages(job)).toEqual(["error: yes"]);
  });

  it("fails the step for a token that is a command, and for disabled commands", async () => {
    const { job } = await printing(["::stop-commands::error", "::set-env name=A::b"]);
    expect(job.result).toBe("failure");
    expect(messages(job)).toEqual([
      "error: Unable to process command '::stop-commands::error' successfully.",
      "error: The end token is empty or a workflow command.",
      "error: Unable to process command '::set-env::' successfully.",
      expect.stringContaining("The `set-env` command is disabled."),
    ]);
    const allowed = await printing(["::set-env name=A::b"], {}, ", env: {ACTIONS_ALLOW_UNSECURE_COMMANDS: true}");
    expect(allowed.job.result).toBe("success");
  });

  it("still carries set-output out, with a warning", async () => {
    const { job } = await printing(["::set-output name=x::1"]);
    expect(job.steps[0]?.outputs).toEqual({ x: "1" });
    expect(messages(job)).toEqual([expect.stringContaining("warning: The `set-output` command is deprecated")]);
  });
});

describe("secrets", () => {
  it("masks each of their lines in output, annotations and summaries, and drops outputs that contain one", async () => {
    const lines: string[] = [];
    const job = await jobOf(
      `      - {id: w, run: a, env: {S: "\${{ secrets.S }}"}}\n`,
      {
        w: (call) => {
          for (const line of [call.env.S?.split("\n")[1] ?? "", "::add-mask::mine", "is mine", "::error::first"])
            call.line(line);
          return { exitCode: 0, files: { output: "x=a first b\ny=fine", summary: "second" } };
        },
      },
      {
        job: `    outputs: {x: "\${{ steps.w.outputs.x }}", y: "\${{ steps.w.outputs.y }}"}\n`,
        script: { onEvent: (event) => event.kind === "line" && lines.push(event.text) },
      },
      { secrets: { S: "first\nsecond" } },
    );
    expect(lines).toEqual(["***", "is ***"]);
    expect(job.outputs).toEqual({ y: "fine" });
    expect(job.summary).toBe("***");
    expect(messages(job)).toEqual(["error: ***", "warning: Skip output 'x' since it may contain secret."]);
  });

  it("fails a job whose outputs have more than 1 MiB", async () => {
    const big = async (length: number) =>
      jobOf(
        "      - {id: w, run: a}\n",
        { w: { exitCode: 0, files: { output: `x=${"y".repeat(length)}` } } },
        { job: `    outputs: {x: "\${{ steps.w.outputs.x }}"}\n` },
      );
    expect((await big(524_287)).result).toBe("success");
    const job = await big(524_288);
    expect(job.result).toBe("failure");
    expect(messages(job)).toEqual(["error: The outputs have 1048578 bytes, more than 1048576"]);
  });
});

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
