import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { collectParameters } from "../../src/parameters/collect-parameters.ts";
import { parseJson, printJson } from "../../src/protocol/json.ts";
import { isTextParameter, mergeParameters } from "../../src/protocol/merge-parameters.ts";
import { pipelineOf } from "./pipeline-of.ts";

describe("mergeParameters", () => {
  it("lays defaults, file, environment and flags over each other", () => {
    const { parameters, errors } = mergeParameters({
      defaults: { a: 1, b: 1, c: 1, label: "1" },
      file: { name: "p.json", text: '{"b": 2.0, "c": 2}' },
      environment: { MAGNUS_PRM_c: "3", RUNNABLE_PRM_c: "4" },
      flags: ["label=007", "d=[1.0]"],
      text: ["label"],
    });
    expect(errors).toEqual([]);
    expect(printJson(parameters)).toBe('{"a":1,"b":2.0,"c":3,"label":"007","d":[1.0]}');
  });

  it("says what is wrong with each source", () => {
    const { errors } = mergeParameters({
      defaults: {},
      file: { name: "p.json", text: "{" },
      environment: { "MAGNUS_PRM_a-b": "1" },
      flags: ["x", "__proto__=1", `deep=${"[".repeat(600)}${"]".repeat(600)}`],
      text: [],
    });
    expect(errors.map((error) => error.replace(/\(.*\)|\[+\]+/g, "…"))).toEqual([
      "p.json: it is not JSON, and a compiled file's shim reads no YAML …; `magnus run` and `magnus compile` read both",
      'MAGNUS_PRM_a-b: "a-b" is no name for a parameter: use letters, digits and _, not a digit first',
      "--param x: it must be name=value",
      "--param __proto__=1: `__proto__` is reserved and cannot name a parameter",
      "--param deep=…: `deep` is nested deeper than 500 levels",
    ]);
    expect(
      mergeParameters({ defaults: {}, file: { name: "p", text: "[]" }, environment: {}, flags: [], text: [] }).errors,
    ).toEqual(["p: it must be a mapping of names to values, it is a list"]);
  });

  it("agrees with what the compiler collects", async () => {
    const name = fc.constantFrom("a", "b", "c", "label");
    const value = fc.oneof(fc.json({ maxDepth: 2 }), fc.string(), fc.constantFrom("1.0", "007", "[", "1e400", "-0"));
    const sources = fc.record({
      environment: fc.dictionary(
        name.map((n) => `MAGNUS_PRM_${n}`),
        value,
      ),
      flags: fc.array(fc.tuple(name, value).map(([n, v]) => `${n}=${v}`)),
    });
    const pipeline = pipelineOf('parameters: {a: 1.0, label: "x"}');
    const text = Object.keys(pipeline.parameters).filter((key) => isTextParameter(pipeline.parameters[key], undefined));
    await fc.assert(
      fc.asyncProperty(sources, async ({ environment, flags }) => {
        const sink = new DiagnosticSink();
        const collected = await collectParameters({ pipeline, environment, flags, sink });
        const merged = mergeParameters({ defaults: pipeline.parameters, environment, flags, text });
        expect(merged.errors).toEqual([]);
        expect(sink.list()).toEqual([]);
        expect(printJson(merged.parameters, { sorted: true })).toBe(printJson(collected, { sorted: true }));
        expect(parseJson(printJson(merged.parameters))).toEqual(merged.parameters);
      }),
    );
  });
});
