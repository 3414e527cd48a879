import { expect, test } from "vitest";
import type { Event } from "../../../src/protocol/event.ts";
import { lossesAtEnd } from "../../../src/run-log/replay/lost.ts";
import { reachStep } from "../../../src/run-log/replay/reach.ts";
import { foldRun } from "../../../src/run-log/views/fold.ts";
import { exportMagnus } from "../../../src/run-log/views/magnus-export.ts";
import { normalise } from "../../../src/run-log/views/normalise.ts";
import { control, element, sketchLog } from "../events.ts";

// Sizes at which recursion along a graph would overflow and quadratic work would not end within the tests' time limit.

const steps = 100_000;
const last = [element(`s${steps}`)];

function chain(): readonly Event[] {
  const log = sketchLog();
  for (let i = 0; i < steps; i++) {
    const rest = i === 0 ? { start: true as const } : {};
    log.step([element(`s${i}`, `s${i + 1}`, "fail", rest)], { delta: { [`p${i}`]: i } });
  }
  return log.events;
}

test("a chain of 100,000 steps, each with a parameter of its own", () => {
  const events = chain();
  const reach = reachStep(events, last);
  expect(reach.state === "here" && Object.keys(reach.visible).length).toBe(steps);
  expect(lossesAtEnd(events, [{ path: last }])).toMatchObject([{ path: last, attempt: 0 }]);
  const view = foldRun(events);
  expect([view.status, view.steps.length, Object.keys(view.parameters).length]).toEqual(["running", steps, steps]);
  expect(normalise(view)).toMatchObject({ status: "running" });
});

test("a map of 10,000 items", () => {
  const items = Array.from({ length: 10_000 }, (_, i) => i);
  const log = sketchLog({ items });
  const map = element("m", "after", "fail", {
    kind: "map",
    on: "items",
    as: "item",
    start: true,
    reduce: { sum: "sum" },
  });
  log.add(control([map], JSON.stringify(items.map((i) => ({ i, k: `${i}` })))));
  for (const index of items) {
    const path = [{ ...map, index, key: `${index}` }, element("s", "success", "fail", { start: true })];
    log.step(path, { delta: { sum: index, all: index } });
  }
  expect(reachStep(log.events, [element("after")])).toMatchObject({ visible: { sum: 49_995_000, all: items } });
  const view = foldRun(log.events);
  expect(view.steps[0]?.graphs).toHaveLength(10_000);
  expect(exportMagnus(view)).toMatchObject({ steps: { m: { status: "SUCCESS" } } });
});

test("10,000 items that never finished are lost at once", () => {
  const items = Array.from({ length: 10_000 }, (_, i) => i);
  const log = sketchLog({ items });
  const map = element("m", "success", "fail", { kind: "map", on: "items", as: "item", start: true });
  const leaf = element("s", "success", "fail", { start: true });
  log.add(control([map], JSON.stringify(items.map((i) => ({ i })))));
  expect(lossesAtEnd(log.events, [{ path: [map, leaf] }])).toHaveLength(10_000);
});
