import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Edge, PathElement } from "../../src/protocol/path.ts";
import { printAscii, printSpec, readSpec, SpecError } from "../../src/protocol/spec-text.ts";
import type { StepSpec } from "../../src/protocol/step-spec.ts";

const plainEnds = { ok: { end: "success", name: "success" }, failed: { end: "fail", name: "fail" } } as const;

describe("a step spec", () => {
  test("is small: plain ends are left out, an edge is a name", () => {
    const element: PathElement = { node: "a", ...plainEnds, ok: { to: "b" } };
    expect(printSpec({ path: [element] })).toBe('{"path":[{"node":"a","ok":"b"}]}');
  });

  test("is read back as it was", () => {
    const text = fc.string({ unit: "binary" });
    const edge: fc.Arbitrary<Edge> = fc.oneof(
      text.map((to) => ({ to })),
      fc.record({ end: fc.constantFrom("success", "fail"), name: text }),
    );
    const element: fc.Arbitrary<PathElement> = fc.record({ node: text, ok: edge, failed: edge });
    const path = fc.array(element, { minLength: 1, maxLength: 3 });
    const spec: fc.Arbitrary<StepSpec> = fc.record({
      path,
      task: fc.record({ type: fc.constant("shell" as const), command: text }),
      mayBeLost: fc.array(fc.record({ path }), { minLength: 1, maxLength: 2 }),
    });
    fc.assert(
      fc.property(spec, (value) => {
        expect(readSpec(printSpec(value))).toEqual(value);
      }),
    );
  });

  test("may refer to long lists of names in a table beside it", () => {
    const of = ["left", "right"];
    const around: PathElement = { node: "p", kind: "parallel", ...plainEnds, of, branch: "left" };
    const path = [around, { node: "a", ...plainEnds }];
    const spec: StepSpec = {
      path,
      control: { kind: "conditional", element: { node: "c", kind: "conditional", ...plainEnds, of }, parameter: "x" },
      mayBeLost: [{ path }],
    };
    const printed = printSpec(spec, (names) => (names === of ? 7 : undefined));
    expect(printed).not.toContain("right");
    expect(readSpec(printed, { "7": of })).toEqual(spec);
    expect(() => readSpec(printed)).toThrow("there is no table of names 7");
    expect(printSpec(spec)).toBe(printSpec(spec, () => undefined));
  });

  test("holds nothing that a platform's templating could replace, and only ASCII", () => {
    const hostile = fc.array(
      fc.constantFrom("{", "}", "$", "%", "#", "{{", "${{", "é", "😀", "\u007f", "\n", "'", "x"),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(hostile, (parts) => {
        const printed = printAscii({ [parts.join("")]: parts.join("") });
        expect(printed).not.toMatch(/\{\{|\{%|\{#|[^\x20-\x7e]/);
        expect(JSON.parse(printed)).toEqual({ [parts.join("")]: parts.join("") });
      }),
    );
  });

  test.for([
    ["{", /not JSON/],
    ["[]", /no path/],
    ['{"path":[{"ok":"x"}]}', /no node/],
    ['{"path":[{"node":"a","ok":3}]}', /an edge is 3/],
    ['{"v":99,"path":[]}', /version 99.*compile again/],
  ] as const)("refuses %s in one line", ([text, message]) => {
    expect(() => readSpec(text)).toThrow(SpecError);
    expect(() => readSpec(text)).toThrow(message);
  });
});
