import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { foldRun } from "../../src/run-log/views/fold.ts";
import type { RunView } from "../../src/run-log/views/view.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";
import { shells } from "../conformance/engines.ts";
import { magnus, plainEnvironment, runMagnus, shim } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

/** Two branches that wait; a handler that must not start. */
const pipeline = `dag:
  start_at: both
  steps:
    both:
      type: parallel
      branches:
        a: {steps: [{name: waits, type: task, command_type: shell, command: "echo $$ >a.pid; exec sleep 60"}]}
        b: {steps: [{name: waits, type: task, command_type: shell, command: "echo $$ >b.pid; exec sleep 60"}]}
      next: success
      on_failure: handler
    handler: {type: task, command_type: shell, command: "touch handled", next: success}
`;
const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 143 } as const;

describe.for(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s", (signal) => {
  test("magnus run: everything ends, the run is recorded as cancelled, no handler starts", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    const ended = await interrupt(
      start(process.execPath, [magnus, "run", "pipeline.yaml", "--jobs", "2"], cwd),
      cwd,
      signal,
    );
    expect(ended).toBe(codes[signal]);
    await expectCancelled(cwd);
  });

  for (const { name, program, missing } of shells) {
    test.skipIf(missing !== undefined)(`a compiled script under ${name}${missing ? ` (${missing})` : ""}`, async () => {
      const cwd = workspace({ "pipeline.yaml": pipeline });
      await runMagnus(["compile", "pipeline.yaml", "--target", "shell", "-q"], { cwd });
      const [command, ...args] = program;
      const ended = await interrupt(start(command, [...args, "pipeline.sh"], cwd), cwd, signal);
      expect(ended).toBe(codes[signal]);
      await expectCancelled(cwd);
    });
  }
});

describe("a second SIGINT kills what ignores the first", () => {
  const stubborn = `dag: {steps: [{name: stubborn, type: task, command_type: shell, command: "trap '' INT TERM; echo $$ >a.pid; cp a.pid b.pid; while :; do sleep 0.1; done"}]}\n`;

  test("magnus run", async () => {
    const cwd = workspace({ "pipeline.yaml": stubborn });
    await interruptTwice(start(process.execPath, [magnus, "run", "pipeline.yaml"], cwd), cwd);
  });

  for (const { name, program, missing } of shells) {
    test.skipIf(missing !== undefined)(`a compiled script under ${name}${missing ? ` (${missing})` : ""}`, async () => {
      const cwd = workspace({ "pipeline.yaml": stubborn });
      await runMagnus(["compile", "pipeline.yaml", "--target", "shell", "-q"], { cwd });
      const [command, ...args] = program;
      await interruptTwice(start(command, [...args, "pipeline.sh"], cwd), cwd);
    });
  }

  async function interruptTwice(child: ChildProcess, cwd: string): Promise<void> {
    await appearance(path.join(cwd, "b.pid"));
    child.kill("SIGINT");
    // Twice within half a second counts once: a terminal and a script may both hand it on.
    setTimeout(() => child.kill("SIGINT"), 1000);
    expect(await exitOf(child)).toBe(130);
    expect(isAlive(cwd, "a.pid")).toBe(false);
    expect((await onlyRun(cwd)).status).toBe("cancelled");
  }
});

describe("no item of a map starts after a SIGINT", () => {
  const map = `parameters: {items: [1, 2, 3]}
dag:
  steps:
    - name: each
      type: map
      iterate_on: items
      iterate_as: item
      branch: {steps: [{name: waits, type: task, command_type: shell, command: "echo $$ >$item.pid; exec sleep 60"}]}
`;
  const started = (cwd: string): readonly string[] => readdirSync(cwd).filter((name) => name.endsWith(".pid"));

  for (const { name, program, missing } of shells) {
    test.skipIf(missing !== undefined)(`under ${name}${missing ? ` (${missing})` : ""}`, async () => {
      const cwd = workspace({ "pipeline.yaml": map });
      await runMagnus(["compile", "pipeline.yaml", "--target", "shell", "-q"], { cwd });
      const [command, ...args] = program;
      const child = start(command, [...args, "pipeline.sh"], cwd, { MAGNUS_JOBS: "1" });
      await appearance(path.join(cwd, "1.pid"));
      child.kill("SIGINT");
      expect(await exitOf(child)).toBe(130);
      expect(started(cwd)).toEqual(["1.pid"]);
    });
  }
});

function start(command: string, args: readonly string[], cwd: string, more: Record<string, string> = {}): ChildProcess {
  // A session of its own: the signal reaches this process alone, as `kill` sends it.
  const env = { ...plainEnvironment(), MAGNUS_SHIM: shim, ...more };
  return spawn(command, args, { cwd, env, stdio: "ignore", detached: true });
}

async function interrupt(child: ChildProcess, cwd: string, signal: NodeJS.Signals): Promise<number | null> {
  await Promise.all([appearance(path.join(cwd, "a.pid")), appearance(path.join(cwd, "b.pid"))]);
  child.kill(signal);
  return exitOf(child);
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on("close", resolve));
}

async function appearance(file: string): Promise<void> {
  while (!existsSync(file) || readFileSync(file, "utf8") === "")
    await new Promise((resolve) => setTimeout(resolve, 10));
}

function isAlive(cwd: string, file: string): boolean {
  try {
    process.kill(Number(readFileSync(path.join(cwd, file), "utf8")), 0);
    return true;
  } catch {
    return false;
  }
}

async function expectCancelled(cwd: string): Promise<void> {
  expect([isAlive(cwd, "a.pid"), isAlive(cwd, "b.pid")]).toEqual([false, false]);
  expect(existsSync(path.join(cwd, "handled"))).toBe(false);
  const view = await onlyRun(cwd);
  expect(view.status).toBe("cancelled");
  const branches = view.steps[0]?.graphs.map((graph) => graph.steps[0]?.status);
  expect(branches).toEqual(["cancelled", "cancelled"]);
}

async function onlyRun(cwd: string): Promise<RunView> {
  const runs = path.join(cwd, ".magnus/runs");
  const [id = ""] = readdirSync(runs);
  return foldRun(await readEvents(fileSystemRunLogStore(runs).open(id)));
}
