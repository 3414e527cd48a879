import { describe, expect, test } from "vitest";
import { displayPath } from "../../../src/protocol/path.ts";
import { DamagedLogError } from "../../../src/run-log/replay/damaged-log.ts";
import { foldRun } from "../../../src/run-log/views/fold.ts";
import type { RunView, StepView } from "../../../src/run-log/views/view.ts";
import { control, element, file, sketchLog } from "../events.ts";

const start = { start: true } as const;

/** `path status` of every step, in order. */
function outline(view: Pick<RunView, "steps">): readonly string[] {
  return view.steps.flatMap((step: StepView) => [
    `${displayPath(step.path)} ${step.status}`,
    ...step.graphs.flatMap(outline),
  ]);
}

describe("the token", () => {
  test("follows ok and failure edges; a handled failure leaves the run successful", () => {
    const log = sketchLog({ a: 1 });
    log.step([element("fetch", "train", "cleanup", start)], { delta: { a: 2 } });
    log.step([element("train", "success", "cleanup")], { status: "failed", delta: { a: 3 }, exitCode: 3 });
    log.step([element("cleanup")], { delta: { b: 1 } });
    const view = foldRun(log.events);
    expect(outline(view)).toEqual(["fetch success", "train failed", "cleanup success"]);
    expect(view).toMatchObject({ status: "success", parameters: { a: 2, b: 1 }, end: { end: "success" } });
    expect(view.steps[1]?.attempts).toMatchObject([{ attempt: 1, status: "failed", exitCode: 3, delta: {} }]);
  });
  test("a step without a final record is running, and so is the run", () => {
    const log = sketchLog();
    log.step([element("a", "b", "fail", start)]);
    log.add({ kind: "step.started", path: [element("b")], attempt: 1, round: 1, data: {} });
    expect(outline(foldRun(log.events))).toEqual(["a success", "b running"]);
    expect(foldRun(log.events).status).toBe("running");
    expect(foldRun([]).status).toBe("running");
  });
  test("cancelled counts as failed where the run went on", () => {
    const log = sketchLog();
    log.step([element("a", "success", "b", start)], { status: "cancelled" });
    log.step([element("b")]);
    expect(outline(foldRun(log.events))).toEqual(["a cancelled", "b success"]);
    expect(foldRun(log.events).status).toBe("success");
  });
  test("steps that the token did not reach are absent", () => {
    const log = sketchLog();
    log.step([element("a", "success", "b", start)]);
    log.step([element("b")]);
    expect(outline(foldRun(log.events))).toEqual(["a success"]);
  });
  test("edges that lead back are damage, not an endless loop", () => {
    const log = sketchLog();
    log.step([element("a", "b", "fail", start)]);
    log.step([element("b", "a")]);
    expect(() => foldRun(log.events)).toThrow(DamagedLogError);
  });
});

describe("attempts and rounds", () => {
  test("the last attempt decides; a finish that will be repeated is not final", () => {
    const log = sketchLog();
    const path = [element("a", "success", "fail", start)];
    log.step(path, { status: "failed", attempt: 1, retry: true });
    expect(outline(foldRun(log.events))).toEqual(["a running"]);
    log.step(path, { attempt: 2, delta: { x: 1 } });
    const view = foldRun(log.events);
    expect(view).toMatchObject({ status: "success", parameters: { x: 1 } });
    expect(view.steps[0]?.attempts.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, "failed"],
      [2, "success"],
    ]);
  });
  test("an attempt that never finished before a later one is lost", () => {
    const log = sketchLog();
    const path = [element("a", "success", "fail", start)];
    log.add({ kind: "step.started", path, attempt: 1, round: 1, data: {} });
    log.step(path, { attempt: 2 });
    expect(foldRun(log.events).steps[0]?.attempts.map(({ status }) => status)).toEqual(["lost", "success"]);
  });
  test("a record of a round below one before it does not count", () => {
    const log = sketchLog();
    log.step([element("a", "b", "fail", start)]);
    log.step([element("b", "c")], { status: "failed" });
    log.step([element("a", "b", "fail", start)], { round: 2, delta: { x: 1 } });
    expect(outline(foldRun(log.events))).toEqual(["a success", "b running"]);
    log.step([element("b", "c")], { round: 2 });
    log.step([element("c")], { round: 2 });
    expect(foldRun(log.events)).toMatchObject({ status: "success", parameters: { x: 1 } });
  });
  test("a round wins over an attempt's number", () => {
    const log = sketchLog();
    const path = [element("a", "success", "fail", start)];
    log.step(path, { status: "failed", attempt: 5, round: 1 });
    log.step(path, { attempt: 1, round: 2 });
    expect(foldRun(log.events).status).toBe("success");
  });
});

describe("lost", () => {
  const path = [element("a", "success", "b", start)];
  test("counts as failed, with no delta and no files", () => {
    const log = sketchLog();
    log.step(path, { delta: { x: 1 }, put: [file("f", "1")] });
    log.add({ kind: "step.lost", path, attempt: 1, round: 1, data: {} });
    log.step([element("b")]);
    const view = foldRun(log.events);
    expect(outline(view)).toEqual(["a lost", "b success"]);
    expect(view.parameters).toEqual({});
    expect(view.steps[0]).toMatchObject({ files: [], delta: {}, attempts: [{ status: "lost" }] });
  });
  test("never started: no attempts", () => {
    const log = sketchLog();
    log.add({ kind: "step.lost", path, attempt: 0, round: 1, data: {} });
    expect(foldRun(log.events).steps[0]).toMatchObject({ status: "lost", attempts: [] });
  });
  test("an attempt after it counts again", () => {
    const log = sketchLog();
    log.add({ kind: "step.lost", path, attempt: 1, round: 1, data: {} });
    log.step(path, { attempt: 1, round: 2 });
    expect(outline(foldRun(log.events))).toEqual(["a success"]);
  });
  test("edges that its writer assumed are overruled", () => {
    const log = sketchLog();
    log.add({
      kind: "step.lost",
      path: [element("a", "success", "fail", start)],
      attempt: 0,
      round: 1,
      data: { assumed: true },
    });
    expect(foldRun(log.events).status).toBe("failed");
    log.step([element("a", "b", "fail", start)], { round: 2 });
    log.step([element("b")], { round: 2 });
    for (const events of [log.events, log.events.toReversed()]) expect(foldRun(events).status).toBe("success");
  });
});

describe("composites", () => {
  const parallel = { kind: "parallel", of: ["A", "B"], start: true } as const;
  const inA = [element("p", "after", "fail", { ...parallel, branch: "A" }), element("s", "success", "fail", start)];
  const inB = [element("p", "after", "fail", { ...parallel, branch: "B" }), element("s", "success", "fail", start)];

  test("a parallel runs while a branch does, fails when one failed, merges in declared order", () => {
    const log = sketchLog();
    log.step(inB, { delta: { x: "B", y: 1 } });
    expect(outline(foldRun(log.events))).toEqual(["p running", "p.B.s success"]);
    log.step(inA, { delta: { x: "A" } });
    log.step([element("after")]);
    const view = foldRun(log.events);
    expect(outline(view)).toEqual(["p success", "p.A.s success", "p.B.s success", "after success"]);
    expect(view.parameters).toEqual({ x: "B", y: 1 });
    expect(view.warnings).toEqual([
      "p: several branches set `x` to different values; the last one in declared order counts",
    ]);
  });
  test("a composite that failed publishes nothing, its files stay", () => {
    const log = sketchLog();
    log.step(inA, { delta: { x: 1 }, put: [file("f", "1")] });
    log.step(inB, { status: "failed", put: [file("f", "2"), file("g", "3")] });
    const view = foldRun(log.events);
    expect(view).toMatchObject({ status: "failed", parameters: {} });
    expect(view.steps[0]?.files).toEqual([file("f", "2"), file("g", "3")]);
  });
  test("a branch of one composite in a dag", () => {
    const log = sketchLog();
    const dag = element("d", "success", "fail", { kind: "dag", start: true });
    log.step([dag, element("s", "success", "fail", start)], { delta: { x: 1 } });
    expect(foldRun(log.events)).toMatchObject({ status: "success", parameters: { x: 1 } });
  });

  const map = element("m", "success", "fail", { kind: "map", on: "cities", as: "city", start: true });
  test("a map's control says its items; deltas become lists with null where an item set nothing", () => {
    const log = sketchLog({ cities: ["oslo", "rome"] });
    log.add(control([map], '[{"i":0,"k":"oslo"},{"i":1,"k":"rome"}]'));
    const item = (index: number, key: string) => [{ ...map, index, key }, element("s", "success", "fail", start)];
    log.step(item(1, "rome"), { delta: { x: 2 } });
    expect(foldRun(log.events).status).toBe("running");
    log.step(item(0, "oslo"));
    const view = foldRun(log.events);
    expect(view).toMatchObject({ status: "success", parameters: { cities: ["oslo", "rome"], x: [null, 2] } });
    expect(view.steps[0]?.graphs).toMatchObject([
      { index: 0, key: "oslo", item: "oslo", status: "success" },
      { index: 1, key: "rome", item: "rome", status: "success" },
    ]);
  });
  test("an empty map succeeds by its control alone", () => {
    const log = sketchLog({ cities: [] });
    log.add(control([map], "[]"));
    expect(foldRun(log.events)).toMatchObject({
      status: "success",
      steps: [{ kind: "map", status: "success", graphs: [] }],
    });
  });
  test("a fault fails the composite and tells why", () => {
    const log = sketchLog();
    const data = { value: "fault", reason: "not-a-list", message: "`cities` is not set" } as const;
    log.add({ kind: "control", path: [map], attempt: 1, round: 1, data });
    expect(foldRun(log.events)).toMatchObject({ status: "failed", steps: [{ status: "failed", control: data }] });
  });
  test("the control with the greatest round and attempt counts, one of an earlier round does not", () => {
    const log = sketchLog({ cities: [1, 2] });
    log.add(control([map], '[{"i":0}]', 1), control([map], "[]", 2));
    expect(foldRun(log.events.toReversed()).status).toBe("success");
    const later = sketchLog({ cities: [1] });
    later.step([element("a", "m", "fail", start)], { round: 2 });
    later.add(
      control(
        [{ ...map, start: true }].map(({ start: _, ...rest }) => rest),
        "[]",
        1,
      ),
    );
    expect(outline(foldRun(later.events))).toEqual(["a success", "m running"]);
  });
  test("a gather that failed or was lost is the composite failing", () => {
    for (const lost of [false, true]) {
      const log = sketchLog({ cities: [] });
      log.step([map], { gather: "open", status: lost ? "success" : "failed" });
      if (lost) log.add({ kind: "step.lost", gather: "open", path: [map], attempt: 1, round: 1, data: {} });
      const view = foldRun(log.events);
      expect(outline(view)).toEqual(["m failed"]);
      expect(view.steps[0]?.gathers).toMatchObject([{ gather: "open", attempts: [{ attempt: 1 }] }]);
    }
  });

  const conditional = element("c", "success", "fail", { kind: "conditional", of: ["small", "big"], start: true });
  test("a conditional enters the branch that its control names", () => {
    const log = sketchLog();
    log.add(control([conditional], "1"));
    log.step([{ ...conditional, branch: "big" }, element("s", "success", "fail", start)], { delta: { x: 1 } });
    const view = foldRun(log.events);
    expect(outline(view)).toEqual(["c success", "c.big.s success"]);
    expect(view.parameters).toEqual({ x: 1 });
  });

  const loop = element("l", "success", "fail", { kind: "loop", as: "i", start: true });
  const iteration = (index: number) => [{ ...loop, index }, element("s", "success", "fail", start)];
  test("a loop goes by the controls of its iterations; later deltas lie over earlier ones", () => {
    const log = sketchLog();
    log.step(iteration(0), { delta: { x: 1, y: 1 } });
    log.add(control([{ ...loop, index: 0 }], "again"));
    log.step(iteration(1), { delta: { x: 2 } });
    expect(foldRun(log.events).status).toBe("running");
    log.add(control([{ ...loop, index: 1 }], "done"));
    expect(foldRun(log.events)).toMatchObject({ status: "success", parameters: { x: 2, y: 1 } });
  });
  test.each(["fault", "failed iteration", "failed gather"])("a loop fails by a %s", (cause) => {
    const log = sketchLog();
    log.step(iteration(0), { delta: { x: 1 }, status: cause === "failed iteration" ? "failed" : "success" });
    if (cause === "failed gather") log.step([{ ...loop, index: 0 }], { gather: "close", status: "failed" });
    if (cause === "fault") log.add(control([{ ...loop, index: 0 }], "fault"));
    expect(foldRun(log.events)).toMatchObject({ status: "failed", parameters: {} });
  });
});

describe("the run's own events", () => {
  const finished = (status: "success" | "failed" | "cancelled") =>
    ({ kind: "run.finished", data: { status } }) as const;
  const run = (step: "success" | "failed" | undefined, ...ends: ("success" | "failed" | "cancelled")[]) => {
    const log = sketchLog();
    if (step) log.step([element("a", "success", "fail", start)], { status: step });
    log.add(...ends.map(finished));
    return foldRun(log.events).status;
  };
  test("the token decides where it came to an end", () => {
    expect(run("success")).toBe("success");
    expect(run("failed")).toBe("failed");
  });
  test("run.finished decides where it did not", () => {
    expect(run(undefined, "failed")).toBe("failed");
    expect(run(undefined, "cancelled")).toBe("cancelled");
    expect(run("failed", "cancelled")).toBe("cancelled");
  });
  test("a re-run that succeeded is a success whatever was said before", () => {
    expect(run("success", "failed", "success")).toBe("success");
    expect(run("success", "cancelled", "success")).toBe("success");
  });
  test("unknown kinds are passed over", () => {
    const log = sketchLog();
    log.step([element("a", "success", "fail", start)]);
    const later = JSON.parse(JSON.stringify({ ...log.events[0], id: "x", kind: "sink.failed", data: {}, path: 3 }));
    expect(foldRun([later, ...log.events])).toEqual(foldRun(log.events));
  });
  test("what an attempt wrote is in its view, in the order of its writer", () => {
    const log = sketchLog();
    const head = { path: [element("a", "success", "fail", start)], attempt: 1, round: 1 };
    log.add(
      { ...head, kind: "step.started", data: { command: "make" } },
      { ...head, kind: "catalog.get", data: { files: [file("in", "1")] } },
      { ...head, kind: "metric", data: { metrics: { loss: 2 }, step: 0 } },
      { ...head, kind: "metric", data: { metrics: { loss: 1 }, step: 1 } },
      { ...head, kind: "warning", data: { message: "w" } },
      { ...head, kind: "log.stored", data: { key: "logs/x", bytes: 3 } },
      { ...head, kind: "catalog.put", data: { files: [file("out", "2")] } },
      { ...head, kind: "step.finished", data: { status: "success", durationMs: 5 } },
    );
    for (const events of [log.events, log.events.toReversed()]) {
      expect(foldRun(events).steps[0]?.attempts).toEqual([
        {
          attempt: 1,
          round: 1,
          status: "success",
          durationMs: 5,
          startedAt: "2026-11-23T06:40:02.000Z",
          command: "make",
          delta: {},
          metrics: [
            { metrics: { loss: 2 }, step: 0 },
            { metrics: { loss: 1 }, step: 1 },
          ],
          put: [file("out", "2")],
          got: [file("in", "1")],
          warnings: ["w"],
          log: { key: "logs/x", bytes: 3 },
        },
      ]);
    }
  });

  test("pages of the run are listed once each, in whatever order they were told", () => {
    const log = sketchLog();
    const [first, second] = [
      { title: "run", url: "https://b" },
      { title: "run", url: "https://a" },
    ];
    log.add({ kind: "run.native", data: { links: [first] } }, { kind: "run.native", data: { links: [second, first] } });
    expect(foldRun([]).links).toBeUndefined();
    for (const events of [log.events, log.events.toReversed()]) expect(foldRun(events).links).toEqual([second, first]);
  });
});
