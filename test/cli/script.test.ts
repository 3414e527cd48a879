/** A compiled script as a program: its options, its exit codes, what it hands on to the steps. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { type Ended, run, runMagnus, shim, shimAlone } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const pipeline = `parameters: {a: 0, b: 0, c: 0, text: ""}
dag:
  steps:
    - name: look
      type: task
      command_type: shell
      command: 'printf "%s|%s|%s|%s" "$MAGNUS_PRM_a" "$MAGNUS_PRM_b" "$MAGNUS_PRM_c" "$text" >seen'
`;

/** A folder with the compiled script, and what runs it. */
async function compiled(
  files: { readonly [name: string]: string } = {},
  ...args: string[]
): Promise<{
  readonly cwd: string;
  readonly script: (args: string[], env?: Record<string, string>) => Promise<Ended>;
}> {
  const cwd = workspace({ "pipeline.yaml": pipeline, ...files });
  const { code, stderr } = await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q", ...args], { cwd });
  expect(code, stderr).toBe(0);
  const script = (more: string[], env: Record<string, string> = {}): Promise<Ended> =>
    run(path.join(cwd, "pipeline.sh"), more, { cwd, env: { MAGNUS_SHIM: shim, ...env } });
  return { cwd, script };
}

describe("a compiled script", () => {
  test("--help names the options and parameters, needs no shim and runs nothing", async () => {
    const { cwd, script } = await compiled();
    const { code, stdout, stderr } = await script(["--help"], { MAGNUS_SHIM: "/nowhere" });
    expect([code, stderr]).toEqual([0, ""]);
    for (const word of ["--param", "-p FILE", "--run-id", "--tag", "a, b, c, text"]) expect(stdout).toContain(word);
    expect(existsSync(path.join(cwd, ".magnus"))).toBe(false);
  });

  test("takes id and tag; an id that exists is refused and nothing runs", async () => {
    const { cwd, script } = await compiled();
    expect((await script(["--run-id", "r", "--tag", "mine"])).code).toBe(0);
    const { stdout } = await runMagnus(["runs", "list", "--json"], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ runs: [{ run: "r", tag: "mine", target: "shell", status: "success" }] });
    writeFileSync(path.join(cwd, "seen"), "untouched");
    const again = await script(["--run-id", "r"]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("r exists already")]);
    expect(readFileSync(path.join(cwd, "seen"), "utf8")).toBe("untouched");
  });

  test("numbers and hostile text from file, environment and flag arrive as they are", async () => {
    const { cwd, script } = await compiled({ "given.json": '{"a": 1.0, "b": 2}' });
    const text = `it's "q" $(x) \`y\` {{z}} \${{ w }} \\n %s *\nline`;
    const args = ["-p", "given.json", "--param", "c=12345678901234567890", "--param", `text=${text}`];
    const { code, stderr } = await script(args, { MAGNUS_PRM_b: "2.50" });
    expect(code, stderr).toBe(0);
    expect(readFileSync(path.join(cwd, "seen"), "utf8")).toBe(`1.0|2.50|12345678901234567890|${text}`);
  });

  test.for([
    [["--param", "a"], "name=value"],
    [["--param", "1a=2"], "is not a valid parameter name"],
    [["--run-id", "../r"], "cannot be the id"],
    [["-p", "missing.json"], "missing.json"],
    [["-p", "pipeline.yaml"], "read only JSON"],
    [["--jobs", "2"], "--help lists the options"],
    [["more"], "--help lists the options"],
  ] as const)("%s: exit 2, one line, no run", async ([args, message]) => {
    const { cwd, script } = await compiled();
    const { code, stdout, stderr } = await script([...args]);
    expect([code, stdout, stderr.trimEnd().split("\n").length], stderr).toEqual([2, "", 1]);
    expect(stderr).toContain(message);
    expect(existsSync(path.join(cwd, ".magnus"))).toBe(false);
  });

  test("a store that cannot be used: exit 2, one line, nothing runs", async () => {
    const { cwd, script } = await compiled({ file: "" }, "--set", "run_log_store.log_folder=file");
    const { code, stderr } = await script([]);
    expect([code, stderr.trimEnd().split("\n").length]).toEqual([2, 1]);
    expect(readdirSync(cwd)).not.toContain("seen");
  });

  test("finds a magnus-shim beside itself", async () => {
    const { cwd } = await compiled();
    await run("cp", [shimAlone, "magnus-shim"], { cwd });
    expect((await run("sh", ["pipeline.sh"], { cwd })).code).toBe(0);
  });
});
