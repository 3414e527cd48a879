import { existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NumberText } from "../../../src/protocol/json.ts";
import { dataOf, kindsOf, newFolder, newServices, runShell } from "../attempt/step-harness.ts";

const shells = [
  "/bin/sh",
  "/usr/bin/dash",
  "/usr/bin/bash",
  "/usr/bin/busybox",
  "/usr/bin/posh",
  "/usr/bin/yash",
].filter((file) => existsSync(file));

/** Busybox is the shell that its name says. */
function programOf(shell: string): string {
  if (!shell.endsWith("busybox")) return shell;
  const link = join(newFolder(), "ash");
  symlinkSync(shell, link);
  return link;
}

describe.each(shells)("a script under %s", (shell) => {
  const task = () => ({ shell: programOf(shell) });

  it("publishes what it exports, multi-line values and quotes too", async () => {
    const script = `export MAGNUS_PRM_x=5
export MAGNUS_PRM_text="it's \\"quoted\\" \\$HOME \\\\ back"
export MAGNUS_PRM_lines="one
export MAGNUS_PRM_fake='no'
three	tab"
export MAGNUS_PRM_json='{"a": [1, 2.0, "é😀"]}' MAGNUS_PRM_empty=
export MAGNUS_PRM_control="$(printf 'a\\001b\\033c')"
export MAGNUS_PRM_trailing='ends with a break
'`;
    const { result } = await runShell(script, { task: { ...task(), env: { LC_ALL: "C.UTF-8" } } });
    expect(result.message).toBeUndefined();
    expect(result.delta).toEqual({
      x: 5,
      text: `it's "quoted" $HOME \\ back`,
      lines: "one\nexport MAGNUS_PRM_fake='no'\nthree\ttab",
      json: { a: [1, new NumberText("2.0"), "é😀"] },
      empty: "",
      control: "a\u0001b\u001bc",
      trailing: "ends with a break\n",
    });
  });

  it("survives the C locale", async () => {
    const { result } = await runShell("export MAGNUS_PRM_name='é😀'", { task: { ...task(), env: { LC_ALL: "C" } } });
    if (!shell.endsWith("yash")) expect(result.delta).toEqual({ name: "é😀" });
    expect(result.status).toBe("success");
  });

  it("reads variables that returns names, exported or not", async () => {
    const { result, events } = await runShell("a=1; b='two words'; export c=[3]; loss=0.50", {
      task: {
        ...task(),
        returns: [
          { name: "a", kind: "json" },
          { name: "b", kind: "json" },
          { name: "c", kind: "json" },
          { name: "loss", kind: "metric" },
        ],
      },
    });
    expect(result.delta).toEqual({ a: 1, b: "two words", c: [3], loss: new NumberText("0.50") });
    expect(dataOf(events, "metric")).toEqual([{ metrics: { loss: new NumberText("0.50") } }]);
  });

  it("keeps the code of exit and still reads the environment", async () => {
    const { result, events } = await runShell("export MAGNUS_TRACK_n=1; exit 3; export MAGNUS_TRACK_n=2", {
      task: task(),
    });
    expect(result).toMatchObject({ status: "failed", exitCode: 3, reason: "exit", message: "exit code 3", delta: {} });
    expect(dataOf(events, "metric")).toEqual([{ metrics: { n: 1 } }]);
  });

  it("reads the environment after a line failed, with every option set", async () => {
    const { result, events } = await runShell("set -e -u -C; export MAGNUS_TRACK_n=1; false; export MAGNUS_TRACK_n=2", {
      task: { ...task(), returns: [{ name: "unset", kind: "json" }] },
    });
    expect(result).toMatchObject({ status: "failed", exitCode: 1 });
    expect(dataOf(events, "metric")).toEqual([{ metrics: { n: 1 } }]);
  });

  it("does not show its own work under set -x", async () => {
    const { stderr } = await runShell("set -x; true", { task: task() });
    expect(stderr).not.toContain("export -p");
    expect(stderr).not.toContain("returns");
  });

  it("leaves the code of the last command, and of a syntax error", async () => {
    expect((await runShell("(exit 4)", { task: task() })).result.exitCode).toBe(4);
    expect((await runShell("true\nif ; then", { task: task() })).result.status).toBe("failed");
    expect((await runShell("# only a comment", { task: task() })).result.status).toBe("success");
  });

  it("runs a script that is longer than an argument may be", async () => {
    const { result } = await runShell(`: '${"x".repeat(200_000)}'\nexport MAGNUS_PRM_done=true`, { task: task() });
    expect(result).toMatchObject({ status: "success", delta: { done: true } });
  });

  it("reports a signal that ends it as 128 + n", async () => {
    const { result } = await runShell("kill -KILL $$", { task: task() });
    expect(result).toMatchObject({ status: "failed", exitCode: 137, reason: "signal" });
  });
});

describe("a script's own EXIT trap", () => {
  it("runs, and the other ways of answering stay", async () => {
    const { result, stdout } = await runShell(
      `trap 'echo cleaned' EXIT; echo '{"parameters": {"x": 1}}' >>"$MAGNUS_OUTPUT_FILE"; exit 0`,
      { task: { returns: [{ name: "x", kind: "json" }] } },
    );
    expect(stdout).toBe("cleaned\n");
    expect(result.delta).toEqual({ x: 1 });
  });

  it.each([
    ["inherited", {}, "VITEST"],
    ["given by the step's own env", { MODE: "full" }, "MODE"],
  ])("a declared variable that only was %s is missing, as it is on another engine", async (_, env, name) => {
    const { result } = await runShell("true", { task: { env, returns: [{ name, kind: "json" }] } });
    expect(result).toMatchObject({ status: "failed", reason: "missing-output" });
  });

  it("is named where a declared variable cannot be read because of it", async () => {
    const { result } = await runShell("trap 'echo cleaned' EXIT; x=1", {
      task: { returns: [{ name: "x", kind: "json" }] },
    });
    expect(result).toMatchObject({ status: "failed", reason: "missing-output" });
    expect(result.message).toContain("EXIT trap");
  });
});

describe("the answers of a script", () => {
  it("unchanged names are in the delta only where returns names them, with value and type", async () => {
    const visible = { same: "5", big: 12345678901234, list: [1], changed: "old" };
    const { result } = await runShell("changed=new; export MAGNUS_PRM_list='[2]'", {
      visible,
      task: {
        returns: [
          { name: "same", kind: "json" },
          { name: "changed", kind: "json" },
        ],
      },
    });
    expect(result.delta).toEqual({ same: "5", changed: "new", list: [2] });
  });

  it("a declared name whose value is too long for an environment is kept", async () => {
    const { result } = await runShell("true", {
      visible: { long: "x".repeat(200_000) },
      task: { returns: [{ name: "long", kind: "json" }] },
    });
    expect(result.delta).toEqual({ long: "x".repeat(200_000) });
  });

  it("MAGNUS_OUTPUT_FILE wins over the environment", async () => {
    const { result, events } = await runShell(
      `export MAGNUS_PRM_x=env MAGNUS_PRM_y=env MAGNUS_TRACK_m=1
       echo '{"parameters": {"x": 1.0, "z": 12345678901234567890}, "metrics": {"m": 2}}' >>"$MAGNUS_OUTPUT_FILE"
       printf '%s' '{"metrics": {"loss": 0.5}, "step": 3}' >>"$MAGNUS_OUTPUT_FILE"`,
    );
    expect(result.delta).toEqual({ x: new NumberText("1.0"), y: "env", z: new NumberText("12345678901234567890") });
    expect(dataOf(events, "metric")).toEqual([{ metrics: { m: 2 } }, { metrics: { loss: 0.5 }, step: 3 }]);
  });

  it("metrics that are not finite are metrics, however they are given", async () => {
    const { result, events } = await runShell(
      `echo '{"metrics": {"a": NaN, "b": -Infinity, "c": "inf", "d": [NaN], "e": "NaN of it"}}' >>"$MAGNUS_OUTPUT_FILE"
       export MAGNUS_TRACK_f=nan MAGNUS_TRACK_g=+inf MAGNUS_TRACK_h_STEP_1=-.INF MAGNUS_TRACK_i=info
       j=-inf`,
      { task: { returns: [{ name: "j", kind: "metric" }] } },
    );
    expect(result).toMatchObject({ status: "success", delta: { j: "-Infinity" } });
    const others = { d: ["NaN"], e: "NaN of it", f: "NaN", g: "Infinity", i: "info", j: "-Infinity" };
    expect(dataOf(events, "metric")).toEqual([
      { metrics: { a: "NaN", b: "-Infinity", c: "Infinity", ...others } },
      { metrics: { h: "-Infinity" }, step: 1 },
    ]);
  });

  it.each(['{"parameters": {"a": NaN}}', '{"metrics": {"a": 1}, "step": NaN}', '{"metrics": {"a": nan}}'])(
    "a parameter or step that is not finite is not valid JSON: %s",
    async (line) => {
      const { result } = await runShell(`echo '${line}' >>"$MAGNUS_OUTPUT_FILE"`);
      expect(result).toMatchObject({ status: "failed", message: expect.stringContaining("is not JSON") });
    },
  );

  it("a metric that the file has again is recorded again; of several ways the first one counts", async () => {
    const { events } = await runShell(
      `for x in 3 1 2; do echo '{"metrics": {"loss": '$x', "n": 0}}' >>"$MAGNUS_OUTPUT_FILE"; done
       echo '{"metrics": {"loss": 5}, "step": -1}' >>"$MAGNUS_OUTPUT_FILE"
       export MAGNUS_TRACK_loss=9 MAGNUS_TRACK_other=8`,
    );
    expect(dataOf(events, "metric")).toEqual([
      { metrics: { other: 8, loss: 3, n: 0 } },
      { metrics: { loss: 1, n: 0 } },
      { metrics: { loss: 2, n: 0 } },
      { metrics: { loss: 5 }, step: -1 },
    ]);
  });

  it("tracked metrics carry their step", async () => {
    const { events } = await runShell(
      "export MAGNUS_TRACK_loss_STEP_10=0.25 MAGNUS_TRACK_loss_STEP_2=0.5 MAGNUS_TRACK_best='{\"a\": 1}'",
    );
    expect(dataOf(events, "metric")).toEqual([
      { metrics: { best: { a: 1 } } },
      { metrics: { loss: 0.5 }, step: 2 },
      { metrics: { loss: 0.25 }, step: 10 },
    ]);
  });

  it("a line that is no answer fails the step and says which", async () => {
    const { result } = await runShell(
      `echo '{"parameters": {}}' >>"$MAGNUS_OUTPUT_FILE"; echo oops >>"$MAGNUS_OUTPUT_FILE"`,
    );
    expect(result).toMatchObject({ status: "failed", reason: "missing-output" });
    expect(result.message).toBe("line 2 of MAGNUS_OUTPUT_FILE is not JSON");
  });

  it("a declared name that is not set fails the step and names it", async () => {
    const { result } = await runShell("true", { task: { returns: [{ name: "score", kind: "json" }] } });
    expect(result).toMatchObject({ status: "failed", reason: "missing-output", exitCode: 0, delta: {} });
    expect(result.message).toContain('"score"');
  });

  it("standard output is shown and captured, and never parsed", async () => {
    const { result, stdout, stderr, log } = await runShell(`echo '{"parameters": {"x": 1}}'; echo MAGNUS_PRM_x=1 >&2`);
    expect(result.delta).toEqual({});
    expect(stdout).toBe('{"parameters": {"x": 1}}\n');
    expect(stderr).toBe("MAGNUS_PRM_x=1\n");
    expect([...log.trimEnd().split("\n")].sort()).toEqual(["MAGNUS_PRM_x=1", '{"parameters": {"x": 1}}'].sort());
  });
});

describe("what cannot be started", () => {
  it("a shell that is not there is 127, one that may not be run 126", async () => {
    const missing = await runShell("true", { task: { shell: "/nowhere/sh" } });
    expect(missing.result).toMatchObject({ status: "failed", exitCode: 127, reason: "cannot-start" });
    expect(missing.result.message).toContain("/nowhere/sh");
    const file = join(newFolder(), "sh");
    writeFileSync(file, "");
    const denied = await runShell("true", { task: { shell: file } });
    expect(denied.result).toMatchObject({ status: "failed", exitCode: 126, reason: "cannot-start" });
    expect(kindsOf(denied.events)).toEqual(["step.started", "step.finished"]);
  });

  it("an environment that is too large is named", async () => {
    const env = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`p${i}`, "x".repeat(90_000)]));
    const { result } = await runShell("true", { task: { env } });
    expect(result).toMatchObject({ status: "failed", reason: "cannot-start", exitCode: 126 });
    expect(result.message).toContain("exceed the system");
  });

  it("a working directory that is gone is named", async () => {
    const services = { ...newServices(), projectDir: "/nowhere/at/all" };
    const { result } = await runShell("true", { services });
    expect(result.message).toContain("/nowhere/at/all");
  });

  it("a program that is no shell gets -c and no trap", async () => {
    const { result, stdout } = await runShell("print(6 * 7)", { task: { shell: "python3" } });
    expect(stdout).toBe("42\n");
    expect(result.status).toBe("success");
  });
});
