import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { declaredParameters } from "../../src/ir/declared-parameters.ts";
import { collectParameters } from "../../src/parameters/collect-parameters.ts";
import { parseJson, printJson } from "../../src/protocol/json.ts";
import { isTextParameter, mergeParameters } from "../../src/protocol/merge-parameters.ts";
import type { Environment } from "../../src/system/environment.ts";
import { pipelineOf } from "./pipeline-of.ts";

const nothingDeclared = { defaults: {}, types: {}, names: [] };

describe("mergeParameters", () => {
  it("lays defaults, file, environment and flags over each other", () => {
    const { parameters, errors, warnings } = mergeParameters({
      declared: { defaults: { a: 1, b: 1, c: 1, label: "1" }, types: {}, names: ["d"] },
      // Some editors write a byte order mark.
      file: { name: "p.json", text: '\ufeff{"b": 2.0, "c": 2}' },
      environment: { MAGNUS_PRM_c: "3", RUNNABLE_PRM_c: "4" },
      flags: ["label=007", "d=[1.0]"],
      text: ["label"],
    });
    expect([...errors, ...warnings]).toEqual([]);
    expect(printJson(parameters)).toBe('{"a":1,"b":2.0,"c":3,"label":"007","d":[1.0]}');
  });

  it("says what is wrong with each source", () => {
    const { errors } = mergeParameters({
      declared: nothingDeclared,
      file: { name: "p.json", text: "{" },
      environment: { "MAGNUS_PRM_a-b": "1" },
      flags: ["x", "__proto__=1", `deep=${"[".repeat(600)}${"]".repeat(600)}`],
      text: [],
    });
    expect(errors.map((error) => error.replace(/\(.*\)|\[+\]+/g, "…"))).toEqual([
      "p.json: it is not JSON, and compiled files read only JSON …; `magnus run` and `magnus compile` read YAML, too",
      'MAGNUS_PRM_a-b: "a-b" is not a valid parameter name: use letters, digits and _, not starting with a digit',
      "--param x: it must be name=value",
      "--param __proto__=1: `__proto__` is reserved and cannot name a parameter",
      "--param deep=…: `deep` is nested deeper than 500 levels",
    ]);
    expect(
      mergeParameters({
        declared: nothingDeclared,
        file: { name: "p", text: "[]" },
        environment: {},
        flags: [],
        text: [],
      }).errors,
    ).toEqual(["p: it must be a mapping of names to values, it is a list"]);
  });

  it("knows misspelt names and other types without a schema's validator", () => {
    const declared = {
      defaults: { deploy: true, xs: [1], rate: 0.1, label: "x", free: null, test_a: 1, x1: 1 },
      types: { depth: ["integer"], either: ["number", "string"], any: [] },
      names: ["city"],
    };
    const merge = (environment: Environment, ...flags: string[]) => {
      const { errors, warnings } = mergeParameters({ declared, environment, flags, text: ["label"] });
      return [...errors, ...warnings];
    };
    expect(merge({}, "deploy=false", "xs=[]", "rate=1", "label=1", "free=x", "either=x", "any=x", "city=x")).toEqual(
      [],
    );
    expect(merge({}, "rate=null", "depth=3", "depth=4.0")).toEqual([]);
    expect(merge({ MAGNUS_PRM_DEPLOY: "false" }, "deplpy=false", "Free=1", "citty=x")).toEqual([
      "MAGNUS_PRM_DEPLOY: there is no parameter `DEPLOY`; did you mean `deploy`?",
      "--param deplpy=false: there is no parameter `deplpy`; did you mean `deploy`?",
      "--param Free=1: there is no parameter `Free`; did you mean `free`?",
      "--param citty=x: there is no parameter `citty`; did you mean `city`?",
    ]);
    expect(merge({}, "deploy=True", "xs=[1,2", "rate=fast", "depth=1.5")).toEqual([
      '--param deploy=True: `deploy` must be true or false, like its default; it is the text "True"',
      '--param xs=[1,2: `xs` must be a list, like its default; it is the text "[1,2"',
      '--param rate=fast: `rate` must be a number, like its default; it is the text "fast"',
      "--param depth=1.5: `depth` must be a whole number; it is the number 1.5",
    ]);
    // Short names, and names that differ by a number, are names of their own.
    expect(merge({}, "x2=1", "xx=1", "other=1")).toEqual([
      "--param x2=1: the pipeline declares no parameter `x2`",
      "--param xx=1: the pipeline declares no parameter `xx`",
      "--param other=1: the pipeline declares no parameter `other`",
    ]);
    expect(merge({ MAGNUS_STEP: "outer", MAGNUS_PRM_deplpy: "1", MAGNUS_PRM_other: "1" })).toEqual([]);
  });

  it("takes any name where the pipeline declares none", () => {
    const declared = { defaults: {}, types: {}, names: ["cities"] };
    const merge = (...flags: string[]) =>
      mergeParameters({ declared, file: { name: "p", text: '{"depth": 1}' }, environment: {}, flags, text: [] });
    expect(merge("rate=1")).toMatchObject({ errors: [], warnings: [] });
    expect(merge("ctiies=[1]", "dpeth=2").errors).toHaveLength(2);
  });

  it("agrees with what the compiler collects", async () => {
    const name = fc.constantFrom("a", "b", "c", "d", "label", "Label", "cities", "citys", "depoly", "other");
    const value = fc.oneof(fc.json({ maxDepth: 2 }), fc.string(), fc.constantFrom("1.0", "007", "[", "1e400", "-0"));
    const sources = fc.record({
      environment: fc.dictionary(
        name.map((n) => `MAGNUS_PRM_${n}`),
        value,
      ),
      flags: fc.array(fc.tuple(name, value).map(([n, v]) => `${n}=${v}`)),
    });
    const read = pipelineOf(`
parameters: {a: 1.0, label: "x", deploy: true, cities: [a]}
parameter_schema: {c: {type: [integer, "null"]}, e: {minimum: 0}, d: {type: string}}
`);
    const { pipeline } = read;
    const declared = declaredParameters(pipeline);
    const text = ["a", "label", "cities", "deploy", "c", "d"].filter((key) =>
      isTextParameter(pipeline.parameters[key], pipeline.parameterSchema[key]),
    );
    await fc.assert(
      fc.asyncProperty(sources, async ({ environment, flags }) => {
        const sink = new DiagnosticSink();
        const collected = await collectParameters({ ...read, environment, flags, sink });
        const merged = mergeParameters({ declared, environment, flags, text });
        const found = sink.list().map(({ severity }) => severity);
        // The sink keeps what is said twice once.
        const lines = (all: readonly string[]): number => new Set(all).size;
        expect(lines(merged.errors)).toBe(found.filter((severity) => severity === "error").length);
        expect(lines(merged.warnings)).toBe(found.filter((severity) => severity === "warning").length);
        expect(printJson(merged.parameters, { sorted: true })).toBe(printJson(collected, { sorted: true }));
        expect(parseJson(printJson(merged.parameters))).toEqual(merged.parameters);
      }),
      // Each loads the schemas' validators.
      { numRuns: 40 },
    );
  });
});
