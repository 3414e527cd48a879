import { expect, test } from "vitest";
import { run, runMagnus, shim } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

test("a chain of 100,000 steps compiles without overflowing a stack", async () => {
  const steps = Array.from({ length: 100_000 }, (_, i) => `    - {name: s${i}, type: stub}\n`);
  // An anchor as well, so that the full reader of YAML is used once.
  for (const extra of ["", "x-note: &note text\n"]) {
    const cwd = workspace({ "pipeline.yaml": `${extra}dag:\n  steps:\n${steps.join("")}` });
    const { code, stderr } = await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-t", "ir"], { cwd });
    expect(code, stderr).toBe(0);
    expect((await run("sh", ["-n", "pipeline.sh"], { cwd, env: { MAGNUS_SHIM: shim } })).code).toBe(0);
  }
});
