/**
 * Phase: reach. In: the events of a run and the path of a step that is about to start. Out: whether the token stands at
 * that step, and what it sees there. What the log says of the step itself and of all after it is not looked at.
 */

import type { CatalogFile, Event } from "../../protocol/event.ts";
import type { Parameters, Path, PathElement } from "../../protocol/path.ts";
import { present } from "../../system/present.ts";
import { addPath, type EventIndex, indexEvents, type NodeRecords, type StepRecords } from "./event-index.ts";
import type { Findings, StuckStep } from "./findings.ts";
import type { Passed } from "./late-successes.ts";
import type { NodeStatus } from "./node-status.ts";
import { type Arrival, type PlacedGraph, placeInside } from "./placed-graph.ts";
import { type LoopReplay, replayGraph, replayLoop } from "./replay.ts";
import { itemAt, openComposite, readBranch, readItems } from "./replay-control.ts";
import { replayLeaf } from "./replay-leaf.ts";
import { lookUp, rootScope, type TokenScope, visibleFiles, visibleItems, visibleParameters } from "./token-scope.ts";

export type Reach = Here | Blocked | Elsewhere;

export interface Here {
  readonly state: "here";
  /** Visible parameters, enclosing items included. */
  readonly visible: Parameters;
  /** Enclosing items and iterations by name, outermost first. */
  readonly items: Parameters;
  readonly files: ReadonlyMap<string, CatalogFile>;
  /** For the records of an attempt that starts now. */
  readonly round: number;
  /** The step's own last word in this round, where it has one. */
  readonly finished?: { readonly status: Exclude<NodeStatus, "running">; readonly control?: string };
}
/** The token stands before the step, at steps that have no final record. */
export interface Blocked {
  readonly state: "blocked";
  readonly stuck: readonly StuckStep[];
}
/** The token went or ended another way. */
export interface Elsewhere {
  readonly state: "elsewhere";
}

/**
 * Replays up to one leaf or gather. `path` has its selectors; a closing gather's last element the iteration that it
 * closes. `floor`: the round that the platform says it is in (GitHub's run_attempt); own records below do not count.
 */
export function reachStep(events: Iterable<Event>, path: Path, gather?: "open" | "close", floor = 1): Reach {
  const index = indexEvents(events);
  return reachIn(index, path, gather, floor).reach;
}

/** As {@link reachStep}, over an index; also tells which graph the replay stopped in. */
export function reachIn(
  index: EventIndex,
  path: Path,
  gather?: "open" | "close",
  floor = 1,
): { readonly reach: Reach; readonly stopped: Passed } {
  const own = addPath(index, path, false);
  const findings: Findings = { stuck: [], warnings: [] };
  let place: PlacedGraph = {
    graph: index.root,
    prefix: [],
    scope: rootScope(index.created?.data.parameters ?? {}),
    round: 1,
  };
  let stopped: Passed = { prefix: [], steps: [], stuck: false };
  const away = (): { readonly reach: Reach; readonly stopped: Passed } => {
    const { stuck } = findings;
    return { reach: stuck.length > 0 ? { state: "blocked", stuck } : { state: "elsewhere" }, stopped };
  };
  for (const [i, element] of path.entries()) {
    const before = replayGraph(place, findings, element.node);
    stopped = { prefix: place.prefix, steps: before.steps, stuck: before.outcome === "stuck" };
    if (before.outcome !== "here") return away();
    const arrival = { prefix: place.prefix, scope: place.scope, round: before.round };
    if (i === path.length - 1 && gather !== "close")
      return { reach: arrive(index, own, gather, arrival, floor), stopped };
    const node = place.graph?.nodes.get(element.node);
    const inside = node === undefined ? undefined : enter(node, element, arrival, findings);
    if (inside === undefined) return away();
    if ("steps" in inside) {
      stopped = inside;
      return away();
    }
    place = inside;
  }
  // A closing gather: the whole iteration lies before it.
  const body = replayGraph(place, findings);
  stopped = { prefix: place.prefix, steps: body.steps, stuck: body.outcome === "stuck" };
  if (body.outcome !== "success") return away();
  return { reach: arrive(index, own, gather, { ...place, round: body.round }, floor, path.at(-1)), stopped };
}

/** Goes into the graph that `element` selects; undefined, or the iteration in which it stopped, where the token did not. */
function enter(
  node: NodeRecords,
  element: PathElement,
  arrival: Arrival,
  findings: Findings,
): PlacedGraph | Passed | undefined {
  const { state, control, round } = openComposite(node, arrival, findings);
  if (state !== "open") return undefined;
  const opened = { ...arrival, round };
  const value = control?.data.value ?? "";
  switch (element.kind) {
    case "map": {
      const item = readItems(value)?.find((each) => each.index === element.index);
      if (item === undefined) return undefined;
      return placeInside(node, element, opened, itemAt(lookUp(arrival.scope, node.element.on ?? ""), item.index));
    }
    case "conditional":
      return readBranch(value, node.element.of ?? []) === element.branch
        ? placeInside(node, element, opened)
        : undefined;
    case "loop": {
      const before = replayLoop(node, opened, findings, element.index);
      if (before.outcome !== "here") return stoppedIteration(before, arrival);
      return placeInside(node, element, { ...opened, scope: before.scope, round: before.round });
    }
    default:
      return placeInside(node, element, opened);
  }
}

function stoppedIteration({ graphs }: LoopReplay, { prefix }: Arrival): Passed | undefined {
  const last = graphs.at(-1);
  if (last === undefined) return undefined;
  return { prefix: [...prefix, last.element], steps: last.replay.steps, stuck: last.replay.outcome === "stuck" };
}

function arrive(
  index: EventIndex,
  node: NodeRecords,
  gather: "open" | "close" | undefined,
  { scope, round }: { readonly scope: TokenScope; readonly round: number },
  floor: number,
  closing?: PathElement,
): Here {
  const records = ownRecords(node, gather, closing?.index ?? 0);
  const { status, finish } =
    records === undefined ? { status: "running" as const } : replayLeaf(records, Math.max(round, floor));
  const { control } = finish?.data ?? {};
  return {
    state: "here",
    visible: visibleParameters(scope),
    items: visibleItems(scope),
    files: visibleFiles(scope),
    round: Math.max(round, floor, newRound(records, index)),
    ...(status === "running" ? {} : { finished: { status, ...present({ control }) } }),
  };
}

function ownRecords(
  node: NodeRecords,
  gather: "open" | "close" | undefined,
  iteration: number,
): StepRecords | undefined {
  switch (gather) {
    case undefined:
      return node.own;
    case "open":
      return node.open;
    case "close":
      return node.close.get(iteration);
  }
}

/**
 * A step that starts again opens a new round, above all that is recorded: what followed its earlier attempts must not
 * count any more, whatever rounds retries of single steps had taken it to.
 */
function newRound(records: StepRecords | undefined, { highestRound }: EventIndex): number {
  return records?.last === undefined && records?.lost === undefined ? 0 : highestRound + 1;
}
