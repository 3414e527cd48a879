import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Json, NumberText, parseJson } from "../../../src/protocol/json.ts";
import type { ControlDuty } from "../../../src/protocol/step-spec.ts";
import { computeControl } from "../../../src/run-log/replay/control.ts";
import { itemKey } from "../../../src/run-log/replay/item-key.ts";
import { element } from "../events.ts";

describe("map", () => {
  const duty: ControlDuty = { kind: "map", element: element("m", "success", "fail", { kind: "map", on: "cities" }) };
  test("items with display keys", () => {
    expect(computeControl(duty, { cities: ["oslo", 3, { a: "ü" }] })).toEqual({
      value: '[{"i":0,"k":"oslo"},{"i":1,"k":"3"},{"i":2}]',
    });
  });
  test("without display keys", () => {
    expect(computeControl({ ...duty, keys: false }, { cities: ["oslo"] }).value).toBe('[{"i":0}]');
  });
  test("an empty list", () => {
    expect(computeControl(duty, { cities: [] }).value).toBe("[]");
  });
  test.each<[Json | undefined, string]>([
    [undefined, "`cities` is not set"],
    ["oslo", "`cities` is a string, not a list"],
    [new NumberText("1.0"), "`cities` is a number, not a list"],
    [null, "`cities` is null, not a list"],
    [{}, "`cities` is an object, not a list"],
    [true, "`cities` is a boolean, not a list"],
  ])("%j is a fault", (value, message) => {
    const visible = value === undefined ? {} : { cities: value };
    expect(computeControl(duty, visible)).toEqual({ value: "fault", reason: "not-a-list", message });
  });
});

describe("conditional", () => {
  const of = ["small", "big", "3", "1.0", "true", "null"];
  const duty: ControlDuty = {
    kind: "conditional",
    element: element("c", "success", "fail", { of }),
    parameter: "size",
  };
  test.each<[Json, string]>([
    ["big", "1"],
    [3, "2"],
    ["3", "2"],
    [new NumberText("1.0"), "3"],
    [true, "4"],
    [null, "5"],
  ])("%j takes branch %s", (value, index) => {
    expect(computeControl(duty, { size: value })).toEqual({ value: index });
  });
  test("True and False match booleans", () => {
    const python = { ...duty, element: element("c", "success", "fail", { of: ["False", "True"] }) };
    expect(computeControl(python, { size: true }).value).toBe("1");
    expect(computeControl(python, { size: false }).value).toBe("0");
  });
  test("the default where nothing matches or nothing is set", () => {
    expect(computeControl({ ...duty, default: "big" }, { size: [1] }).value).toBe("1");
    expect(computeControl({ ...duty, default: "big" }, {}).value).toBe("1");
  });
  test("a fault names the parameter, what it is and the branches", () => {
    const two = { ...duty, element: element("c", "success", "fail", { of: ["small", "big"] }) };
    const because = (message: string): object => ({ value: "fault", reason: "no-branch", message });
    expect(computeControl(two, { size: "huge" })).toEqual(because('`size` is "huge"; the branches are "small", "big"'));
    expect(computeControl(two, { size: [] })).toEqual(because('`size` is a list; the branches are "small", "big"'));
    expect(computeControl(two, {})).toEqual(because("`size` is not set"));
    const booleans = { ...duty, element: element("c", "success", "fail", { of: ["true", "false"] }) };
    expect(computeControl(booleans, { size: "False" })).toEqual(
      because('`size` is "False"; the branches are "true", "false"; did you mean "false"?'),
    );
  });
  test("names that every object inherits are not set", () => {
    expect(computeControl({ ...duty, parameter: "constructor" }, {}).message).toBe("`constructor` is not set");
  });
});

describe("loop", () => {
  const duty: ControlDuty = { kind: "loop", breakOn: "stop", maxIterations: 3 };
  test.each<[Json | undefined, number, string]>([
    [true, 0, "done"],
    [false, 0, "again"],
    [undefined, 1, "again"],
    [false, 2, "done"],
    [undefined, 2, "done"],
  ])("stop = %j after iteration %i: %s", (value, iteration, expected) => {
    expect(computeControl(duty, value === undefined ? {} : { stop: value }, iteration)).toEqual({ value: expected });
  });
  test("not a boolean is a fault after any iteration, the last too", () => {
    for (const iteration of [0, 2]) {
      expect(computeControl(duty, { stop: "yes" }, iteration)).toEqual({
        value: "fault",
        reason: "not-a-boolean",
        message: '`stop` is a string ("yes"), not a boolean',
      });
    }
    expect(computeControl(duty, { stop: null }, 0).value).toBe("fault");
    expect(computeControl(duty, { stop: "True" }, 0).message).toBe('`stop` is a string ("True"), not a boolean');
  });
});

test("display keys are plain short words, numbers and booleans, and nothing else", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "grapheme" }), fc.jsonValue()), (value) => {
      const key = itemKey(JSON.parse(JSON.stringify(value)));
      expect(key === "" || key === String(value)).toBe(true);
      expect(key).toMatch(/^([A-Za-z0-9]+([-._][A-Za-z0-9]+)*)?$/);
      expect(key.length).toBeLessThanOrEqual(20);
    }),
  );
  for (const plain of ["oslo", "2026-11-30", "eu-west-1", "part_0.csv", 7, 1.5, true])
    expect(itemKey(plain)).toBe(String(plain));
  expect(itemKey(parseJson("1.50"))).toBe("1.50");
  for (const other of [
    "São Paulo / 1",
    "two words",
    "-5",
    "",
    "user:jane",
    "x".repeat(21),
    null,
    [1],
    { user: "jane", password: "correct-horse" },
  ])
    expect(itemKey(other)).toBe("");
});
