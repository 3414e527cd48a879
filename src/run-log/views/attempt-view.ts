import type { AttemptEvent, StepFinished } from "../../protocol/event.ts";
import { groupMetrics } from "../../protocol/group-metrics.ts";
import { present } from "../../system/present.ts";
import { type AttemptRecord, finishOf, inOrder, rank, type StepRecords } from "../replay/event-index.ts";
import type { NodeStatus } from "../replay/node-status.ts";
import { filesPut } from "../replay/replay-leaf.ts";
import type { AttemptView } from "./view.ts";

/** All attempts of a leaf or gather, earlier rounds first. */
export function viewAttempts(records: StepRecords): readonly AttemptView[] {
  return [...records.attempts.values()].sort((a, b) => rank(a) - rank(b)).map((record) => viewAttempt(record, records));
}

function viewAttempt(record: AttemptRecord, records: StepRecords): AttemptView {
  const finish = finishOf(record);
  const status = attemptStatus(record, finish, records);
  const events = inOrder(record);
  return {
    attempt: record.attempt,
    round: record.round,
    status,
    // A record that was written too late to be believed says nothing about how the attempt ended.
    ...endOf(status === "lost" ? undefined : finish),
    ...startOf(events),
    delta: (status === "success" ? finish?.data.delta : undefined) ?? {},
    metrics: groupMetrics(events.flatMap((event) => (event.kind === "metric" ? [event.data] : []))),
    put: filesPut(record),
    got: events.flatMap((event) => (event.kind === "catalog.get" ? event.data.files : [])),
    warnings: events.flatMap((event) => (event.kind === "warning" ? [event.data.message] : [])),
    ...logOf(events),
  };
}

/** Without a finish: running, unless it was declared lost or a later attempt took its place. */
function attemptStatus(
  record: AttemptRecord,
  finish: StepFinished | undefined,
  { last, lost }: StepRecords,
): NodeStatus {
  if (lost !== undefined && rank(lost) === rank(record)) return "lost";
  if (finish !== undefined) return finish.data.status;
  const isOver = record !== last || (lost !== undefined && rank(lost) > rank(record));
  return isOver ? "lost" : "running";
}

function endOf(finish: StepFinished | undefined): Partial<AttemptView> {
  if (finish === undefined) return {};
  const { exitCode, signal, reason, message, durationMs } = finish.data;
  return {
    ...present({ exitCode, signal, reason, message }),
    durationMs,
  };
}

function startOf(events: readonly AttemptEvent[]): Partial<AttemptView> {
  const started = events.find((event) => event.kind === "step.started");
  if (started === undefined) return {};
  const { command } = started.data;
  return { startedAt: started.time, ...present({ command }) };
}

function logOf(events: readonly AttemptEvent[]): Partial<AttemptView> {
  const stored = events.findLast((event) => event.kind === "log.stored");
  const problem = events.findLast((event) => event.kind === "warning" && event.data.log !== undefined);
  return {
    ...present({ log: stored?.data }),
    ...(problem?.kind === "warning" ? { logProblem: problem.data.message } : {}),
  };
}
