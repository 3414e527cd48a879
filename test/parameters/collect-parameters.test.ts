import { describe, expect, it } from "vitest";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { collectParameters } from "../../src/parameters/collect-parameters.ts";
import { printJson } from "../../src/protocol/json.ts";
import { findings } from "../configuration/read.ts";
import { pipelineOf } from "./pipeline-of.ts";

interface Sources {
  readonly document?: string;
  readonly file?: string;
  readonly environment?: { readonly [name: string]: string };
  readonly flags?: readonly string[];
}

async function collect({ document = "", file, environment = {}, flags = [] }: Sources) {
  const sink = new DiagnosticSink();
  const parameters = await collectParameters({
    ...pipelineOf(document),
    ...(file === undefined ? {} : { file: { name: "more.yaml", text: file } }),
    environment,
    flags,
    sink,
  });
  return { text: printJson(parameters), found: findings(sink) };
}

describe("sources", () => {
  it("lays document, file, environment and flags over each other", async () => {
    const { text, found } = await collect({
      document: "parameters: {a: 1, b: 1, c: 1, d: 1}",
      file: "{b: 2, c: 2, d: 2}",
      environment: { MAGNUS_PRM_c: "3", RUNNABLE_PRM_d: "3", MAGNUS_PRM: "x", OTHER: "y" },
      flags: ["d=4", "e=5", "e=6"],
    });
    expect(found.map(({ code, message }) => [code, message])).toEqual(
      [5, 6].map((e) => ["undeclared-parameter", `--param e=${e}: the pipeline declares parameters, but not "e"`]),
    );
    expect(text).toBe('{"a":1,"b":2,"c":3,"d":4,"e":6}');
  });

  it("prefers MAGNUS_PRM_ to runnable's spelling", async () => {
    const { text } = await collect({ environment: { RUNNABLE_PRM_a: "1", MAGNUS_PRM_a: "2" } });
    expect(text).toBe('{"a":2}');
  });

  it("keeps how numbers are written", async () => {
    const { text } = await collect({
      document: "parameters: {a: 1.0, b: 12345678901234567890}",
      file: "{c: 1e5, d: [0.10]}",
      environment: { MAGNUS_PRM_e: "2.50" },
      flags: ["f=98765432109876543210"],
    });
    expect(text).toBe('{"a":1.0,"b":12345678901234567890,"c":1e5,"d":[0.10],"e":2.50,"f":98765432109876543210}');
  });

  it("reads JSON, else text", async () => {
    const { text } = await collect({ flags: ["a=true", "b=[1", 'c={"x": null}', "d=", "e=x=y", 'f="7"', "g=NaN"] });
    expect(text).toBe('{"a":true,"b":"[1","c":{"x":null},"d":"","e":"x=y","f":"7","g":"NaN"}');
  });

  it("reads as text where schema, or else default, is text", async () => {
    const { text, found } = await collect({
      document: 'parameters: {a: "1", c: "1"}\nparameter_schema: {b: {type: string}, c: {type: [string, number]}}',
      environment: { MAGNUS_PRM_a: "007" },
      flags: ["b=true", "c=5"],
    });
    expect(found).toEqual([]);
    expect(text).toBe('{"a":"007","c":5,"b":"true"}');
  });

  it("takes names of JavaScript for what they are", async () => {
    const { text } = await collect({ flags: ["constructor=1", "toString=2", "hasOwnProperty=x"] });
    expect(text).toBe('{"constructor":1,"toString":2,"hasOwnProperty":"x"}');
  });

  it("allows anchors, merges and x- keys in files", async () => {
    const { text, found } = await collect({ file: "x-base: &base {k: 1}\na: {<<: *base, l: 2}\n" });
    expect(found).toEqual([]);
    expect(text).toBe('{"a":{"k":1,"l":2}}');
  });

  it.each(["", "# nothing\n", "{}"])("takes the file %j as nothing", async (file) => {
    expect(await collect({ file })).toEqual({ text: "{}", found: [] });
  });
});

describe("wrong inputs", () => {
  it("points at bad names", async () => {
    const { text, found } = await collect({
      file: "{a-b: 1, 1x: 2, __proto__: 3, fine: 4}",
      environment: { "MAGNUS_PRM_a.b": "1" },
      flags: ["__proto__=1", "no flag", "=1", "a b=1"],
    });
    expect(text).toBe('{"fine":4}');
    expect(found.map(({ code, at, message }) => [code, at ?? message])).toEqual([
      ["bad-parameter-flag", '--param "no flag" must be name=value'],
      ["bad-parameter-name", 'MAGNUS_PRM_a.b: "a.b" is not a valid parameter name'],
      ["bad-parameter-name", '--param __proto__=1: "__proto__" is not a valid parameter name'],
      ["bad-parameter-name", '--param =1: "" is not a valid parameter name'],
      ["bad-parameter-name", '--param a b=1: "a b" is not a valid parameter name'],
      ["bad-parameter-name", "a-b"],
      ["bad-parameter-name", "1x"],
      ["bad-parameter-name", "__proto__"],
    ]);
  });

  it("refuses a file that is no mapping", async () => {
    expect((await collect({ file: "[1, 2]" })).found).toMatchObject([{ code: "bad-parameters-file", at: "[1, 2]" }]);
  });

  it("refuses values that are too deep", async () => {
    const deep = `${"[".repeat(600)}${"]".repeat(600)}`;
    const { found } = await collect({ flags: [`a=${deep}`] });
    expect(found).toMatchObject([{ code: "parameter-too-deep" }]);
    expect((await collect({ flags: [`a=${"[".repeat(400)}${"]".repeat(400)}`] })).found).toEqual([]);
  });
});

const schema = `
parameters:
  lr: 0.1
  model: {depth: 3, layers: [1, 2]}
parameter_schema:
  lr: {type: number, exclusiveMinimum: 0}
  model:
    type: object
    properties:
      depth: {type: integer, maximum: 10}
      layers: {type: array, items: {type: integer}, minItems: 1}
    required: [depth]
    additionalProperties: false
  mode: {enum: [fast, slow]}
  day: {type: string, format: date}
  either: {anyOf: [{type: integer}, {type: "null"}]}
`;

describe("parameter_schema", () => {
  it("accepts what fits, exact numbers too", async () => {
    const { found } = await collect({
      document: schema,
      file: "{lr: 1.0, model: {depth: 10.0}, mode: slow, day: 2026-11-25, either: null}",
      flags: ["lr=0.50"],
    });
    expect(found).toEqual([]);
  });

  it.each([
    ["lr: fast", "fast", '`lr` must be a number; it is the text "fast"'],
    ["lr: 0.0", "0.0", "`lr` must be more than 0; it is the number 0.0"],
    ["model: {depth: 11}", "11", "`model.depth` must be at most 10; it is the number 11"],
    ["model: {depth: 1.5}", "1.5", "`model.depth` must be a whole number; it is the number 1.5"],
    ["model: {depth: 1, layers: [1, x]}", "x", '`model.layers.1` must be a whole number; it is the text "x"'],
    ["model: {depth: 1, layers: []}", "[]", "`model.layers` must have at least 1 item; it has 0"],
    ["model: {layers: [1]}", "{layers: [1]}", '`model` needs the key "depth"'],
    ["model: {depth: 1, detph: 2}", "detph", '`model` must not have the key "detph"'],
    ["mode: medium", "medium", '`mode` must be one of "fast", "slow"; it is the text "medium"'],
    ["day: tomorrow", "tomorrow", '`day` must be in the format "date"; it is the text "tomorrow"'],
    ["either: 1.5", "1.5", "`either` matches none of the alternatives in its schema; it is the number 1.5"],
  ])("points at the value in the file: %s", async (file, at, message) => {
    const { found } = await collect({ document: schema, file });
    expect(found).toMatchObject([{ code: "parameter-breaks-schema", at, message }]);
  });

  it("names flags and variables", async () => {
    const { found } = await collect({ document: schema, environment: { MAGNUS_PRM_lr: "-1" }, flags: ["mode=medium"] });
    expect(found.map(({ message }) => message)).toEqual([
      "MAGNUS_PRM_lr: `lr` must be more than 0; it is the number -1",
      '--param mode=medium: `mode` must be one of "fast", "slow"; it is the text "medium"',
    ]);
  });

  it("points at defaults, also those that a flag hides", async () => {
    const document = "parameters: {lr: {rate: slow}}\nparameter_schema: {lr: {properties: {rate: {type: number}}}}";
    const { found } = await collect({ document, flags: ['lr={"rate": 1}'] });
    expect(found).toMatchObject([
      { code: "parameter-breaks-schema", at: "slow", message: expect.stringContaining("`lr.rate` must be a number") },
    ]);
  });

  it("checks defaults and schemas where nothing else is given", async () => {
    const sink = new DiagnosticSink();
    const read = pipelineOf("parameters: {n: -1}\nparameter_schema: {n: {minimum: 0}, m: {type: nombre}}");
    await collectParameters({ ...read, environment: {}, flags: [], sink });
    expect(findings(sink).map(({ code, at }) => [code, at])).toEqual([
      ["parameter-breaks-schema", "-1"],
      ["bad-parameter-schema", "nombre"],
    ]);
  });

  it.each([
    ["{minimum: low}", "low", "`minimum` must be a number"],
    ["{exclusivMinimum: 0}", "exclusivMinimum", 'no keyword "exclusivMinimum"; did you mean "exclusiveMinimum"?'],
    ["{properties: {a: {typ: number}}}", "typ", 'no keyword "typ"; did you mean "type"?'],
    ["{pattern: '['}", "'['", "Invalid regular expression"],
    ["{$ref: '#/nowhere'}", "'#/nowhere'", "#/nowhere"],
    ["{format: dat}", "dat", 'unknown format "dat"'],
    ["{type: nombre}", "nombre", "`type` must be one of"],
    ["{anyOf: [{$ref: '#/$defs/a'}], $defs: {a: {minimum: x}}}", "x", "`$defs.a.minimum` must be a number"],
    ["{$async: true}", undefined, "$async"],
  ])("reports the bad schema %s", async (bad, at, message) => {
    const { found } = await collect({ document: `parameter_schema: {n: ${bad}}`, flags: ["n=1"] });
    expect(found).toMatchObject([{ code: "bad-parameter-schema", ...(at === undefined ? {} : { at }) }]);
    expect(found[0]?.message).toContain(message);
  });

  it("follows $schema to older drafts, and lets two parameters use one $id", async () => {
    const document = `
parameter_schema:
  pair: {$schema: "http://json-schema.org/draft-07/schema#", $id: "x:s", items: [{type: string}, {type: number}]}
  other: {$id: "x:s", prefixItems: [{type: string}]}
`;
    const { found } = await collect({ document, flags: ['pair=["a", "b"]', "other=[1]"] });
    expect(found.map(({ message }) => message)).toEqual([
      '--param pair=["a", "b"]: `pair.1` must be a number; it is the text "b"',
      "--param other=[1]: `other.0` must be text; it is the number 1",
    ]);
  });
});
