/** The quick reader of plain YAML gives what the full one gives, values and places, or nothing at all. */
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { readFullYaml } from "../../src/frontends/full-yaml.ts";
import { readPlainYaml } from "../../src/frontends/plain-yaml.ts";
import { isArray, isObject, type Json, printJson } from "../../src/protocol/json.ts";
import type { SourceDocument } from "../../src/source/source-document.ts";

/** Everything that a document tells: its value, the order of its keys, and each place. */
function told(document: SourceDocument<Json>): readonly string[] {
  const lines = [printJson(document.value)];
  const walk = (value: Json, way: string): void => {
    if (!isArray(value) && !isObject(value)) return;
    lines.push(`${way} ${spanText(document.spanOf(value))}`);
    const keys = isArray(value) ? [...value.keys()] : document.keysOf(value);
    for (const key of keys) {
      lines.push(`${way}.${key} ${spanText(document.keySpan(value, key))} ${spanText(document.valueSpan(value, key))}`);
      const inner = isArray(value)
        ? value[Number(key)]
        : Object.hasOwn(value, key) && isObject(value)
          ? value[key]
          : undefined;
      if (inner !== undefined) walk(inner, `${way}.${key}`);
    }
  };
  walk(document.value, "$");
  return lines;
}

const spanText = (span: { start: number; end: number } | undefined) => `${span?.start}-${span?.end}`;

/** Whether the quick reader read it at all. */
function compare(text: string): boolean {
  const plain = readPlainYaml({ name: "a.yaml", text });
  if (plain === undefined) return false;
  const sink = new DiagnosticSink();
  const full = readFullYaml({ name: "a.yaml", text }, sink);
  expect(
    sink.list().map(({ message }) => message),
    text,
  ).toEqual([]);
  expect(told(plain), text).toEqual(full && told(full));
  return true;
}

const pipeline = `# comment
name: weather   # trailing
parameters: {lr: 0.1, cities: [oslo, 'ro''me', "a\\nb"], empty: {}, none: []}
description: a: b
dag:
  start_at: load

  steps:
    load data:
      type: task
      command_type: shell
      command: |
        echo "a: b" # no comment

          indented
        done

      catalog:
        put:
        - data/*.csv
        - {pattern: "x", optional: true}
        get:
          -
            pattern: y
            optional: false
          - pattern: z
      next:
    "quoted # key": {type: stub, next: success}
    123: ~
    5: +1.50
  more: |-
    x
`.replace("description: a: b", "description: a:b, [c] {d} e#f - ? g");

describe("readPlainYaml", () => {
  it("reads what pipelines are made of", () => {
    expect(compare(pipeline)).toBe(true);
  });

  it.each([
    "a: 1",
    "a:\n- 1\n- b: 2\n  c: 3\n- [x, {y: z}]\nd: e\n",
    "a:\n  b:\n  c:\n\n# end\n",
    "a:    b   \nc  :  d\n",
    "a: b#c\nd: e #f\n",
    "a: http://x/y:z\n",
    "a: - b\n".replace("- b", "-b"),
    "a: [1, -2, +3, .5, 0x1f, 1.0, ~, true, a b, c:d, 'x: y']\n",
    'a: "\\u00e9 \\/ \\t"\n',
    "a: {}\nb: []\nc: {  }\nd: [ x ]\n",
    "a: |\n  x\n\n  y\n\n\nb: 1\n",
    "a: |\n  x\n  # text\n# comment\nb: 1\n",
    "a:\n  - |\n    x\n  - |-\n    y\n  - z\n",
    "- a\n- b\n".replace(/^/, "x:\n"),
    "__proto__: 1\nconstructor: {toString: 2}\n",
    "10: a\n2: b\n",
  ])("reads %j", (text) => {
    expect(compare(text)).toBe(true);
  });

  it.each([
    "",
    "# only\n",
    "- a\n",
    "text\n",
    "a: &x 1\nb: *x\n",
    "<<: {a: 1}\n",
    "a: {<<: {b: 1}}\n",
    "a: !t 1\n",
    "a:\n  text\n  more\n",
    "a: text\n  more\n",
    'a: "x\n  y"\n',
    "a: [1,\n  2]\n",
    "a: >\n  x\n",
    "a: |+\n  x\n",
    "a: |2\n  x\n",
    "? a\n: b\n",
    "---\na: 1\n",
    "a:\tb\n",
    "a: 1\r\n",
    "a: 1\na: 2\n",
    "a: b: c\n",
    "a: 'x' y\n",
    "a: .inf\n",
    "a:\n b: 1\n  c: 2\n",
    "a:\n  b: 1\n c: 2\n",
    " a: 1\n",
    "a: {{ x }}\n",
    "a: *.csv\n",
    "a: [x: y]\n",
    '{"a":1}\n',
    "- - a\n",
  ])("leaves %j to the full reader", (text) => {
    expect(compare(text)).toBe(false);
  });

  it("agrees wherever a character is changed", () => {
    const character = fc.constantFrom(..." \n:-#'\"[]{},|>&*!?%@\\~.0a\t\r<é");
    const edit = fc.tuple(fc.nat(pipeline.length), fc.constantFrom(0, 1, 2), fc.array(character, { maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const text = edits.reduce(
          (before, [at, remove, insert]) => before.slice(0, at) + insert.join("") + before.slice(at + remove),
          pipeline,
        );
        compare(text);
      }),
      { numRuns: 3000 },
    );
  });

  it("agrees on texts of YAML's own words", () => {
    const word = fc.constantFrom(
      "a",
      "b: ",
      "c:",
      "\n",
      "\n  ",
      "\n    ",
      "- ",
      "-",
      "# x",
      " #",
      ": ",
      ":",
      "'",
      '"',
      "[",
      "]",
      "{",
      "}",
      ", ",
      "|",
      "|-",
      ">",
      "1",
      "~",
      "x y",
      "  ",
      "\\n",
      "''",
    );
    let read = 0;
    fc.assert(
      fc.property(fc.array(word, { maxLength: 16 }), (words) => {
        if (compare(words.join(""))) read++;
      }),
      { numRuns: 50_000 },
    );
    expect(read).toBeGreaterThan(50);
  });

  it("agrees on the documents of the repository", () => {
    const folder = new URL("../../fixtures/errors/", import.meta.url);
    for (const code of readdirSync(folder)) {
      const name = readdirSync(new URL(`${code}/`, folder)).find((file) => file === "pipeline.yaml");
      if (name !== undefined) compare(readFileSync(new URL(`${code}/${name}`, folder), "utf8"));
    }
  });
});
