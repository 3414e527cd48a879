/**
 * Phase: fold. In: the events of a run, in any order, doubles included. Out: the run as people and tools see it.
 *
 * A pure function of the set of events: commutative, idempotent, indifferent to clocks and writers. All that it says of
 * composites, terminals and parameters comes from the replay (replay.ts); times are only shown.
 */

import type { Event } from "../../protocol/event.ts";
import { displayPath, type Path } from "../../protocol/path.ts";
import { present } from "../../system/present.ts";
import { type EventIndex, indexEvents, type NodeRecords } from "../replay/event-index.ts";
import type { Findings } from "../replay/findings.ts";
import type { NodeStatus } from "../replay/node-status.ts";
import { type GraphReplay, type InnerReplay, isLeaf, replayGraph, type StepReplay } from "../replay/replay.ts";
import { published, rootScope } from "../replay/token-scope.ts";
import { viewAttempts } from "./attempt-view.ts";
import type { GraphView, RunStatus, RunView, StepView } from "./view.ts";

export function foldRun(events: readonly Event[]): RunView {
  const index = indexEvents(events);
  const findings: Findings = { stuck: [], warnings: [] };
  // The initial parameters stand in the root's own scope, so that what the root publishes lies over them.
  const scope = rootScope(index.created?.data.parameters ?? {});
  const root = replayGraph({ graph: index.root, prefix: [], scope, round: 1 }, findings);
  const status = runStatus(root, index);
  // Nothing goes on in a run that is closed; only a step that has no end is still called running, since it may be.
  const unfinished = status === "cancelled" ? "cancelled" : status === "failed" ? "lost" : "running";
  const names: Names = { unfinished, stopped: status === "cancelled" || status === "running" ? "cancelled" : "failed" };
  return {
    run: events[0]?.run ?? "",
    ...present({ created: index.created?.data }),
    status,
    parameters: published(root.scope),
    steps: viewSteps(root, [], names),
    ...present({ end: root.end }),
    warnings: findings.warnings.map(({ path, message }) => `${displayPath(path)}: ${message}`),
    ...linksOf(events),
    ...timesOf(events),
  };
}

function linksOf(events: readonly Event[]): Pick<RunView, "links"> {
  const told = events.flatMap((event) => (event.kind === "run.native" ? event.data.links : []));
  const texts = new Map(told.map((link) => [`${link.url} ${link.title}`, link]));
  const links = [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, link]) => link);
  return links.length === 0 ? {} : { links };
}

/** The token decides. `run.finished` decides where the token does not, and whether a run that did not succeed was stopped. */
function runStatus({ outcome }: GraphReplay, { finished }: EventIndex): RunStatus {
  if (outcome === "success") return finished.has("cancelled") && !finished.has("success") ? "cancelled" : "success";
  if (outcome === "failed" && finished.has("failed")) return "failed";
  if (finished.has("cancelled")) return "cancelled";
  if (outcome === "failed" || finished.has("failed")) return "failed";
  return "running";
}

/** Whether a graph failed because a step in it was stopped, and for no other reason. */
function wasCancelled({ outcome, steps }: GraphReplay): boolean {
  const last = steps.at(-1);
  return outcome === "failed" && last !== undefined && isCancelled(last);
}

function isCancelled({ status, graphs }: StepReplay): boolean {
  if (graphs.length === 0) return status === "cancelled";
  const failed = graphs.filter(({ replay }) => replay.outcome === "failed");
  return status === "failed" && failed.length > 0 && failed.every(({ replay }) => wasCancelled(replay));
}

/** What composites and graphs are called. */
interface Names {
  /** Inside of them the token still stands. */
  readonly unfinished: NodeStatus;
  /** They failed because a step in them was stopped: in a run that is stopped, or about to be, they were stopped, too. */
  readonly stopped: NodeStatus;
}

function viewSteps({ steps }: GraphReplay, prefix: Path, names: Names): readonly StepView[] {
  return steps.map((step) => viewStep(step, prefix, names));
}

function viewStep(step: StepReplay, prefix: Path, names: Names): StepView {
  const { element, own } = step.node;
  const { value, reason, message } = step.control?.data ?? {};
  return {
    path: [...prefix, element],
    kind: element.kind ?? "task",
    status: isLeaf(element) ? step.status : compositeStatus(step, names),
    attempts: isLeaf(element) ? viewAttempts(own) : [],
    delta: step.delta,
    files: [...step.files],
    graphs: step.graphs.map((inner) => viewGraph(inner, prefix, names)),
    ...(value === undefined
      ? {}
      : {
          control: {
            value,
            ...present({ reason, message }),
          },
        }),
    gathers: viewGathers(step.node),
  };
}

function compositeStatus(step: StepReplay, { unfinished, stopped }: Names): NodeStatus {
  if (step.status === "running") return unfinished;
  return isCancelled(step) ? stopped : step.status;
}

function viewGraph({ element, item, replay }: InnerReplay, prefix: Path, names: Names): GraphView {
  const { branch, index, key } = element;
  const { outcome, end } = replay;
  return {
    ...present({ branch, index, key, item }),
    status: wasCancelled(replay)
      ? names.stopped
      : outcome === "success" || outcome === "failed"
        ? outcome
        : names.unfinished,
    steps: viewSteps(replay, [...prefix, element], names),
    ...present({ end }),
  };
}

function viewGathers({ open, close }: NodeRecords): StepView["gathers"] {
  const opening = viewAttempts(open);
  const closing = [...close].sort(([a], [b]) => a - b);
  return [
    ...(opening.length === 0 ? [] : [{ gather: "open" as const, attempts: opening }]),
    ...closing.map(([index, records]) => ({ gather: "close" as const, index, attempts: viewAttempts(records) })),
  ];
}

function timesOf(events: readonly Event[]): Pick<RunView, "startedAt" | "finishedAt"> {
  let [startedAt, finishedAt] = [events[0]?.time, events[0]?.time];
  if (startedAt === undefined || finishedAt === undefined) return {};
  for (const { time } of events) {
    if (time < startedAt) startedAt = time;
    if (time > finishedAt) finishedAt = time;
  }
  return { startedAt, finishedAt };
}
