/** docs/trust.md, where no kill at a random moment is needed: test/stress/kills.test.ts has those. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { captureTrap } from "../../src/runtime/task-types/shell.ts";
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
    expect(refused.stderr).toContain("is still there");
    expect((await runMagnus(["runs", "close", "r", "--gone"], { cwd })).code).toBe(2);
    child.kill("SIGKILL");
    await gone(pid);
    for (const command of [["list"], ["show", "r"]]) {
      const { stdout, stderr } = await runMagnus(["runs", ...command], { cwd });
      expect(stdout).toContain("running");
      expect(stderr).toContain("is gone; close it: magnus runs close r");
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

describe("what left on purpose", () => {
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
      task: { command: "echo $$ >pid; exec sleep 60" },
    };
    const child = start(cwd, [process.execPath, "shim.cjs", "run", "--spec", JSON.stringify(spec)], {
      MAGNUS_RUN_ID: "r",
    });
    const pid = await pidIn(cwd);
    expect(isAlive(pid)).toBe(true);
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
