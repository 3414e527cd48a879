import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { legsOf } from "../../../src/simulate/github-actions/expressions/matrix.ts";
import { fileEntries } from "../../../src/simulate/github-actions/host/file-commands.ts";
import { masksOf } from "../../../src/simulate/github-actions/host/masks.ts";
import { readCommand } from "../../../src/simulate/github-actions/run/workflow-command.ts";
import { artifactNames, expandBraces } from "../../../src/simulate/github-actions/workflow/artifact-names.ts";

describe("fileEntries", () => {
  it("reads any value back that is written with a delimiter that it does not contain", () => {
    const name = fc.stringMatching(/^[A-Za-z_]{1,8}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string({ unit: "binary" }))), (entries) => {
        const text = entries.map(([key, value]) => `${key}<<~END~\n${value}\n~END~\n`).join("");
        expect([...fileEntries(text)]).toEqual(entries);
      }),
    );
  });
});

describe("readCommand", () => {
  it("reads any text back that is escaped", () => {
    const escaped = (text: string) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
    const property = (text: string) => escaped(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (data, title) => {
        fc.pre(title.trim() === title);
        expect(readCommand(`::error title=${property(title)}::${escaped(data)}`)).toEqual({
          name: "error",
          properties: { title },
          data,
        });
      }),
    );
  });

  it.each(["plain", ":: error::x", "::unknown::x", "x ::error::x", "::error"])("takes %j for output", (line) => {
    expect(readCommand(line)).toBeUndefined();
  });
});

describe("legsOf", () => {
  it("multiplies vectors, the first varying slowest", () => {
    expect(legsOf({ a: [1, 2], b: ["x", "y"] })).toEqual([
      { a: 1, b: "x" },
      { a: 1, b: "y" },
      { a: 2, b: "x" },
      { a: 2, b: "y" },
    ]);
  });

  it("leaves out what an exclude matches, also by some of its keys", () => {
    const o = [
      { k: 1, l: 2 },
      { k: 3, l: 2 },
    ];
    expect(legsOf({ a: [1, 2], o, exclude: [{ a: 1 }, { o: { k: 3 } }] })).toEqual([{ a: 2, o: { k: 1, l: 2 } }]);
  });

  // The example of GitHub's documentation of `include`.
  it("merges an include into legs whose own values it keeps, else adds a leg", () => {
    const include = [
      { color: "green" },
      { color: "pink", animal: "cat" },
      { fruit: "apple", shape: "circle" },
      { fruit: "banana" },
      { fruit: "banana", animal: "cat" },
    ];
    expect(legsOf({ fruit: ["apple", "pear"], animal: ["cat", "dog"], include })).toEqual([
      { fruit: "apple", animal: "cat", color: "pink", shape: "circle" },
      { fruit: "apple", animal: "dog", color: "green", shape: "circle" },
      { fruit: "pear", animal: "cat", color: "pink" },
      { fruit: "pear", animal: "dog", color: "green" },
      { fruit: "banana" },
      { fruit: "banana", animal: "cat" },
    ]);
    expect(legsOf({ include: [{ a: 1 }, { a: 2 }] })).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it.each([
    [{ a: [] }, "Matrix vector 'a' does not contain any values"],
    [{ a: 1 }, "Matrix vector 'a' is not a sequence"],
    [{ a: [1], exclude: [{ a: 1 }] }, "The matrix has no leg: a job cannot run zero times"],
    ["x", "The matrix is not a mapping"],
  ])("refuses %j", (matrix, message) => {
    expect(() => legsOf(matrix)).toThrow(message);
  });
});

describe("names of artifacts", () => {
  it.each([
    ["a{b,c{d,e}}f", ["abf", "acdf", "acef"]],
    ["{x}", ["{x}"]],
    ["{x,}", ["x", ""]],
    ["{a,b}{c,d}", ["ac", "ad", "bc", "bd"]],
    ["a{b", ["a{b"]],
    ["{a{b,c}", ["{ab", "{ac"]],
  ])("expands %s", (pattern, texts) => {
    expect([...expandBraces(pattern)].sort()).toEqual([...texts].sort());
  });

  it("match patterns as minimatch has them", () => {
    const names = artifactNames();
    for (const name of ["d~~a~~1", "d~~b~0~1", "d~x~a~~1", "{q}"]) names.reserve(name, false);
    expect(names.matching("d~~{a,b}~*~*")).toEqual(["d~~a~~1", "d~~b~0~1"]);
    expect(names.matching("d~*")).toEqual(["d~~a~~1", "d~~b~0~1", "d~x~a~~1"]);
    expect(names.matching("{q}")).toEqual(["{q}"]);
    expect(names.matching("")).toHaveLength(4);
  });
});

describe("masksOf", () => {
  it("replaces the longest first, so that no part of a secret is left", () => {
    const masks = masksOf(["abc", "abcdef\nxyz"]);
    expect(masks.mask("-abcdef-abc-xyz-")).toBe("-***-***-***-");
    expect(masks.hit("ab xy")).toBe(false);
  });
});
