import type { Path } from "../../protocol/path.ts";
import type { NodeRecords, StepRecords } from "./event-index.ts";
import { type LossIndex, mayLose } from "./loss-index.ts";
import { isLeaf, type StepReplay } from "./replay.ts";
import { type LeafReplay, replayLeaf } from "./replay-leaf.ts";

/** A success that the platform may not have seen: the record was written, then the process was killed. */
export interface LateSuccess {
  /** With selectors. */
  readonly path: Path;
  readonly gather?: "open" | "close";
  readonly attempt: number;
  readonly round: number;
  /** The token is stuck right behind it, so nothing else can explain that the run went on. */
  readonly blocking: boolean;
}

/** Steps of one graph that were passed; the replay stopped behind the last of them, or the graph ended there. */
export interface Passed {
  readonly prefix: Path;
  readonly steps: readonly StepReplay[];
  readonly stuck: boolean;
}

/** The listed successes with which a graph, and every graph inside its last node, came to its end; the last first. */
export function lateSuccesses(passed: Passed, allowed: LossIndex): readonly LateSuccess[] {
  const last = passed.steps.findLast(hasBegun);
  if (last === undefined) return [];
  const path = [...passed.prefix, last.node.element];
  const blocking = passed.stuck && last.status === "success";
  if (isLeaf(last.node.element)) return successIn(last.node.own, { path, blocking }, allowed);
  const inside = last.graphs
    .slice(last.node.element.kind === "loop" ? -1 : 0)
    .flatMap(({ element, replay }) => {
      const graph = { prefix: [...passed.prefix, element], steps: replay.steps, stuck: replay.outcome === "stuck" };
      const closing = replay.outcome === "success" ? closingSuccess(last.node, graph.prefix, blocking, allowed) : [];
      return [...lateSuccesses(graph, allowed), ...closing];
    })
    .reverse();
  if (inside.length > 0) return inside;
  return successIn(last.node.open, { path, gather: "open", blocking: last.status === "running" }, allowed);
}

/**
 * Whether a process of this node started. A composite that failed by a fault, or had no items, was passed without one;
 * a node may be known from an earlier round only.
 */
function hasBegun({ node, status, last, graphs, round }: StepReplay): boolean {
  if (isLeaf(node.element)) return status !== "running" || last !== undefined;
  const gathered = node.open.last !== undefined && node.open.last.round >= round;
  return gathered || graphs.some(({ replay }) => replay.steps.some(hasBegun));
}

function closingSuccess(node: NodeRecords, path: Path, blocking: boolean, allowed: LossIndex): readonly LateSuccess[] {
  const iteration = path.at(-1)?.index;
  const records = iteration === undefined ? undefined : node.close.get(iteration);
  return records === undefined ? [] : successIn(records, { path, gather: "close", blocking }, allowed);
}

function successIn(
  records: StepRecords,
  at: Pick<LateSuccess, "path" | "gather" | "blocking">,
  allowed: LossIndex,
): readonly LateSuccess[] {
  const { status, last }: LeafReplay = replayLeaf(records, 1);
  if (status !== "success" || last === undefined || mayLose(at.path, at.gather, allowed) === undefined) return [];
  return [{ ...at, attempt: last.attempt, round: last.round }];
}
