/** What `--target argo` prints, read back as YAML; that it means the same is shown by test/argo-controller. */
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { checkPipeline } from "../../src/check.ts";
import { compilePipeline } from "../../src/compile.ts";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { loadTarget } from "../../src/target/load-target.ts";
import type { Target } from "../../src/target/target.ts";

const argo = await targetArgo();

interface Task {
  readonly name: string;
  readonly template: string;
  readonly depends?: string;
  readonly arguments?: { readonly parameters: readonly { readonly name: string; readonly value: string }[] };
}
interface Template {
  readonly name: string;
  readonly dag?: { readonly tasks: readonly Task[] };
  readonly [key: string]: unknown;
}

const usual = { image: "busybox", shim_image: "shim:1", storage: { claim: "runs" }, secret: "all" };

async function targetArgo(): Promise<Target> {
  const target = await loadTarget("argo");
  if (target === undefined) throw new Error("there is no target argo");
  return target;
}

function compile(text: string, options: object = usual): { text: string; codes: readonly string[] } {
  const sink = new DiagnosticSink();
  const pipeline = checkPipeline({ name: "p.yaml", text }, { readFile: () => undefined }, sink);
  if (pipeline === undefined)
    throw new Error(
      sink
        .list()
        .map(({ message }) => message)
        .join("\n"),
    );
  const files = compilePipeline(
    {
      pipeline,
      target: argo,
      options: argo.options.parse(options),
      source: "p.yaml",
      version: "0",
      services: undefined,
      render: () => "",
      program: () => "",
    },
    sink,
  );
  return { text: files?.[0]?.content ?? "", codes: sink.list().map(({ code }) => code) };
}

function templatesOf(text: string): readonly Template[] {
  return parse(compile(text).text).spec.templates;
}

function tasksOf(templates: readonly Template[], name: string): readonly Task[] {
  return templates.find((template) => template.name === name)?.dag?.tasks ?? [];
}

const shell = (name: string, command: string, rest = ""): string =>
  `    - {name: ${name}, type: task, command_type: shell, command: ${JSON.stringify(command)}${rest}}\n`;
const chain = (length: number): string =>
  `dag:\n  steps:\n${Array.from({ length }, (_, i) => shell(`s${i}`, "true")).join("")}`;

describe("graphs", () => {
  test("steps of one shape share a template, and the first needs no condition", () => {
    const templates = templatesOf(chain(3));
    const tasks = tasksOf(templates, "pipeline");
    expect(tasks.map(({ name, template, depends }) => [name, template, depends])).toEqual([
      ["s0", "step", undefined],
      ["s1", "step", "s0"],
      ["s2", "step", "s1"],
    ]);
    expect(templates.map(({ name }) => name)).toEqual(["pipeline", "step", "join", "verdict"]);
  });

  test("a handled failure ends in a join; a fail step that is reached by success makes it wait", () => {
    const handled = tasksOf(
      templatesOf(
        `dag:\n  steps:\n${shell("a", "true", ", next: success, on_failure: b")}${shell("b", "true", ", next: success")}`,
      ),
      "pipeline",
    );
    expect(handled.map(({ name, depends }) => [name, depends])).toEqual([
      ["a", undefined],
      ["b", "a.Failed || a.Errored"],
      ["magnus-end", "a || b"],
    ]);
    const failing = tasksOf(
      templatesOf(
        `dag:\n  steps:\n${shell("a", "true", ", next: success, on_failure: b")}${shell("b", "true", ", next: fail")}`,
      ),
      "pipeline",
    );
    expect(failing.slice(2).map(({ name, depends }) => [name, depends])).toEqual([
      ["magnus-fail", "b"],
      ["magnus-end", "a || magnus-fail.Succeeded"],
    ]);
  });

  test("steps that nothing leads to are left out: Argo would start them at once", () => {
    const tasks = tasksOf(
      templatesOf(`dag:\n  steps:\n${shell("a", "true", ", next: success")}${shell("b", "true")}`),
      "pipeline",
    );
    expect(tasks.map(({ name }) => name)).toEqual(["a"]);
  });

  test("a long chain is cut into dags of at most 200 tasks", () => {
    const templates = templatesOf(chain(1000));
    const sizes = templates.flatMap(({ dag }) => (dag ? [dag.tasks.length] : []));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(200);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(1000 + tasksOf(templates, "pipeline").length);
  });

  test("a long chain that shares a handler cannot be cut, and says so", () => {
    const steps = Array.from({ length: 250 }, (_, i) => shell(`s${i}`, "true", `, on_failure: clean, next: s${i + 1}`));
    const text = `dag:\n  start_at: s0\n  steps:\n${steps.join("")}${shell("s250", "true", ", next: success")}${shell("clean", "true", ", next: success")}`;
    expect(compile(text).codes).toContain("target-limit");
  });
});

describe("text", () => {
  test("nothing that Argo or Kubernetes would replace stands in an argument", () => {
    const hostile = "echo {{inputs.parameters.spec}} {{=1}} $(MAGNUS_RUN_ID) \u0007\u007f ☃";
    const { text } = compile(`dag:\n  steps:\n${shell("a", hostile)}`);
    const templates: readonly Template[] = parse(text).spec.templates;
    const spec = tasksOf(templates, "pipeline")[0]?.arguments?.parameters[0]?.value ?? "";
    expect(spec).toMatch(/^[ -~]*$/);
    expect(spec).not.toMatch(/\{\{|\$\(/);
    expect(JSON.parse(spec).task.command).toBe(hostile);
  });

  test.each(["n", "on", "null", "1e3", "0x1F", "1:30", "in", "ü", "magnus-end"])("a step may be named %s", (name) => {
    const { text } = compile(`dag:\n  steps:\n${shell(JSON.stringify(name), "true")}`);
    const read = (version: "1.1" | "1.2") => tasksOf(parse(text, { version }).spec.templates, "pipeline")[0]?.name;
    expect(read("1.1")).toBe(read("1.2"));
    expect(read("1.1")).toMatch(/^(?!in$)[A-Za-z][-A-Za-z0-9]*$/);
  });

  test("one more step of a hundred changes its own lines and its neighbour's", () => {
    const before = compile(chain(100)).text.split("\n");
    const after = compile(chain(101)).text.split("\n");
    const unchanged = new Set(before);
    expect(after.length - before.length).toBeLessThanOrEqual(8);
    expect(after.filter((line) => !unchanged.has(line)).length).toBeLessThanOrEqual(5);
  });
});

describe("what cannot work is refused", () => {
  const one = `dag:\n  steps:\n${shell("a", "true")}`;
  test.each([
    ["no image for a step", { ...usual, image: undefined }, "step-without-image"],
    ["no image for the shim", { ...usual, shim_image: undefined }, "target-option-missing"],
    ["a run log that dies with its pod", { ...usual, storage: undefined }, "target-option-missing"],
  ])("%s", (_, options, code) => {
    const { text, codes } = compile(one, options);
    expect(codes).toContain(code);
    expect(text).toBe("");
  });

  test("a secret without a source", () => {
    const text = `dag:\n  steps:\n${shell("a", "true", ", secrets: [TOKEN]")}`;
    expect(compile(text, { ...usual, secret: undefined }).codes).toEqual(["secret-without-source"]);
    expect(compile(text).text).toContain("secretKeyRef");
  });
});
