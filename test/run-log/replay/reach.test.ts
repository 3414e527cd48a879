import { describe, expect, test } from "vitest";
import { reachStep } from "../../../src/run-log/replay/reach.ts";
import { control, element, file, sketchLog } from "../events.ts";

const start = { start: true } as const;
const first = [element("a", "b", "fail", start)];

describe("where the token is", () => {
  test("the first step of an empty log is reached", () => {
    expect(reachStep(sketchLog({ x: 1 }).events, first)).toEqual({
      state: "here",
      visible: { x: 1 },
      items: {},
      files: new Map(),
      round: 1,
    });
  });
  test("blocked at a step that has not finished, or has not even started", () => {
    const log = sketchLog();
    log.add({ kind: "step.started", path: first, attempt: 2, round: 1, data: {} });
    expect(reachStep(log.events, [element("b")])).toEqual({
      state: "blocked",
      stuck: [{ path: first, attempt: 2, round: 1 }],
    });
    log.step(first, { attempt: 2 });
    expect(reachStep(log.events, [element("c")])).toMatchObject({
      state: "blocked",
      stuck: [{ path: [{ node: "b" }], unknown: "node", attempt: 0, round: 1 }],
    });
    expect(reachStep(sketchLog().events, [element("b")])).toMatchObject({
      state: "blocked",
      stuck: [{ unknown: "start", attempt: 0 }],
    });
  });
  test("elsewhere when the token ended or took another edge", () => {
    const log = sketchLog();
    log.step([element("a", "success", "b", start)]);
    expect(reachStep(log.events, [element("b")])).toEqual({ state: "elsewhere" });
  });
  test("elsewhere in a branch or item that was not chosen", () => {
    const log = sketchLog({ l: [1] });
    const conditional = element("c", "m", "fail", { kind: "conditional", of: ["x", "y"], start: true });
    log.add(control([conditional], "0"));
    const inside = element("s", "success", "fail", start);
    expect(reachStep(log.events, [{ ...conditional, branch: "y" }, inside]).state).toBe("elsewhere");
    expect(reachStep(log.events, [{ ...conditional, branch: "x" }, inside]).state).toBe("here");
    log.step([{ ...conditional, branch: "x" }, inside]);
    const map = element("m", "success", "fail", { kind: "map", on: "l", as: "i" });
    log.add(control([map], '[{"i":0}]'));
    expect(reachStep(log.events, [{ ...map, index: 1 }, inside]).state).toBe("elsewhere");
    expect(reachStep(log.events, [{ ...map, index: 0 }, inside])).toMatchObject({ state: "here", items: { i: 1 } });
  });
  test("its own records and all after it are not looked at", () => {
    const log = sketchLog();
    log.step(first, { status: "failed" });
    log.step([element("b")]);
    expect(reachStep(log.events, first)).toMatchObject({ state: "here", round: 2, finished: { status: "failed" } });
  });
});

describe("what it sees", () => {
  test("initial parameters, deltas of enclosing graphs outermost first, then items over all", () => {
    const log = sketchLog({ a: 0, cities: ["oslo", "rome"] });
    const map = element("m", "success", "fail", { kind: "map", on: "cities", as: "city" });
    log.step([element("before", "m", "fail", start)], { delta: { a: 1, b: 1, city: "hidden" } });
    log.add(control([map], '[{"i":0},{"i":1}]'));
    const inside = (node: string, next: string, rest = {}) => [{ ...map, index: 1 }, element(node, next, "fail", rest)];
    log.step(inside("s", "t", start), { delta: { b: 2, city: "hidden too" } });
    log.step([{ ...map, index: 0 }, element("s", "t", "fail", start)], { delta: { c: "of another item" } });
    expect(reachStep(log.events, inside("t", "success"))).toMatchObject({
      state: "here",
      visible: { a: 1, b: 2, city: "rome", cities: ["oslo", "rome"] },
      items: { city: "rome" },
    });
    const seen = reachStep(log.events, inside("t", "success"));
    expect(seen.state === "here" && seen.visible).not.toHaveProperty("c");
  });
  test("the list of a nested map may be the item of the outer one", () => {
    const log = sketchLog({ rows: [[1, 2], [3]] });
    const outer = element("o", "success", "fail", { kind: "map", on: "rows", as: "row", start: true, index: 1 });
    const inner = element("n", "success", "fail", { kind: "map", on: "row", as: "cell", start: true, index: 0 });
    const { index: _, ...outerAlone } = outer;
    const { index: __, ...innerAlone } = inner;
    log.add(control([outerAlone], '[{"i":0},{"i":1}]'), control([outer, innerAlone], '[{"i":0}]'));
    const leaf = [outer, inner, element("s", "success", "fail", start)];
    expect(reachStep(log.events, leaf)).toMatchObject({ state: "here", items: { row: [3], cell: 3 } });
  });
  test("files by the same rule: of failed steps too, later ones over earlier", () => {
    const log = sketchLog();
    log.step([element("a", "b", "b", start)], { put: [file("f", "1"), file("g", "1")], status: "failed" });
    log.step([element("b", "c")], { put: [file("f", "2")] });
    expect(reachStep(log.events, [element("c")])).toMatchObject({
      files: new Map([
        ["f", file("f", "2")],
        ["g", file("g", "1")],
      ]),
    });
  });
  test("a loop's iteration sees the deltas and files of those before it, and its index", () => {
    const log = sketchLog({ x: 0 });
    const loop = element("l", "success", "fail", { kind: "loop", as: "i", start: true });
    const at = (index: number) => [{ ...loop, index }, element("s", "success", "fail", start)];
    log.step(at(0), { delta: { x: 1 }, put: [file("f", "1")] });
    expect(reachStep(log.events, at(1))).toMatchObject({
      state: "blocked",
      stuck: [{ gather: "close", path: [{ node: "l", index: 0 }] }],
    });
    expect(reachStep(log.events, [{ ...loop, index: 0 }], "close")).toMatchObject({ visible: { x: 1, i: 0 } });
    log.add(control([{ ...loop, index: 0 }], "again"));
    expect(reachStep(log.events, at(1))).toMatchObject({
      visible: { x: 1, i: 1 },
      items: { i: 1 },
      files: new Map([["f", file("f", "1")]]),
    });
    expect(reachStep(log.events, at(2)).state).toBe("blocked");
  });
});

describe("rounds", () => {
  test("the highest before it, where it has no record", () => {
    const log = sketchLog();
    log.step(first, { round: 3 });
    expect(reachStep(log.events, [element("b")])).toMatchObject({ round: 3 });
  });
  test("above every record where it starts again, so that nothing that followed counts", () => {
    const log = sketchLog();
    log.step(first, { status: "failed" });
    log.step([element("x")], { round: 4 });
    expect(reachStep(log.events, first)).toMatchObject({ round: 5 });
  });
  test("a success of this round is handed on with its control; one below the platform's round is not", () => {
    const log = sketchLog();
    log.step(first, { control: "[]" });
    expect(reachStep(log.events, first)).toMatchObject({ finished: { status: "success", control: "[]" } });
    const again = reachStep(log.events, first, undefined, 2);
    expect(again).toMatchObject({ state: "here", round: 2 });
    expect(again).not.toHaveProperty("finished");
  });
});
