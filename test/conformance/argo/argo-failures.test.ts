/** A pod that fails in any way leads where a task that fails leads on this machine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { readEvents } from "../../../src/run-log/record/read-events.ts";
import { foldRun } from "../../../src/run-log/views/fold.ts";
import { fileSystemRunLogStore } from "../../../src/stores/folder/run-log.ts";
import { local, normalisedLog } from "../engines.ts";
import { summaryOf } from "../random-case.ts";
import {
  failSecond,
  failureOptions,
  failureProjects,
  outcomeOf,
  podFailures,
  writeFailureProject,
} from "./argo-pod-failures.ts";
import { compileCaseForArgo, compileTextForArgo, runSimulated, type SimulatedRun } from "./argo-simulator.ts";

describe.each(Object.entries(failureProjects))("%s", (_, steps) => {
  test.for(podFailures)("$name", { concurrent: true }, async (failure) => {
    const work = mkdtempSync(path.join(tmpdir(), "magnus-failure-"));
    writeFailureProject(work, steps);
    const testCase = { name: "failure", folder: work, about: "", params: [], environment: {} };
    const { code, stdout, stderr } = await compileCaseForArgo(testCase, work, failureOptions);
    expect(code, stderr).toBe(0);
    const run = await runSimulated(stdout, work, "failure", { host: failSecond(failure) });
    rmSync(path.join(work, ".magnus"), { recursive: true });
    await local.run(testCase, work);
    const here = await normalisedLog(work);
    expect(outcomeOf(run.log, failure), told(run)).toEqual(outcomeOf(here, failure));
    expect(run.end.phase === "Succeeded").toBe(summaryOf(here).status === "success");
    expect(run.end).toMatchObject({ hangs: [], warnings: [] });
    rmSync(work, { recursive: true, force: true });
  });
});

test("a step is tried again however its pod failed", async () => {
  const text = `dag: {steps: [{name: second, type: task, command_type: shell, command: "true", max_attempts: 2, timeout: 1h}]}`;
  const { manifest } = compileTextForArgo(text);
  for (const failure of podFailures) {
    const work = mkdtempSync(path.join(tmpdir(), "magnus-failure-"));
    const host = (pod: Parameters<typeof failure.end>[0], run: Parameters<typeof failure.end>[1]) =>
      pod.node === ".second(0)" ? failure.end(pod, run) : run(pod);
    const run = await runSimulated(manifest, work, "again", { host });
    expect(run.end, failure.name).toMatchObject({ phase: "Succeeded", pods: 2, hangs: [] });
    expect(summaryOf(run.log), failure.name).toMatchObject({ status: "success" });
    rmSync(work, { recursive: true, force: true });
  }
});

test("an image that cannot be pulled for a pod without a deadline is waited for, and said so", async () => {
  const { manifest } = compileTextForArgo("dag: {steps: [{name: a, type: stub}]}");
  const work = mkdtempSync(path.join(tmpdir(), "magnus-failure-"));
  const host = async () => ({ exit: 1, outputs: {}, waiting: "Back-off pulling image" });
  const { end } = await runSimulated(manifest, work, "waits", { host });
  expect(end.hangs).toEqual([".a waits forever, since it has no deadline: Back-off pulling image"]);
  rmSync(work, { recursive: true, force: true });
});

describe("a first step that is lost, with nothing after it, is in the log with what the run was given", () => {
  const parameters = "parameters: {count: 1, text: none, items: [a]}";
  test.for([
    ["a leaf", "{name: first, type: stub}, {name: last, type: stub}", ".first", "first lost"],
    [
      "a gather",
      "{name: each, type: map, iterate_on: items, iterate_as: item, branch: {steps: [{name: one, type: stub}]}}",
      ".each.gather",
      "each failed",
    ],
  ] as const)("%s", { concurrent: true }, async ([, steps, lost, first]) => {
    const { manifest } = compileTextForArgo(`${parameters}\ndag: {steps: [${steps}]}`);
    const work = mkdtempSync(path.join(tmpdir(), "magnus-failure-"));
    const run = await runSimulated(manifest, work, "opening", {
      parameters: { count: "2", text: "a $(b) $$" },
      host: async (pod, begin) => (pod.node === lost ? { exit: 137, outputs: {} } : begin(pod)),
    });
    const { status, parameters: given, steps: shown } = summaryOf(run.log);
    expect({ status, given }, told(run)).toEqual({
      status: "failed",
      given: { count: 2, text: "a $(b) $$", items: ["a"] },
    });
    expect(shown.map((step) => `${step.place.join(".")} ${step.status}`)).toEqual([first]);
    expect(run.end).toMatchObject({ phase: "Failed", pods: 2, hangs: [], warnings: [] });
    rmSync(work, { recursive: true, force: true });
  });
});

test("a run that is stopped has a log that is closed: the step ends, its handler does not start", async () => {
  const { manifest } = compileTextForArgo(`dag:
    steps:
      - {name: long, type: task, command_type: shell, command: "sleep 60", on_failure: handler, next: success}
      - {name: handler, type: stub, next: success}`);
  const work = mkdtempSync(path.join(tmpdir(), "magnus-failure-"));
  const stop = new AbortController();
  const log = fileSystemRunLogStore(path.join(work, ".magnus/runs")).open("stopped");
  const began = async (): Promise<boolean> =>
    (await readEvents(log).catch(() => [])).some(({ kind }) => kind === "step.started");
  const run = await runSimulated(manifest, work, "stopped", {
    stop: stop.signal,
    host: async (pod, begin) => {
      const end = begin(pod);
      while (!stop.signal.aborted && !(await began())) await sleep(50);
      stop.abort();
      return end;
    },
  });
  const view = foldRun(run.events);
  expect([view.status, ...view.steps.map(({ status }) => status)], told(run)).toEqual(["cancelled", "cancelled"]);
  expect(run.end).toMatchObject({ phase: "Failed", pods: 2, hangs: [] });
  rmSync(work, { recursive: true, force: true });
});

function told({ end }: SimulatedRun): string {
  return end.nodes.map(({ name, type, phase, message }) => `${name} ${type} ${phase} ${message}`).join("\n");
}
