/**
 * Good documents with one thing made wrong: exactly one error is told, and its place is the very token. In each mutation
 * `«…»` marks that token.
 */
import { describe, expect, it } from "vitest";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { checkText } from "../support/check-text.ts";

const good = `name: weather
description: fits a model a city
parameters: {lr: 0.1, cities: [oslo, rome]}
parameter_schema:
  lr: {type: number}
defaults: {image: "python:3.12-slim", timeout: 1h}
x-branch: &branch
  start_at: fit
  steps:
    fit:
      type: task
      command: model.fit
      returns: [score]
      next: success
dag:
  start_at: load
  steps:
    load:
      type: task
      command: data.load
      env: {MODE: full}
      secrets: [TOKEN]
      catalog:
        put: ["data/*.csv", {pattern: "*.log", optional: true}]
      resources: {cpu: 500m, memory: 2Gi}
      max_attempts: 3
      backoff: {initial: 5s, factor: 2, max: 1m}
      on_failure: tidy
      next: each
    each:
      type: map
      iterate_on: cities
      iterate_as: city
      reduce: {score: max}
      branch: *branch
      next: choose
    choose:
      type: conditional
      parameter: size
      default: small
      branches:
        small: *branch
        large: *branch
      next: train
    train:
      type: parallel
      on_conflict: list
      branches:
        left: *branch
        right: *branch
      next: again
    again:
      type: loop
      max_iterations: 5
      break_on: done
      index_as: round
      branch: *branch
      next: report
    report:
      type: dag
      dag_definition: report.yaml
      next: notebook
    notebook:
      type: task
      command_type: notebook
      command: report.ipynb
      next: done
    tidy:
      type: stub
      next: done
    done: {type: success}
    broken: {type: fail}
`;

const listed = `dag:
  steps:
    - name: load
      type: task
      command_type: shell
      command: |
        echo one
        echo two
    - name: fit
      type: task
      command: model.fit
      on_failure: tidy
    - name: tidy
      type: stub
`;

const report = "dag:\n  steps:\n    - {name: draw, type: stub}\n";

/** Document, code, text to replace (once), its replacement with the marked token. */
const mutations: readonly (readonly [document: string, code: string, from: string, to: string])[] = [
  [good, "unknown-key", "description: fits", "«descripton»: fits"],
  [good, "unknown-key", "parameters: {lr", "«params»: {lr"],
  [good, "wrong-type", "{lr: 0.1, cities: [oslo, rome]}", "«[lr, cities]»"],
  [good, "bad-parameter-name", "lr: 0.1", "«learning-rate»: 0.1"],
  [good, "bad-parameter-name", "lr: 0.1", "«__proto__»: 0.1"],
  [good, "wrong-type", "lr: {type: number}", "lr: «number»"],
  [good, "unknown-key", '"python:3.12-slim", timeout', '"python:3.12-slim", «timeuot»'],
  [good, "bad-duration", "timeout: 1h", "timeout: «1 h»"],
  [good, "unknown-start", "start_at: load", "start_at: «laod»"],
  [good, "start-is-terminal", "start_at: load", "start_at: «done»"],
  [good, "unknown-key", "  start_at: load\n", "  «start-at»: load\n"],
  [good, "missing-start", "dag:\n  start_at: load\n", "«dag»:\n"],
  [good, "missing-key", "    load:\n      type: task\n", "    «load»:\n"],
  [good, "unknown-type", "type: map", "type: «mpa»"],
  [good, "missing-key", "    load:\n      type: task\n      command: data.load\n", "    «load»:\n      type: task\n"],
  [good, "unknown-key", "command: data.load", "«commnd»: data.load"],
  [good, "python-command", "command: data.load", "command: «load»"],
  [good, "wrong-type", "command: data.load", "command: «[data.load]»"],
  [good, "wrong-type", "{MODE: full}", "«full»"],
  [good, "bad-environment-name", "MODE: full", "«MODE OF»: full"],
  [good, "nul-character", "MODE: full", 'MODE: «"a\\0"»'],
  [good, "wrong-type", "[TOKEN]", "«TOKEN»"],
  [good, "wrong-type", "secrets: [TOKEN]", "secrets: [«7»]"],
  [good, "unknown-key", "        put: [", "        «putt»: ["],
  [good, "bad-glob", '"data/*.csv"', '«"/data/*.csv"»'],
  [good, "bad-glob", 'pattern: "*.log"', 'pattern: «"../*.log"»'],
  [good, "unknown-key", "optional: true", "«optionl»: true"],
  [good, "wrong-type", "optional: true", "optional: «maybe»"],
  [good, "bad-quantity", "memory: 2Gi", "memory: «2 GB»"],
  [good, "unknown-key", "memory: 2Gi", "«memroy»: 2Gi"],
  [good, "wrong-type", "max_attempts: 3", "max_attempts: «-1»"],
  [good, "wrong-type", "max_attempts: 3", "max_attempts: «three»"],
  [good, "wrong-type", "factor: 2", "factor: «0.5»"],
  [good, "bad-duration", "initial: 5s", "initial: «5»"],
  [good, "unknown-on-failure", "on_failure: tidy", "on_failure: «tdiy»"],
  [good, "unknown-next", "next: each", "next: «eahc»"],
  [good, "unknown-next", "next: choose", "next: «success»"],
  [good, "missing-next", "    tidy:\n      type: stub\n      next: done\n", "    «tidy»:\n      type: stub\n"],
  [
    good,
    "missing-next",
    "    tidy:\n      type: stub\n      next: done\n",
    "    tidy:\n      type: stub\n      «next»:\n",
  ],
  [
    good,
    "cycle",
    "    tidy:\n      type: stub\n      next: done\n",
    "    tidy:\n      type: stub\n      next: «load»\n",
  ],
  [good, "missing-key", "    each:\n      type: map\n      iterate_on: cities\n", "    «each»:\n      type: map\n"],
  [good, "bad-parameter-name", "iterate_as: city", "iterate_as: «a city»"],
  [good, "bad-value", "{score: max}", "{score: «maximum»}"],
  [good, "bad-value", "reduce: {score: max}", "reduce: «concta»"],
  [good, "bad-reducer", "reduce: {score: max}", 'reducer: «"lambda *x: len(x)"»'],
  [
    good,
    "yaml-unknown-anchor",
    "      reduce: {score: max}\n      branch: *branch",
    "      reduce: {score: max}\n      branch: «*brnach»",
  ],
  [good, "unknown-default", "default: small", "default: «smalll»"],
  [good, "missing-key", "      parameter: size\n", ""],
  [good, "bad-value", "on_conflict: list", "on_conflict: «first»"],
  [
    good,
    "empty-branches",
    "      branches:\n        left: *branch\n        right: *branch\n",
    "      «branches»: {}\n",
  ],
  [good, "wrong-type", "        left: *branch\n", "        left: «fit»\n"],
  [good, "wrong-type", "max_iterations: 5", "max_iterations: «0»"],
  [good, "unknown-key", "index_as: round", "«index_at»: round"],
  [good, "missing-file", "dag_definition: report.yaml", "dag_definition: «reprot.yaml»"],
  [good, "notebook-command", "command: report.ipynb", "command: «report.py»"],
  [good, "bad-value", "command_type: notebook", "command_type: «notebok»"],
  [good, "two-terminals", "    broken: {type: fail}\n", "    broken: {type: fail}\n    «failed»: {type: fail}\n"],
  [good, "unknown-key", "broken: {type: fail}", "broken: {type: fail, «nxt»: done}"],
  [good, "wrong-type", "broken: {type: fail}", "broken: {type: fail, next: «done»}"],
  [good, "duplicate-key", "    done: {type: success}\n", "    done: {type: success}\n    «done»: {type: success}\n"],
  [listed, "bad-name", "- name: fit", "- name: «f.it»"],
  [good, "empty-command", "      command: model.fit\n", "      command_type: shell\n      command: «' '»\n"],
  [good, "bad-parameter-name", "returns: [score]", "returns: [«the score»]"],
  [good, "unknown-next", "      returns: [score]\n      next: success", "      returns: [score]\n      next: «succes»"],
  [good, "yaml-bad-start", "type: number", "type: «@»number"],
  [good, "yaml-tab", "  start_at: load\n", "«\t»start_at: load\n"],
  [good, "yaml-colon-in-text", "description: fits a model", "description: fits«:» a model"],
  [good, "yaml-unclosed-bracket", "secrets: [TOKEN]", "secrets: «[»TOKEN"],
  [good, "yaml-unclosed-quote", 'image: "python:3.12-slim"', 'image: «"»python:3.12-slim'],
  [good, "yaml-missing-colon", "      iterate_on: cities\n", "      «iterate_on cities»\n"],
  [good, "yaml-indentation", "      iterate_as: city\n", "     «iterate_as»: city\n"],
  [good, "yaml-not-finite", "lr: 0.1", "lr: «.nan»"],
  [listed, "duplicate-step", "- name: tidy", "- name: «load»"],
  [listed, "missing-key", "    - name: tidy\n      type: stub", "    - «type»: stub"],
  [listed, "wrong-type", "    - name: tidy\n      type: stub", "    - «tidy»"],
  [listed, "unknown-on-failure", "on_failure: tidy", "on_failure: «tidyy»"],
  [listed, "python-command", "      command_type: shell\n      command: |", "      command: «|»"],
  [listed, "lone-surrogate", "command: model.fit", 'command_type: shell\n      command: «"\\udc00"»'],
  [listed, "empty-graph", listed, "dag:\n  «steps»: []\n"],
];

describe("good documents with one mutation", () => {
  it.each([good, listed])("the document itself is good", (text) => {
    expect(codesAndTokens(text)).toEqual([]);
  });

  it.each(mutations.map(([document, ...rest]) => [...rest, document] as const))(
    "%s: %j",
    (code, from, to, document) => {
      expect(document.split(from).length, "the text to replace").toBeGreaterThan(1);
      const marked = document.replace(from, () => to);
      const start = marked.indexOf("«");
      const text = marked.replace(/[«»]/g, "");
      const expected =
        start < 0 ? elsewhere(code, text) : { code, start, token: marked.slice(start + 1, marked.indexOf("»")) };
      expect(codesAndTokens(text)).toEqual([expected]);
    },
  );
});

/** Mutations whose token stands where nothing was changed. */
function elsewhere(code: string, text: string): { code: string; start: number; token: string } {
  return { code, start: text.indexOf("    choose:") + 4, token: "choose" };
}

function codesAndTokens(text: string): { code: string; start: number; token: string }[] {
  const sink = new DiagnosticSink();
  checkText(text, { readFile: (name) => (name === "report.yaml" ? report : undefined) }, sink);
  return sink
    .list()
    .filter(({ severity }) => severity === "error")
    .map(({ code, span }) => ({
      code,
      start: span?.start ?? -1,
      token: text.slice(span?.start, span?.end).replace(/\n[\s\S]*/, ""),
    }));
}
