import { expect, test } from "vitest";
import { run, runMagnus, shim } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const files = {
  "pipeline.yaml": `dag:
  steps:
    - {name: first, type: task, command_type: shell, command: "true"}
    - {name: tell, type: task, command: steps.tell}
`,
  "steps.py": `from magnus import get_run_log

def tell():
    print("seen", [(step["path"][-1]["node"], step["status"]) for step in get_run_log()["steps"]])
`,
};
const seen = "seen [('first', 'success'), ('tell', 'running')]";

test("a task reads the log of its run: here, in a folder of its own, in a compiled script", async () => {
  const cwd = workspace(files);
  for (const isolate of ["never", "always"]) {
    const { code, stderr } = await runMagnus(["run", "pipeline.yaml", "--set", `isolate=${isolate}`], { cwd });
    expect([code, stderr]).toEqual([0, expect.stringContaining(seen)]);
  }
  await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q"], { cwd });
  const script = await run("sh", ["pipeline.sh"], { cwd, env: { MAGNUS_SHIM: shim } });
  expect([script.code, script.stdout], script.stderr).toEqual([0, expect.stringContaining(seen)]);
});

test("where the log is in memory, the task is told so", async () => {
  const cwd = workspace(files);
  const args = ["run", "pipeline.yaml", "--set", "run_log_store.type=buffered"];
  const { code, stderr } = await runMagnus(args, { cwd });
  expect([code, stderr]).toEqual([1, expect.stringContaining("it is kept in memory")]);
});
