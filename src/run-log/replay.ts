/**
 * Phase: replay, the meaning of a run log. In: the events of a run by place (event-index.ts). Out: for a graph, how far
 * its token came and what it published on the way, by each node's last attempt of the last round.
 *
 * Along a graph it iterates; it recurses into graphs inside nodes only. View, reach and losses all stand on it.
 */
import type { CatalogFile, ControlEvent } from "../protocol/event.ts";
import { isArray, isNumber, isObject, type Json, parseJson } from "../protocol/json.ts";
import { type Edge, type Parameters, type Path, type PathElement, selectorOf } from "../protocol/path.ts";
import type { AttemptRecord, GraphRecords, NodeRecords } from "./event-index.ts";
import { mergeMap, mergeParallel } from "./merge.ts";
import { type LeafReplay, replayLeaf } from "./replay-leaf.ts";
import { innerScope, lookUp, publish, published, type Scope } from "./scope.ts";
import type { NodeStatus } from "./view.ts";

/** A leaf or gather at which the token stands, without a record that lets it go on. */
export interface StuckStep {
  /** Enclosing elements with their selectors, then the node (a closing gather's with its iteration). */
  readonly path: Path;
  readonly gather?: "open" | "close";
  /**
   * `node`: no event knows the node, which may be a leaf or a composite; its element's edges mean nothing. `start`: not
   * even its name is known, only that it is the first of its graph.
   */
  readonly unknown?: "node" | "start";
  /** Of the last attempt seen; attempt 0: never started. */
  readonly attempt: number;
  readonly round: number;
}

/** What replays collect on their way. */
export interface Findings {
  readonly stuck: StuckStep[];
  readonly warnings: { readonly path: Path; readonly message: string }[];
}

export interface GraphReplay {
  /** `here`: the token stands at the node at which the replay was to stop. `stuck`: see {@link Findings}. */
  readonly outcome: "success" | "failed" | "stuck" | "here";
  readonly end?: Extract<Edge, { end: string }>;
  readonly steps: readonly StepReplay[];
  /** Holds what the graph published. */
  readonly scope: Scope;
  /** The highest round on the token's path. */
  readonly round: number;
}

export interface StepReplay {
  readonly node: NodeRecords;
  readonly status: NodeStatus;
  readonly round: number;
  /** Leaves: the last attempt that counts. */
  readonly last?: AttemptRecord;
  /** Empty unless it succeeded. */
  readonly delta: Parameters;
  /** What was put in it, failed or not. */
  readonly files: readonly CatalogFile[];
  /** Composites: the graphs that were entered, in declared, item or iteration order. */
  readonly graphs: readonly InnerReplay[];
  readonly control?: ControlEvent;
}

export interface InnerReplay {
  /** The composite's element with the selector of this graph. */
  readonly element: PathElement;
  readonly item?: Json;
  readonly replay: GraphReplay;
}

/** A graph at a place. */
export interface Place {
  /** Undefined: no event speaks of it. */
  readonly graph: GraphRecords | undefined;
  readonly prefix: Path;
  readonly scope: Scope;
  readonly round: number;
}

/** Follows a graph's token from its start; stops when it arrives at the node `until`. */
export function replayGraph({ graph, prefix, scope, round }: Place, findings: Findings, until?: string): GraphReplay {
  const steps: StepReplay[] = [];
  let name = graph?.start;
  let highest = round;
  if (graph === undefined || name === undefined) {
    findings.stuck.push({ path: [...prefix, unknownElement("")], unknown: "start", attempt: 0, round });
    return { outcome: "stuck", steps, scope, round };
  }
  while (name !== until) {
    const node = graph.nodes.get(name);
    if (node === undefined) {
      findings.stuck.push({ path: [...prefix, unknownElement(name)], unknown: "node", attempt: 0, round: highest });
      return { outcome: "stuck", steps, scope, round: highest };
    }
    if (steps.length > graph.nodes.size) throw new Error(`the run log's edges lead back to ${name}`);
    const step = replayNode(node, { prefix, scope, round: highest }, findings);
    steps.push(step);
    highest = Math.max(highest, step.round);
    if (step.status === "running") return { outcome: "stuck", steps, scope, round: highest };
    publish(scope, step.delta, step.files);
    const edge = step.status === "success" ? node.element.ok : node.element.failed;
    if ("end" in edge) {
      const outcome = edge.end === "success" ? "success" : "failed";
      return { outcome, end: edge, steps, scope, round: highest };
    }
    name = edge.to;
  }
  return { outcome: "here", steps, scope, round: highest };
}

/** Where a node stands: its graph's place, when the token arrives. */
export type Arrival = Omit<Place, "graph">;

function replayNode(node: NodeRecords, arrival: Arrival, findings: Findings): StepReplay {
  if (isLeaf(node.element)) {
    const leaf = replayLeaf(node.own, arrival.round);
    if (leaf.status === "running") findings.stuck.push(stuckAt([...arrival.prefix, node.element], leaf));
    const { status, round, delta, files, last } = leaf;
    return { node, graphs: [], status, round, delta, files, ...(last === undefined ? {} : { last }) };
  }
  const opened = openComposite(node, arrival, findings);
  const { state, control, round } = opened;
  if (state !== "open")
    return closed(node, state, { round, graphs: [], ...(control === undefined ? {} : { control }) });
  const entered = { ...arrival, round };
  switch (node.element.kind) {
    case "parallel":
      return replayParallel(node, entered, findings);
    case "map":
      return replayMap(node, entered, control, findings);
    case "conditional":
    case "dag":
      return replayOnly(node, entered, control, findings);
    case "loop": {
      const { outcome, graphs, scope, round: after } = replayLoop(node, entered, findings);
      const state = outcome === "success" ? "success" : outcome === "failed" ? "failed" : "running";
      return closed(node, state, { round: after, graphs, delta: published(scope), files: [...scope.files.values()] });
    }
    default:
      throw new Error(`a composite of an unknown kind: ${node.element.kind}`);
  }
}

export function isLeaf({ kind }: PathElement): boolean {
  return kind === undefined || kind === "task" || kind === "stub";
}

export type Opened = {
  readonly state: "open" | "failed" | "running";
  readonly round: number;
  /** map, conditional: always there where `open`. */
  readonly control?: ControlEvent;
};

/** The opening of a composite: its gather, where one ran, and its control, whoever computed it. */
export function openComposite(node: NodeRecords, { prefix, round }: Arrival, findings: Findings): Opened {
  const { kind } = node.element;
  const needsControl = kind === "map" || kind === "conditional";
  const path = [...prefix, node.element];
  let highest = round;
  if (node.open.last !== undefined || node.open.lost !== undefined) {
    const gather = replayLeaf(node.open, round);
    highest = gather.round;
    if (gather.status === "running") findings.stuck.push({ ...stuckAt(path, gather), gather: "open" });
    if (gather.status !== "success")
      return { state: gather.status === "running" ? "running" : "failed", round: highest };
  }
  if (!needsControl) return { state: "open", round: highest };
  const control = countingControl(node, null, highest);
  if (control === undefined) {
    findings.stuck.push({ path, gather: "open", attempt: 0, round: highest });
    return { state: "running", round: highest };
  }
  return { state: isUsable(control.data.value, node.element) ? "open" : "failed", round: highest, control };
}

/** A control whose round is below one before it on the path does not count. */
function countingControl(node: NodeRecords, iteration: number | null, round: number): ControlEvent | undefined {
  const control = node.controls.get(iteration);
  return control !== undefined && control.round >= round ? control : undefined;
}

function isUsable(value: string, { kind, of = [] }: PathElement): boolean {
  return kind === "map" ? readItems(value) !== undefined : readBranch(value, of) !== undefined;
}

/** A conditional's control as the branch's name; undefined where it is none (`fault`). */
export function readBranch(value: string, of: readonly string[]): string | undefined {
  return /^\d+$/.test(value) ? of[Number(value)] : undefined;
}

export interface MapItem {
  readonly index: number;
  readonly key?: string;
}

/** A map's control as items; undefined where it is none (`fault`). */
export function readItems(value: string): readonly MapItem[] | undefined {
  if (!value.startsWith("[")) return undefined;
  const items = parseJson(value);
  if (!isArray(items)) return undefined;
  return items.flatMap((item) => {
    if (!isObject(item) || !isNumber(item.i)) return [];
    return [{ index: Number(item.i), ...(typeof item.k === "string" ? { key: item.k } : {}) }];
  });
}

function replayParallel(node: NodeRecords, arrival: Arrival, findings: Findings): StepReplay {
  const { of = [], onConflict } = node.element;
  const graphs = of.map((branch) => replayInner(node, { ...node.element, branch }, arrival, findings));
  return join(node, arrival, graphs, findings, (deltas) => mergeParallel(deltas, onConflict));
}

function replayMap(
  node: NodeRecords,
  arrival: Arrival,
  control: ControlEvent | undefined,
  findings: Findings,
): StepReplay {
  const items = readItems(control?.data.value ?? "") ?? [];
  const list = lookUp(arrival.scope, node.element.on ?? "");
  const graphs = items.map((item) => {
    const element = { ...node.element, ...item };
    return replayInner(node, element, arrival, findings, itemAt(list, item.index));
  });
  const values = items.map((item) => itemAt(list, item.index));
  const step = join(node, arrival, graphs, findings, (deltas) => mergeMap(deltas, values, node.element.reduce));
  return control === undefined ? step : { ...step, control };
}

export function itemAt(list: Json | undefined, index: number): Json {
  return (isArray(list) ? list[index] : undefined) ?? null;
}

function replayOnly(
  node: NodeRecords,
  arrival: Arrival,
  control: ControlEvent | undefined,
  findings: Findings,
): StepReplay {
  const branch = readBranch(control?.data.value ?? "", node.element.of ?? []);
  const element = branch === undefined ? node.element : { ...node.element, branch };
  const inner = replayInner(node, element, arrival, findings);
  const { outcome, scope, round } = inner.replay;
  const state = outcome === "success" ? "success" : outcome === "failed" ? "failed" : "running";
  return closed(node, state, {
    round,
    graphs: [inner],
    delta: published(scope),
    files: [...scope.files.values()],
    ...(control === undefined ? {} : { control }),
  });
}

function replayInner(
  node: NodeRecords,
  element: PathElement,
  arrival: Arrival,
  findings: Findings,
  item?: Json,
): InnerReplay {
  const place = placeInside(node, element, arrival, item);
  return { element, ...(item === undefined ? {} : { item }), replay: replayGraph(place, findings) };
}

/** The graph inside a composite that `element` selects, with its item or iteration visible. */
export function placeInside(node: NodeRecords, element: PathElement, arrival: Arrival, item?: Json): Place {
  const value = element.kind === "loop" ? (element.index ?? 0) : (item ?? null);
  const items = element.as === undefined ? {} : { [element.as]: value };
  return {
    graph: node.graphs.get(selectorOf(element)),
    prefix: [...arrival.prefix, element],
    scope: innerScope(arrival.scope, items),
    round: arrival.round,
  };
}

function join(
  node: NodeRecords,
  arrival: Arrival,
  graphs: readonly InnerReplay[],
  findings: Findings,
  merge: (deltas: readonly Parameters[]) => { readonly delta: Parameters; readonly warnings: readonly string[] },
): StepReplay {
  const replays = graphs.map((graph) => graph.replay);
  const round = replays.reduce((highest, replay) => Math.max(highest, replay.round), arrival.round);
  const files = [...new Map(replays.flatMap((replay) => [...replay.scope.files])).values()];
  const outcomes = new Set(replays.map((replay) => replay.outcome));
  if (outcomes.has("stuck")) return closed(node, "running", { round, graphs });
  if (outcomes.has("failed")) return closed(node, "failed", { round, graphs, files });
  const { delta, warnings } = merge(replays.map((replay) => published(replay.scope)));
  const path = [...arrival.prefix, node.element];
  findings.warnings.push(...warnings.map((message) => ({ path, message })));
  return closed(node, "success", { round, graphs, files, delta });
}

export interface LoopReplay {
  readonly outcome: GraphReplay["outcome"];
  readonly graphs: readonly InnerReplay[];
  /** Between the loop's graph and its iterations: holds what the iterations published. */
  readonly scope: Scope;
  readonly round: number;
}

/** Replays iterations, all of them or those before `until`. */
export function replayLoop(node: NodeRecords, arrival: Arrival, findings: Findings, until?: number): LoopReplay {
  const scope = innerScope(arrival.scope);
  const graphs: InnerReplay[] = [];
  let round = arrival.round;
  for (let index = 0; index !== until; index++) {
    const element = { ...node.element, index };
    const inner = replayInner(node, element, { ...arrival, scope, round }, findings);
    graphs.push(inner);
    const { outcome, scope: body } = inner.replay;
    round = inner.replay.round;
    publish(scope, outcome === "success" ? published(body) : {}, body.files.values());
    if (outcome !== "success") return { outcome, graphs, scope, round };
    const closing = closeIteration(node, [...arrival.prefix, element], round, findings);
    round = closing.round;
    if (closing.outcome !== "again") return { outcome: closing.outcome, graphs, scope, round };
  }
  return { outcome: "here", graphs, scope, round };
}

/** What follows an iteration that succeeded. `path`: the loop's, with the iteration. */
function closeIteration(
  node: NodeRecords,
  path: Path,
  round: number,
  findings: Findings,
): { readonly outcome: "again" | "success" | "failed" | "stuck"; readonly round: number } {
  const iteration = path.at(-1)?.index ?? 0;
  const records = node.close.get(iteration);
  let highest = round;
  if (records !== undefined) {
    const gather = replayLeaf(records, round);
    highest = gather.round;
    if (gather.status === "running") findings.stuck.push({ ...stuckAt(path, gather), gather: "close" });
    if (gather.status !== "success")
      return { outcome: gather.status === "running" ? "stuck" : "failed", round: highest };
  }
  const control = countingControl(node, iteration, highest);
  if (control === undefined) {
    findings.stuck.push({ path, gather: "close", attempt: 0, round: highest });
    return { outcome: "stuck", round: highest };
  }
  const { value } = control.data;
  return { outcome: value === "again" ? "again" : value === "done" ? "success" : "failed", round: highest };
}

function closed(
  node: NodeRecords,
  status: "success" | "failed" | "running",
  parts: Partial<StepReplay> & Pick<StepReplay, "round" | "graphs">,
): StepReplay {
  const { delta = {}, files = [], control, ...rest } = parts;
  return {
    ...rest,
    node,
    status,
    files,
    delta: status === "success" ? delta : {},
    ...(control === undefined ? {} : { control }),
  };
}

function stuckAt(path: Path, { last, round }: LeafReplay): StuckStep {
  return { path, attempt: last?.attempt ?? 0, round };
}

/** Stands for a node of which no event speaks. */
function unknownElement(node: string): PathElement {
  return { node, ok: { end: "success", name: "success" }, failed: { end: "fail", name: "fail" } };
}
