/**
 * Every text that a pipeline or a configuration can bring into a compiled file is the same text for a reader of YAML 1.1,
 * of YAML 1.2 and for Go's, which Kubernetes and Argo use. Go reads more as numbers than the others.
 */
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { argumentText } from "../../src/protocol/argument-text.ts";
import { goReader } from "../support/go-reader.ts";
import { compile as compileForArgo, usual } from "./argo/compile-argo.ts";
import { compileForGithub } from "./github-actions/compile-github-actions.ts";

const numbers = [
  ..."0 1 -1 +1 00 007 0o644 0O644 0o8 +0o7 -0o7 0b11 0B11 0b12 +0b1 0x1F 0X1F 0xFG +0x1 -0X1".split(" "),
  ..."1_000 1_0_0 _1 1_ 0x_1 0b_1 0o_7 1__0 0_0 +1_0 -_1 1. .5 -.5 +.5 ._5 1.5 1.5.2 1.5_5 1e5 1E5 1e+5".split(" "),
  ..."1e-5 1e5_0 1e_5 e5 .e5 1e 1e999 -1e999 0e0 +1e5 123456789012345678901234567890 0x123456789abcdef01".split(" "),
  ..."1:30 12:30:45 190:20:30 -1:30 1:60 01:02:03.5 1:3_0 ± ½ １２ 1,5 1.000,5 10m 1Gi 1h30m 50% 1/2".split(" "),
];
const dates = [
  ..."2024-01-02 2024-1-2 2024-01-02T03:04:05Z 2024-01-02t03:04:05 20240102 2024-13-45 24-01-02 12-25".split(" "),
  "2024-01-02 03:04:05",
  "2024-01-02 03:04:05 +1",
  "0000-00-00",
];
const words = [
  ..."y Y n N yes Yes YES yEs no No NO on On ON off Off OFF true True TRUE tRue false False FALSE null Null NULL".split(
    " ",
  ),
  ..."nULL nil None NaN .nan .NaN .NAN .nAn inf .inf .Inf .INF +.inf -.inf -.Inf +.nan infinity Infinity t f T F".split(
    " ",
  ),
  ..."~ = << < > - -- --- + ++ . .. ... ? : ! !! !!str !!int & * | % @ ` # , [ ] { } ' \" \\ / $ ^ _ ; ( )".split(" "),
];
const phrases = [
  ..."-a -1a +a +1a -.a .a .1a --help -p -e5 ?a ?1 :a a: a:b a:1 a#b #a a# &a *a *1 !a |a >a %a @a `a ,a [a] {a} {a: b} 'a' \"a\"".split(
    " ",
  ),
  ..."${{ {{a}} {{ }} \\n \\t \\x41 \\u0041 <<: a=b =1 ==1 ~a ~1 null~ 1~ yes! /etc/1 ./1 ../1 v1 v1.0 sha256:00".split(
    " ",
  ),
  ..."1.2.3 1.2.3.4 ::1 fe80::1 00:11:22:33:44:55 1e5m 0.5cpu 1;2 1|2 1&2 1*2 1<2 1=2".split(" "),
  "",
  " ",
  "a ",
  " a",
  "\ta",
  "a\t",
  "a: b",
  "a : b",
  "- a",
  "? a",
  ": a",
  "a #b",
  "key: value # comment",
  "it's",
  'say "hi"',
  "both ' and \"",
  "--- a",
  "a\n--- b",
  "a\n---\nb",
  "a\n...\nb",
  "a\nb",
  "a\nb\n",
  "a\n\nb\n\n",
  "\na",
  "\n",
  "\n\n",
  "  a\nb",
  " \n a",
  "\ta\n b",
  "a \nb",
  "a\n b\n\tc",
  "a\r\nb\r\n",
  "a\rb",
  "# a\n# b",
  "- 1\n- 2",
  "1\n",
  "0o7\n0o7",
  "\u0001 \u0007 \u001b[31m \u007f",
  "\u0085 \u00a0 \u2028 \u2029 \ufeff \ufffd",
  "\u{1f600} Ωmega 日本",
  "x".repeat(300),
  `${"long words ".repeat(40)}0o7`,
];
const texts = [...new Set([...numbers, ...dates, ...words, ...phrases])];

const choices = [...texts].reverse();

const reader = goReader();
const leftOut = typeof reader === "string" ? ` (left out: ${reader})` : "";

/** The texts as defaults of parameters, commands, a step's `env`, names of steps, and items of an enum. */
const pipeline = JSON.stringify({
  description: "0o7",
  parameters: Object.fromEntries(texts.map((text, i) => [`p${i}`, text])),
  parameter_schema: { p0: { enum: choices } },
  dag: { steps: [{ name: "one", type: "task", command_type: "shell", command: "true" }] },
});
const variables = Object.fromEntries(texts.map((text, i) => [`V${i}`, text]));
const simple = texts.filter((text) => /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(text));
const labels = Object.fromEntries(simple.map((text, i) => [`l${i}`, text]));
const named = Object.fromEntries(simple.filter((text) => text !== "").map((text) => [text, text]));
const annotations = { ...named, ...Object.fromEntries(texts.map((text, i) => [`t${i}`, text])) };

interface Workflow {
  readonly metadata: { readonly labels: object; readonly annotations: object };
  readonly spec: {
    readonly arguments: { readonly parameters: readonly { readonly value: unknown; readonly enum?: unknown }[] };
    readonly templates: readonly {
      readonly container?: { readonly env: readonly { name: string; value?: unknown }[] };
    }[];
  };
}

const manifest = compileForArgo(pipeline, { ...usual, env: variables, labels, annotations });
// A reader of `$(NAME)` stands between these and a step, so that a dollar and `{{` are written otherwise.
const asWritten = (text: string): string => text.replaceAll("$", "$$$$").replace(/\{(?=\{)/g, "{$(MAGNUS_EMPTY)");

function expectTexts(value: unknown): void {
  const { metadata, spec } = value as Workflow;
  expect(spec.arguments.parameters.map((parameter) => parameter.value)).toEqual(texts.map(argumentText));
  expect(spec.arguments.parameters[0]?.enum).toEqual(choices.map(argumentText));
  const env = spec.templates.flatMap(({ container }) => container?.env ?? []);
  const first = Object.fromEntries(env.flatMap(({ name, value }) => (/^V\d+$/.test(name) ? [[name, value]] : [])));
  expect(first).toEqual(Object.fromEntries(texts.map((text, i) => [`V${i}`, asWritten(text)])));
  expect(metadata.labels).toMatchObject(labels);
  expect(metadata.annotations).toMatchObject(annotations);
  expect(metadata.annotations).toMatchObject({ "workflows.argoproj.io/description": "0o7" });
}

const workflow = compileForGithub(pipeline, { options: { env: variables, name: "0o7" } });
const workflowText = workflow.files.get(".github/workflows/p.yml") ?? "";

interface Job {
  readonly steps: readonly { readonly id?: unknown; readonly env?: { readonly [name: string]: unknown } }[];
}

/** `on` stands as people write it, which YAML 1.1 takes for `true`. */
function expectWorkflowTexts(value: unknown): void {
  const { name, jobs } = value as { readonly name: unknown; readonly jobs: { readonly [id: string]: Job } };
  expect(name).toBe("0o7");
  const env = jobs.one?.steps.find(({ id }) => id === "run")?.env ?? {};
  for (const [i, text] of texts.entries()) expect(env[`V${i}`]).toBe(text);
}

const versions = ["1.1", "1.2"] as const;

describe("texts of a manifest", () => {
  test("are many", () => {
    expect(manifest.codes).toEqual([]);
    expect(texts.length).toBeGreaterThan(250);
  });

  test.each(versions)("are texts for YAML %s", (version) => {
    for (const document of parseAllDocuments(manifest.text, { version })) expectTexts(document.toJS());
  });

  test.skipIf(typeof reader === "string")(`are texts for Go${leftOut}`, () => {
    if (typeof reader !== "string") expectTexts((reader.read("yaml", manifest.text) as readonly unknown[])[0]);
  });
});

describe("texts of a workflow", () => {
  test.each(versions)("are texts for YAML %s", (version) => {
    expect(workflow.reports).toEqual([]);
    for (const document of parseAllDocuments(workflowText, { version })) expectWorkflowTexts(document.toJS());
  });

  test.skipIf(typeof reader === "string")(`are texts for Go${leftOut}`, () => {
    if (typeof reader !== "string") expectWorkflowTexts((reader.read("yaml", workflowText) as readonly unknown[])[0]);
  });
});
