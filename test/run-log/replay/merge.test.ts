import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Json, NumberText, parseJson, printJson } from "../../../src/protocol/json.ts";
import type { Parameters, ReduceWord } from "../../../src/protocol/path.ts";
import { mergeMap, mergeParallel } from "../../../src/run-log/replay/merge.ts";

describe("parallel", () => {
  test("the last branch in declared order wins, with a warning that names the key", () => {
    const { delta, warnings } = mergeParallel([{ a: 1, b: 1 }, { a: 2 }]);
    expect(delta).toEqual({ a: 2, b: 1 });
    expect(warnings).toEqual(["several branches set `a` to different values; the last one in declared order counts"]);
  });
  test("equal values are no conflict", () => {
    expect(mergeParallel([{ a: { x: 1, y: 2 } }, { a: { y: 2, x: 1 } }])).toEqual({
      delta: { a: { y: 2, x: 1 } },
      warnings: [],
    });
  });
  test("list keeps all values of what several branches set, equal ones too", () => {
    const deltas = [{ a: 1, same: 7 }, {}, { a: 2, same: 7, alone: 3 }, { a: 1 }];
    expect(mergeParallel(deltas, "list")).toEqual({
      delta: { a: [1, 2, 1], same: [7, 7], alone: 3 },
      warnings: [],
    });
  });
  test("numbers are compared by their text", () => {
    expect(mergeParallel([{ a: 1 }, { a: new NumberText("1.0") }]).warnings).toHaveLength(1);
  });
});

describe("map", () => {
  const merge = (values: readonly string[], word: ReduceWord): string => {
    const deltas = values.map((text): Parameters => (text === "-" ? {} : { k: parseJson(text) }));
    const { k } = mergeMap(deltas, values, word).delta;
    return k === undefined ? "absent" : printJson(k);
  };
  test.each<[ReduceWord, string[], string]>([
    ["list", ["1", "-", "3"], "[1,null,3]"],
    ["list", ["-", "null"], "[null,null]"],
    ["last", ["1", "2", "-"], "2"],
    ["sum", ["1", "2", "-"], "3"],
    ["sum", ["12345678901234567890", "1"], "12345678901234567891"],
    ["sum", ["9007199254740993", "9007199254740993"], "18014398509481986"],
    ["sum", ["1", "2.0"], "3.0"],
    ["sum", ["1.5", "1.5"], "3.0"],
    ["sum", ["1e2", "1"], "101.0"],
    ["sum", ["0.5", "0.25"], "0.75"],
    ["sum", ["true", '"x"'], "0"],
    ["sum", ["1e308", "1e308"], "null"],
    ["min", ["2", "1.0", "1"], "1.0"],
    ["max", ["2", "12345678901234567891", "12345678901234567890"], "12345678901234567891"],
    ["max", ["1e5", "100000"], "1e5"],
    ["min", ["-", '"x"'], "null"],
    ["max", ["null"], "null"],
    ["concat", ["[1]", "[]", "-", "[[2],3]"], "[1,[2],3]"],
    ["concat", ["[1]", "2"], "[1]"],
  ])("%s of %j is %s", (word, values, expected) => {
    expect(merge(values, word)).toBe(expected);
  });
  test("object goes by the item's text, with its number where several have that text, and a warning", () => {
    const deltas = [{ k: 1 }, { k: 2 }, {}, { k: 4 }, { k: 5 }, { k: 6 }];
    const items: Json[] = ["oslo", 7, "rome", { a: true }, "oslo", "7"];
    expect(mergeMap(deltas, items, "object")).toEqual({
      delta: { k: { "oslo#0": 1, "7#1": 2, '{"a":true}': 4, "oslo#4": 5, "7#5": 6 } },
      warnings: [
        '`object` of `k`: several items have the text "oslo", "7"; their values have the item\'s number, too: `oslo#0`',
      ],
    });
    const clash = mergeMap([{ k: 1 }, { k: 2 }, { k: 3 }], ["a", "a", "a#0"], "object");
    expect(clash.delta).toEqual({ k: { "a#0#0": 1, "a#1": 2, "a#0": 3 } });
    expect(mergeMap([{ k: 1 }, { k: 2 }], ["a", "b"], "object").warnings).toEqual([]);
  });
  test("none publishes nothing, as one word and per key", () => {
    expect(mergeMap([{ a: 1 }], ["x"], "none")).toEqual({ delta: {}, warnings: [] });
    expect(mergeMap([{ a: 1, b: 2 }], ["x"], { a: "none" }).delta).toEqual({ b: [2] });
  });
  test("a word per key, list for the others", () => {
    expect(mergeMap([{ a: 1, b: 1 }, { a: 2 }], [0, 1], { a: "sum" }).delta).toEqual({ a: 3, b: [1, null] });
  });
  test("what a word cannot work on is left out with one warning a key", () => {
    expect(mergeMap([{ a: 1 }, { a: "x" }, { a: null }, {}], [0, 1, 2, 3], "sum")).toEqual({
      delta: { a: 1 },
      warnings: ["`sum` of `a` left out 2 of 3 values: not a number"],
    });
  });
  test("no items, no keys", () => {
    expect(mergeMap([], [], "sum")).toEqual({ delta: {}, warnings: [] });
  });
  test("names that every object inherits are names like others", () => {
    const delta = JSON.parse('{"__proto__": 1, "constructor": 2}');
    expect(printJson(mergeMap([delta, {}], [0, 1]).delta)).toBe('{"__proto__":[1,null],"constructor":[2,null]}');
  });
});

test("a merge has a result whatever was set", () => {
  const json = fc.jsonValue().map((value) => parseJson(JSON.stringify(value)));
  const delta = fc.dictionary(fc.constantFrom("a", "b", "__proto__"), json);
  const word = fc.constantFrom<ReduceWord[]>("list", "last", "sum", "min", "max", "concat", "object", "none");
  fc.assert(
    fc.property(fc.array(delta, { maxLength: 5 }), word, (deltas, reduce) => {
      const keys = new Set(deltas.flatMap(Object.keys));
      const items = deltas.map((_, i) => i);
      const merged = mergeMap(deltas, items, reduce).delta;
      expect(new Set(Object.keys(merged))).toEqual(reduce === "none" ? new Set() : keys);
      expect(parseJson(printJson(merged))).toEqual(merged);
      expect(new Set(Object.keys(mergeParallel(deltas).delta))).toEqual(keys);
    }),
  );
});

test("the sum of integers is exact", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(), { minLength: 1 }), (numbers) => {
      const deltas = numbers.map((n) => ({ k: parseJson(`${n}`) }));
      const sum = numbers.reduce((a, b) => a + b, 0n);
      expect(printJson(mergeMap(deltas, numbers.map(String), "sum").delta)).toBe(`{"k":${sum}}`);
    }),
  );
});
