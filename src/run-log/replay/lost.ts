/**
 * Phase: losses. In: the events of a run, a step that starts (or the run's end) and the steps that its spec allows to
 * be lost before it. Out: the `step.lost` events to write so that the replay leads there; none where nothing proves it.
 */

import type { Event, EventBody, StepLost } from "../../protocol/event.ts";
import { type Path, type PathElement, pathKey } from "../../protocol/path.ts";
import type { StepSpec } from "../../protocol/step-spec.ts";
import { present } from "../../system/present.ts";
import { addEvent, type EventIndex, indexEvents } from "./event-index.ts";
import type { StuckStep } from "./findings.ts";
import { lateSuccesses } from "./late-successes.ts";
import { indexLosses, type LossIndex, lossesAt, stepKey } from "./loss-index.ts";
import { reachIn } from "./reach.ts";
import { replayGraph } from "./replay.ts";
import { rootScope } from "./token-scope.ts";

type LostBody = Extract<EventBody, { kind: "step.lost" }>;

/**
 * Who decided that a step starts. A platform that follows the edges starts a handler because it saw the step before it fail,
 * also where that one had just recorded its success. Whoever only waits for steps to end, or starts one by hand, saw nothing:
 * the log decides.
 */
export type Decider = "platform" | "log";

/**
 * What a step that starts at `path` (with selectors) may declare lost. All of it or nothing: the result is empty where
 * even with these losses the token would not arrive, and where it is there already. A recorded success is lost only where
 * a platform decided.
 */
export function lossesBefore(
  events: readonly Event[],
  path: Path,
  { gather, mayBeLost = [] }: Pick<StepSpec, "gather" | "mayBeLost">,
  decider: Decider,
): readonly LostBody[] {
  if (mayBeLost.length === 0) return [];
  const allowed = indexLosses(mayBeLost);
  const plain = loseUntilReached(suppose(events, []), path, gather, allowed);
  if (plain.reached) return plain.losses;
  if (decider === "log") return [];
  // The log tells of a success, but the platform went on as after a failure.
  const withPlain = plain.losses.length > 0 ? loseLate(events, path, gather, allowed, plain.losses) : [];
  return withPlain.length > 0 ? withPlain : loseLate(events, path, gather, allowed, []);
}

/** Supposes successes late: all behind which the token is stuck, then at most one that ended a graph. */
function loseLate(
  events: readonly Event[],
  path: Path,
  gather: "open" | "close" | undefined,
  allowed: LossIndex,
  before: readonly LostBody[],
): readonly LostBody[] {
  const { stopped } = reachIn(suppose(events, before), path, gather);
  const late = lateSuccesses(stopped, allowed);
  const blocking = late.filter((success) => success.blocking);
  const others = new Map(
    late.filter((success) => !success.blocking).map((success) => [stepKey(success.path, success.gather), success]),
  );
  for (const one of [[], ...[...others.values()].map((other) => [other])]) {
    const supposed = [...before, ...[...blocking, ...one].map((s) => lostBody(s.path, s.gather, s))];
    const rest = loseUntilReached(suppose(events, supposed), path, gather, allowed);
    if (rest.reached) return [...supposed, ...rest.losses];
  }
  return [];
}

function suppose(events: readonly Event[], losses: readonly LostBody[]): EventIndex {
  const index = indexEvents(events);
  for (const loss of losses) addLoss(index, loss);
  return index;
}

/**
 * What is lost when a run is over: every step at which its replay stops. Those that `mayBeLost` does not list are
 * taken to end the run as failed. A graph whose first step is neither known nor listed stays as it is.
 */
export function lossesAtEnd(
  events: readonly Event[],
  mayBeLost: NonNullable<StepSpec["mayBeLost"]>,
): readonly LostBody[] {
  const allowed = indexLosses(mayBeLost);
  const index = indexEvents(events);
  const losses: LostBody[] = [];
  const isNew = onceOnly();
  for (;;) {
    const more = stuckAtEnd(index).flatMap((stuck) => {
      const listed = listedLosses(stuck, allowed);
      return listed.length > 0 ? listed : assumedLoss(stuck);
    });
    const news = more.filter(isNew);
    if (news.length === 0) return losses;
    for (const loss of news) addLoss(index, loss);
    losses.push(...news);
  }
}

function loseUntilReached(
  index: EventIndex,
  path: Path,
  gather: "open" | "close" | undefined,
  allowed: LossIndex,
): { readonly reached: boolean; readonly losses: readonly LostBody[] } {
  const losses: LostBody[] = [];
  const isNew = onceOnly();
  for (;;) {
    const { reach } = reachIn(index, path, gather);
    if (reach.state === "here") return { reached: true, losses };
    const more = reach.state === "blocked" ? reach.stuck.flatMap((stuck) => listedLosses(stuck, allowed)) : [];
    const news = more.filter(isNew);
    if (news.length === 0) return { reached: false, losses };
    for (const loss of news) addLoss(index, loss);
    losses.push(...news);
  }
}

/** A log of another pipeline's version may not move by a loss; then it must not be tried for ever. */
function onceOnly(): (loss: LostBody) => boolean {
  const seen = new Set<string>();
  return ({ path, gather, attempt, round }) => {
    const key = JSON.stringify([pathKey(path), gather, attempt, round]);
    return seen.size !== seen.add(key).size;
  };
}

function stuckAtEnd(index: EventIndex): readonly StuckStep[] {
  const stuck: StuckStep[] = [];
  const scope = rootScope(index.created?.data.parameters ?? {});
  replayGraph({ graph: index.root, prefix: [], scope, round: 1 }, { stuck, warnings: [] });
  return stuck;
}

function addLoss(index: EventIndex, body: LostBody): void {
  const head = { v: 1, id: "", run: "", writer: "", seq: 0, time: "" } as const;
  const event: StepLost = { ...head, ...body };
  addEvent(index, event);
}

/** The events for one stopped step: itself, or what it would have begun with. */
function listedLosses(stuck: StuckStep, allowed: LossIndex): readonly LostBody[] {
  return lossesAt(stuck, allowed).map((loss) => lostBody(fillIn(loss.path, stuck.path), loss.gather, stuck));
}

function assumedLoss(stuck: StuckStep): readonly LostBody[] {
  if (stuck.unknown === "start") return [];
  return [lostBody(stuck.path, stuck.gather, stuck, stuck.unknown === "node")];
}

function lostBody(
  path: Path,
  gather: "open" | "close" | undefined,
  { attempt, round }: { readonly attempt: number; readonly round: number },
  assumed = false,
): LostBody {
  const message = attempt === 0 ? "never started" : "never finished";
  return {
    kind: "step.lost",
    path,
    attempt,
    round,
    ...present({ gather }),
    data: { message, ...(assumed ? { assumed } : {}) },
  };
}

/** A listed path with the selectors of the place; below it a loop is in its first iteration. */
function fillIn(path: Path, place: Path): Path {
  return path.map((element, i) => {
    const { branch, index, key } = place[i] ?? {};
    const iteration = element.kind === "loop" && i < path.length - 1 ? 0 : undefined;
    return selectElement(element, { branch, index: index ?? iteration, key });
  });
}

type Selectors = { readonly [K in "branch" | "index" | "key"]: PathElement[K] | undefined };

function selectElement(element: PathElement, { branch, index, key }: Selectors): PathElement {
  return {
    ...element,
    ...present({ branch, index, key }),
  };
}
