/** What `--target argo` prints, read back as YAML; that it means the same is shown by test/argo-controller. */
import { tmpdir } from "node:os";
import { diffLines } from "diff";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { checkManifest } from "../../../src/simulate/argo/check/check-manifest.ts";
import type { Pod, PodEnd } from "../../../src/simulate/argo/pods/pod.ts";
import { simulateWorkflow } from "../../../src/simulate/argo/run/simulate-workflow.ts";
import { chain, compile, shell, usual } from "./compile-argo.ts";

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

interface WithContainer extends Template {
  readonly container: { readonly env: readonly { readonly name: string; readonly value?: string }[] };
}

function templatesOf(text: string): readonly Template[] {
  return parse(compile(text).text).spec.templates;
}

function tasksOf(templates: readonly Template[], name: string): readonly Task[] {
  return templates.find((template) => template.name === name)?.dag?.tasks ?? [];
}

describe("graphs", () => {
  test("steps of one shape share a template, and the first needs no condition", () => {
    const templates = templatesOf(chain(3));
    const tasks = tasksOf(templates, "pipeline");
    expect(tasks.map(({ name, template, depends }) => [name, template, depends])).toEqual([
      ["s0", "step", undefined],
      ["s1", "step", "s0"],
      ["s2", "step", "s1"],
    ]);
    expect(templates.map(({ name }) => name)).toEqual(["pipeline", "step", "join", "closing", "verdict"]);
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
    const graphs = templates.filter(({ name }) => name !== "closing");
    const sizes = graphs.flatMap(({ dag }) => (dag ? [dag.tasks.length] : []));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(200);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(1000 + tasksOf(templates, "pipeline").length);
  });

  test("a long chain that shares a handler cannot be cut, and says so", () => {
    const steps = Array.from({ length: 250 }, (_, i) => shell(`s${i}`, "true", `, on_failure: clean, next: s${i + 1}`));
    const text = `dag:\n  start_at: s0\n  steps:\n${steps.join("")}${shell("s250", "true", ", next: success")}${shell("clean", "true", ", next: success")}`;
    expect(compile(text).codes).toContain("target-limit");
  });
});

describe("options have the types of Argo's API", () => {
  const text = `dag:\n  steps:\n${shell("a", "true")}${shell("b", "true", ", max_attempts: 2")}`;
  const given = (options: object): { readonly spec: { readonly [field: string]: unknown } } => {
    const { text: manifest, codes } = compile(text, { ...usual, ...options });
    expect(codes).toEqual([]);
    expect(checkManifest(manifest).findings).toEqual([]);
    return parse(manifest);
  };

  test("limits, locks and cleaning up", () => {
    const mutex = { name: "one", namespace: "here" };
    const semaphore = { configMapKeyRef: { name: "limits", key: "gpus" } };
    const { spec } = given({
      parallelism: 3,
      synchronization: { mutex, semaphores: [semaphore] },
      ttl_strategy: { secondsAfterCompletion: 600 },
      pod_gc: { strategy: "OnPodSuccess", deleteDelayDuration: "30s" },
      archive_logs: true,
    });
    expect(spec).toMatchObject({ parallelism: 3, synchronization: { mutexes: [mutex], semaphores: [semaphore] } });
  });

  test.each([
    ["10m", "10m"],
    [90, "90s"],
  ])("a pod that waits for its start, %s", (pending_timeout, printed) => {
    const { spec } = given({ pending_timeout });
    const steps = (spec.templates as readonly Template[]).filter(({ name }) => name.startsWith("step"));
    expect(steps.map(({ pendingTimeout }) => pendingTimeout)).toEqual([printed, printed]);
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

  test("any text is read as itself by YAML 1.1 and 1.2, and holds nothing that Argo replaces or a reader refuses", () => {
    const variable = fc.string({
      unit: fc.constantFrom(..."{}$(A)=\"'\\ \n\r\t:#-*&!%@`é\u007f\u0085\u2028\ufeff\u0007", "\u{1fae9}"),
    });
    fc.assert(
      fc.property(variable, (text) => {
        const printed = compile("dag: {steps: [{name: a, type: stub}]}", {
          ...usual,
          env: { A: text, B: "x" },
        }).text;
        expect(printed).toMatch(
          /^[\t\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u,
        );
        for (const version of ["1.1", "1.2"] as const) {
          const templates: readonly WithContainer[] = parse(printed, { version }).spec.templates;
          const env = templates.find(({ name }) => name === "step")?.container.env ?? [];
          const value = env.find(({ name }) => name === "A")?.value ?? "";
          expect(value).not.toContain("{{");
          expect(value.replaceAll("$(MAGNUS_EMPTY)", "").replaceAll("$$", "$")).toBe(text);
        }
      }),
    );
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
  ])("%s: they stand in dags of their own", async (kind, step) => {
    const text = `parameters: {way: b209}\ndag: {steps: [{name: first, type: stub}, ${step}]}`;
    expect(compile(text).codes).toEqual([]);
    const sizes = templatesOf(text).flatMap(({ dag }) => (dag ? [dag.tasks.length] : []));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(200);
    expect(sizes.filter((size) => size > 5).reduce((sum, size) => sum + size)).toBe(210);
    const { workflow, findings } = checkManifest(compile(text).text);
    expect(findings).toEqual([]);
    if (workflow === undefined) throw new Error("the manifest is refused");
    const ended = async (last: number): Promise<object> => {
      const startPod = async ({ node }: Pod): Promise<PodEnd> => ({
        exit: node.endsWith(".b209") ? last : 0,
        outputs: { control: "209\n" },
      });
      const { phase, pods, hangs } = await simulateWorkflow(workflow, { startPod });
      return { phase, pods, hangs };
    };
    const leaves = kind === "parallel" ? 211 : 2;
    expect(await ended(0)).toEqual({ phase: "Succeeded", pods: leaves, hangs: [] });
    expect(await ended(1)).toEqual({ phase: "Failed", pods: leaves + 1, hangs: [] });
  });
});
