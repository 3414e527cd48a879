import { describe, expect, it } from "vitest";
import type { StepCall } from "../../../src/simulate/github-actions/host/simulation-host.ts";
import { jobOf, messages, outcomes } from "./one-job.ts";
import { simulateScripted } from "./scripted-host.ts";

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

  it("tells names of variables apart by case, and no others", async () => {
    const job = await jobOf(
      "      - {id: S, run: a}\n",
      { S: { exitCode: 0, files: { output: "Key=1" } } },
      {
        job: `    env: {A: up}\n    outputs: {a: "\${{ env.a }}", b: "\${{ env.A }}", k: "\${{ steps.s.outputs.KEY }}"}\n`,
      },
    );
    expect(job.outputs).toEqual({ b: "up", k: "1" });
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

describe("commands of steps", () => {
  const commands = async (job: string, steps: string) => {
    const seen: unknown[] = [];
    await simulateScripted(
      `on: push\ndefaults: {run: {shell: sh, working-directory: w}}\njobs:\n  a:\n    runs-on: x\n${job}    steps: ${steps}\n`,
      {
        execute: ({ command }) => {
          seen.push(command);
          return { exitCode: 0 };
        },
      },
    );
    return seen;
  };

  it("take shell and folder from the step, the job, the workflow, in this order", async () => {
    expect(
      await commands(
        "    defaults: {run: {working-directory: j}}\n",
        "[{run: a}, {run: b, shell: bash, working-directory: s}]",
      ),
    ).toEqual([
      { kind: "script", script: "a", shell: "sh", workingDirectory: "j" },
      { kind: "script", script: "b", shell: "bash", workingDirectory: "s" },
    ]);
  });

  it("use sh in a container, and the machine's default elsewhere", async () => {
    const shells: unknown[] = [];
    await simulateScripted(
      "on: push\njobs:\n  a: {runs-on: x, container: node, steps: [{run: a}]}\n  b: {runs-on: x, steps: [{run: a}]}\n",
      {
        execute: ({ command }) => {
          shells.push(command.kind === "script" && command.shell);
          return { exitCode: 0 };
        },
      },
      { jobs: 1 },
    );
    expect(shells).toEqual(["sh", undefined]);
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
