import { describe, expect, it } from "vitest";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { readYaml } from "../../src/frontends/yaml.ts";
import { isObject, type Json, printJson } from "../../src/protocol/json.ts";
import type { SourceDocument } from "../../src/source/source-document.ts";
import type { Span } from "../../src/source/source-file.ts";

function read(text: string): { readonly document: SourceDocument<Json>; readonly codes: readonly string[] } {
  const sink = new DiagnosticSink();
  const document = readYaml({ name: "a.yaml", text }, sink);
  if (document === undefined)
    throw new Error(
      sink
        .list()
        .map(({ message }) => message)
        .join(),
    );
  return { document, codes: sink.list().map(({ code }) => code) };
}

const json = (text: string) => printJson(read(text).document.value);
const textOf = (span: Span | undefined) => span?.file.text.slice(span.start, span.end);

function at(value: Json, ...way: readonly (string | number)[]): object {
  const found = way.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), value);
  if (typeof found !== "object" || found === null) throw new Error("no object there");
  return found;
}

describe("values", () => {
  it.each([
    ["1", "1"],
    ["1.0", "1.0"],
    ["+1", "1"],
    ["-0", "-0"],
    [".5", "0.5"],
    ["-.5", "-0.5"],
    ["5.", "5.0"],
    ["007", "7"],
    ["1e3", "1e3"],
    ["1E+3", "1e+3"],
    ["12345678901234567890", "12345678901234567890"],
    ["0.10000000000000000000001", "0.10000000000000000000001"],
    ["0xff", "255"],
    ["0xffffffffffffffffff", "4722366482869645213695"],
    ["0o17", "15"],
    ["1_000", '"1_000"'],
    ["1:30", '"1:30"'],
    ["0x", '"0x"'],
    [".", '"."'],
    ["2024-01-02", '"2024-01-02"'],
    ["1.2.3", '"1.2.3"'],
    ["yes", '"yes"'],
    ["on", '"on"'],
    ["True", "true"],
    ["FALSE", "false"],
    ["~", "null"],
    ["Null", "null"],
    ["", "null"],
    ['"1"', '"1"'],
    ["'true'", '"true"'],
    ["!!str 1.0", '"1.0"'],
    ['!!int "3"', "3"],
    ["! 12", '"12"'],
    ["!!binary aGk=", '"aGk="'],
    ["| # text\n  a\n   b\n\n", '"a\\n b\\n"'],
    [">-\n  a\n  b\n", '"a b"'],
    ["|2+\n   a\n", '" a\\n\\n"'],
    ['"\\ud83d\\ude00 \\x41 \\t"', '"😀 A \\t"'],
    ["'it''s'", '"it\'s"'],
    ["a\n  b\n\n  c", '"a b\\nc"'],
    ["[1, a: 2, [x]]", '[1,{"a":2},["x"]]'],
    ["{a, b: , 'c': 1,}", '{"a":null,"b":null,"c":1}'],
  ])("%j is %s", (text, expected) => {
    expect(json(`v: ${text}\n`)).toBe(`{"v":${expected}}`);
  });

  it("reads JSON", () => {
    expect(json('{"a": [1.50, true, null, "x\\/y"],\n\t"b": {}}')).toBe('{"a":[1.50,true,null,"x/y"],"b":{}}');
  });

  it("takes the text of keys that are no text", () => {
    expect(json("1: a\n1.0: b\ntrue: c\n~: d\n? e\n: f\n")).toBe('{"1":"a","1.0":"b","true":"c","~":"d","e":"f"}');
  });

  it("keeps __proto__ and its like as keys", () => {
    const { value } = read("__proto__: {a: 1}\nconstructor: 2\n").document;
    expect(Object.keys(Object(value))).toEqual(["__proto__", "constructor"]);
  });

  it("is null for an empty file", () => {
    for (const text of ["", "# nothing\n", "---\n", "\ufeff"]) expect(read(text).document.value).toBeNull();
  });
});

describe("anchors, aliases and merge keys", () => {
  it("gives an alias its anchor's value, the last one's of that name", () => {
    expect(json("a: &x [1]\nb: *x\nc: &x 2\nd: *x\n")).toBe('{"a":[1],"b":[1],"c":2,"d":2}');
  });

  it("lets own keys win, then earlier objects", () => {
    const text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], c: 3, d: 3}\nw: {a: 0, <<: *x}\n";
    expect(json(text)).toBe('{"x":{"a":1,"b":1},"y":{"b":2,"c":2},"z":{"a":1,"b":1,"c":3,"d":3},"w":{"a":0,"b":1}}');
  });

  it("takes a quoted << as a key", () => {
    expect(json('"<<": 1\n')).toBe('{"<<":1}');
  });

  it("places what came by alias or merge where it is written", () => {
    const text = "x: &x {a: one}\ny: *x\nz:\n  <<: *x\n  b: two\n";
    const { document } = read(text);
    expect(document.valueSpan(at(document.value, "y"), "a")?.start).toBe(text.indexOf("one"));
    expect(document.valueSpan(at(document.value, "z"), "a")?.start).toBe(text.indexOf("one"));
    expect(textOf(document.valueSpan(at(document.value, "z"), "b"))).toBe("two");
    expect(document.isAnchored(at(document.value), "x")).toBe(true);
    expect(document.isAnchored(at(document.value), "y")).toBe(false);
  });
});

describe("places", () => {
  const text =
    'dag:\n  steps: # all\n    "fit a": {type: task, n: [1, "b c"]}\n    last: |\n      x\n  empty:\n  flow: {\n    a: 1 }\n';
  const { document } = read(text);
  const { value } = document;

  it("finds keys and values", () => {
    const fit = at(value, "dag", "steps", "fit a");
    expect(textOf(document.keySpan(at(value, "dag", "steps"), "fit a"))).toBe('"fit a"');
    expect(textOf(document.valueSpan(fit, "type"))).toBe("task");
    expect(textOf(document.valueSpan(at(value, "dag", "steps", "fit a", "n"), 1))).toBe('"b c"');
    expect(textOf(document.valueSpan(at(value, "dag", "steps"), "last"))).toMatch(/^\|\n {6}x\n?$/);
    expect(textOf(document.spanOf(at(value, "dag", "flow")))).toBe("{\n    a: 1 }");
  });

  it("points at the key of an empty value", () => {
    expect(textOf(document.valueSpan(at(value, "dag"), "empty"))).toBe("empty");
  });

  it("ends blocks with their last value", () => {
    expect(textOf(document.valueSpan(at(value), "dag"))?.endsWith("a: 1 }")).toBe(true);
  });

  it("knows no other keys and objects", () => {
    expect(document.keySpan(at(value, "dag"), "nothing")).toBeUndefined();
    expect(document.valueSpan({}, "a")).toBeUndefined();
  });

  it("keeps the written order of keys", () => {
    const read1 = read("b: 1\n10: 2\n2: 3\na: 4\n").document;
    expect(isObject(read1.value) && read1.keysOf(read1.value)).toEqual(["b", "10", "2", "a"]);
  });

  it("finds keys of long mappings", () => {
    const long = Array.from({ length: 100 }, (_, i) => `k${i}: v${i}\n`).join("");
    const many = read(long).document;
    expect(textOf(many.valueSpan(at(many.value), "k77"))).toBe("v77");
  });
});

describe("errors", () => {
  it("tells errors in texts and still gives the rest", () => {
    const { document, codes } = read('a: "\\q"\nb: `x`\nc: *none\nd: .inf\nd: 1\ne: 5\n');
    expect(codes).toEqual(["yaml-escape", "yaml-bad-start", "yaml-unknown-anchor", "yaml-not-finite", "duplicate-key"]);
    expect(isObject(document.value) && document.value.e).toBe(5);
  });

  it("tells only the first break of the structure", () => {
    const sink = new DiagnosticSink();
    expect(readYaml({ name: "a.yaml", text: "a: [1\nb: {2\n\tc: 'x\n" }, sink)).toBeUndefined();
    expect(sink.list()).toHaveLength(1);
  });

  it("survives nesting of any depth", () => {
    const sink = new DiagnosticSink();
    readYaml({ name: "a.yaml", text: `a: ${"[".repeat(20_000)}` }, sink);
    readYaml({ name: "b.yaml", text: `a: ${"[".repeat(20_000)}${"]".repeat(20_000)}` }, sink);
    readYaml({ name: "c.yaml", text: `a: [\n${"{b: 1},\n".repeat(20_000)}]\n` }, sink);
    expect(sink.errorCount).toBe(3);
  });

  it("finds a duplicate among many keys", () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1\n`).join("");
    expect(read(`${keys}k7: 2\n`).codes).toEqual(["duplicate-key"]);
  });
});
