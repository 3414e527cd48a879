import { expect, test } from "vitest";
import { parse } from "yaml";
import type { Pod, PodEnd } from "../../../src/simulate/argo/pods/pod.ts";
import { simulateWorkflow, type WorkflowEnd } from "../../../src/simulate/argo/run/simulate-workflow.ts";
import { workflowSchema } from "../../../src/simulate/argo/workflow/workflow.ts";

interface Observed extends WorkflowEnd {
  readonly started: readonly Pod[];
  /** Most pods that ran at the same time. */
  readonly atATime: number;
  readonly waits: readonly number[];
}

async function run(
  spec: string,
  ends: { readonly [node: string]: Partial<PodEnd> } = {},
  options = {},
): Promise<Observed> {
  const workflow = workflowSchema.parse({ kind: "Workflow", metadata: { name: "w" }, spec: parse(spec) });
  const started: Pod[] = [];
  const waits: number[] = [];
  let running = 0;
  let atATime = 0;
  const startPod = async (pod: Pod): Promise<PodEnd> => {
    started.push(pod);
    atATime = Math.max(atATime, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    return { exit: 0, outputs: {}, ...ends[pod.node] };
  };
  const wait = async (milliseconds: number): Promise<void> => void waits.push(milliseconds);
  const end = await simulateWorkflow(workflow, { startPod, wait }, options);
  return { ...end, started, atATime, waits };
}

const container =
  "{name: p, inputs: {parameters: [{name: in, default: none}]}, container: {command: [echo], args: ['{{inputs.parameters.in}}']}}";

test("limits of the workflow and of a dag keep pods waiting, and all run", async () => {
  const spec = (limits: { workflow?: number; dag?: number }): string => `
    entrypoint: main
    ${limits.workflow === undefined ? "" : `parallelism: ${limits.workflow}`}
    templates:
      - name: main
        ${limits.dag === undefined ? "" : `parallelism: ${limits.dag}`}
        dag: {failFast: false, tasks: [{name: each, template: p, withSequence: {count: 7}}]}
      - ${container}`;
  for (const limits of [{ workflow: 2 }, { dag: 3 }, { workflow: 4, dag: 2 }]) {
    const end = await run(spec(limits));
    expect({ phase: end.phase, pods: end.pods, atATime: end.atATime }).toEqual({
      phase: "Succeeded",
      pods: 7,
      atATime: Math.min(...Object.values(limits)),
    });
  }
  expect((await run(spec({}))).atATime).toBe(7);
});

test("500 items of nested dags, one of them handled, take a reconciliation each at most", async () => {
  const end = await run(
    `
    entrypoint: main
    templates:
      - name: main
        dag: {failFast: false, tasks: [{name: each, template: body, withSequence: {count: 500}}]}
      - name: body
        dag:
          failFast: false
          tasks:
            - {name: a, template: p}
            - {name: b, template: p, depends: a.Failed || a.Errored}
            - {name: end, template: join, depends: a.Succeeded || b.Succeeded}
      - {name: join, suspend: {duration: "0"}}
      - ${container}`,
    { ".each(7:7).a": { exit: 3 } },
  );
  expect({ phase: end.phase, pods: end.pods, warnings: end.warnings }).toEqual({
    phase: "Succeeded",
    pods: 501,
    warnings: [],
  });
});

test("a retry waits as backoff says, doubles it, and is not repeated beyond its limit", async () => {
  const spec = `
    entrypoint: main
    templates:
      - name: main
        dag: {failFast: false, tasks: [{name: a, template: r}]}
      - name: r
        retryStrategy: {limit: "3", retryPolicy: Always, backoff: {duration: 500ms, factor: "2", cap: 1500ms}}
        container: {command: [echo], args: ["{{retries}}", "{{lastRetry.exitCode}}"]}`;
  const failing = await run(spec, Object.fromEntries([0, 1, 2, 3].map((i) => [`.a(${i})`, { exit: i + 1 }])));
  expect(failing.phase).toBe("Failed");
  expect(failing.waits).toEqual([500, 1000, 1500]);
  expect(failing.started.map(({ main }) => main.args)).toEqual([
    ["0", "0"],
    ["1", "1"],
    ["2", "2"],
    ["3", "3"],
  ]);
  const [once] = [await run(spec, { ".a(0)": { exit: 1 } })];
  expect({ phase: once.phase, pods: once.pods }).toEqual({ phase: "Succeeded", pods: 2 });
});

test("OnFailure repeats failures only, OnError errors only, an expression decides over both", async () => {
  const spec = (strategy: string): string => `
    entrypoint: r
    templates: [{name: r, retryStrategy: ${strategy}, container: {command: [x]}}]`;
  const pods = async (strategy: string, end: Partial<PodEnd>): Promise<number> =>
    (await run(spec(strategy), { "(0)": end })).pods;
  expect(await pods("{limit: 1, retryPolicy: OnFailure}", { exit: 1 })).toBe(2);
  expect(await pods("{limit: 1, retryPolicy: OnFailure}", { waitExit: 1 })).toBe(1);
  expect(await pods("{limit: 1, retryPolicy: OnError}", { exit: 1 })).toBe(1);
  expect(await pods("{limit: 1, retryPolicy: OnError}", { waitExit: 1 })).toBe(2);
  expect(await pods("{limit: 1, expression: 'asInt(lastRetry.exitCode) == 7'}", { exit: 7 })).toBe(2);
  expect(await pods("{limit: 1, expression: 'asInt(lastRetry.exitCode) == 7'}", { exit: 8 })).toBe(1);
});

test("the hook of a failed run sees its status, runs once, and does not change the phase", async () => {
  const spec = (hook: string): string => `
    entrypoint: main
    hooks: {verdict: {expression: '${hook}', template: v}}
    templates:
      - {name: main, dag: {failFast: false, tasks: [{name: a, template: v}]}}
      - {name: v, container: {command: [echo], args: ["{{workflow.status}}", "{{workflow.name}}"]}}`;
  const failed = await run(spec('workflow.status == "Failed"'), { ".a": { exit: 1 } });
  expect(failed.phase).toBe("Failed");
  expect(failed.started.map(({ node, main }) => [node, main.args])).toEqual([
    [".a", ["Running", "w"]],
    [".hooks.verdict", ["Failed", "w"]],
  ]);
  expect((await run(spec('workflow.status == "Failed"'))).pods).toBe(1);
  const broken = await run(spec('workflow.status == "Succeeded"'), { ".hooks.verdict": { exit: 1 } });
  expect(broken.phase).toBe("Succeeded");
  expect(broken.warnings).toEqual(["the hook verdict failed, which the workflow's phase does not tell"]);
});

test("a failure that nobody handled in a workflow that succeeded is told", async () => {
  const end = await run(
    `
    entrypoint: main
    templates:
      - name: main
        dag:
          failFast: false
          tasks: [{name: a, template: p}, {name: b, template: p, depends: a.Succeeded || a.Failed}, {name: c, template: p, depends: b}]
      - ${container}`,
    { ".a": { exit: 1 } },
  );
  expect(end.phase).toBe("Succeeded");
  expect(end.warnings).toEqual([]);
  const silent = await run(
    `
    entrypoint: main
    templates:
      - name: main
        dag:
          failFast: false
          tasks: [{name: a, template: p}, {name: b, template: p, depends: a.Succeeded}, {name: c, template: p, depends: b.Omitted || b.Succeeded}]
      - ${container}`,
    { ".a": { exit: 1 } },
  );
  expect(silent.phase).toBe("Succeeded");
  expect(silent.warnings).toEqual([".a failed, and the workflow succeeded: no task that handles it ran"]);
});

test("a workflow that waits for ever says what for", async () => {
  const missing = await run(
    `
    entrypoint: main
    templates:
      - name: main
        dag:
          tasks:
            - {name: a, template: o}
            - {name: b, template: p, depends: a.Failed, arguments: {parameters: [{name: in, value: "{{tasks.a.outputs.parameters.x}}"}]}}
      - {name: o, outputs: {parameters: [{name: x, valueFrom: {path: /x}}]}, container: {command: [x]}}
      - ${container}`,
    { ".a": { exit: 1 } },
  );
  expect(missing.phase).toBe("Running");
  expect(missing.hangs).toEqual([".b refers to tasks.a.outputs.parameters.x, which does not exist"]);
  const suspended = await run("{entrypoint: s, templates: [{name: s, suspend: {}}]}");
  expect(suspended.hangs).toEqual(["/ is suspended until somebody resumes it"]);
});

test("parameters at submit win, and every value is a text", async () => {
  const spec = `
    entrypoint: p
    arguments: {parameters: [{name: in, value: 1.50}, {name: other, value: "{{workflow.name}}"}]}
    templates: [{name: p, container: {command: [echo], args: ["{{workflow.parameters.in}}", "{{workflow.parameters.other}}"]}}]`;
  expect((await run(spec)).started[0]?.main.args).toEqual(["1.5", "w"]);
  expect((await run(spec, {}, { parameters: { in: "007" } })).started[0]?.main.args).toEqual(["007", "w"]);
});

test("a stopped workflow ends its pods and runs its exit handler, which knows why", async () => {
  const abort = new AbortController();
  const workflow = workflowSchema.parse({
    kind: "Workflow",
    metadata: { name: "w" },
    spec: parse(`
      entrypoint: main
      onExit: closing
      templates:
        - name: main
          dag: {tasks: [{name: a, template: p}, {name: b, template: p, depends: a.Failed}]}
        - {name: p, container: {command: [x]}}
        - name: closing
          container: {command: [x], args: ["{{workflow.status}} {{=workflow.failures contains 'workflow shutdown' ? 'yes' : 'no'}}"]}`),
  });
  const started: Pod[] = [];
  const end = await simulateWorkflow(
    workflow,
    {
      startPod: (pod) => {
        started.push(pod);
        if (started.length > 1) return Promise.resolve({ exit: pod.signal.aborted ? 137 : 0, outputs: {} });
        return new Promise((resolve) => {
          pod.signal.addEventListener("abort", () => resolve({ exit: 143, outputs: {} }));
          abort.abort();
        });
      },
    },
    { signal: abort.signal },
  );
  expect(end).toMatchObject({ phase: "Failed", message: "Stopped with strategy 'Stop'", hangs: [], pods: 2 });
  expect(started.map(({ node, main }) => [node, main.args])).toEqual([
    [".a", undefined],
    [".onExit", ["Failed yes"]],
  ]);
});

test("a state that does not fit beside the workflow ends it as an Error, and no exit handler runs", async () => {
  const spec = (items: number, characters: number): string => `
    entrypoint: main
    onExit: closing
    arguments: {parameters: [{name: long, value: ${noise(characters)}}]}
    templates:
      - name: main
        dag:
          tasks:
            - {name: each, template: p, withSequence: {count: ${items}}, arguments: {parameters: [{name: in, value: "{{workflow.parameters.long}} {{item}}"}]}}
      - {name: closing, container: {command: [x]}}
      - ${container}`;
  expect(await run(spec(20, 40_000))).toMatchObject({ phase: "Succeeded", pods: 21 });
  const end = await run(spec(60, 40_000));
  expect([end.phase, end.started.some(({ node }) => node === ".onExit")]).toEqual(["Error", false]);
  expect(end.message).toMatch(
    /^workflow is longer than maximum allowed size\. compressed size \d{7} > maxSize 1048576/,
  );
  // Short ones compress.
  expect(await run(spec(600, 4_000))).toMatchObject({ phase: "Succeeded", pods: 601 });
});

/** Letters that do not compress to much less than three quarters. */
function noise(characters: number): string {
  let state = 7;
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return Array.from({ length: characters }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return letters[state >>> 26];
  }).join("");
}
