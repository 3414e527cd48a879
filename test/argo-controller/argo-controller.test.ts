/**
 * The real Argo controller as a judge: it runs what `--target argo` prints, and pods are local processes with the real
 * shim. Left out, with its reason, where there is no controller.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { isObject, parseJson, printJson } from "../../src/protocol/json.ts";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { foldRun } from "../../src/run-log/views/fold.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";
import { hostileProject } from "../conformance/argo/argo-hostile-project.ts";
import {
  failSecond,
  failureOptions,
  failureProjects,
  outcomeOf,
  podFailures,
  writeFailureProject,
} from "../conformance/argo/argo-pod-failures.ts";
import { podsOfRun } from "../conformance/argo/argo-simulator.ts";
import { type Case, conformanceCases, expectedLog, workspaceOf } from "../conformance/cases.ts";
import { local, normalisedLog } from "../conformance/engines.ts";
import { randomCase, summaryOf } from "../conformance/random-case.ts";
import { recordedTraces, scriptedPods } from "../simulate/argo/traces.ts";
import { root } from "../support/build.ts";
import { largePipelines, largePods } from "../targets/argo/argo-large-pipelines.ts";
import { compile } from "../targets/argo/compile-argo.ts";
import { type ArgoRun, compileForArgo, runInArgo } from "./argo-engine.ts";
import { type Controller, type ControllerRun, findController, startController } from "./controller.ts";
import { workflowIn } from "./manifest.ts";
import type { KubernetesObject } from "./object-store.ts";
import type { EndedNode } from "./workflow-status.ts";

const found = findController();
const missing = "missing" in found;
const reason = missing ? ` (left out: ${found.missing})` : "";
if (missing) console.log(`The real Argo controller is left out: ${found.missing}`);

let controller: Controller;
beforeAll(async () => {
  if (!missing) controller = await startController(found.program);
});
afterAll(async () => {
  if (!missing) await controller.stop();
});

/** A few traces of every kind; `TRACES=all` for all of them. */
const sample =
  /^(vi_|vii_|viii$|retry_|ix_loop3$|ii_|xi_ascii$|xii_true$|xiii_one_fails$|y_wait_error$|y_onexit_fail$)/;
/** How many random pipelines run. */
const pipelines = Number(process.env.PIPELINES ?? 50);
let refused = 0;

describe(`recorded traces happen again${reason}`, () => {
  const traces = recordedTraces().filter(({ scenario }) => process.env.TRACES === "all" || sample.test(scenario));

  test.skipIf(missing)("there are some", () => {
    expect(traces.length).toBeGreaterThan(0);
  });

  test.skipIf(missing).for(traces)("$scenario", { concurrent: true }, async (trace) => {
    const args = new Map<string, readonly string[]>();
    // The name that it had when it was recorded: some values hold it.
    const name = trace.scenario.replaceAll("_", "-");
    const run = await controller.runInController(parse(trace.workflow), {
      name,
      host: scriptedPods(trace.outcomes, args),
    });
    const { observed } = trace;
    const told = messages(run);
    expect(run.hung, told).toBe(observed.end === "stalled");
    expect(run.pods, told).toBe(observed.pods);
    expect(run.phase, told).toBe(observed.phase);
    expect(sorted(run.nodes)).toEqual(sorted(observed.nodes));
    expect(Object.fromEntries(args)).toEqual(trace.podArgs);
  });
});

describe(`conformance cases give their run log${reason}`, () => {
  test.skipIf(missing).for(conformanceCases())("$name", { concurrent: true }, async (testCase) => {
    const work = workspaceOf(testCase);
    const workflow = await compileForArgo(testCase, work);
    if (typeof workflow === "string") throw new Error(workflow);
    const run = await runInArgo(controller, workflow, { name: `case-${testCase.name}`, work });
    const expected = parseJson(readFileSync(expectedLog(testCase), "utf8"));
    expect(printJson(run.log, { sorted: true }), messages(run)).toBe(printJson(expected, { sorted: true }));
    endsAsItsLog(run);
    rmSync(work, { recursive: true, force: true });
  });
});

describe(`the demo gives the run log of the local run${reason}`, () => {
  test.skipIf(missing).for([
    { name: "as it is", params: [] },
    { name: "with a delivery that fails validation", params: ["corrupt=true"] },
  ])("$name", async ({ params }) => {
    const demo: Case = { name: "demo", about: "", folder: path.join(root, "docs/demo"), params, environment: {} };
    const [here, there] = [workspaceOf(demo), workspaceOf(demo)];
    expect((await local.run(demo, here)).stderr).toContain("success");
    const workflow = await compileForArgo(demo, there);
    if (typeof workflow === "string") throw new Error(workflow);
    const run = await runInArgo(controller, workflow, { name: `demo-${params.length}`, work: there });
    const expected = printJson(await normalisedLog(here), { sorted: true });
    expect(printJson(run.log, { sorted: true }), messages(run)).toBe(expected);
    expect([run.phase, run.pods]).toEqual(["Succeeded", podsOfRun(run)]);
    for (const folder of [here, there]) rmSync(folder, { recursive: true, force: true });
  });
});

describe(`evicted pods are losses that the run log knows${reason}`, () => {
  const handled = `
    steps:
      - {name: first, type: task, command_type: shell, command: "true", next: second, on_failure: handler}
      - {name: second, type: task, command_type: shell, command: "true", next: success, on_failure: handler}
      - {name: handler, type: task, command_type: shell, command: "export MAGNUS_PRM_handled=true", next: success}`;
  const mapped = `
    steps:
      - {name: each, type: map, iterate_on: items, iterate_as: item, on_failure: handler, next: success, branch: {steps: [{name: one, type: stub}]}}
      - {name: handler, type: stub, next: success}`;
  const retried = `
    steps:
      - {name: flaky, type: task, command_type: shell, command: "true", max_attempts: 2}`;
  const alone = `
    steps:
      - {name: first, type: stub}
      - {name: last, type: task, command_type: shell, command: "true"}`;

  test.skipIf(missing).for([
    [
      "a handled step",
      handled,
      { ".second": "before" },
      "success",
      ["first success", "second lost", "handler success"],
    ],
    [
      "the first step, which creates the run",
      handled,
      { ".first": "before" },
      "success",
      ["first lost", "handler success"],
    ],
    ["the first step, with nothing after it", alone, { ".first": "before" }, "failed", ["first lost"]],
    [
      "a step that had recorded its success",
      handled,
      { ".second": "after" },
      "success",
      ["first success", "second lost", "handler success"],
    ],
    ["a gather", mapped, { ".each.gather": "before" }, "success", ["each failed", "handler success"]],
    [
      "an item",
      mapped,
      { ".each.item(1:i:1,k:b)": "before" },
      "success",
      ["each failed", "each.0.one success", "each.1.one lost", "handler success"],
    ],
    ["an attempt", retried, { ".flaky(0)": "before" }, "success", ["flaky success"]],
    ["the last step, with no handler", alone, { ".last": "before" }, "failed", ["first success", "last lost"]],
  ] as const)("%s", { concurrent: true }, async ([what, steps, evict, status, expected]) => {
    const work = projectOf(`parameters: {items: [a, b]}\ndag:${steps}\n`);
    const name = `evicted-${what.replaceAll(/[^a-z]+/g, "-")}`;
    const run = await runInArgo(controller, await compiled(name, work), { name, work, evict });
    const { steps: ended } = summaryOf(run.log);
    expect(
      ended.map(({ place, status }) => `${place.join(".")} ${status}`),
      messages(run),
    ).toEqual(expected);
    expect(summaryOf(run.log).status).toBe(status);
    expect(run.phase, messages(run)).toBe(status === "success" ? "Succeeded" : "Failed");
    rmSync(work, { recursive: true, force: true });
  });
});

describe.each(Object.entries(failureProjects))(
  `a pod that fails leads where a failing task leads, %s${reason}`,
  (what, steps) => {
    test.skipIf(missing).for(podFailures)("$name", { concurrent: true }, async (failure) => {
      const work = mkdtempSync(path.join(tmpdir(), "magnus-argo-"));
      writeFailureProject(work, steps);
      const name = `failing-${what}-${failure.name}`.toLowerCase().replaceAll(" ", "-");
      const workflow = await compiled(name, work, failureOptions);
      const run = await runInArgo(controller, workflow, { name, work, host: failSecond(failure) });
      rmSync(path.join(work, ".magnus"), { recursive: true });
      await local.run({ name, folder: work, about: "", params: [], environment: {} }, work);
      const here = await normalisedLog(work);
      expect(outcomeOf(run.log, failure), messages(run)).toEqual(outcomeOf(here, failure));
      expect(run.hung, messages(run)).toBe(false);
      expect(run.phase === "Succeeded", messages(run)).toBe(summaryOf(here).status === "success");
      rmSync(work, { recursive: true, force: true });
    });
  },
);

describe(`what a cluster gives a run${reason}`, () => {
  test.skipIf(missing)("parameters at submit win over those of the file, and are read as they are there", async () => {
    const work = projectOf(`
      parameters: {count: 1, who: nobody, kept: [1.50]}
      dag: {steps: [{name: show, type: task, command_type: shell, command: 'export MAGNUS_PRM_shown="$count $who $kept"'}]}`);
    const workflow = await compiled("submitted", work);
    const submitted = withArguments(workflow, { count: "2", who: "007" });
    const run = await runInArgo(controller, submitted, { name: "submitted", work });
    const parameters = { count: 2, kept: [1.5], shown: "2 007 [1.50]", who: "007" };
    expect(summaryOf(run.log), messages(run)).toMatchObject({ status: "success", parameters });
    rmSync(work, { recursive: true, force: true });
  });

  test.skipIf(missing)("a secret of the cluster reaches the step that names it, and no other", async () => {
    const work = projectOf(`
      dag:
        steps:
          - {name: without, type: task, command_type: shell, command: 'test -z "$API_TOKEN"'}
          - {name: with, type: task, command_type: shell, command: 'test "$API_TOKEN" = correct-horse', secrets: [API_TOKEN]}`);
    const secrets = { API_TOKEN: "correct-horse" };
    const run = await runInArgo(controller, await compiled("secret", work), { name: "secret", work, secrets });
    expect(summaryOf(run.log).status, messages(run)).toBe("success");
    rmSync(work, { recursive: true, force: true });
  });
});

describe(`a workflow that is stopped${reason}`, () => {
  const steps = `
    parameters: {x: 1}
    dag:
      steps:
        - {name: first, type: stub}
        - {name: long, type: task, command_type: shell, command: "sleep 30", on_failure: handler, next: success}
        - {name: handler, type: stub, next: success}`;

  test.skipIf(missing).for([
    ["Stop", "cancelled"],
    ["Terminate", "running"],
  ] as const)("%s leaves a log that says %s", async ([strategy, status]) => {
    const work = projectOf(steps);
    const name = `shutdown-${strategy.toLowerCase()}`;
    const shutdown = { strategy, when: stepBegins(work, name, "long") };
    const run = await runInArgo(controller, await compiled(name, work), { name, work, shutdown });
    expect([run.hung, run.phase, run.message]).toEqual([false, "Failed", `Stopped with strategy '${strategy}'`]);
    const view = foldRun(run.events);
    expect(view.status, messages(run)).toBe(status);
    expect(view.steps.map(({ path: [step] }) => step?.node)).toEqual(["first", "long"]);
    rmSync(work, { recursive: true, force: true });
  });
});

describe(`what is long${reason}`, () => {
  test.skipIf(missing).for(Object.entries(largePipelines))("%s", async ([what, text]) => {
    const { text: manifest } = compile(text);
    const name = `long-${Object.keys(largePipelines).indexOf(what)}`;
    const run = await controller.runInController(workflowIn(manifest), { name, host: largePods(), patience: 20_000 });
    expect([run.hung, run.phase], messages(run)).toEqual([false, "Succeeded"]);
  });
});

describe(`hostile text${reason}`, () => {
  test.skipIf(missing)("arrives byte for byte", async () => {
    const work = mkdtempSync(path.join(tmpdir(), "magnus-argo-"));
    const { options, submitted, secrets, expected } = hostileProject(work);
    const workflow = withArguments(await compiled("hostile", work, options), submitted);
    const run = await runInArgo(controller, workflow, { name: "hostile", work, secrets });
    const { parameters } = foldRun(run.events);
    for (const [name, value] of Object.entries(expected)) expect.soft(parameters[name], name).toEqual(value);
    endsAsItsLog(run);
    rmSync(work, { recursive: true, force: true });
  });
});

describe(`what Argo cannot read in a submitted text keeps a workflow from starting${reason}`, () => {
  test.skipIf(missing).for(["{{=", "{{=workflow", "a {{= { }} b"])("%s", { concurrent: true }, async (text) => {
    const work = projectOf("{parameters: {x: none}, dag: {steps: [{name: a, type: stub}]}}");
    const name = `unreadable-${text.length}`;
    const run = await runInArgo(controller, withArguments(await compiled(name, work), { x: text }), { name, work });
    expect({ hung: run.hung, pods: run.pods }).toEqual({ hung: true, pods: 0 });
    rmSync(work, { recursive: true, force: true });
  });
});

describe(`random pipelines mean what the reference interpreter says${reason}`, () => {
  const seeds = Array.from({ length: pipelines }, (_, seed) => seed);
  test.skipIf(missing).for(seeds)("seed %i", { concurrent: true }, async (seed) => {
    const { document, expected } = randomCase(seed);
    const work = projectOf(printJson(document));
    const testCase: Case = { name: `random-${seed}`, folder: work, about: "", params: [], environment: {} };
    const workflow = await compileForArgo(testCase, work);
    if (typeof workflow === "string") {
      expect(workflow).toContain("error[no-way-to-success]");
      refused++;
    } else {
      const run = await runInArgo(controller, workflow, { name: testCase.name, work });
      expect(summaryOf(run.log), messages(run)).toEqual(expected);
      endsAsItsLog(run);
    }
    rmSync(work, { recursive: true, force: true });
  });

  test.skipIf(missing)("most of them run", () => {
    expect(refused).toBeLessThanOrEqual(pipelines / 3);
  });
});

/** Once the run log has it. */
async function stepBegins(work: string, run: string, step: string): Promise<void> {
  const log = fileSystemRunLogStore(path.join(work, ".magnus/runs")).open(run);
  const begun = async (): Promise<boolean> =>
    (await readEvents(log).catch(() => [])).some(
      (event) => event.kind === "step.started" && event.path.at(-1)?.node === step,
    );
  while (!(await begun())) await sleep(100);
}

function projectOf(pipeline: string): string {
  const work = mkdtempSync(path.join(tmpdir(), "magnus-argo-"));
  writeFileSync(path.join(work, "pipeline.yaml"), pipeline);
  return work;
}

async function compiled(name: string, work: string, options: object = {}): Promise<KubernetesObject> {
  const testCase = { name, folder: work, about: "", params: [], environment: {} };
  const workflow = await compileForArgo(testCase, work, options);
  if (typeof workflow === "string") throw new Error(workflow);
  return workflow;
}

/** As `argo submit -p name=value` does. */
function withArguments(workflow: KubernetesObject, values: { readonly [name: string]: string }): KubernetesObject {
  const { spec } = workflow as KubernetesObject & { readonly spec: { readonly arguments: Arguments } };
  const parameters = spec.arguments.parameters.map(({ name, value }) => ({ name, value: values[name] ?? value }));
  return { ...workflow, spec: { ...spec, arguments: { parameters } } };
}

interface Arguments {
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
}

/** The workflow ends as the run log says, by itself, with no pod more or less than steps need. */
function endsAsItsLog(run: ArgoRun): void {
  const told = messages(run);
  expect(run.hung, told).toBe(false);
  expect(run.phase === "Succeeded", told).toBe(isObject(run.log) && run.log.status === "success");
  expect(run.pods, told).toBe(podsOfRun(run));
}

/** What the controller said about the workflow and the nodes that failed. */
function messages({ phase, message, nodes }: ControllerRun): string {
  const failed = nodes.filter((node) => node.phase === "Failed" || node.phase === "Error");
  const told = failed.map((node) => `${node.name}: ${node.phase} ${node.message ?? ""}`);
  return [`the workflow: ${phase} ${message}`, ...told].join("\n");
}

/** Without messages, which hold names and times, and in one order: the controller's is that of a map. */
function sorted(nodes: readonly EndedNode[]): readonly object[] {
  return nodes
    .map(({ name, type, phase, inputs, outputs }) => ({ name, type, phase, inputs, outputs }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
