import { describe, expect, test } from "vitest";
import type { EventBody } from "../../../src/protocol/event.ts";
import { displayPath, type Path } from "../../../src/protocol/path.ts";
import { lossesAtEnd, lossesBefore } from "../../../src/run-log/replay/lost.ts";
import { reachStep } from "../../../src/run-log/replay/reach.ts";
import { control, element, type LogSketch, sketchLog } from "../events.ts";

const start = { start: true } as const;

function outline(losses: readonly EventBody[]): readonly string[] {
  return losses.map((loss) => {
    if (loss.kind !== "step.lost") throw new Error(loss.kind);
    const { path, gather, attempt, round } = loss;
    return `${displayPath(path)}${gather === undefined ? "" : ` ${gather}`} ${round}/${attempt}`;
  });
}

/** The losses that the step writes; with them it must be reached. */
function writesBefore(
  log: LogSketch,
  path: Path,
  mayBeLost: Parameters<typeof lossesAtEnd>[1],
  gather?: "open" | "close",
) {
  const spec = { mayBeLost, ...(gather === undefined ? {} : { gather }) };
  const losses = lossesBefore(log.events, path, spec, "platform");
  log.add(...losses);
  if (losses.length > 0) expect(reachStep(log.events, path, gather).state).toBe("here");
  return outline(losses);
}

describe("before a step", () => {
  const a = [element("a", "b", "h", start)];
  const h = [element("h")];

  test("what was killed is lost with its last attempt, what never came with none", () => {
    const killed = sketchLog();
    killed.add({ kind: "step.started", path: a, attempt: 3, round: 2, data: {} });
    expect(writesBefore(killed, h, [{ path: a }])).toEqual(["a 2/3"]);
    expect(writesBefore(sketchLog(), h, [{ path: a }])).toEqual(["a 1/0"]);
  });
  test("a step that is not listed is never lost", () => {
    const log = sketchLog();
    log.add({ kind: "step.started", path: a, attempt: 1, round: 1, data: {} });
    expect(writesBefore(log, [element("b")], [])).toEqual([]);
    expect(writesBefore(log, [element("b")], [{ path: [element("x", "b", "b")] }])).toEqual([]);
  });
  test("nothing is lost where it would not lead here all the same", () => {
    const log = sketchLog();
    log.add({ kind: "step.started", path: a, attempt: 1, round: 1, data: {} });
    expect(writesBefore(log, [element("elsewhere")], [{ path: a }])).toEqual([]);
  });
  test("nothing where the step is reached", () => {
    expect(writesBefore(sketchLog(), a, [{ path: a }])).toEqual([]);
  });
  test("a row of steps that never started", () => {
    const log = sketchLog();
    log.step(a, { status: "failed" });
    const lost = [element("h", "success", "i")];
    expect(writesBefore(log, [element("j")], [{ path: lost }, { path: [element("i", "success", "j")] }])).toEqual([
      "h 1/0",
      "i 1/0",
    ]);
  });
  test("a composite of which nothing started: all that it would have begun with", () => {
    const log = sketchLog();
    log.step([element("a", "p", "fail", start)]);
    const parallel = element("p", "success", "h", { kind: "parallel", of: ["A", "B"] });
    const loop = element("l", "success", "fail", { kind: "loop", start: true });
    const inA = [{ ...parallel, branch: "A" }, element("s", "t", "fail", start)];
    const notFirst = [{ ...parallel, branch: "A" }, element("t")];
    const inB = [{ ...parallel, branch: "B" }, loop, element("s", "success", "fail", start)];
    expect(writesBefore(log, h, [{ path: notFirst }, { path: inA }, { path: inB }])).toEqual([
      "p.A.s 1/0",
      "p.B.l.0.s 1/0",
    ]);
  });
  test("an opening gather rather than what is inside", () => {
    const log = sketchLog();
    log.step([element("a", "m", "fail", start)]);
    const map = element("m", "success", "h", { kind: "map", on: "x" });
    const inside = [map, element("s", "success", "fail", start)];
    expect(writesBefore(log, h, [{ path: inside }, { path: [map], gather: "open" }])).toEqual(["m open 1/0"]);
  });
  test("items and iterations of the place are filled in", () => {
    const log = sketchLog({ l: [1, 2] });
    const map = element("m", "success", "h", { kind: "map", on: "l", as: "i", start: true });
    log.add(control([map], '[{"i":0,"k":"one"},{"i":1,"k":"two"}]'));
    const leaf = element("s", "success", "fail", start);
    log.step([{ ...map, index: 0 }, leaf]);
    log.add({ kind: "step.started", path: [{ ...map, index: 1 }, leaf], attempt: 1, round: 1, data: {} });
    expect(writesBefore(log, h, [{ path: [map, leaf] }])).toEqual(["m.two.s 1/1"]);
  });
  test("a closing gather of the iteration that it closes", () => {
    const log = sketchLog();
    const loop = element("l", "success", "h", { kind: "loop", start: true });
    const leaf = element("s", "success", "fail", start);
    log.step([{ ...loop, index: 0 }, leaf]);
    log.add(control([{ ...loop, index: 0 }], "again"));
    log.step([{ ...loop, index: 1 }, leaf]);
    expect(writesBefore(log, h, [{ path: [loop], gather: "close" }])).toEqual(["l.1 close 1/0"]);
  });
});

describe("a success that the platform took for a failure", () => {
  const a = [element("a", "b", "h", start)];
  const h = [element("h")];

  test("is lost over where what follows it never came", () => {
    const log = sketchLog();
    log.step(a, { attempt: 2 });
    expect(writesBefore(log, h, [{ path: a }])).toEqual(["a 1/2"]);
  });
  test("is not where the log decides: the step was started by hand, or by what only waits", () => {
    const log = sketchLog();
    log.step(a, { attempt: 2 });
    expect(lossesBefore(log.events, h, { mayBeLost: [{ path: a }] }, "log")).toEqual([]);
    const killed = sketchLog();
    killed.add({ kind: "step.started", path: a, attempt: 1, round: 1, data: {} });
    expect(outline(lossesBefore(killed.events, h, { mayBeLost: [{ path: a }] }, "log"))).toEqual(["a 1/1"]);
  });
  test("and where it ended its graph", () => {
    const log = sketchLog();
    const ends = [element("a", "success", "h", start)];
    log.step(ends);
    expect(writesBefore(log, h, [{ path: ends }])).toEqual(["a 1/1"]);
  });
  test("the log wins where both edges lead to the same step", () => {
    const log = sketchLog();
    const both = [element("a", "h", "h", start)];
    log.step(both);
    expect(writesBefore(log, h, [{ path: both }])).toEqual([]);
    expect(reachStep(log.events, h).state).toBe("here");
  });
  test("a step that never came is lost rather than a success before it", () => {
    const log = sketchLog();
    log.step(a);
    expect(writesBefore(log, h, [{ path: a }, { path: [element("b", "success", "h")] }])).toEqual(["b 1/0"]);
  });
  test("through a composite that failed without a process of its own", () => {
    const log = sketchLog();
    const map = element("m", "success", "fail", { kind: "map", on: "x" });
    const feeds = [element("a", "m", "h", start)];
    log.step(feeds);
    log.add(control([map], "fault"));
    expect(writesBefore(log, h, [{ path: feeds }])).toEqual(["a 1/1"]);
  });
  test("in two branches at once", () => {
    const log = sketchLog();
    const parallel = element("p", "success", "h", { kind: "parallel", of: ["A", "B"], start: true });
    const branch = (name: string) => [{ ...parallel, branch: name }, element("s", "t", "fail", start)];
    log.step(branch("A"));
    log.step(branch("B"));
    expect(writesBefore(log, h, [{ path: branch("A") }, { path: branch("B") }]).toSorted()).toEqual([
      "p.A.s 1/1",
      "p.B.s 1/1",
    ]);
  });
  test("only the last of several that could have been", () => {
    const log = sketchLog();
    log.step([element("a", "b", "h", start)]);
    log.step([element("b", "success", "h")]);
    const listed = [{ path: [element("a", "b", "h", start)] }, { path: [element("b", "success", "h")] }];
    expect(writesBefore(log, h, listed)).toEqual(["b 1/1"]);
  });
});

describe("at the run's end", () => {
  test("everything at which the replay stops, by its own edges, the listed ones or none", () => {
    const log = sketchLog();
    log.add({ kind: "step.started", path: [element("a", "x", "b", start)], attempt: 1, round: 1, data: {} });
    const losses = lossesAtEnd(log.events, [{ path: [element("b", "x", "c")] }]);
    expect(outline(losses)).toEqual(["a 1/1", "b 1/0", "c 1/0"]);
    expect(losses.map((loss) => loss.data)).toEqual([
      { message: "never finished" },
      { message: "never started" },
      { message: "never started", assumed: true },
    ]);
    log.add(...losses);
    expect(lossesAtEnd(log.events, [])).toEqual([]);
  });
  test("nothing where the token came to an end", () => {
    const log = sketchLog();
    log.step([element("a", "success", "fail", start)]);
    expect(lossesAtEnd(log.events, [{ path: [element("a", "success", "fail", start)] }])).toEqual([]);
  });
  test("a first step that is neither known nor listed cannot be named", () => {
    expect(lossesAtEnd(sketchLog().events, [])).toEqual([]);
    expect(outline(lossesAtEnd(sketchLog().events, [{ path: [element("a", "b", "fail", start)] }]))).toEqual(["a 1/0"]);
  });
  test("a log of another version of the pipeline does not hold it up for ever", () => {
    const log = sketchLog();
    const map = element("m", "success", "fail", { kind: "map", on: "x", start: true });
    log.add({ kind: "warning", path: [map], attempt: 1, round: 1, data: { message: "" } });
    expect(outline(lossesAtEnd(log.events, [{ path: [element("m", "b", "fail", start)] }]))).toEqual(["m open 1/0"]);
  });
});
