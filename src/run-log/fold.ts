/**
 * Phase: fold. In: the events of a run, in any order, doubles included. Out: the run as people and tools see it.
 *
 * A pure function of the set of events: commutative, idempotent, indifferent to clocks and writers. All that it says of
 * composites, terminals and parameters comes from the replay (replay.ts); times are only shown.
 */
import type { Event } from "../protocol/event.ts";
import { displayPath, type Path } from "../protocol/path.ts";
import { viewAttempts } from "./attempt-view.ts";
import { type EventIndex, indexEvents, type NodeRecords } from "./event-index.ts";
import type { Findings } from "./findings.ts";
import { type GraphReplay, type InnerReplay, isLeaf, replayGraph, type StepReplay } from "./replay.ts";
import { published, rootScope } from "./scope.ts";
import type { GraphView, NodeStatus, RunStatus, RunView, StepView } from "./view.ts";

export function foldRun(events: readonly Event[]): RunView {
  const index = indexEvents(events);
  const findings: Findings = { stuck: [], warnings: [] };
  // The initial parameters stand in the root's own scope, so that what the root publishes lies over them.
  const scope = rootScope(index.created?.data.parameters ?? {});
  const root = replayGraph({ graph: index.root, prefix: [], scope, round: 1 }, findings);
  const status = runStatus(root, index);
  // Nothing goes on in a run that was stopped; only a step that has no end is still called running, since it may be.
  const unfinished = status === "cancelled" ? "cancelled" : "running";
  return {
    run: events[0]?.run ?? "",
    ...(index.created === undefined ? {} : { created: index.created.data }),
    status,
    parameters: published(root.scope),
    steps: viewSteps(root, [], unfinished),
    ...(root.end === undefined ? {} : { end: root.end }),
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

/** `unfinished`: what a composite or graph is called at whose inside the token still stands. */
function viewSteps({ steps }: GraphReplay, prefix: Path, unfinished: NodeStatus): readonly StepView[] {
  return steps.map((step) => viewStep(step, prefix, unfinished));
}

function viewStep(step: StepReplay, prefix: Path, unfinished: NodeStatus): StepView {
  const { element, own } = step.node;
  const { value, reason, message } = step.control?.data ?? {};
  return {
    path: [...prefix, element],
    kind: element.kind ?? "task",
    status: step.status === "running" && !isLeaf(element) ? unfinished : step.status,
    attempts: isLeaf(element) ? viewAttempts(own) : [],
    delta: step.delta,
    files: [...step.files],
    graphs: step.graphs.map((inner) => viewGraph(inner, prefix, unfinished)),
    ...(value === undefined
      ? {}
      : {
          control: {
            value,
            ...(reason === undefined ? {} : { reason }),
            ...(message === undefined ? {} : { message }),
          },
        }),
    gathers: viewGathers(step.node),
  };
}

function viewGraph({ element, item, replay }: InnerReplay, prefix: Path, unfinished: NodeStatus): GraphView {
  const { branch, index, key } = element;
  const { outcome, end } = replay;
  return {
    ...(branch === undefined ? {} : { branch }),
    ...(index === undefined ? {} : { index }),
    ...(key === undefined ? {} : { key }),
    ...(item === undefined ? {} : { item }),
    status: outcome === "success" || outcome === "failed" ? outcome : unfinished,
    steps: viewSteps(replay, [...prefix, element], unfinished),
    ...(end === undefined ? {} : { end }),
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
