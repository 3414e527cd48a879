/** A target that nothing in `src` knows: its folder is enough for every command. */
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import { runMagnus } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

let bundle = "";
beforeAll(async () => {
  const entry = path.join(import.meta.dirname, "further-targets/steps/target.ts");
  const built = await build({ entryPoints: [entry], bundle: true, write: false, platform: "node", format: "esm" });
  bundle = built.outputFiles[0]?.text ?? "";
});

const step = (name: string, rest = ""): string =>
  `    - {name: ${name}, type: task, command_type: shell, command: 'echo "$who"'${rest}}\n`;
const greeting = `parameters: {who: world}\ndag:\n  steps:\n${step("greet")}${step("greet again")}`;

/** A project in which the target is known. */
function project(pipeline = greeting, files: { readonly [name: string]: string } = {}) {
  const cwd = workspace({ "pipeline.yaml": pipeline, "targets/steps/target.mjs": bundle, ...files });
  const env = { MAGNUS_TARGETS_PATH: path.join(cwd, "targets") };
  return { cwd, magnus: (...args: readonly string[]) => runMagnus(args, { cwd, env }) };
}

const compile = ["compile", "pipeline.yaml", "--target", "steps"];

describe("a target in a folder of its own", () => {
  test("compiles, and tells what differs", async () => {
    const { cwd, magnus } = project();
    expect(await magnus(...compile)).toMatchObject({ code: 0, stdout: "wrote  lists/pipeline.steps\n" });
    const file = path.join(cwd, "lists/pipeline.steps");
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => line.replace(/ .*/, ""))).toEqual(["#", "run", "run", "verdict"]);
    expect(lines[0]).toMatch(/^# Compiled by magnus \S+ from pipeline\.yaml\. Change that and compile again\.$/);
    expect(await magnus(...compile, "--check")).toMatchObject({ code: 0, stdout: "" });
    // What the target keeps of the file on disk is no difference.
    appendFileSync(file, "# note: kept\n");
    expect(await magnus(...compile, "--check")).toMatchObject({ code: 0, stdout: "" });
    appendFileSync(file, "run again\n");
    const drift = await magnus(...compile, "--check");
    expect([drift.code, drift.stdout]).toEqual([1, expect.stringContaining("-run again\n")]);
  });

  test("has flags of its own, which are an error where it is not compiled for", async () => {
    const { cwd, magnus } = project();
    expect((await magnus("compile", "--help")).stdout).toMatch(/--numbered +steps: number the lines/);
    expect(await magnus(...compile, "--numbered")).toMatchObject({ code: 0 });
    expect(readFileSync(path.join(cwd, "lists/pipeline.steps"), "utf8")).toMatch(/^1\. run /m);
    const { code, stderr } = await magnus("compile", "pipeline.yaml", "--target", "shell", "--numbered");
    expect([code, stderr]).toEqual([2, expect.stringContaining("--numbered is a flag of steps: add --target steps")]);
  });

  test("names its files that are left over, not those of another target", async () => {
    const { cwd, magnus } = project();
    await magnus(...compile);
    writeFileSync(path.join(cwd, "lists/other.steps"), "# Compiled by magnus 0 from other.yaml. Change that\n");
    const toShell = ["compile", "pipeline.yaml", "--target", "shell", "-o", "lists"];
    expect((await magnus(...toShell)).stdout).toBe("wrote  lists/pipeline.sh\n");
    writeFileSync(path.join(cwd, "pipeline.yaml"), `name: renamed\n${greeting}`);
    const { stdout } = await magnus(...compile, "--json");
    expect(JSON.parse(stdout).left).toEqual(["lists/pipeline.steps"]);
  });

  test("reports what it cannot run, and where secrets would come from", async () => {
    const many = project(`dag:\n  steps:\n${["a", "b", "c", "d"].map((name) => step(name)).join("")}`);
    expect((await many.magnus(...compile)).stderr).toMatch(
      /\[target-limit\] pipeline\.yaml:6:[\s\S]*4 steps, of at most 3/,
    );
    const branch = "{start_at: s, steps: {s: {type: stub, next: success}}}";
    const composite = project(`dag:\n  steps:\n    - {name: both, type: parallel, branches: {b: ${branch}}}\n`);
    expect((await composite.magnus(...compile)).stderr).toContain("error[cannot-run-here] pipeline.yaml:3:");
    const secret = project(`dag:\n  steps:\n${step("a", ", secrets: [TOKEN]")}`);
    const { code, stderr } = await secret.magnus(...compile);
    expect([code, stderr]).toEqual([2, expect.stringContaining("hint: set `targets.steps.vault`")]);
    expect((await secret.magnus(...compile, "--set", "targets.steps.vault=here")).code).toBe(0);
    expect(readdirSync(many.cwd).sort()).toEqual(["pipeline.yaml", "targets"]);
  });

  test("is simulated", async () => {
    const { magnus } = project();
    await magnus(...compile);
    const simulate = ["simulate", "lists/pipeline.steps"];
    const { code, stderr } = await magnus(...simulate, "--param", "who=moon", "--run-id", "first");
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^run ended with 0$/m)]);
    const { stdout } = await magnus("runs", "list", "--json");
    expect(JSON.parse(stdout).runs).toMatchObject([{ run: "first", status: "success", target: "steps" }]);
    expect((await magnus("runs", "log", "first", "greet")).stdout).toBe("moon\n");
    const foreign = await magnus(...simulate, "--volume", "x=y");
    expect([foreign.code, foreign.stderr]).toEqual([2, expect.stringContaining("--volume is a flag of argo")]);
  });

  test("is listed, is a type of executor, and no reason for doctor to complain", async () => {
    const executor = "executor: {type: steps, config: {numbered: true}}\n";
    const { cwd, magnus } = project(greeting, { "magnus-config.yaml": executor });
    const { targets } = JSON.parse((await magnus("targets", "--json")).stdout);
    expect(targets.map(({ name }: { name: string }) => name)).toEqual(["argo", "github-actions", "shell", "steps"]);
    expect((await magnus(...compile)).code).toBe(0);
    expect(readFileSync(path.join(cwd, "lists/pipeline.steps"), "utf8")).toMatch(/^1\. run /m);
    const { code, stderr } = await magnus("run", "pipeline.yaml");
    expect([code, stderr]).toEqual([2, expect.stringContaining("magnus compile --target steps")]);
    expect((await magnus("doctor")).code).toBe(0);
    expect((await magnus("compile", "pipeline.yaml", "--target", "step")).stderr).toContain('did you mean "steps"?');
    expect((await magnus("compile", "pipeline.yaml")).stderr).toContain("argo, github-actions, shell, steps");
  });
});
