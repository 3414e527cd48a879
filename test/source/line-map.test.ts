import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineMapOf } from "../../src/source/line-map.ts";

const at = (text: string, offset: number) => lineMapOf({ name: "a.yaml", text }).positionOf(offset);

describe("lineMapOf", () => {
  it("counts lines and columns from 1", () => {
    expect(at("ab\ncd\n", 0)).toEqual({ line: 1, column: 1 });
    expect(at("ab\ncd\n", 4)).toEqual({ line: 2, column: 2 });
    expect(at("ab\ncd\n", 6)).toEqual({ line: 3, column: 1 });
  });

  it("counts characters, not code units", () => {
    expect(at("😀é: x", "😀é: ".length)).toEqual({ line: 1, column: 5 });
  });

  it("does not count a byte order mark", () => {
    expect(at("\ufeffa: b", 1)).toEqual({ line: 1, column: 1 });
  });

  it("gives lines without their breaks, also \\r\\n", () => {
    const map = lineMapOf({ name: "a.yaml", text: "ab\r\ncd" });
    expect([map.lineCount, map.textOf(1), map.textOf(2), map.textOf(3)]).toEqual([2, "ab", "cd", ""]);
  });

  it("reads offsets outside of the text as its ends", () => {
    expect(at("ab", -3)).toEqual({ line: 1, column: 1 });
    expect(at("ab", 99)).toEqual({ line: 1, column: 3 });
  });

  it("agrees with splitting the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "\n", "😀", "\r\n") }), fc.nat(), (text, seed) => {
        const offset = seed % (text.length + 1);
        const before = text.slice(0, offset).split("\n");
        const { line, column } = at(text, offset);
        expect(line).toBe(before.length);
        // Inside of a surrogate pair the column is that of the character.
        expect(column - 1 - [...(before.at(-1) ?? "")].length).toBeGreaterThanOrEqual(0);
        expect(column - 1 - [...(before.at(-1) ?? "")].length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
