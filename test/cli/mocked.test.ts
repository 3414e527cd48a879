import { existsSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { runMagnus } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const pipeline = `parameters: {items: [1, 2]}
dag:
  start_at: load
  steps:
    load: {type: task, command: no.such.function, secrets: [NO_SUCH], catalog: {put: ["*.csv"]}, next: each, on_failure: recover}
    each:
      type: map
      iterate_on: items
      iterate_as: item
      next: recover
      branch:
        steps: [{name: fit, type: task, command: fit.it, returns: [score], catalog: {get: ["*.csv"]}}]
    recover: {type: task, command_type: shell, command: "touch recovered", next: success}
`;

const configuration = `executor:
  type: mocked
  config:
    patches:
      fit: {command_type: shell, command: 'echo "instead for $$item"; export score=$$((item * 10))'}
`;

const project = () => workspace({ "pipeline.yaml": pipeline, "magnus-config.yaml": configuration });

async function stepsOf(
  cwd: string,
): Promise<readonly { readonly node: string; readonly kind: string; readonly status: string }[]> {
  const { stdout } = await runMagnus(["runs", "show", "latest", "--json"], { cwd });
  const { steps } = JSON.parse(stdout);
  return steps.map(({ path: place, kind, status }: { path: { node: string }[]; kind: string; status: string }) => ({
    node: place.at(-1)?.node,
    kind,
    status,
  }));
}

test("steps with a patch run that, in maps too; other tasks succeed without running", async () => {
  const cwd = project();
  const { code, stdout, stderr } = await runMagnus(["run", "pipeline.yaml", "--json", "-q"], { cwd });
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
    status: "success",
    parameters: { score: [10, 20] },
  });
  expect(existsSync(path.join(cwd, "recovered"))).toBe(false);
  expect((await stepsOf(cwd)).map(({ node, kind, status }) => `${node} ${kind} ${status}`)).toEqual([
    "load stub success",
    "each map success",
    "recover stub success",
  ]);
});

test("a patch that fails takes the way of a failure", async () => {
  const cwd = project();
  const patch = "executor.patches.load.command=exit 3";
  const args = ["--set", patch, "--set", "executor.patches.load.command_type=shell"];
  const { code, stderr } = await runMagnus(["run", "pipeline.yaml", "-q", ...args], { cwd });
  expect([code, stderr]).toEqual([0, ""]);
  expect((await stepsOf(cwd)).map(({ node, status }) => `${node} ${status}`)).toEqual([
    "load failed",
    "recover success",
  ]);
});
