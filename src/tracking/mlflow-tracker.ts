/**
 * Phase: experiment tracking, beside the run log. In: attempts that are about to start, and events once they are in the run
 * log. Out: runs on an MLflow server, one for the magnus run and below it one for each attempt. A bundle of its own beside
 * the shim (dist/tracker.cjs), loaded where it is configured. Nothing here fails a step or holds it up for long: where the
 * server does not do its work, that is told once, and the rest of this process goes untracked.
 */
import type { Event, MetricEvent } from "../protocol/event.ts";
import { readEvents } from "../run-log/record/read-events.ts";
import type { Head } from "../runtime/attempt/step-run.ts";
import type { RunLog } from "../stores/contract/run-log-store.ts";
import { followMetrics } from "./follow-metrics.ts";
import { type MlflowClient, mlflowClient } from "./mlflow-client.ts";
import {
  attemptKey,
  metricsOfRun,
  paramsOf,
  type RunStatus,
  statusOf,
  trackedAttempt,
  trackedMetrics,
  trackedRun,
} from "./mlflow-records.ts";
import { readMlflowSettings } from "./mlflow-settings.ts";
import type { Tracker, Tracking } from "./tracker.ts";

/** Milliseconds that a step, or the end of a run, waits for the server at most. */
const usualPatience = 5000;

/** What it gives never rejects, whatever the server does. Throws one line for people where no server is named. */
export function openMlflowTracker(tracking: Tracking): Tracker {
  const { server, environment, log } = tracking;
  const settings = readMlflowSettings(server, environment);
  if (typeof settings === "string") throw new Error(settings);
  const client = mlflowClient(settings);
  const tracked: Tracked = {
    ...{ run: log.run, url: settings.url, client, open: new Map() },
    parent: once((signal) => openParent(client, log, signal)),
    ...openTelling(client, tracking),
  };
  return {
    begin: (head, items, stop) => begin(tracked, head, items, stop),
    follow: followMetrics,
    see: (events) => {
      for (const event of events) {
        if (event.kind === "metric") keep(tracked, event);
        else if (event.kind === "step.finished") finishAttempt(tracked, event);
        else if (event.kind === "run.finished") finishRun(tracked, statusOf(event.data.status), event.time);
      }
      for (const attempt of tracked.open.values()) if (attempt.waiting.length > 0) send(tracked, attempt);
    },
    close: async () => {
      while (tracked.pending.size > 0) await Promise.all(tracked.pending);
    },
  };
}

/** A magnus run as the server knows it. */
interface Tracked extends Telling {
  readonly run: string;
  readonly url: string;
  readonly client: MlflowClient;
  /** Attempts that have begun. */
  readonly open: Map<string, OpenAttempt>;
  parent(signal: AbortSignal): Promise<Parent>;
}

/** Calls of the server, until one fails: that is told, and the others are not made. */
interface Telling {
  /** Undefined where it failed. */
  tell<T>(
    head: Head | undefined,
    work: (signal: AbortSignal) => Promise<T>,
    stop?: AbortSignal,
  ): Promise<T | undefined>;
  background(work: Promise<unknown>): void;
  readonly pending: Set<Promise<unknown>>;
}

function openTelling(client: MlflowClient, { log, warn, patienceMs = usualPatience }: Tracking): Telling {
  const pending = new Set<Promise<unknown>>();
  let broken = false;
  return {
    pending,
    tell: async (head, work, stop) => {
      if (broken) return undefined;
      const limit = AbortSignal.timeout(patienceMs);
      try {
        return await work(stop === undefined ? limit : AbortSignal.any([limit, stop]));
      } catch (error) {
        // A stop is nobody's fault, and what fails together is told once.
        if (broken || stop?.aborted) return undefined;
        broken = true;
        const why = limit.aborted ? `no answer within ${patienceMs / 1000} s` : messageOf(error);
        warn(
          `experiment tracking stops: ${client.name}: ${why}; upload the rest with: magnus track sync ${log.run}`,
          head,
        );
        return undefined;
      }
    },
    background: (work) => {
      pending.add(work);
      work.finally(() => pending.delete(work));
    },
  };
}

async function begin(
  { run: id, url, client, open, parent, tell, background }: Tracked,
  ...[head, items, stop]: Parameters<Tracker["begin"]>
): ReturnType<Tracker["begin"]> {
  const variables = await tell(
    head,
    async (signal) => {
      const { experiment, run } = await parent(signal);
      const child = await client.createRun({ experiment, ...trackedAttempt(id, run, head) }, signal);
      open.set(attemptKey(id, head), { run: child, waiting: [], events: [], sending: Promise.resolve() });
      const params = paramsOf(items);
      if (params.length > 0) background(tell(head, (limit) => client.logAll(child, { params }, limit)));
      return { MLFLOW_RUN_ID: child, MLFLOW_EXPERIMENT_ID: experiment, MLFLOW_TRACKING_URI: url };
    },
    stop,
  );
  return variables ?? {};
}

function finishAttempt(
  { run: id, client, open, parent, tell, background }: Tracked,
  event: Extract<Event, { kind: "step.finished" }>,
): void {
  const key = attemptKey(id, event);
  const attempt = open.get(key);
  open.delete(key);
  if (attempt === undefined) return;
  background(
    attempt.sending.then(() =>
      tell(event, async (signal) => {
        await client.logAll(attempt.run, trackedMetrics(attempt.waiting), signal);
        await client.endRun(attempt.run, statusOf(event.data.status), Date.parse(event.time), signal);
      }),
    ),
  );
  const metrics = event.data.status === "success" ? metricsOfRun(attempt.events) : [];
  if (metrics.length === 0) return;
  background(tell(event, async (signal) => client.logAll((await parent(signal)).run, { metrics }, signal)));
}

/** What a running task recorded, one call after the other. */
function send({ client, tell, background }: Tracked, attempt: OpenAttempt): void {
  attempt.sending = attempt.sending.then(async () => {
    const some = attempt.waiting.splice(0);
    if (some.length > 0) await tell(some[0], (signal) => client.logAll(attempt.run, trackedMetrics(some), signal));
  });
  background(attempt.sending);
}

function finishRun({ client, parent, tell, background, pending }: Tracked, status: RunStatus, time: string): void {
  // The attempts first: a run that is seen as finished is whole.
  const before = [...pending];
  background(
    Promise.all(before).then(() =>
      tell(undefined, async (signal) => {
        const { run } = await parent(signal);
        await client.endRun(run, status, Date.parse(time), signal);
      }),
    ),
  );
}

function keep({ run, open }: Tracked, event: MetricEvent): void {
  const attempt = open.get(attemptKey(run, event));
  attempt?.events.push(event);
  attempt?.waiting.push(event);
}

interface OpenAttempt {
  readonly run: string;
  /** All of it; and of these what is not sent yet. */
  readonly events: MetricEvent[];
  readonly waiting: MetricEvent[];
  sending: Promise<void>;
}

interface Parent {
  readonly experiment: string;
  readonly run: string;
}

/** The run of the whole magnus run: found by its tag, else made by the process that claims it. */
async function openParent(client: MlflowClient, log: RunLog, signal: AbortSignal): Promise<Parent> {
  const events = await readEvents(log);
  const wanted = trackedRun(log.run, events);
  const experiment = await client.openExperiment(wanted.pipeline, signal);
  const find = () => client.findRun(experiment, wanted.key, signal);
  const found = await find();
  if (found !== undefined) return { experiment, run: found };
  const waitsUntil = (await log.claim("mlflow run")) ? 0 : performance.now() + 2000;
  while (performance.now() < waitsUntil) {
    const made = await find();
    if (made !== undefined) return { experiment, run: made };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { experiment, run: await createParent(client, experiment, wanted, signal) };
}

export async function createParent(
  client: MlflowClient,
  experiment: string,
  { run, params }: ReturnType<typeof trackedRun>,
  signal: AbortSignal,
): Promise<string> {
  const id = await client.createRun({ experiment, ...run }, signal);
  await client.logAll(id, { params }, signal);
  return id;
}

/** Remembers what succeeded; what failed is tried again by who asks next. */
function once<T>(work: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let made: Promise<T> | undefined;
  return (signal) => {
    made ??= work(signal).catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
