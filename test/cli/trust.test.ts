/** docs/trust.md, where no kill at a random moment is needed: test/stress/kills.test.ts has those. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createRun } from "../../src/run-log/record/create-run.ts";
import { openEventWriter } from "../../src/run-log/record/write-events.ts";
import { captureTrap } from "../../src/runtime/task-types/shell.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";
import { magnus, plainEnvironment, run, runMagnus, shim, shimAlone } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const waits = (before = ""): string => `dag:
  steps:
    - {name: waits, type: task, command_type: shell, command: "${before}echo $$ >pid; echo said; exec sleep 60"}
`;

function start(cwd: string, command: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const [file = "", ...args] = command;
  const child = spawn(file, args, { cwd, env: { ...plainEnvironment(), ...env }, stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

function startRun(cwd: string, env: Record<string, string> = {}): ChildProcess {
  return start(cwd, [process.execPath, magnus, "run", "pipeline.yaml", "-q", "--run-id", "r"], env);
}

async function pidIn(cwd: string, name = "pid"): Promise<number> {
  const file = path.join(cwd, name);
  await expect
    .poll(() => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"), { timeout: 60_000 })
    .toBe(true);
  return Number(readFileSync(file, "utf8"));
}

function isAlive(pid: number): boolean {
  return /^State:\s[^ZX]/m.test(existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, "utf8") : "");
}

const gone = (pid: number) => expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);

describe("a run that was left", () => {
  test("is refused while its process is there, said to be left, closed, and closed once", async () => {
    const cwd = workspace({ "pipeline.yaml": waits() });
    const child = startRun(cwd);
    const pid = await pidIn(cwd);
    const refused = await runMagnus(["runs", "close", "r"], { cwd });
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toContain(`the process of run r, ${child.pid} on`);
    expect(refused.stderr).toContain("is still alive");
    expect((await runMagnus(["runs", "close", "r", "--gone"], { cwd })).code).toBe(2);
    child.kill("SIGKILL");
    await gone(pid);
    for (const command of [["list"], ["show", "r"]]) {
      const { stdout, stderr } = await runMagnus(["runs", ...command], { cwd });
      expect(stdout).toContain("running");
      expect(stderr).toContain("is gone); close it: magnus runs close r");
    }
    const closed = await runMagnus(["runs", "close", "r"], { cwd });
    expect([closed.code, closed.stderr]).toEqual([0, ""]);
    expect(closed.stdout).toMatch(/^run r .* failed.*\n {2}waits {2}lost/);
    const log = (): string => readdirSync(path.join(cwd, ".magnus/runs/r/events")).join();
    const before = log();
    expect((await runMagnus(["runs", "close", "r"], { cwd })).stdout).toBe(closed.stdout);
    expect(log()).toBe(before);
  });

  test("what it printed until a second before is there", async () => {
    const cwd = workspace({ "pipeline.yaml": waits("echo first; ") });
    const child = startRun(cwd);
    const pid = await pidIn(cwd);
    const printed = async (): Promise<string> => (await runMagnus(["runs", "log", "r", "waits"], { cwd })).stdout;
    await expect.poll(printed, { timeout: 60_000 }).toBe("first\nsaid\n");
    child.kill("SIGKILL");
    await gone(pid);
    expect(await printed()).toBe("first\nsaid\n");
  });
});

describe("a compiled script that is killed", () => {
  test("has its step and the run recorded as cancelled, by the shim that it left", async () => {
    const cwd = workspace({ "pipeline.yaml": waits() });
    expect((await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q"], { cwd })).code).toBe(0);
    const child = start(cwd, ["sh", "pipeline.sh", "--run-id", "r"], { MAGNUS_SHIM: shim });
    const pid = await pidIn(cwd);
    child.kill("SIGKILL");
    await gone(pid);
    const shown = async (): Promise<string> => (await runMagnus(["runs", "show", "r"], { cwd })).stdout;
    await expect.poll(shown, { timeout: 20_000 }).toMatch(/^run r .* cancelled.*\n {2}waits {2}cancelled/);
  });
});

describe("a run whose process cannot be seen from here", () => {
  const ended = { end: "success", name: "success" } as const;
  const element = { node: "only", start: true, ok: ended, failed: { end: "fail", name: "fail" } } as const;

  /** A run of another machine, of which the one step has finished; not closed. */
  async function leave(cwd: string): Promise<void> {
    const log = await fileSystemRunLogStore(path.join(cwd, ".magnus/runs")).create("r");
    if (log === null) throw new Error("there is one");
    const writer = openEventWriter(log);
    const owner = { host: "elsewhere", place: "00000000-zz", pid: 1 };
    const code = { commit: "none", dirty: false };
    await createRun(writer, { pipeline: "p", digest: "d", parameters: {}, target: "local", owner, code });
    const head = { path: [element], attempt: 1, round: 1 } as const;
    await writer.write({ kind: "step.finished", ...head, data: { status: "success", exitCode: 0, durationMs: 1 } });
  }

  test("is closed where the user says that it is gone, with the outcome that it had come to", async () => {
    const cwd = workspace();
    await leave(cwd);
    const refused = await runMagnus(["runs", "close", "r"], { cwd });
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toContain("1 on elsewhere, cannot be seen from here");
    expect(refused.stderr).toContain("magnus runs close r --gone");
    const closed = await runMagnus(["runs", "close", "r", "--gone"], { cwd });
    expect([closed.code, closed.stdout]).toEqual([0, expect.stringMatching(/^run r {2}p {2}success/)]);
    expect((await runMagnus(["runs", "verify", "r"], { cwd })).stdout).toMatch(/^r {2}whole/);
  });
});

describe("stopping", () => {
  const stubborn = waits("trap '' TERM INT; ").replace("exec sleep 60", "while [ ! -e go ]; do sleep 0.05; done");
  const local = [process.execPath, magnus, "run", "pipeline.yaml", "--run-id", "r"];
  const script = ["sh", "pipeline.sh", "--run-id", "r"];

  test.for([
    ["SIGINT", 130, local, "waits up to 30 s for what runs; interrupt again (^C) to kill it"],
    ["SIGTERM", 143, local, "waits up to 30 s for what runs; a second signal kills it"],
    ["SIGTERM", 143, script, "stopping: it waits for what runs; a second signal kills that"],
  ] as const)("by %s (%s, %s) is said, and what runs is shown as running until it has ended", async (given) => {
    const [signal, code, [file = "", ...args], message] = given;
    const cwd = workspace({ "pipeline.yaml": stubborn });
    expect((await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q"], { cwd })).code).toBe(0);
    const env = { ...plainEnvironment(), MAGNUS_SHIM: shim };
    const child = spawn(file, args, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const ended = new Promise((resolve) => child.on("close", resolve));
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    await pidIn(cwd);
    child.kill(signal);
    await expect.poll(() => said, { timeout: 20_000 }).toContain(message);
    const shown = async (): Promise<string> => (await runMagnus(["runs", "show", "r"], { cwd })).stdout;
    expect(await shown()).toMatch(/^run r .* running.*\n {2}waits {2}running/);
    writeFileSync(path.join(cwd, "go"), "");
    expect(await ended).toBe(code);
    expect(await shown()).toMatch(/^run r .* cancelled.*\n {2}waits {2}cancelled/);
  });
});

describe.skipIf(!existsSync("/proc/self/cmdline"))("a secret", () => {
  test("is in no argument of a process while its step runs", async () => {
    const look = `printenv API_TOKEN >secret; grep -lsaF -f secret /proc/[0-9]*/cmdline >found; grep -csa . /proc/$$/cmdline`;
    const steps = `dag: {steps: [{name: look, type: task, command_type: shell, secrets: [API_TOKEN], command: ${JSON.stringify(look)}}]}`;
    const cwd = workspace({ "pipeline.yaml": steps });
    const env = { API_TOKEN: "canary-of-41-feathers", MAGNUS_SHIM: shim };
    expect((await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q"], { cwd })).code).toBe(0);
    for (const [file, ...args] of [
      [process.execPath, magnus, "run", "pipeline.yaml"],
      ["sh", "pipeline.sh"],
    ] as const) {
      const { code, stderr } = await run(file, args, { cwd, env });
      expect(code, stderr).toBe(0);
      expect(readFileSync(path.join(cwd, "secret"), "utf8")).toBe("canary-of-41-feathers\n");
      expect(readFileSync(path.join(cwd, "found"), "utf8")).toBe("");
    }
  });
});

describe("what left on purpose", () => {
  test("lives on where its command ended by itself", async () => {
    const command = "sleep 50 >/dev/null 2>&1 & echo $! >left";
    const steps = `dag: {steps: [{name: s, type: task, command_type: shell, command: ${JSON.stringify(command)}}]}`;
    const cwd = workspace({ "pipeline.yaml": steps });
    expect((await runMagnus(["run", "pipeline.yaml", "-q"], { cwd })).code).toBe(0);
    const left = await pidIn(cwd, "left");
    expect(isAlive(left)).toBe(true);
    process.kill(left, "SIGKILL");
  });

  test("lives on where magnus is killed; another process group does not", async () => {
    const before = "(setsid sh -c 'echo $$ >left; exec sleep 50' &); set -m; sh -c 'echo $$ >group; exec sleep 50' & ";
    const cwd = workspace({ "pipeline.yaml": waits(before) });
    const child = startRun(cwd);
    const [pid, group, left] = [await pidIn(cwd), await pidIn(cwd, "group"), await pidIn(cwd, "left")];
    child.kill("SIGKILL");
    await gone(pid);
    await gone(group);
    expect(isAlive(left)).toBe(true);
    process.kill(left, "SIGKILL");
  });
});

describe("a shim that was copied alone", () => {
  test("has a shell to watch over its command", async () => {
    const cwd = workspace();
    copyFileSync(shimAlone, path.join(cwd, "shim.cjs"));
    const ends = { ok: { end: "success", name: "success" }, failed: { end: "fail", name: "fail" } };
    const spec = {
      path: [{ node: "only", start: true, ...ends }],
      run: { pipeline: "p", digest: "0", parameters: {} },
      task: { command: "echo $$ >pid; echo begun; exec sleep 60" },
    };
    const child = start(cwd, [process.execPath, "shim.cjs", "run", "--spec", JSON.stringify(spec)], {
      MAGNUS_RUN_ID: "r",
    });
    const pid = await pidIn(cwd);
    expect(isAlive(pid)).toBe(true);
    // What it printed is stored: the shell knows of it by then (see docs/trust.md for the moment before).
    await expect.poll(() => existsSync(path.join(cwd, ".magnus/runs/r/logs")), { timeout: 60_000 }).toBe(true);
    child.kill("SIGKILL");
    await gone(pid);
  });
});

describe("a log that is removed while the run goes on", () => {
  const pipeline = `dag:
  steps:
    - {name: a, type: task, command_type: shell, command: "rm -rf .magnus"}
    - {name: b, type: task, command_type: shell, command: "touch went-on"}
`;

  test("fails the run, by magnus run and by a script, and is not made anew", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    const local = await runMagnus(["run", "pipeline.yaml"], { cwd });
    expect([local.code, local.stderr]).toEqual([1, expect.stringContaining("the run's log was removed while it ran")]);
    expect(existsSync(path.join(cwd, ".magnus/runs"))).toBe(false);
    expect((await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q"], { cwd })).code).toBe(0);
    expect((await run("sh", ["pipeline.sh"], { cwd, env: { MAGNUS_SHIM: shim } })).code).toBe(1);
    expect(existsSync(path.join(cwd, "went-on"))).toBe(false);
  });
});

describe("temporary files", () => {
  test("of a process that is there, of another place, or of nobody are left alone", async () => {
    const cwd = workspace({ "pipeline.yaml": "dag: {steps: [{name: s, type: stub}]}\n", "tmp/magnus-x": "" });
    const temporary = path.join(cwd, "tmp");
    const child = startRun(workspace({ "pipeline.yaml": waits() }), { TMPDIR: temporary });
    const own = (): string | undefined => readdirSync(temporary).find((name) => name.includes(`-${child.pid}-`));
    await expect.poll(own, { timeout: 60_000 }).toBeDefined();
    const dead = spawnSync("true").pid;
    const place = own()?.split("-").slice(1, 3).join("-");
    const others = [`magnus-00000000-zz-${dead}-abc`, `magnus-docs-${dead}`];
    for (const name of [...others, `magnus-${place}-${dead}-abc`]) mkdirSync(path.join(temporary, name));
    writeFileSync(path.join(temporary, `magnus-${place}-${dead}-abc`, "file"), "");
    expect((await runMagnus(["run", "pipeline.yaml", "-q"], { cwd, env: { TMPDIR: temporary } })).code).toBe(0);
    expect(readdirSync(temporary).sort()).toEqual([...others, own(), "magnus-x"].sort());
  });
});

describe("where a file cannot be without a name", () => {
  test.for(["sh", "bash", "yash"])("%s writes nothing that the script was given", (shell) => {
    const cwd = workspace();
    const trap = captureTrap(["wanted"], path.join(cwd, "result"), { shell, forgotten: ["TOKEN", "FIXED", "HOME"] });
    const script = `${trap}; readonly FIXED; wanted=1; export MAGNUS_PRM_x=2`;
    const env = { ...plainEnvironment(), TOKEN: "correct-horse", FIXED: "x" };
    if (spawnSync(shell, ["-c", script], { cwd, env }).error !== undefined) return;
    const written = readFileSync(path.join(cwd, "result"), "utf8");
    expect(written).toMatch(/wanted=.?1/);
    expect(written).toMatch(/MAGNUS_PRM_x=.?2/);
    expect(written).not.toContain("correct-horse");
  });
});
