/** What people write who know another tool, or are in a hurry: each is told with what to write instead. */
import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../src/diagnostics/diagnostic.ts";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { checkText } from "../support/check-text.ts";

function diagnose(text: string): readonly Diagnostic[] {
  const sink = new DiagnosticSink();
  checkText(text, {}, sink);
  return sink.list();
}

const inner = "{steps: [{name: x, type: stub}]}";
const shell = "name: a, type: task, command_type: shell, command: x";

/** The step, the only diagnostic, and what its hint says. */
const steps: readonly (readonly [step: string, code: string, hint: string])[] = [
  [
    `{name: a, type: map, iterate_on: [oslo], iterate_as: c, branch: ${inner}}`,
    "wrong-type",
    'parameters: {items: ["oslo"]}',
  ],
  [
    `{name: a, type: map, iterate_on: "{{ cities }}", iterate_as: c, branch: ${inner}}`,
    "bad-parameter-name",
    '"cities"',
  ],
  [`{name: a, type: map, iterate_on: $cities, iterate_as: c, branch: ${inner}}`, "bad-parameter-name", '"cities"'],
  [
    `{name: a, type: map, iterate_on: citeis, iterate_as: c, branch: ${inner}}`,
    "unknown-parameter",
    'did you mean "cities"?',
  ],
  [`{name: a, type: conditional, parameter: depoly, branches: {"true": ${inner}}}`, "unknown-parameter", '"deploy"?'],
  [
    "{name: a, type: map, iterate_on: cities, iterate_as: c, branch: [{name: x, type: stub}]}",
    "wrong-type",
    "under `steps`",
  ],
  ["{name: a, type: parallel, branches: [{name: x, type: stub}]}", "wrong-type", "branches: {left: {steps: […]}"],
  [`{${shell}, catalog: ["*.csv"]}`, "wrong-type", 'catalog: {put: ["*.csv"]}'],
  [`{${shell}, depends_on: [b]}`, "unknown-key", "branches of a `type: parallel` step"],
  [`{${shell}, when: c}`, "unknown-key", "`type: conditional`"],
  [`{${shell}, with_items: [1]}`, "unknown-key", "`type: map`"],
  [`{${shell}, continue_on_error: true}`, "unknown-key", "`on_failure: STEP`"],
  [`{${shell}, cwd: src}`, "unknown-key", "cd FOLDER"],
  [`{${shell}, env: [A=1]}`, "wrong-type", 'env: {NAME: "value"}'],
  [`{${shell}, secrets: {KEY: value}}`, "wrong-type", '["KEY"]'],
  [`{${shell}, max_attempts: "3"}`, "wrong-type", "without quotes: 3"],
  [`{${shell}, resources: {memory: 1024}}`, "bad-quantity", "1024Mi"],
  [`{${shell}, resources: {memory: 512m}}`, "bad-quantity", "512Mi"],
  [`{${shell}, catalog: {put: ["*.{a,b}"]}}`, "literal-in-pattern", '"*.a", "*.b"'],
  ["{name: a, type: shell, command: x}", "unknown-type", "`command_type: shell`"],
  ["{name: a, type: task, command_type: bash, command: x}", "bad-value", '"shell"'],
];

describe("a step", () => {
  it.each(steps)("%s", (step, code, hint) => {
    const found = diagnose(`parameters: {cities: [oslo], deploy: true}\ndag: {steps: [${step}]}\n`);
    expect(found.map((each) => each.code)).toEqual([code]);
    expect(found[0]?.hint).toContain(hint);
  });

  it.each([
    `{${shell}, resources: {memory: 1Mi}}`,
    `{${shell}, resources: {memory: 128974848}}`,
    `{${shell}, resources: {memory: 1.5Gi, cpu: 0.1}}`,
    String.raw`{${shell}, catalog: {put: ["a\\{b,c\\}.csv", "{a}.txt"]}}`,
    `{name: a, type: map, iterate_on: given, iterate_as: c, branch: ${inner}}`,
  ])("%s is fine", (step) => {
    expect(diagnose(`parameters: {cities: [oslo]}\ndag: {steps: [${step}]}\n`)).toEqual([]);
  });
});

describe("names of items", () => {
  const map = `{name: a, type: map, iterate_on: files, iterate_as: file, branch: ${inner}}`;
  const loop = `{name: l, type: loop, break_on: dones, index_as: done, max_iterations: 2, branch: ${inner}}`;
  it.each([
    `{name: b, type: task, command: m.list}, ${map}`,
    `{name: b, type: task, command: m.list, returns: [file]}, {name: c, type: task, command: m.f}, ${map}`,
    `${loop}`,
    `${map}, {name: b, type: map, iterate_on: fiels, iterate_as: x, branch: ${inner}}`,
  ])("are not what is meant outside of their map or loop: %s", (list) => {
    expect(diagnose(`dag: {steps: [${list}]}\n`)).toEqual([]);
  });

  it("are meant inside", () => {
    const map = "{name: b, type: map, iterate_on: gruop, iterate_as: x, branch: {steps: [{name: y, type: stub}]}}";
    const found = diagnose(
      `dag: {steps: [{name: a, type: map, iterate_on: groups, iterate_as: group, branch: {steps: [${map}]}}]}`,
    );
    expect(found.map(({ code, hint }) => [code, hint])).toEqual([["unknown-parameter", 'did you mean "group"?']]);
  });

  it("a step that says what it returns leaves no doubt", () => {
    const found = diagnose(`dag: {steps: [{name: b, type: task, command: m.list, returns: [file]}, ${map}]}\n`);
    expect(found.map(({ code }) => code)).toEqual(["unknown-parameter"]);
  });
});

it("a misspelt next is all that is told, where the step that may be meant would close a cycle", () => {
  const found = diagnose(`
dag:
  start_at: fetch
  steps:
    fetch: {type: stub, next: train}
    train: {type: stub, next: fetsh}
`);
  expect(found.map(({ code }) => code)).toEqual(["unknown-next"]);
});
