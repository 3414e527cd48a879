import type { Event } from "../protocol/event.ts";
import type { Parameters, Path } from "../protocol/path.ts";
import { mlflowClient } from "./mlflow-client.ts";
import {
  attemptsOf,
  metricsOfRun,
  paramsOf,
  type RunStatus,
  statusOf,
  trackedAttempt,
  trackedMetrics,
  trackedRun,
} from "./mlflow-records.ts";
import type { MlflowSettings } from "./mlflow-settings.ts";
import { createParent } from "./mlflow-tracker.ts";

export interface Synced {
  /** MLflow's ids. */
  readonly experiment: string;
  readonly run: string;
  /** Attempts of tasks in the log. */
  readonly attempts: number;
  /** Of these, how many the server did not know. */
  readonly added: number;
}

/**
 * Tells MLflow all that a run's log has for it. What it knows already stays as it is: the same metric at the same time is
 * one point. `itemsOf` gives the items and iterations around a step. Rejects with one line for people.
 */
export async function syncRun(
  settings: MlflowSettings,
  run: string,
  events: readonly Event[],
  itemsOf: (path: Path) => Parameters,
): Promise<Synced> {
  const client = mlflowClient(settings);
  const call = (): AbortSignal => AbortSignal.timeout(60_000);
  const wanted = trackedRun(run, events);
  const experiment = await client.openExperiment(wanted.pipeline, call());
  const parent =
    (await client.findRun(experiment, wanted.key, call())) ?? (await createParent(client, experiment, wanted, call()));
  const known = await client.listChildren(experiment, parent, call());
  const attempts = attemptsOf(events);
  let added = 0;
  for (const [key, attempt] of attempts) {
    const { path, attempt: number, time } = attempt.started;
    let id = known.get(key);
    if (id === undefined) {
      const child = trackedAttempt(run, parent, { path, attempt: number }, Date.parse(time));
      id = await client.createRun({ experiment, ...child }, call());
      added++;
    }
    await client.logAll(id, { params: paramsOf(itemsOf(path)), ...trackedMetrics(attempt.events) }, call());
    const metrics = attempt.events.filter((event) => event.kind === "metric");
    if (hasSucceeded(attempt.events)) await client.logAll(parent, { metrics: metricsOfRun(metrics) }, call());
    const end = endOf(attempt.events);
    if (end !== undefined) await client.endRun(id, end.status, end.time, call());
  }
  const finished = events.findLast((event) => event.kind === "run.finished");
  if (finished !== undefined) {
    await client.endRun(parent, statusOf(finished.data.status), Date.parse(finished.time), call());
  }
  return { experiment, run: parent, attempts: attempts.size, added };
}

function hasSucceeded(events: readonly Event[]): boolean {
  return events.some((event) => event.kind === "step.finished" && event.data.status === "success");
}

/** Undefined: it still runs. */
function endOf(events: readonly Event[]): { readonly status: RunStatus; readonly time: number } | undefined {
  for (const event of events) {
    if (event.kind === "step.finished") return { status: statusOf(event.data.status), time: Date.parse(event.time) };
  }
  const lost = events.find((event) => event.kind === "step.lost");
  return lost === undefined ? undefined : { status: "FAILED", time: Date.parse(lost.time) };
}
