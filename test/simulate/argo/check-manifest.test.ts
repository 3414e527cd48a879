import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { checkManifest } from "../../../src/simulate/argo/check/check-manifest.ts";

const p =
  "  - {name: p, inputs: {parameters: [{name: in, default: none}]}, outputs: {parameters: [{name: out, valueFrom: {path: /o, default: d}}]}, container: {image: i, command: [x]}}";

function workflow(tasks: string, more = ""): string {
  return `kind: Workflow
metadata: {generateName: w-}
spec:
  entrypoint: main
${more}  templates:
  - name: main
    dag:
      tasks:
${tasks}
${p}
`;
}

function findings(text: string): readonly string[] {
  return checkManifest(text).findings.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

test("a good manifest has no findings, and is read", () => {
  const text = workflow(`      - {name: a, template: p}
      - {name: b, template: p, depends: a.Succeeded, arguments: {parameters: [{name: in, value: "{{tasks.a.outputs.parameters.out}}"}]}}`);
  const { workflow: read, findings } = checkManifest(text);
  expect(findings).toEqual([]);
  expect(read?.spec.templates.map(({ name }) => name)).toEqual(["main", "p"]);
});

describe("each mistake is found at its place", () => {
  test.for([
    ["an unknown template", "      - {name: a, template: q}", "9:19 template name 'q' undefined"],
    [
      "a dependency that is none",
      "      - {name: a, template: p, depends: b.Succeeded}",
      "9:32 dependency 'b' not defined",
    ],
    [
      "a result that is none",
      "      - {name: a, template: p}\n      - {name: b, template: p, depends: a.Succeded}",
      "10:32 task result 'Succeded' for task 'a' is invalid",
    ],
    [
      "a circle",
      "      - {name: a, template: p, depends: b.Succeeded}\n      - {name: b, template: p, depends: a.Succeeded}",
      "7:5 templates.main sorting failed: Dependency cycle detected",
    ],
    [
      "an output of a task that is not before it",
      '      - {name: a, template: p}\n      - {name: b, template: p, arguments: {parameters: [{name: in, value: "{{tasks.a.outputs.parameters.out}}"}]}}',
      "10:9 failed to resolve {{tasks.a.outputs.parameters.out}}",
    ],
    [
      "an output that does not exist",
      '      - {name: a, template: p}\n      - {name: b, template: p, depends: a, arguments: {parameters: [{name: in, value: "{{tasks.a.outputs.parameters.x}}"}]}}',
      "10:9 failed to resolve {{tasks.a.outputs.parameters.x}}",
    ],
    ["a keyword", "      - {name: in, template: p}", "9:10 a task cannot be named in: depends uses it as a keyword"],
    [
      "a task of a bad name",
      "      - {name: a_b, template: p}",
      "9:10 a task's name begins with a letter, is of letters, digits and -, and has at most 128 characters",
    ],
    [
      "two tasks of one name",
      "      - {name: a, template: p}\n      - {name: a, template: p}",
      "10:10 two of one name: task a",
    ],
    [
      "a number as text",
      "      - {name: a, template: p}",
      '5:3 parallelism is the string "3", where Argo takes an integer',
      '  parallelism: "3"\n',
    ],
    [
      "a lock as Argo 3 had it",
      "      - {name: a, template: p}",
      "5:21 unknown field mutex",
      "  synchronization: {mutex: {name: one}}\n",
    ],
    [
      "one where a list belongs",
      "      - {name: a, template: p}",
      "5:21 mutexes is an object, where Argo takes a list",
      "  synchronization: {mutexes: {name: one}}\n",
    ],
    [
      "a boolean of YAML 1.1",
      "      - {name: no, template: p}",
      "9:10 YAML 1.1, which Argo reads, and YAML 1.2 differ here: quote it",
    ],
    [
      "a broken expression",
      '      - {name: a, template: p, when: "{{=1 +}}"}',
      "9:32 1 + is not a valid expression: unexpected token the end",
    ],
    [
      "a function that is not simulated",
      `      - {name: a, template: p, when: "{{=sprig.empty('x')}}"}`,
      "9:32 in the expression sprig.empty('x'): the function sprig.empty is not simulated",
    ],
    [
      "what is not simulated",
      "      - {name: a, template: p, continueOn: {failed: true}}",
      "9:32 continueOn is not simulated",
    ],
    ["a field that Argo does not know", "      - {name: a, template: p, nope: 1}", "9:32 unknown field nope"],
    ["a value of the wrong type", "      - {name: a, template: [p]}", /^9:19 .*string/],
  ] as const)("%s", ([, tasks, finding, more]) => {
    const [first] = findings(workflow(tasks, more));
    if (typeof finding === "string") expect(first).toBe(finding);
    else expect(first).toMatch(finding);
  });

  test("of a file that is no YAML, and of one without a workflow", () => {
    expect(findings("a: [")[0]).toMatch(/^1:\d+ /);
    expect(findings("kind: Role\nmetadata: {}\n")).toEqual([
      "1:1 the file holds no Workflow, WorkflowTemplate or CronWorkflow with a spec",
    ]);
    expect(findings("- 1\n")[0]).toContain("has no kind");
  });
});

describe("limits of the API server", () => {
  const tasks = (count: number): string =>
    Array.from({ length: count }, (_, i) => `      - {name: t${i}, template: p}`).join("\n");

  test("200 tasks and templates, not 201", () => {
    expect(findings(workflow(tasks(200)))).toEqual([]);
    expect(findings(workflow(tasks(201)))).toEqual(["8:7 more than 200 tasks"]);
    const templates = Array.from({ length: 199 }, (_, i) => ({ name: `t${i}`, container: { command: ["x"] } }));
    const more = (all: readonly object[]): string =>
      workflow("      - {name: a, template: p}") + stringify(all).replace(/^/gm, "  ");
    expect(findings(more(templates.slice(0, 198)))).toEqual([]);
    expect(findings(more(templates))).toEqual(["5:3 more than 200 templates"]);
  });

  test("1 MiB", () => {
    const value = (size: number): string =>
      workflow(`      - {name: a, template: p, arguments: {parameters: [{name: in, value: ${"x".repeat(size)}}]}}`);
    expect(findings(value(1_000_000))).toEqual([]);
    expect(findings(value(1_100_000))[0]).toContain("where the API server takes 1048576");
  });

  test("names of workflows and templates", () => {
    const named = (name: string): string =>
      workflow("      - {name: a, template: p}").replace("generateName: w-", `name: ${name}`);
    expect(findings(named("w".repeat(63)))).toEqual([]);
    expect(findings(named("w".repeat(64)))).toHaveLength(1);
    expect(findings(workflow("      - {name: a, template: p}").replaceAll("main", "Main"))[0]).toContain("lower-case");
  });
});

test("a WorkflowTemplate is run, and what a CronWorkflow starts", () => {
  const template = workflow("      - {name: a, template: p}")
    .replace("kind: Workflow", "kind: WorkflowTemplate")
    .replace("generateName", "name")
    .replace("w-", "w");
  const cron =
    "---\nkind: CronWorkflow\nmetadata: {name: w}\nspec: {schedules: ['* * * * *'], workflowSpec: {workflowTemplateRef: {name: w}}}\n";
  expect(checkManifest(`kind: Role\nmetadata: {name: r}\n---\n${template}${cron}`).workflow?.metadata.name).toBe("w");
  const alone =
    "kind: CronWorkflow\nmetadata: {name: c}\nspec:\n  workflowSpec: {entrypoint: m, templates: [{name: m, suspend: {}, nope: 1}]}\n";
  expect(findings(alone)).toEqual(["4:68 unknown field nope"]);
});

test("aliases cannot make a small file large", () => {
  const rows = ["a: &l0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 6; i++)
    rows.push(
      `${"bcdef"[i - 1]}: &l${i} [${Array(10)
        .fill(`*l${i - 1}`)
        .join(", ")}]`,
    );
  expect(findings(`kind: Workflow\nmetadata: {name: w}\n${rows.join("\n")}\n`)).toEqual([
    expect.stringContaining("aliases repeat too much of this document"),
  ]);
});

test.for([
  ["spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: ../x}}], entrypoint: s", "a claim's name"],
  ["spec: {volumes: [{name: a/b, emptyDir: {}}], entrypoint: s", "a volume's name"],
])("%s: leads out of its folder", ([head, told]) => {
  const text = `kind: Workflow\nmetadata: {name: w}\n${head}, templates: [{name: s, suspend: {}}]}\n`;
  expect(findings(text)).toEqual([expect.stringContaining(told ?? "")]);
});

test("a subPath stays in its volume", () => {
  const text =
    "kind: Workflow\nmetadata: {name: w}\nspec: {entrypoint: s, templates: [{name: s, volumes: [{name: v, emptyDir: {}}], container: {image: i, command: [x], volumeMounts: [{name: v, mountPath: /v, subPath: ../../x}]}}]}\n";
  expect(findings(text)).toEqual([expect.stringContaining("a subPath stays in its volume")]);
});
