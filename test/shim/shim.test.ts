import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Edge, PathElement } from "../../src/protocol/path.ts";
import { printSpec } from "../../src/protocol/spec-text.ts";
import type { StepSpec } from "../../src/protocol/step-spec.ts";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { openEventWriter } from "../../src/run-log/record/write-events.ts";
import { foldRun } from "../../src/run-log/views/fold.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";
import { root } from "../support/build.ts";
import { type Ended, run, shim, shimAlone } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const success: Edge = { end: "success", name: "success" };
const fail: Edge = { end: "fail", name: "fail" };
const first: PathElement = { node: "first", start: true, ok: { to: "second" }, failed: { to: "handler" } };
const second: PathElement = { node: "second", ok: success, failed: fail };
const handler: PathElement = { node: "handler", ok: success, failed: fail };

const runSpec = { pipeline: "demo", digest: "0", parameters: { n: [1, 2], text: "a" }, text: ["text"] };

function shell(element: PathElement, command: string, rest: Partial<StepSpec> = {}): string {
  return printSpec({ path: [element], task: { type: "shell", command }, ...rest });
}

/** A run that `begin` made, and its shim. */
async function begun(
  more: { readonly [name: string]: string } = {},
): Promise<{ readonly cwd: string; readonly shim: (...args: string[]) => Promise<Ended> }> {
  const cwd = workspace();
  const env = { MAGNUS_RUN_ID: "r", MAGNUS_CONTROL_FILE: path.join(cwd, "control"), ...more };
  const call = (...args: string[]): Promise<Ended> => run(process.execPath, [shim, ...args], { cwd, env });
  await call("begin", "--target", "shell", "--spec", JSON.stringify(runSpec), "--", "--run-id", "r");
  return { cwd, shim: call };
}

async function viewOf(cwd: string) {
  return foldRun(await readEvents(fileSystemRunLogStore(path.join(cwd, ".magnus/runs")).open("r")));
}

describe("the bundle", () => {
  test("is small and holds only what a start can afford", () => {
    expect(statSync(shimAlone).size).toBeLessThanOrEqual(200 * 1024);
    const { outputs } = JSON.parse(readFileSync(path.join(root, "dist/shim.meta.json"), "utf8"));
    const [bundle = ""] = Object.keys(outputs).filter((file) => file.endsWith("/shim.cjs"));
    const packages = Object.keys(outputs[bundle].inputs).flatMap(
      (file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [],
    );
    expect([...new Set(packages)]).toEqual(["picomatch"]);
  });
});

describe("begin", () => {
  const begin = (cwd: string, ...args: string[]): Promise<Ended> =>
    run(process.execPath, [shim, "begin", "--spec", JSON.stringify(runSpec), "--", ...args], { cwd });

  test("prints the run's id and nothing else on stdout; parameters are text where the default is", async () => {
    const cwd = workspace({ "p.json": '{"n": [1.0]}' });
    const { code, stdout } = await begin(cwd, "--run-id", "r", "-p", "p.json", "--param", "text=007");
    expect([code, stdout]).toEqual([0, "r\n"]);
    expect(readFileSync(path.join(cwd, ".magnus/runs/r/events", onlyFile(cwd)), "utf8")).toContain(
      '"n":[1.0],"text":"007"',
    );
  });

  test.for([
    [["--param", "n"], "name=value"],
    [["--param", "1x=2"], "is not a valid parameter name"],
    [["-p", "missing.json"], "missing.json"],
    [["--unknown"], "--unknown"],
    [["--run-id", "../r"], "cannot be the id of a run"],
  ] as const)("%s: exit 2 in one line", async ([args, message]) => {
    const cwd = workspace();
    const { code, stdout, stderr } = await begin(cwd, ...args);
    expect([code, stdout, stderr.trimEnd().split("\n").length]).toEqual([2, "", 1]);
    expect(stderr).toContain(message);
    expect(existsSync(path.join(cwd, ".magnus"))).toBe(false);
  });

  test("refuses a run that exists", async () => {
    const cwd = workspace();
    await begin(cwd, "--run-id", "r");
    const { code, stderr } = await begin(cwd, "--run-id", "r");
    expect([code, stderr]).toEqual([2, expect.stringContaining("r exists already")]);
  });
});

describe("run", () => {
  test.for([
    ["exit 0", 0],
    ["exit 3", 3],
    ["kill -TERM $$", 143],
    ["kill -9 $$", 137],
    ["no-such-command", 127],
  ] as const)("hands on the command's code: %s", async ([command, code]) => {
    const { shim } = await begun();
    expect((await shim("run", "--spec", shell(first, command))).code).toBe(code);
  });

  test("shows what the command prints on the same streams", async () => {
    const { shim } = await begun();
    const { stdout, stderr } = await shim("run", "--spec", shell(first, "echo out; echo err >&2"));
    expect(stdout).toBe("out\n");
    expect(stderr).toBe("err\nmagnus: first success\n");
  });

  test("reads its spec from a file; gather is the same verb", async () => {
    const { cwd, shim } = await begun();
    writeFileSync(path.join(cwd, "spec.json"), shell(first, "exit 4"));
    expect((await shim("gather", "--spec", "@spec.json")).code).toBe(4);
  });

  test("leaves its control in the file that the platform named, also when its work is done already", async () => {
    const { cwd, shim } = await begun();
    const map: PathElement = { node: "second", kind: "map", on: "n", as: "i", ok: success, failed: fail };
    const spec = shell(first, "echo once >>count", { control: { kind: "map", element: map } });
    for (let i = 0; i < 2; i++) {
      expect((await shim("run", "--spec", spec)).code).toBe(0);
      expect(readFileSync(path.join(cwd, "control"), "utf8")).toBe('[{"i":0,"k":"1"},{"i":1,"k":"2"}]\n');
    }
    expect(readFileSync(path.join(cwd, "count"), "utf8")).toBe("once\n");
  });

  test("out of turn: 74, one line that says where the log stops", async () => {
    const { shim } = await begun();
    const { code, stderr } = await shim("run", "--spec", shell(second, "true"));
    expect([code, stderr.trimEnd().split("\n").length]).toEqual([74, 1]);
    expect(stderr).toContain("does not lead to second");
  });

  test("declares lost what was killed before it, where that step's failure leads to it", async () => {
    const { cwd, shim } = await begun();
    const writer = openEventWriter(fileSystemRunLogStore(path.join(cwd, ".magnus/runs")).open("r"));
    await writer.write({ kind: "step.started", path: [first], attempt: 1, round: 1, data: {} });
    const { code } = await shim("run", "--spec", shell(handler, "true", { mayBeLost: [{ path: [first] }] }));
    expect(code).toBe(0);
    const { steps, status } = await viewOf(cwd);
    expect([status, ...steps.map((step) => step.status)]).toEqual(["success", "lost", "success"]);
  });

  test("a handler of a step that succeeded: 74 and no record, also after an attempt that failed", async () => {
    const { cwd, shim } = await begun();
    const handle = (): Promise<Ended> =>
      shim("run", "--spec", shell(handler, "true", { mayBeLost: [{ path: [first] }] }));
    const work = shell(first, "[ -f again ] || { touch again; exit 1; }");
    expect([(await shim("run", "--spec", work)).code, (await shim("run", "--spec", work)).code]).toEqual([1, 0]);
    const { code, stderr } = await handle();
    expect([code, stderr]).toEqual([74, expect.stringContaining("does not lead to handler")]);
    expect((await viewOf(cwd)).steps.map((step) => step.status)).toEqual(["success"]);
  });

  test("a handler that a platform starts after its step recorded a success: that one is lost", async () => {
    const { cwd, shim } = await begun({ MAGNUS_TARGET: "shell" });
    await shim("run", "--spec", shell(first, "true"));
    const { code } = await shim("run", "--spec", shell(handler, "true", { mayBeLost: [{ path: [first] }] }));
    expect(code).toBe(0);
    expect((await viewOf(cwd)).steps.map((step) => step.status)).toEqual(["lost", "success"]);
  });

  test.for([
    [["run", "--spec", "{"], 64, "not JSON"],
    [["run", "--spec", '{"v":99,"path":[]}'], 64, "compile again"],
    [["run", "--spec", shell(first, "true"), "--at", "[1]"], 64, "--at"],
    [["run", "--spec", "@missing"], 64, "missing"],
    [["fly"], 64, "unknown verb"],
    [
      [
        "run",
        "--spec",
        printSpec({ path: [first], task: { type: "shell", command: "true", catalog: { get: [{ pattern: "x" }] } } }),
      ],
      65,
      "x",
    ],
  ] as const)("%s: exit %s", async ([args, code, message]) => {
    const { shim } = await begun();
    const ended = await shim(...args);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(message);
  });

  test("a store that cannot be used: 74", async () => {
    const cwd = workspace({ file: "" });
    const env = { MAGNUS_RUN_ID: "r", MAGNUS_SERVICES: '{"run_log_store":{"type":"file-system","log_folder":"file"}}' };
    const { code, stderr } = await run(process.execPath, [shim, "run", "--spec", shell(first, "true")], { cwd, env });
    expect([code, stderr.trimEnd().split("\n").length]).toEqual([74, 1]);
  });
});

describe("verdict", () => {
  test("closes the run and exits by its outcome", async () => {
    const { cwd, shim } = await begun();
    await shim("run", "--spec", shell(first, "true"));
    await shim("run", "--spec", shell(second, "exit 1"));
    expect((await shim("verdict")).code).toBe(1);
    expect((await viewOf(cwd)).status).toBe("failed");
  });

  test("what never finished is lost", async () => {
    const { cwd, shim } = await begun();
    await shim("run", "--spec", shell(first, "true"));
    const { code } = await shim("verdict");
    const { steps } = await viewOf(cwd);
    expect([code, ...steps.map((step) => step.status)]).toEqual([1, "success", "lost"]);
  });

  test("a run that was stopped is cancelled, and what did not finish is not lost", async () => {
    for (const [stopped, status] of [
      ["true", "cancelled"],
      ["false", "failed"],
    ] as const) {
      const { cwd, shim } = await begun();
      await shim("run", "--spec", shell(first, "true"));
      expect((await shim("verdict", "--stopped", stopped)).code).toBe(1);
      expect((await viewOf(cwd)).status).toBe(status);
    }
  });
});

describe("merge", () => {
  test("joins what two folders know of a run, each event once", async () => {
    const { cwd, shim: call } = await begun();
    await call("run", "--spec", shell(first, "echo kept"));
    const other = workspace();
    const merge = (): Promise<Ended> =>
      run(process.execPath, [shim, "merge", path.join(cwd, ".magnus/runs/r")], { cwd: other });
    expect((await merge()).code).toBe(0);
    expect((await merge()).code).toBe(0);
    const log = (folder: string) => fileSystemRunLogStore(path.join(folder, ".magnus/runs")).open("r");
    expect((await log(other).read()).length).toBe((await log(cwd).read()).length);
    expect((await log(other).list("logs/")).length).toBe(1);
  });
});

test("a script without a shim: one line and exit 2", async () => {
  const cwd = workspace({ "pipeline.yaml": "dag: {steps: [{name: s, type: stub}]}\n" });
  await run(process.execPath, [path.join(root, "dist/magnus.js"), "compile", "pipeline.yaml", "-t", "shell"], { cwd });
  const { code, stderr } = await run("sh", ["pipeline.sh"], { cwd, env: { PATH: "/usr/bin:/bin" } });
  expect([code, stderr.trimEnd().split("\n").length]).toEqual([2, 1]);
  expect(stderr).toContain("magnus-shim not found");
});

function onlyFile(cwd: string): string {
  const [file = ""] = readdirSync(path.join(cwd, ".magnus/runs/r/events"));
  return file;
}

test("a script whose parameters and lists are longer than an argument may be", async () => {
  const items = Array.from({ length: 30_000 }, (_, i) => `item ${i}`);
  // None of them runs, but each is in the lists of what may be lost.
  const unused = Array.from(
    { length: 2500 },
    (_, i) => `    "unused ${i}": {type: stub, next: success, on_failure: last}`,
  );
  const cwd = workspace({
    "pipeline.yaml": `parameters: {items: ${JSON.stringify(items)}}
dag:
  start_at: first
  steps:
    first: {type: task, command_type: shell, command: "exit 1", next: last, on_failure: success}
    last: {type: stub, next: success}
${unused.join("\n")}
`,
  });
  const compiled = await run(
    process.execPath,
    [path.join(root, "dist/magnus.js"), "compile", "pipeline.yaml", "-t", "shell", "-q"],
    { cwd },
  );
  expect(compiled.code, compiled.stderr).toBe(0);
  const { code, stderr } = await run("sh", ["pipeline.sh"], { cwd, env: { MAGNUS_SHIM: shim } });
  expect(code, stderr).toBe(0);
});
