import { expect, test } from "vitest";
import { foldRun } from "../../../src/run-log/views/fold.ts";
import { exportMagnus } from "../../../src/run-log/views/magnus-export.ts";
import { magnusDuration, magnusTime } from "../../../src/run-log/views/magnus-time.ts";
import { control, element, file, sketchLog } from "../events.ts";

const start = { start: true } as const;

function plain(value: unknown) {
  return JSON.parse(JSON.stringify(value));
}

test("a step with everything, and its terminal", () => {
  const log = sketchLog({ lr: 0.1 });
  const head = { path: [element("fit", "success", "fail", start)], attempt: 1, round: 1 };
  log.add(
    { ...head, kind: "step.started", data: {} },
    { ...head, kind: "catalog.get", data: { files: [file("in.csv", "aa")] } },
    { ...head, kind: "metric", data: { metrics: { loss: 2 }, step: 1 } },
    { ...head, kind: "metric", data: { metrics: { loss: 1 } } },
    { ...head, kind: "catalog.put", data: { files: [file("out.csv", "bb")] } },
    { ...head, kind: "step.finished", data: { status: "success", durationMs: 812, delta: { score: 1 } } },
  );
  const name = (internal: string) => ({ name: internal, internal_name: internal, message: "", mock: false });
  expect(exportMagnus(foldRun(log.events))).toEqual({
    run_id: "run-1",
    dag_hash: "d",
    use_cached: false,
    tag: "",
    original_run_id: "",
    status: "SUCCESS",
    steps: {
      fit: {
        ...name("fit"),
        status: "SUCCESS",
        step_type: "task",
        code_identities: [],
        attempts: [
          {
            attempt_number: 1,
            start_time: "2026-11-23 06:40:02",
            end_time: "2026-11-23 06:40:02.812000",
            duration: "0:00:00.812000",
            status: "SUCCESS",
            message: "",
            parameters: { lr: 0.1 },
          },
        ],
        user_defined_metrics: { loss: 1, loss_STEP_1: 2 },
        branches: {},
        data_catalog: [
          {
            name: "in.csv",
            data_hash: "aa",
            catalog_relative_path: "in.csv",
            catalog_handler_location: "",
            stage: "get",
          },
          {
            name: "out.csv",
            data_hash: "bb",
            catalog_relative_path: "run-1/out.csv",
            catalog_handler_location: "",
            stage: "put",
          },
        ],
      },
      success: {
        ...name("success"),
        status: "SUCCESS",
        step_type: "success",
        code_identities: [],
        attempts: [
          {
            attempt_number: 1,
            start_time: "",
            end_time: "",
            duration: "",
            status: "SUCCESS",
            message: "",
            parameters: { lr: 0.1, score: 1 },
          },
        ],
        user_defined_metrics: {},
        branches: {},
        data_catalog: [],
      },
    },
    parameters: { lr: 0.1, score: 1 },
    run_config: { executor: { service_name: "local", service_type: "executor" } },
  });
});

test("a map's branches are called by their items, names are dotted, equal items stay apart", () => {
  const log = sketchLog({ l: ["oslo", true, "oslo"] });
  const map = element("m", "success", "fail", { kind: "map", on: "l", as: "city", start: true });
  log.add(control([map], '[{"i":0},{"i":1},{"i":2}]'));
  for (const index of [0, 1, 2]) log.step([{ ...map, index }, element("s", "success", "fail", start)]);
  const { steps } = plain(exportMagnus(foldRun(log.events)));
  expect(Object.keys(steps.m.branches)).toEqual(["m.oslo", "m.True", "m.oslo#2"]);
  expect(steps.m.branches["m.oslo"]).toMatchObject({ internal_name: "m.oslo", status: "SUCCESS" });
  expect(Object.keys(steps.m.branches["m.oslo"].steps)).toEqual(["m.oslo.s", "m.oslo.success"]);
  const leaf = steps.m.branches["m.True"].steps["m.True.s"];
  expect(leaf).toMatchObject({ name: "s", internal_name: "m.True.s", attempts: [{ parameters: { city: true } }] });
});

test("a nested pipeline's branch is called dag; failure leads to the fail terminal", () => {
  const log = sketchLog();
  const dag = element("d", "success", "fail", { kind: "dag", start: true });
  log.step([dag, element("s", "success", "fail", start)], { status: "failed" });
  const run = plain(exportMagnus(foldRun(log.events)));
  expect(run).toMatchObject({
    status: "FAIL",
    steps: { d: { status: "FAIL" }, fail: { step_type: "fail", status: "SUCCESS" } },
  });
  expect(Object.keys(run.steps.d.branches["d.dag"].steps)).toEqual(["d.dag.s", "d.dag.fail"]);
});

test("a run that goes on is PROCESSING", () => {
  const log = sketchLog();
  log.add({ kind: "step.started", path: [element("a", "success", "fail", start)], attempt: 1, round: 1, data: {} });
  const { status, steps } = plain(exportMagnus(foldRun(log.events)));
  expect([status, steps.a.status, steps.a.attempts[0].status]).toEqual(["PROCESSING", "PROCESSING", "PROCESSING"]);
});

test("times and durations as Python prints them", () => {
  expect(magnusTime(Date.UTC(2026, 0, 2, 3, 4, 5, 60))).toBe("2026-01-02 03:04:05.060000");
  expect(magnusTime(Date.UTC(2026, 0, 2, 3, 4, 5))).toBe("2026-01-02 03:04:05");
  expect(magnusDuration(7)).toBe("0:00:00.007000");
  expect(magnusDuration(93_784_000)).toBe("1 day, 2:03:04");
  expect(magnusDuration(2 * 86_400_000)).toBe("2 days, 0:00:00");
});
