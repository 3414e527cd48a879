import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../support/build.ts";
import { magnus, plainEnvironment, run, runMagnus, shim } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const cases = path.join(root, "fixtures/pipelines");
const pipeline = readFileSync(path.join(cases, "dag-in-all/pipeline.yaml"), "utf8");
const toGithub = ["compile", "pipeline.yaml", "-t", "github-actions"];
const toShell = ["compile", "pipeline.yaml", "--target", "shell"];

describe("compile", () => {
  test("writes an executable, says so, and says what was the same", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    expect((await runMagnus(toShell, { cwd })).stdout).toBe("wrote  pipeline.sh\n");
    expect(statSync(path.join(cwd, "pipeline.sh")).mode & 0o111).toBe(0o111);
    expect((await runMagnus(toShell, { cwd })).stdout).toBe("same   pipeline.sh\n");
    expect(JSON.parse((await runMagnus([...toShell, "--json", "-o", "out"], { cwd })).stdout)).toEqual({
      files: [{ path: "out/pipeline.sh", state: "new" }],
      left: [],
    });
  });

  test("-o - prints a single file; several targets at once", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    const printed = await runMagnus([...toShell, "-o", "-"], { cwd });
    expect(printed.stdout.startsWith("#!/bin/sh\n")).toBe(true);
    const both = await runMagnus([...toShell, "--target", "ir", "-o", "-"], { cwd });
    expect([both.code, both.stdout]).toEqual([2, ""]);
    expect((await runMagnus([...toShell, "--target", "ir"], { cwd })).code).toBe(0);
    expect(readdirSync(cwd).sort()).toEqual(["pipeline.ir.json", "pipeline.sh", "pipeline.yaml"]);
  });

  test("writes nothing where one of two targets is unknown", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    const { code, stderr } = await runMagnus([...toShell, "--target", "shel"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean "shell"?');
    expect(readdirSync(cwd)).toEqual(["pipeline.yaml"]);
  });

  test("--check: nothing is written; a unified diff and 1 where the files differ", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    const missing = await runMagnus([...toShell, "--check"], { cwd });
    expect([missing.code, readdirSync(cwd)]).toEqual([1, ["pipeline.yaml"]]);
    await runMagnus(toShell, { cwd });
    expect(await runMagnus([...toShell, "--check"], { cwd })).toMatchObject({ code: 0, stdout: "" });
    const script = path.join(cwd, "pipeline.sh");
    writeFileSync(script, readFileSync(script, "utf8").replace("set -u", "set -eu"));
    const drift = await runMagnus([...toShell, "--check"], { cwd });
    expect(drift.code).toBe(1);
    expect(drift.stdout).toMatch(/^--- pipeline\.sh.*\n\+\+\+ pipeline\.sh.*\n@@ /m);
    expect(drift.stdout).toContain("-set -eu\n+set -u\n");
    await runMagnus(toShell, { cwd });
    chmodSync(script, 0o644);
    expect((await runMagnus([...toShell, "--check"], { cwd })).stdout).toContain("not executable");
  });

  test("names files that it wrote before and no longer does", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    await runMagnus(toShell, { cwd });
    writeFileSync(path.join(cwd, "pipeline.yaml"), `name: renamed\n${pipeline}`);
    expect((await runMagnus(toShell, { cwd })).stdout).toMatch(/^left +pipeline\.sh: .*rm pipeline\.sh/m);
    // Another target's files are not left over.
    const toIr = ["compile", "pipeline.yaml", "--target", "ir"];
    expect((await runMagnus(toIr, { cwd })).stdout).not.toMatch(/^left/m);
  });

  test("names workflows that it wrote before and no longer does", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    await runMagnus(toGithub, { cwd });
    writeFileSync(path.join(cwd, "pipeline.yaml"), `name: renamed\n${pipeline}`);
    expect((await runMagnus(toGithub, { cwd })).stdout).toMatch(/^left +\.github\/workflows\/pipeline\.yml: /m);
  });

  test("leaves alone to which commits of an action a workflow was moved; other changes are told", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    await runMagnus(toGithub, { cwd });
    const file = path.join(cwd, ".github/workflows/pipeline.yml");
    const compiled = readFileSync(file, "utf8");
    const newer = `actions/checkout@${"0123456789".repeat(4)} # v99.0.0`;
    const moved = compiled.replace(/actions\/checkout@.*/g, newer);
    expect(moved).not.toBe(compiled);
    const check = async (text: string) => {
      writeFileSync(file, text);
      return runMagnus([...toGithub, "--check"], { cwd });
    };
    expect(await check(moved)).toMatchObject({ code: 0, stdout: "" });
    await runMagnus(toGithub, { cwd });
    expect(readFileSync(file, "utf8")).toBe(moved);
    // Not pinned, another action, only some of the uses, another difference.
    expect((await check(compiled.replace(/actions\/checkout@.*/g, "actions/checkout@v9"))).code).toBe(1);
    expect((await check(compiled.replaceAll("actions/checkout@", "other/checkout@"))).code).toBe(1);
    expect((await check(compiled.replace(/actions\/checkout@.*/, newer))).code).toBe(1);
    const told = await check(moved.replace("persist-credentials: false", "persist-credentials: true"));
    expect(told).toMatchObject({ code: 1, stdout: expect.not.stringMatching(/^[-+].*checkout/m) });
  });

  test("what cannot be written is a diagnostic, and nothing is half-written", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline, out: "a file" });
    const { code, stderr } = await runMagnus([...toShell, "-o", "out"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("error[cannot-write]");
  });

  test("parameters given when compiling are the file's defaults", async () => {
    const cwd = workspace({
      "pipeline.yaml": `parameters: {a: 1, b: 1}\ndag: {steps: [{name: s, type: task, command_type: shell, command: 'test "$a$b" = 23'}]}\n`,
      "given.yaml": "b: 3\n",
    });
    await runMagnus([...toShell, "--param", "a=2", "-p", "given.yaml"], { cwd, env: { MAGNUS_PRM_a: "9" } });
    expect((await run("sh", ["pipeline.sh"], { cwd, env: { MAGNUS_SHIM: shim } })).code).toBe(0);
    expect((await runMagnus([...toShell, "--param", "a"], { cwd })).code).toBe(2);
  });

  test("the same bytes under another time zone, language, folder and umask", async () => {
    const files = { "pipeline.yaml": pipeline };
    const [here, there] = [workspace(files), path.join(workspace(), "deep/er folder")];
    mkdirSync(path.dirname(there), { recursive: true });
    renameSync(workspace(files), there);
    await runMagnus([...toShell, "--target", "ir"], { cwd: here });
    const env = { ...plainEnvironment(), TZ: "Asia/Tokyo", LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" };
    const command = 'umask 077; exec "$0" "$@"';
    spawnSync("sh", ["-c", command, process.execPath, magnus, ...toShell, "--target", "ir"], { cwd: there, env });
    for (const name of ["pipeline.sh", "pipeline.ir.json"]) {
      expect(readFileSync(path.join(there, name)).equals(readFileSync(path.join(here, name))), name).toBe(true);
    }
  });

  test("one added step of 100 changes its own lines and its neighbour's", async () => {
    const chain = (names: readonly string[]): string =>
      `dag:\n  steps:\n${names.map((name) => `    - {name: ${name}, type: task, command_type: shell, command: "true"}\n`).join("")}`;
    const names = Array.from({ length: 100 }, (_, i) => `step ${i}`);
    const [before, after] = await Promise.all(
      [names, [...names.slice(0, 50), "added", ...names.slice(50)]].map(async (list) => {
        const cwd = workspace({ "pipeline.yaml": chain(list) });
        return (await runMagnus([...toShell, "-o", "-"], { cwd })).stdout.split("\n");
      }),
    );
    // Each line of a script stands once in it, but for the machine's, which both have.
    const changed = (a: readonly string[] = [], b: readonly string[] = []): number =>
      a.filter((line) => !new Set(b).has(line)).length;
    expect(changed(before, after) + changed(after, before)).toBeLessThanOrEqual(12);
  });
});

describe("the compiled script of every conformance case", () => {
  const missing = spawnSync("shellcheck", ["--version"]).status !== 0;
  test.skipIf(missing)(`has nothing for shellcheck${missing ? " (shellcheck is not installed)" : ""}`, async () => {
    const cwd = workspace();
    const names = readdirSync(cases);
    for (const name of names) {
      const compiled = await runMagnus([...toShell, "-q", "-o", path.join(cwd, name)], { cwd: path.join(cases, name) });
      expect(compiled.code, compiled.stderr).toBe(0);
    }
    const scripts = names.map((name) => `${name}/pipeline.sh`);
    expect(await run("shellcheck", ["-s", "sh", ...scripts], { cwd })).toMatchObject({ code: 0, stdout: "" });
  });
});

describe("init", () => {
  test("writes a pipeline that runs, compiles and checks; keeps what is there", async () => {
    const cwd = workspace({ "first/.gitignore": "mine\n" });
    const { code, stdout } = await runMagnus(["init", "first"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^wrote +first\/pipeline\.yaml$/m);
    const first = path.join(cwd, "first");
    const ran = await runMagnus(["run", "pipeline.yaml"], { cwd: first });
    expect(ran.code, ran.stderr).toBe(0);
    const compiled = await runMagnus(toShell, { cwd: first });
    expect(compiled.code, compiled.stderr).toBe(0);
    expect((await runMagnus([...toShell, "--check"], { cwd: first })).code).toBe(0);
    expect(readFileSync(path.join(first, ".gitignore"), "utf8")).toContain("mine\n");
    const before = readdirSync(first).filter((name) => name !== ".magnus");
    expect((await runMagnus(["init", "first"], { cwd })).code).toBe(0);
    expect(readdirSync(first).filter((name) => name !== ".magnus")).toEqual(before);
  });
});

describe("targets", () => {
  test("lists what each can run", async () => {
    const { stdout } = await runMagnus(["targets", "--json"], { cwd: workspace() });
    const { targets } = JSON.parse(stdout);
    expect(targets).toContainEqual(
      expect.objectContaining({ name: "shell", commands: expect.arrayContaining(["python", "notebook"]) }),
    );
  });
});
