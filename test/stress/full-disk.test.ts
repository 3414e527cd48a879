/** Where a write fails for lack of space, whichever it is: the exit code, what is said and the run log agree. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { foldRun } from "../../src/run-log/views/fold.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";
import { root } from "../support/build.ts";
import { type Ended, magnus, run, runMagnus, shim } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const pipeline = `parameters: {n: [1]}
dag:
  steps:
    - name: one
      type: task
      command_type: shell
      command: "echo said; echo data >file.txt; export MAGNUS_PRM_a=1"
      catalog: {put: [file.txt]}
    - {name: each, type: map, iterate_on: n, iterate_as: i, branch: {steps: [{name: stub, type: stub}]}}
`;

test.for([
  ["magnus run", [process.execPath, magnus, "run", "pipeline.yaml"]],
  ["a script", ["sh", "pipeline.sh"]],
] as const)("by %s, at each write to the stores", async ([, [file, ...args]]) => {
  const cwd = workspace({ "pipeline.yaml": pipeline });
  expect((await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q"], { cwd })).code).toBe(0);
  const [stores, counter] = [path.join(cwd, ".magnus"), path.join(cwd, "count")];
  const preload = `--require ${JSON.stringify(path.join(root, "test/support/full-disk.cjs"))}`;
  const failing = (at: number): Promise<Ended> => {
    for (const each of [stores, counter]) rmSync(each, { recursive: true, force: true });
    const env = { MAGNUS_SHIM: shim, NODE_OPTIONS: preload, FULL_DIR: stores, FULL_COUNT: counter, FULL_AT: `${at}` };
    return run(file, [...args, "--run-id", "r"], { cwd, env });
  };
  expect((await failing(0)).code).toBe(0);
  const writes = readFileSync(counter).length;
  expect(writes).toBeGreaterThan(20);
  const codes = new Set<number | null>();
  let withoutEnd = 0;
  for (let at = 1; at <= writes; at++) {
    const { code, stderr } = await failing(at);
    const where = `write ${at} of ${writes}: ${stderr}`;
    codes.add(code);
    const log = fileSystemRunLogStore(path.join(stores, "runs"));
    expect(temporaryFiles(stores), where).toEqual([]);
    if (code === 2) {
      expect(await log.exists("r"), where).toBe(false);
      expect(stderr, where).toContain("no space left");
      continue;
    }
    const events = await readEvents(log.open("r"));
    const view = foldRun(events);
    expect(view.status === "success", where).toBe(code === 0);
    if (stderr.includes("all of the run is recorded but its end")) withoutEnd++;
    if (code !== 0) expect(stderr, where).toContain("no space left");
    const said = [...stderr.matchAll(/^(?:magnus: )?(\S+) {1,2}success/gm)].map(([, name]) => name);
    for (const { path: here, status } of view.steps)
      if (said.includes(here[0]?.node)) expect(status, where).toBe("success");
    if (events.some(({ kind }) => kind === "run.finished")) continue;
    const closed = await runMagnus(["runs", "close", "r"], { cwd });
    expect([closed.code, closed.stdout.split("  ")[2]], where).toEqual([0, code === 0 ? "success" : "failed"]);
  }
  expect([...codes].sort()).toEqual([0, 1, 2]);
  expect(withoutEnd).toBeGreaterThan(0);
});

function temporaryFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.includes(".tmp-"));
}
