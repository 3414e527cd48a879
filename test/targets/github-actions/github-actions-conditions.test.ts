/**
 * Conditions of compiled workflows, as GitHub's own packages read and evaluate them, against the plan: for each file
 * everything that can happen to its jobs is gone through (above a number, sampled), a model moves the token over the
 * plan's edges, and each condition must hold exactly for the jobs that the model starts.
 */
import { describe, expect, test } from "vitest";
import type { PlanComposite, PlanGraph } from "../../../src/plan/plan-node.ts";
import { evaluateCondition, evaluateText, scopeOf } from "../../../src/simulate/github-actions/expressions/evaluate.ts";
import { loadWorkflows } from "../../../src/simulate/github-actions/workflow/load-workflows.ts";
import { field, fields, textOf } from "../../../src/simulate/github-actions/workflow/read-fields.ts";
import type { WorkflowFile, WorkflowJob } from "../../../src/simulate/github-actions/workflow/workflow-file.ts";
import { diceOf } from "../../run-log/replay/random-pipeline.ts";
import { type CompiledWorkflows, compileForGithub } from "./compile-github-actions.ts";
import { compiledCorpus } from "./github-actions-corpus.ts";
import { type Place, placesOf } from "./places-of-workflows.ts";
import { closeKey, controlsOf, type JobOutcome, leafKey, type Ran, runGraph, runJob } from "./token-model.ts";

/** What is gone through for a file, and the number of samples where there is more. */
const most = 2000;

describe("conditions hold exactly where the plan starts a step", () => {
  test.for(compiledCorpus())("$name", async (compiled) => {
    expect(await disagreements(compiled)).toEqual([]);
  });
});

test("a condition that is wrong is found", async () => {
  const step = (name: string, rest: string): string =>
    `    - {name: ${name}, type: task, command_type: shell, command: "true", ${rest}}\n`;
  const text = `dag:\n  steps:\n${step("a", "on_failure: c, next: b")}${step("b", "next: success")}${step("c", "next: success")}`;
  const compiled = compileForGithub(text);
  const spoil = (from: string, to: string) => {
    const files = new Map([...compiled.files].map(([path, content]) => [path, content.replace(from, to)]));
    expect(files).not.toEqual(compiled.files);
    return disagreements({ ...compiled, files });
  };
  expect(await disagreements(compiled)).toEqual([]);
  expect(await spoil("!cancelled() && ", "")).not.toEqual([]);
  expect(await spoil("needs.a.result != 'skipped' && ", "needs.a.result != 'success' && ")).not.toEqual([]);
  expect(await spoil("needs.a.outputs.ok == 'true'", "needs.a.result == 'success'")).not.toEqual([]);
});

async function disagreements(compiled: CompiledWorkflows): Promise<readonly string[]> {
  const main = [...compiled.files.keys()][0] ?? "";
  const { workflows, problems } = await loadWorkflows(main, (path) => compiled.files.get(path));
  expect(problems).toEqual([]);
  const found = placesOf(compiled, workflows).flatMap((place) => [...wrongIn(place)]);
  return [...new Set(found)].slice(0, 10);
}

function* wrongIn(place: Place): Generator<string> {
  for (const pick of happenings(most)) {
    const ran: Ran = new Map();
    const happening = {
      job: (_: string, controls: readonly string[]): JobOutcome => {
        const good = controls.length === 0 ? [{}] : controls.map((control) => ({ control }));
        // A step that succeeded may have told its control before storing its part of the run log failed.
        const ends: readonly JobOutcome[] = [
          ...good.map((control) => ({ outcome: "ok", ...control }) as const),
          { outcome: "failed", ...good[0] },
          { outcome: "lost" },
        ];
        return ends[pick(ends.length, good.length)] ?? { outcome: "lost" };
      },
      body: (_: string, ends: readonly string[]) => ends[pick(ends.length, 1)] ?? "",
      isApart: (node: PlanComposite) => place.apart.has(node),
    };
    const end = runGraph(place.graph, happening, ran);
    const { owner } = place;
    if (end === "ok" && owner?.close !== undefined) {
      runJob(closeKey(owner), controlsOf(owner.close.control), happening, ran);
    }
    yield* wrongJobs(place, ran);
    yield* wrongOutputs(place, ran, end);
  }
}

function* wrongJobs({ workflow, jobs }: Place, ran: Ran): Generator<string> {
  const keys = new Map([...jobs].map(([key, job]) => [job.id, key]));
  const states = statesOf(workflow, keys, ran);
  for (const job of workflow.jobs) {
    const key = keys.get(job.id);
    const needs = Object.fromEntries(job.needs.map((id) => [id, states[id] ?? null]));
    const holds = (cancelled: boolean): boolean =>
      evaluateCondition(
        job.condition,
        // `success()` is true only where all that ran before succeeded; no condition may depend on it.
        scopeOf(
          { needs, inputs: {} },
          { success: () => job.needs.length === 0, failure: () => false, cancelled: () => cancelled },
        ),
      );
    const expected = key === undefined || ran.has(key);
    if (holds(false) !== expected)
      yield `${workflow.path} ${job.id} ${expected ? "skipped" : "run"}: ${shownState(ran)}`;
    // The first job of the run has no condition, the verdict always runs.
    if (holds(true) !== (key === undefined || job.needs.length === 0) && !isFirstOfCalled(workflow, job)) {
      yield `${workflow.path} ${job.id} when cancelled`;
    }
  }
}

function isFirstOfCalled({ events }: WorkflowFile, { needs }: WorkflowJob): boolean {
  return needs.length === 0 && events.has("workflow_call") && !events.has("workflow_dispatch");
}

/** Results and outputs as `needs` has them. */
function statesOf(
  workflow: WorkflowFile,
  keys: ReadonlyMap<string, string>,
  ran: Ran,
): { readonly [id: string]: { readonly result: string; readonly outputs: { readonly [name: string]: string } } } {
  return Object.fromEntries(
    workflow.jobs.map((job) => {
      const told = ran.get(keys.get(job.id) ?? "");
      if (told === undefined) return [job.id, { result: "skipped", outputs: {} }] as const;
      if (typeof told === "string") return [job.id, bodyState(told)] as const;
      const { outcome, control = "" } = told;
      const captured = textOf(job.continueOnError) === "true";
      const values: { readonly [name: string]: string } =
        outcome === "lost" ? {} : { ok: outcome === "ok" ? "true" : "false", control };
      const outputs = Object.fromEntries(fields(job.outputs).map(([name]) => [name, values[name] ?? ""]));
      return [job.id, { result: outcome === "ok" || captured ? "success" : "failure", outputs }] as const;
    }),
  );
}

/** Of a job that calls a file; `bad` without a failure is an item whose failing job continued on error. */
function bodyState(end: string) {
  const outputs = { bad: end === "bad" ? "true" : "", control: end };
  return { result: end === "lost" || end === "fault" ? "failure" : "success", outputs };
}

function* wrongOutputs({ workflow, owner, jobs, graph }: Place, ran: Ran, end: string): Generator<string> {
  if (owner === undefined) return;
  const keys = new Map([...jobs].map(([key, job]) => [job.id, key]));
  // Results are empty there: https://github.com/actions/runner/issues/3087.
  const states = Object.fromEntries(
    Object.entries(statesOf(workflow, keys, ran)).map(([id, { outputs }]) => [id, { result: "", outputs }]),
  );
  const scope = scopeOf({ jobs: states, inputs: {} });
  for (const [name, output] of fields(field(workflow.events.get("workflow_call"), "outputs"))) {
    const token = field(output, "value");
    const value = token === undefined ? "" : evaluateText(token, scope);
    const expected = name === "bad" ? (end === "ok" ? "" : "true") : controlAtEnd(owner, graph, ran, end);
    // A call that ended without telling how fails its caller too, whose result is looked at where results can be.
    if (name === "bad" && [...ran.values()].includes("lost")) continue;
    if (value !== expected) yield `${workflow.path} outputs.${name} is ${value}: ${shownState(ran)}`;
  }
}

/** `again` or `done`, where the iteration succeeded and told it. */
function controlAtEnd(owner: PlanComposite, graph: PlanGraph, ran: Ran, end: string): string {
  const closer = owner.close === undefined ? graph.success[0]?.from : undefined;
  const leaf = closer === undefined ? undefined : graph.nodes.get(closer);
  const told = ran.get(leaf?.kind === "leaf" ? leafKey(leaf) : closeKey(owner));
  return end === "ok" && typeof told === "object" && told.outcome === "ok" ? (told.control ?? "") : "fault";
}

function shownState(ran: Ran): string {
  return [...ran]
    .map(([key, end]) => `${key}=${typeof end === "string" ? end : `${end.outcome} ${end.control ?? ""}`}`)
    .join(" ");
}

/** Functions that pick one of a number, so that all combinations come, or where there are too many, some at random. */
function* happenings(limit: number): Generator<(count: number, likely: number) => number> {
  const trail: { count: number; chosen: number }[] = [];
  for (let n = 0; n < limit; n++) {
    let at = 0;
    yield (count) => {
      const known = trail[at++];
      if (known !== undefined) return known.chosen;
      trail.push({ count, chosen: 0 });
      return 0;
    };
    for (let last = trail.at(-1); last !== undefined && last.chosen + 1 >= last.count; last = trail.at(-1)) trail.pop();
    const last = trail.at(-1);
    if (last === undefined) return;
    last.chosen++;
  }
  const dice = diceOf(limit);
  const below = (count: number): number => Math.floor(dice.roll() * count);
  for (let n = 0; n < limit; n++) yield (count, likely) => below(dice.roll() < 0.8 ? likely : count);
}
