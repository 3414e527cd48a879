/**
 * Phase: replay, the meaning of a run log. In: the events of a run by place (event-index.ts). Out: for a graph, how far
 * its token came and what it published on the way, by each node's last attempt of the last round.
 *
 * Along a graph it iterates; it recurses into graphs inside nodes only. View, reach and losses all stand on it.
 */

import type { CatalogFile, ControlEvent } from "../../protocol/event.ts";
import type { Json } from "../../protocol/json.ts";
import { factsOf } from "../../protocol/kinds.ts";
import type { Edge, Parameters, PathElement } from "../../protocol/path.ts";
import { present } from "../../system/present.ts";
import { DamagedLogError } from "./damaged-log.ts";
import type { AttemptRecord, NodeRecords } from "./event-index.ts";
import { type Findings, stuckAt } from "./findings.ts";
import { mergeMap, mergeParallel } from "./merge.ts";
import type { NodeStatus } from "./node-status.ts";
import { type Arrival, type PlacedGraph, placeInside } from "./placed-graph.ts";
import { closeIteration, itemAt, openComposite, readBranch, readItems } from "./replay-control.ts";
import { replayLeaf } from "./replay-leaf.ts";
import { innerScope, layFiles, lookUp, publish, published, type TokenScope } from "./token-scope.ts";

export interface GraphReplay {
  /** `here`: the token stands at the node at which the replay was to stop. `stuck`: see {@link Findings}. */
  readonly outcome: "success" | "failed" | "stuck" | "here";
  readonly end?: Extract<Edge, { end: string }>;
  readonly steps: readonly StepReplay[];
  /** Holds what the graph published. */
  readonly scope: TokenScope;
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

/** Follows a graph's token from its start; stops when it arrives at the node `until`. */
export function replayGraph(
  { graph, prefix, scope, round }: PlacedGraph,
  findings: Findings,
  until?: string,
): GraphReplay {
  const steps: StepReplay[] = [];
  let name = graph?.start;
  let highest = round;
  if (graph === undefined || name === undefined) {
    findings.stuck.push({ path: [...prefix, unknownElement("(first step)")], unknown: "start", attempt: 0, round });
    return { outcome: "stuck", steps, scope, round };
  }
  while (name !== until) {
    const node = graph.nodes.get(name);
    if (node === undefined) {
      findings.stuck.push({ path: [...prefix, unknownElement(name)], unknown: "node", attempt: 0, round: highest });
      return { outcome: "stuck", steps, scope, round: highest };
    }
    if (steps.length > graph.nodes.size) throw new DamagedLogError(`its edges lead in a circle, back to "${name}"`);
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

function replayNode(node: NodeRecords, arrival: Arrival, findings: Findings): StepReplay {
  if (isLeaf(node.element)) {
    const leaf = replayLeaf(node.own, arrival.round);
    if (leaf.status === "running") findings.stuck.push(stuckAt([...arrival.prefix, node.element], leaf));
    const { status, round, delta, files, last } = leaf;
    return { node, graphs: [], status, round, delta, files, ...present({ last }) };
  }
  const opened = openComposite(node, arrival, findings);
  const { state, control, round } = opened;
  if (state !== "open") return closed(node, state, { round, graphs: [], ...present({ control }) });
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
      const { outcome, scope, ...parts } = replayLoop(node, entered, findings);
      const state = outcome === "success" ? "success" : outcome === "failed" ? "failed" : "running";
      return closed(node, state, { ...parts, delta: published(scope), files: [...scope.files.values()] });
    }
    default:
      throw new DamagedLogError(`"${node.element.node}" is of an unknown kind: ${node.element.kind}`);
  }
}

export function isLeaf({ kind }: PathElement): boolean {
  return factsOf(kind)?.leaf === true;
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
    ...present({ control }),
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
  return { element, ...present({ item }), replay: replayGraph(place, findings) };
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
  const files = new Map<string, CatalogFile>();
  for (const replay of replays) layFiles(files, replay.scope.files.values());
  const outcomes = new Set(replays.map((replay) => replay.outcome));
  if (outcomes.has("stuck")) return closed(node, "running", { round, graphs });
  if (outcomes.has("failed")) return closed(node, "failed", { round, graphs, files: [...files.values()] });
  const { delta, warnings } = merge(replays.map((replay) => published(replay.scope)));
  const path = [...arrival.prefix, node.element];
  findings.warnings.push(...warnings.map((message) => ({ path, message })));
  return closed(node, "success", { round, graphs, files: [...files.values()], delta });
}

export interface LoopReplay {
  readonly outcome: GraphReplay["outcome"];
  readonly graphs: readonly InnerReplay[];
  /** Between the loop's graph and its iterations: holds what the iterations published. */
  readonly scope: TokenScope;
  /** Why it failed, where no iteration did. */
  readonly control?: ControlEvent;
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
    if (closing.outcome !== "again") return { ...closing, outcome: closing.outcome, graphs, scope };
  }
  return { outcome: "here", graphs, scope, round };
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
    ...present({ control }),
  };
}

/** Stands for a node of which no event speaks. */
function unknownElement(node: string): PathElement {
  return { node, ok: { end: "success", name: "success" }, failed: { end: "fail", name: "fail" } };
}
