import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import type { Event } from "../../src/protocol/event.ts";
import { pathKey } from "../../src/protocol/path.ts";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { foldRun } from "../../src/run-log/views/fold.ts";
import type { StepView } from "../../src/run-log/views/view.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";
import { magnus, plainEnvironment, run, runMagnus, shim } from "../support/programs.ts";

/** Steps that take a few milliseconds each, in a chain, a map and a parallel; every failure is handled. */
const pipeline = `
parameters: {n: [1, 2, 3]}
dag:
  start_at: one
  steps:
    one: {type: task, command_type: shell, command: "sleep 0.01; export MAGNUS_PRM_a=1", next: each, on_failure: each}
    each:
      type: map
      iterate_on: n
      iterate_as: i
      branch:
        steps:
          - {name: work, type: task, command_type: shell, command: "sleep 0.01; export MAGNUS_PRM_b=$i"}
          - {name: more, type: task, command_type: shell, command: "sleep 0.01"}
      next: both
      on_failure: both
    both:
      type: parallel
      branches:
        l: {steps: [{name: s, type: task, command_type: shell, command: "sleep 0.01"}]}
        r: {steps: [{name: s, type: task, command_type: shell, command: "sleep 0.01"}]}
      next: last
      on_failure: last
    last: {type: task, command_type: shell, command: "sleep 0.01", next: success}
`;

test("kill -9 of a runner at 75 moments: the log reads, nothing that finished is lost", async () => {
  const work = workspace();
  const whole = await duration(() => runMagnus(["run", "pipeline.yaml", "-q"], { cwd: work }));
  let unfinished = 0;
  for (let i = 0; i < 75; i++) {
    const id = `killed-${i}`;
    const child = spawn(process.execPath, [magnus, "run", "pipeline.yaml", "--json", "--run-id", id], {
      cwd: work,
      env: plainEnvironment(),
      stdio: ["ignore", "pipe", "ignore"],
    });
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
    // Spread over the whole run, its start and end included.
    await killAfter(child, (whole * (i + 0.5)) / 75);
    const store = fileSystemRunLogStore(path.join(work, ".magnus/runs"));
    if (!(await store.exists(id))) continue;
    const events = await readEvents(store.open(id));
    const known = new Set(events.map((event) => event.id));
    const lines = printed
      .split("\n")
      .slice(0, -1)
      .map((line): Event => JSON.parse(line));
    for (const event of lines) if (event.kind === "step.finished") expect(known).toContain(event.id);
    const view = foldRun(events);
    if (!events.some((event) => event.kind === "run.finished") && events.length > 0) {
      unfinished++;
      for (const step of startedOnly(events, view.steps)) expect(step.status).toBe("running");
    }
  }
  expect(unfinished).toBeGreaterThan(0);
  rmSync(work, { recursive: true, force: true });
});

test("kill -9 of a shim at 25 moments: the run goes on, the step reads as lost", async () => {
  const work = workspace();
  await runMagnus(["compile", "pipeline.yaml", "--target", "shell", "-q"], { cwd: work });
  let lost = 0;
  for (let i = 0; i < 25; i++) {
    const id = `shim-${i}`;
    const script = run("sh", ["pipeline.sh", "--run-id", id], { cwd: work, env: { MAGNUS_SHIM: shim } });
    const killed = await killOneShim(work, i);
    const { code, stderr } = await script;
    const log = fileSystemRunLogStore(path.join(work, ".magnus/runs")).open(id);
    const view = foldRun(await readEvents(log));
    expect(view.status, stderr).not.toBe("running");
    expect(code, stderr).toBe(view.status === "success" ? 0 : 1);
    if (killed) lost += leaves(view.steps).filter((step) => step.status === "lost").length;
  }
  expect(lost).toBeGreaterThan(5);
  rmSync(work, { recursive: true, force: true });
});

function workspace(): string {
  const work = mkdtempSync(path.join(tmpdir(), "magnus-killed-"));
  writeFileSync(path.join(work, "pipeline.yaml"), pipeline);
  return work;
}

async function duration(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function killAfter(child: ChildProcess, ms: number): Promise<void> {
  return new Promise((resolve) => {
    child.on("close", () => resolve());
    setTimeout(() => child.kill("SIGKILL"), ms);
  });
}

/** Kills the first shim in `work` that runs a leaf once it is `i` moments old; false where the run ended before. */
async function killOneShim(work: string, i: number): Promise<boolean> {
  const skip = i % 7;
  const seen = new Set<number>();
  for (let poll = 0; poll < 2000; poll++) {
    for (const pid of shimsIn(work)) {
      if (seen.has(pid)) continue;
      seen.add(pid);
      if (seen.size <= skip) continue;
      await new Promise((resolve) => setTimeout(resolve, (i * 13) % 80));
      try {
        process.kill(pid, "SIGKILL");
        return true;
      } catch {
        // It ended in between; the next one will do.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (poll > 100 && shimsIn(work).length === 0 && seen.size > 8) return false;
  }
  return false;
}

function shimsIn(work: string): readonly number[] {
  return processes()
    .filter(({ cwd, command }) => cwd === work && command.includes("start.cjs\0run\0"))
    .map(({ pid }) => pid);
}

function processes(): readonly { pid: number; cwd: string; command: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
        return command.includes("start.cjs")
          ? [{ pid: Number(name), cwd: readlinkSync(`/proc/${name}/cwd`), command }]
          : [];
      } catch {
        return [];
      }
    });
}

function leaves(steps: readonly StepView[]): readonly StepView[] {
  return steps.flatMap((step) =>
    step.graphs.length === 0 ? [step] : step.graphs.flatMap((graph) => leaves(graph.steps)),
  );
}

function startedOnly(events: readonly Event[], steps: readonly StepView[]): readonly StepView[] {
  const finished = new Set(events.flatMap((event) => (event.kind === "step.finished" ? [pathKey(event.path)] : [])));
  const started = new Set(events.flatMap((event) => (event.kind === "step.started" ? [pathKey(event.path)] : [])));
  return leaves(steps).filter((step) => started.has(pathKey(step.path)) && !finished.has(pathKey(step.path)));
}
