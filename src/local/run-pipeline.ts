/**
 * Phase: the local runner. In: a plan and the services of a run that has been created. Out: the run's outcome; all else
 * is in the run log. Walks the token of every graph in this process; each leaf goes through the same runtime core as
 * a shim's. Controls are computed here, so no gather runs.
 */

import type { MapNode } from "../ir/pipeline.ts";
import type { Plan, PlanComposite, PlanGraph, PlanLeaf, PlanNode } from "../plan/plan-node.ts";
import type { CatalogFile } from "../protocol/event.ts";
import { isArray, isObject, type Json, parseJson } from "../protocol/json.ts";
import type { Edge, Parameters, Path, PathElement } from "../protocol/path.ts";
import type { ControlDuty } from "../protocol/step-spec.ts";
import { computeControl } from "../run-log/replay/control.ts";
import { mergeMap, mergeParallel } from "../run-log/replay/merge.ts";
import { runStep } from "../runtime/attempt/run-step.ts";
import type { StepResult, StepRun, StepServices } from "../runtime/attempt/step-run.ts";
import { inParallel, type Limit, limit } from "../system/limit.ts";
import { present } from "../system/present.ts";
import type { RecordedSteps } from "./recorded-steps.ts";
import { enter, isEmpty, noFiles, type Token, visible, withFiles } from "./token.ts";

export interface LocalRun {
  readonly plan: Plan;
  /** The run's initial parameters. */
  readonly parameters: Parameters;
  /** What the log says already; those steps are not run. */
  readonly recorded: RecordedSteps;
  readonly services: Omit<StepServices, "output">;
  /** What a step prints, as it comes; resolves when the sink can take more. */
  output(path: Path, stream: "stdout" | "stderr", chunk: Uint8Array): Promise<void> | void;
  /** Leaves that run at a time. */
  readonly jobs: number;
  /** The executor's name, under which steps choose overrides. */
  readonly executor: string;
  /** Names of overrides whose composites run one branch or item after the other. */
  readonly oneAtATime?: ReadonlySet<string>;
  /** How a leaf is run; absent: in this process. Resolves with how it ended, whatever went wrong. */
  readonly runLeaf?: LeafRunner;
}

export type LeafRunner = (leaf: PlanLeaf, step: StepRun, services: StepServices) => Promise<StepResult>;

export type LocalOutcome = "success" | "failed" | "cancelled";

/** Runs the whole pipeline. Rejects only when the run log cannot be written. */
export async function runPipeline(run: LocalRun): Promise<LocalOutcome> {
  const machine: Machine = { ...run, leaves: limit(run.jobs) };
  const token: Token = { parameters: run.parameters, items: {}, files: noFiles, prefix: [] };
  const end = await runGraph(run.plan.root, token, machine);
  if (run.services.stop.aborted) return "cancelled";
  return end.ok ? "success" : "failed";
}

interface Machine extends LocalRun {
  readonly leaves: Limit;
}

/** How a node or graph ended. */
interface End {
  readonly ok: boolean;
  readonly delta: Parameters;
  /** Files that were put on the way; they stay visible after a failure. */
  readonly put: readonly CatalogFile[];
  /** What the last leaf computed. */
  readonly control?: string;
}

async function runGraph(graph: PlanGraph, token: Token, machine: Machine): Promise<End> {
  let node: PlanNode = graph.start;
  let here = token;
  let control: string | undefined;
  let delta: Parameters = {};
  const put: CatalogFile[] = [];
  for (;;) {
    const end: End = await runNode(node, here, control, machine);
    control = end.control;
    if (end.ok && !isEmpty(end.delta)) {
      delta = { ...delta, ...end.delta };
      here = { ...here, parameters: { ...here.parameters, ...end.delta } };
    }
    if (end.put.length > 0) {
      for (const file of end.put) put.push(file);
      here = { ...here, files: withFiles(here.files, end.put) };
    }
    if (machine.services.stop.aborted) return { ok: false, delta, put };
    const edge: Edge = end.ok ? node.ok : node.failed;
    if ("end" in edge) {
      return { ok: edge.end === "success", delta, put, ...present({ control }) };
    }
    const next = graph.nodes.get(edge.to);
    if (next === undefined) throw new Error(`an edge leads to ${edge.to}, which is not in its graph`);
    node = next;
  }
}

function runNode(node: PlanNode, token: Token, control: string | undefined, machine: Machine): Promise<End> {
  if (node.kind === "leaf") return runLeaf(node, token, machine);
  switch (node.node.kind) {
    case "dag":
      return runDag(node, token, machine);
    case "parallel":
      return runParallel(node, node.node.onConflict ?? "last", token, machine);
    case "map":
      return runMap(node, node.node, token, control, machine);
    case "conditional":
      return runConditional(node, token, control, machine);
    case "loop":
      return runLoop(node, token, machine);
  }
}

async function runLeaf(leaf: PlanLeaf, token: Token, machine: Machine): Promise<End> {
  const path = [...token.prefix, leaf.element];
  const result = machine.recorded.result(path) ?? (await runNow(leaf, path, token, machine));
  if (result === undefined) return { ok: false, delta: {}, put: [] };
  const ok = result.status === "success";
  const control = present({ control: result.control });
  return { ok, delta: ok ? result.delta : {}, put: result.files, ...control };
}

/** Undefined: the run was stopped before it began. */
function runNow(leaf: PlanLeaf, path: Path, token: Token, machine: Machine): Promise<StepResult | undefined> {
  return machine.leaves.run(async () => {
    if (machine.services.stop.aborted) return undefined;
    const visible = isEmpty(token.items) ? token.parameters : { ...token.parameters, ...token.items };
    const { items, files } = token;
    const output: StepServices["output"] = (stream, chunk) => machine.output(path, stream, chunk);
    const step: StepRun = { spec: leaf.step, path, visible, items, files, round: 1 };
    const services = { ...machine.services, output };
    return machine.runLeaf === undefined ? runStep(step, services) : machine.runLeaf(leaf, step, services);
  });
}

async function runDag(node: PlanComposite, token: Token, machine: Machine): Promise<End> {
  const end = await runGraph(graphAt(node, 0), enter(token, node.element), machine);
  return closed(end);
}

async function runParallel(
  node: PlanComposite,
  onConflict: "last" | "list",
  token: Token,
  machine: Machine,
): Promise<End> {
  const ends = await inParallel(isOneAtATime(node, machine) ? 1 : node.graphs.length, node.graphs, (graph) =>
    runGraph(graph, enter(token, lastOf(graph.prefix)), machine),
  );
  return joined(ends, (deltas) => mergeParallel(deltas, onConflict).delta);
}

async function runMap(
  node: PlanComposite,
  map: MapNode,
  token: Token,
  control: string | undefined,
  machine: Machine,
): Promise<End> {
  const value = control ?? (await writeControl({ kind: "map", element: node.element }, node, token, machine));
  const list = visible(token)[map.iterateOn];
  if (value === "fault" || !isArray(list)) return failedEnd;
  const keys = readItems(value);
  const body = graphAt(node, 0);
  const most = isOneAtATime(node, machine) ? 1 : Math.min(map.maxParallel ?? machine.jobs, machine.jobs);
  const ends = await inParallel(most, list, (item, index) => {
    const key = keys[index];
    const element = { ...node.element, index, ...present({ key }) };
    return runGraph(body, enter(token, element, { [map.iterateAs]: item }), machine);
  });
  return joined(ends, (deltas) => mergeMap(deltas, list, map.reduce).delta);
}

function isOneAtATime({ node }: PlanComposite, { oneAtATime, executor }: Machine): boolean {
  return oneAtATime?.has(node.overrides[executor] ?? "") ?? false;
}

async function runConditional(
  node: PlanComposite,
  token: Token,
  control: string | undefined,
  machine: Machine,
): Promise<End> {
  if (node.node.kind !== "conditional") throw new Error(`${node.name} is not a conditional`);
  const { parameter, default: otherwise } = node.node;
  const duty: ControlDuty = {
    kind: "conditional",
    element: node.element,
    parameter,
    ...present({ default: otherwise }),
  };
  const value = control ?? (await writeControl(duty, node, token, machine));
  if (value === "fault") return failedEnd;
  const graph = graphAt(node, Number(value));
  return closed(await runGraph(graph, enter(token, lastOf(graph.prefix)), machine));
}

async function runLoop(node: PlanComposite, token: Token, machine: Machine): Promise<End> {
  if (node.node.kind !== "loop") throw new Error(`${node.name} is not a loop`);
  const { breakOn, maxIterations, indexAs } = node.node;
  const duty = { kind: "loop", breakOn, maxIterations } as const;
  let here = token;
  let delta: Parameters = {};
  const put: CatalogFile[] = [];
  for (let index = 0; ; index++) {
    const item: Parameters = indexAs === undefined ? {} : { [indexAs]: index };
    const inside = enter(here, { ...node.element, index }, item);
    const end = await runGraph(graphAt(node, 0), inside, machine);
    for (const file of end.put) put.push(file);
    if (!end.ok) return { ok: false, delta: {}, put };
    delta = { ...delta, ...end.delta };
    here = { ...here, parameters: { ...here.parameters, ...end.delta }, files: withFiles(here.files, end.put) };
    const closing = { ...here, items: inside.items };
    const value = end.control ?? (await writeControl(duty, node, closing, machine, index));
    if (value === "done") return { ok: true, delta, put };
    if (value !== "again") return { ok: false, delta: {}, put };
  }
}

const failedEnd: End = { ok: false, delta: {}, put: [] };

/** A composite's end: the control of a leaf inside is not the composite's. */
function closed({ ok, delta, put }: End): End {
  return { ok, delta: ok ? delta : {}, put };
}

function joined(ends: readonly End[], merge: (deltas: readonly Parameters[]) => Parameters): End {
  const ok = ends.every((end) => end.ok);
  return { ok, delta: ok ? merge(ends.map((end) => end.delta)) : {}, put: ends.flatMap((end) => end.put) };
}

/** Computes a control that no leaf computed and records it at the composite's path. */
async function writeControl(
  duty: ControlDuty,
  node: PlanComposite,
  token: Token,
  machine: Machine,
  iteration?: number,
): Promise<string> {
  const element = iteration === undefined ? node.element : { ...node.element, index: iteration };
  const path = [...token.prefix, element];
  const recorded = machine.recorded.control(path);
  if (recorded !== undefined) return recorded;
  const { value, reason, message } = computeControl(duty, visible(token), iteration);
  await machine.services.writer.write({
    kind: "control",
    path,
    attempt: 1,
    round: 1,
    data: { value, ...present({ reason, message }) },
  });
  return value;
}

function readItems(control: string): readonly (string | undefined)[] {
  const items: Json = parseJson(control);
  if (!isArray(items)) return [];
  return items.map((item) => (isObject(item) && typeof item.k === "string" ? item.k : undefined));
}

function graphAt(node: PlanComposite, index: number): PlanGraph {
  const graph = node.graphs[index];
  if (graph === undefined) throw new Error(`${node.name} has no graph ${index}`);
  return graph;
}

function lastOf(prefix: Path): PathElement {
  const element = prefix.at(-1);
  if (element === undefined) throw new Error("a branch without its composite");
  return element;
}
