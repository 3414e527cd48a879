import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Json, NumberText, numberOf, parseJson, printJson, sameJson } from "../../src/protocol/json.ts";

describe("numbers keep their text", () => {
  test.for([
    "1",
    "1.0",
    "-0",
    "-0.0",
    "1e5",
    "1E+5",
    "0.10",
    "12345678901234567890",
    "0.0000001",
    "1e400",
    "123456789.123456789",
    "9007199254740993",
  ])("%s", (text) => {
    expect(printJson(parseJson(text))).toBe(text);
    expect(printJson(parseJson(`{"a": [${text}, "${text}"]}`))).toBe(`{"a":[${text},"${text}"]}`);
  });

  test("any number that JSON allows", () => {
    const digits = fc.stringMatching(/^(0|[1-9][0-9]{0,25})$/);
    const number = fc
      .tuple(
        fc.constantFrom("", "-"),
        digits,
        fc.option(fc.stringMatching(/^[0-9]{1,25}$/)),
        fc.option(fc.stringMatching(/^[eE][+-]?[0-9]{1,3}$/)),
      )
      .map(
        ([sign, whole, fraction, exponent]) =>
          `${sign}${whole}${fraction === null ? "" : `.${fraction}`}${exponent ?? ""}`,
      );
    fc.assert(
      fc.property(number, (text) => printJson(parseJson(`[${text}]`)) === `[${text}]`),
      { numRuns: 2000 },
    );
  });

  test("a plain number is a JavaScript number", () => {
    expect(numberOf("42")).toBe(42);
    expect(numberOf("42.0")).toBeInstanceOf(NumberText);
  });
});

describe("parseJson", () => {
  test("reads what JSON.parse reads", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.parse(printJson(parseJson(text)))).toEqual(JSON.parse(text));
      }),
    );
  });

  test.for([
    "",
    "{",
    "[1.0",
    '{"a" 1.0}',
    "[1.0,]",
    '{"a":1.0,}',
    "1.0 2",
    "[01.0]",
    "tru",
    '"\u0001 1.0"',
    "+1.0",
    "[1.0e]",
  ])("refuses %s", (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  test("keeps keys that JavaScript objects have", () => {
    const value = parseJson('{"__proto__": 1.0, "constructor": 2}');
    expect(printJson(value)).toBe('{"__proto__":1.0,"constructor":2}');
  });

  test("refuses what is nested too deep instead of overflowing", () => {
    const deep = `${"[".repeat(100_000)}1.0${"]".repeat(100_000)}`;
    expect(() => parseJson(deep)).toThrow(/deeper than 500/);
  });
});

describe("printJson", () => {
  test("python: as json.dumps prints it", () => {
    const value: Json = { x: [1, "é😀", null, true], y: {} };
    expect(printJson(value, { style: "python" })).toBe('{"x": [1, "\\u00e9\\ud83d\\ude00", null, true], "y": {}}');
  });

  test("sorted: the order of keys does not matter", () => {
    expect(sameJson({ a: 1, b: [{ c: 1, d: 2 }] }, { b: [{ d: 2, c: 1 }], a: 1 })).toBe(true);
    expect(sameJson([1, 2], [2, 1])).toBe(false);
    expect(sameJson(numberOf("1.0"), 1)).toBe(false);
  });
});
