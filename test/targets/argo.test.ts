/** What `--target argo` prints, read back as YAML; that it means the same is shown by test/argo-controller. */
import { tmpdir } from "node:os";
import { diffLines } from "diff";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { checkPipeline } from "../../src/check.ts";
import { compilePipeline } from "../../src/compile.ts";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { checkManifest } from "../../src/simulate/argo/check-manifest.ts";
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
});

describe("size and stability of the file", () => {
  test("one more step of a hundred changes at most 12 lines, wherever it is added, and nobody else's", () => {
    const steps = Array.from({ length: 100 }, (_, i) => shell(`s${i}`, `echo ${i}`));
    const before = compile(`dag:\n  steps:\n${steps.join("")}`).text;
    for (const at of [0, 1, 50, 99, 100]) {
      const more = [...steps.slice(0, at), shell("added", "echo added"), ...steps.slice(at)];
      const after = compile(`dag:\n  steps:\n${more.join("")}`).text;
      const changes = diffLines(before, after).filter(({ added, removed }) => added || removed);
      const lines = (kind: "added" | "removed"): number =>
        changes.reduce((sum, change) => sum + (change[kind] ? change.count : 0), 0);
      expect(lines("added"), `added at ${at}`).toBeLessThanOrEqual(12);
      expect(lines("removed"), `added at ${at}`).toBeLessThanOrEqual(12);
      // The digest of the pipeline stands in the step that opens the run.
      const changed = changes.flatMap(({ value }) => value.split("\n").filter((line) => !line.includes('"digest"')));
      const others = changed.flatMap((line) => [...line.matchAll(/\bs(\d+)\b/g)].map(([, i]) => Number(i)));
      // Its neighbours name theirs.
      for (const other of others) expect([at - 2, at - 1, at, at + 1], `added at ${at}`).toContain(other);
    }
  });

  test("a step of a thousand costs at most 250 bytes beside its command", () => {
    const command = "echo a command of some length";
    const text = (length: number): string =>
      `dag:\n  steps:\n${Array.from({ length }, (_, i) => shell(`step ${i}`, command)).join("")}`;
    const bytes = compile(text(1000)).text.length - compile(text(1)).text.length;
    expect(bytes / 999 - command.length).toBeLessThanOrEqual(250);
  });

  test("the same bytes in every time zone, language and folder", () => {
    const text = `parameters: {z: 1, ä: 2, a: [1.50]}\n${chain(3)}`.replace("ä", "b");
    const { TZ, LC_ALL } = process.env;
    const here = process.cwd();
    const first = compile(text, { ...usual, schedule: "0 3 * * *", timezone: "Europe/Oslo" }).text;
    try {
      for (const [zone, language] of [
        ["Pacific/Kiritimati", "tr_TR.UTF-8"],
        ["America/St_Johns", "sv_SE.UTF-8"],
      ]) {
        process.env.TZ = zone;
        process.env.LC_ALL = language;
        process.chdir(tmpdir());
        expect(compile(text, { ...usual, schedule: "0 3 * * *", timezone: "Europe/Oslo" }).text).toBe(first);
      }
    } finally {
      process.chdir(here);
      restore("TZ", TZ);
      restore("LC_ALL", LC_ALL);
    }
  });
});

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

describe("more branches than a dag holds", () => {
  const branches = (count: number): string =>
    Array.from({ length: count }, (_, i) => `b${i}: {steps: [{name: s, type: stub}]}`).join(", ");

  test.each([
    ["parallel", `{name: many, type: parallel, branches: {${branches(210)}}}`],
    ["conditional", `{name: many, type: conditional, parameter: way, branches: {${branches(210)}}}`],
  ])("%s: they stand in dags of their own", (_, step) => {
    const text = `parameters: {way: b209}\ndag: {steps: [{name: first, type: stub}, ${step}]}`;
    expect(compile(text).codes).toEqual([]);
    const sizes = templatesOf(text).flatMap(({ dag }) => (dag ? [dag.tasks.length] : []));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(200);
    expect(sizes.filter((size) => size > 5).reduce((sum, size) => sum + size)).toBe(210);
    expect(checkManifest(compile(text).text).findings).toEqual([]);
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

  test.each([
    ["a description", { about: "x".repeat(300_000) }, {}],
    ["annotations", {}, { annotations: { note: "x".repeat(300_000) } }],
    ["a command", { command: "x".repeat(400_000) }, {}],
    ["parameters", { parameter: "x".repeat(500_000) }, {}],
  ])("%s too long for Kubernetes", (_, { about = "", command = "true", parameter = "" }: Long, options) => {
    const text = JSON.stringify({
      description: about,
      parameters: { p: parameter },
      dag: { steps: [{ name: "a", type: "task", command_type: "shell", command }] },
    });
    expect(compile(text, { ...usual, ...options }).codes).toEqual(["target-limit"]);
  });

  test.each([
    { namespace: "My Space" },
    { service_account_name: "Builder" },
    { storage: { claim: "a_b" } },
    { secret: "x".repeat(254) },
    { secrets_from_k8s: [{ environment_variable: "A", secret_name: "vault", secret_key: "a/b" }] },
    { secrets_from_k8s: [{ environment_variable: "A-B", secret_name: "vault", secret_key: "a" }] },
    { labels: { team: "a b" } },
    { labels: { "a b": "x" } },
    { env: { "A=B": "x" } },
    { env: { A: "\0" } },
    { env: { A: "x".repeat(150_000) } },
  ])("options that Kubernetes would refuse: %o", (option) => {
    expect(argo.options.safeParse({ ...usual, ...option }).success).toBe(false);
  });
});

interface Long {
  readonly about?: string;
  readonly command?: string;
  readonly parameter?: string;
}
