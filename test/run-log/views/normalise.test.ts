import { expect, test } from "vitest";
import type { CatalogFile } from "../../../src/protocol/event.ts";
import { printJson } from "../../../src/protocol/json.ts";
import { foldRun } from "../../../src/run-log/views/fold.ts";
import { normalise } from "../../../src/run-log/views/normalise.ts";
import { control, element, file, type LogSketch, sketchLog } from "../events.ts";

const start = { start: true } as const;

/** What a notebook became in one run. */
const executed = (key: string): CatalogFile => ({ ...file("n_out.ipynb", key), executed: true });

/** `where` changes all that may differ between engines. */
function run(where: { readonly key: string; readonly round: number; readonly gather: boolean }): LogSketch {
  const { round, gather, key } = where;
  const log = sketchLog({ l: ["oslo"] });
  const map = element("m", "c", "fail", { kind: "map", on: "l", as: "x", start: true });
  if (gather) log.step([map], { gather: "open", round });
  log.add(control([map], `[{"i":0,"k":"${key}"}]`, round));
  const leaf = [{ ...map, index: 0, key }, element("s", "success", "fail", start)];
  log.step(leaf, { status: "failed", exitCode: 3, retry: true, attempt: round, round });
  const head = { path: leaf, attempt: round + 1, round };
  log.add({ ...head, kind: "metric", data: { metrics: { loss: 1 }, step: 0 } });
  log.step(leaf, {
    attempt: round + 1,
    round,
    delta: { z: 1, a: { y: 1, b: 2 } },
    put: [file("f", key), executed(key)],
    exitCode: 0,
  });
  const conditional = element("c", "success", "fail", { kind: "conditional", of: ["y"] });
  const data = { value: "fault", reason: "no-branch", message: where.key } as const;
  log.add({ kind: "control", path: [conditional], attempt: 1, round, data });
  return log;
}

test("the form of a run", () => {
  const text = printJson(normalise(foldRun(run({ key: "oslo", round: 1, gather: false }).events)));
  expect(JSON.parse(text)).toEqual({
    status: "failed",
    parameters: { a: [{ b: 2, y: 1 }], l: ["oslo"], z: [1] },
    steps: [
      { path: ["m"], kind: "map", status: "success", delta: { a: [{ b: 2, y: 1 }], z: [1] } },
      {
        path: ["m", 0, "s"],
        kind: "task",
        status: "success",
        attempts: [
          { status: "failed", exitCode: 3 },
          { status: "success", exitCode: 0 },
        ],
        delta: { a: { b: 2, y: 1 }, z: 1 },
        metrics: [{ metrics: { loss: 1 }, step: 0 }],
        put: { f: "sha256:oslo" },
      },
      { path: ["c"], kind: "conditional", status: "failed", reason: "no-branch" },
    ],
  });
  expect(text).toBe(printJson(JSON.parse(text), { sorted: true }));
});

test("display keys, rounds, attempt numbers, gathers and messages make no difference", () => {
  const drop = (log: LogSketch): string => printJson(normalise(foldRun(log.events))).replace(/sha256:\w+/g, "");
  const one = drop(run({ key: "oslo", round: 1, gather: false }));
  expect(drop(run({ key: "o", round: 4, gather: true }))).toBe(one);
});
