/** The IR holds what a pipeline means: it is equal as plain data for all spellings of the pipeline. */
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import type { Pipeline } from "../../src/ir/pipeline.ts";
import { checkText } from "../support/check-text.ts";

function pipelineOf(text: string, name = "p.yaml"): Pipeline {
  const sink = new DiagnosticSink();
  const checked = checkText(text, { name }, sink);
  if (checked === undefined) throw new Error(JSON.stringify(sink.list().map(({ message }) => message)));
  return checked.pipeline;
}

const mapping = `parameters: {items: [1, 2.50], size: big}
parameter_schema: {size: {type: string}}
defaults: {image: "python:3.12", env: {A: "1"}, timeout: 90s}
dag:
  start_at: fit
  steps:
    fit:
      type: task
      command: m.f
      returns: [{name: model, kind: json}, {name: loss, kind: metric}]
      catalog: {get: [{pattern: data/*.csv}], put: [{pattern: out, optional: true}]}
      secrets: [TOKEN]
      max_attempts: 3
      backoff: {initial: 1s}
      next: each
      on_failure: tidy
    tidy: {type: task, command_type: shell, command: "rm -rf out\\n", next: fail}
    each:
      type: map
      iterate_on: items
      iterate_as: item
      reduce: list
      branch: {start_at: one, steps: {one: {type: stub, next: success}}}
      next: both
    both:
      type: parallel
      branches:
        left: {start_at: l, steps: {l: {type: stub, next: success}}}
        right: {start_at: r, steps: {r: {type: stub, next: success}}}
      next: pick
    pick:
      type: conditional
      parameter: size
      branches: {big: {start_at: b, steps: {b: {type: stub, next: success}}}}
      default: big
      next: success
`;

const list = `# The same in a list, with blocks, an anchor, and other words for the same.
x-env: &env
  A: 1
parameters:
  items:
    - 1
    - 2.50
  size: 'big'
parameter_schema: { size: { type: string } }
defaults:
  image: python:3.12
  env: *env
  timeout: 1m30s
dag:
  steps:
    - name: fit
      type: task
      command: >-
        m.f
      command_type: python
      returns: [model, {name: loss, kind: metric}]
      catalog:
        get: ["data/*.csv"]
        put:
          - pattern: out
            optional: true
      secrets:
        - TOKEN
      max_attempts: 3
      backoff: {initial: 1000ms, factor: 2, max: 5m}
      next: each
      on_failure: tidy
    - name: tidy
      type: task
      command_type: shell
      command: |
        rm -rf out
      next: fail
    - name: each
      type: map
      iterate_on: items
      iterate_as: item
      branch:
        steps: [{name: one, type: stub}]
    - name: both
      type: parallel
      branches:
        left: {steps: [{name: l, type: stub}]}
        right: {steps: [{name: r, type: stub}]}
    - name: pick
      type: conditional
      parameter: size
      branches:
        big: {steps: [{name: b, type: stub}]}
      default: big
`;

describe("the IR of a pipeline", () => {
  test("is equal for a mapping and a list of steps, long and short forms, flow and block", () => {
    expect(pipelineOf(list)).toEqual(pipelineOf(mapping));
  });

  test("is equal for YAML and JSON", () => {
    const json = JSON.stringify(parse(mapping)).replace("2.5]", "2.50]");
    expect(pipelineOf(json, "p.json")).toEqual(pipelineOf(mapping));
    expect(pipelineOf(JSON.stringify(JSON.parse(json), null, 2).replace("2.5\n", "2.50\n"))).toEqual(pipelineOf(json));
  });

  test("has what the author did not say as absent, so that two facts are not one", () => {
    const said = mapping.replace("      type: parallel\n", "      type: parallel\n      on_conflict: last\n");
    expect(pipelineOf(mapping).root.nodes.get("both")).not.toHaveProperty("onConflict");
    expect(pipelineOf(said).root.nodes.get("both")).toHaveProperty("onConflict", "last");
  });
});
