/** What of a run log MLflow is told, in its words. Pure: the same events give the same records, so telling twice is telling once. */
import { createHash } from "node:crypto";
import type { Event, MetricEvent, RunFinished, StepStatus } from "../protocol/event.ts";
import { isNumber, type Json, printJson } from "../protocol/json.ts";
import { displayPath, type Parameters, type Path, pathKey } from "../protocol/path.ts";

/** https://mlflow.org/docs/latest/api_reference/rest-api.html#runstatus */
export type RunStatus = "FINISHED" | "FAILED" | "KILLED";

export interface KeyedValue {
  readonly key: string;
  readonly value: string;
}

export interface Metric {
  readonly key: string;
  /** Protocol buffers' JSON has texts for what JSON lacks (https://protobuf.dev/programming-guides/json/). */
  readonly value: number | "NaN" | "Infinity" | "-Infinity";
  /** Milliseconds. */
  readonly timestamp: number;
  readonly step: number;
}

export interface NewRun {
  readonly name: string;
  /** Milliseconds. */
  readonly startTime: number;
  readonly tags: readonly KeyedValue[];
}

export interface Records {
  readonly params?: readonly KeyedValue[];
  readonly metrics?: readonly Metric[];
  readonly tags?: readonly KeyedValue[];
}

/** The tag by which a run is found again: a digest, so that no name has to be quoted. */
export const keyTag = "magnus.key";

/** The run of a whole magnus run; its initial parameters are told once, with it. */
export function trackedRun(run: string, events: readonly Event[]) {
  const created = events.find((event) => event.kind === "run.created");
  const { pipeline, target, tag, code, parameters = {} } = created?.data ?? { pipeline: "magnus", target: undefined };
  const key = digest([run]);
  const tags = {
    [keyTag]: key,
    "magnus.run": run,
    "magnus.pipeline": pipeline,
    "magnus.target": target,
    "magnus.tag": tag,
    "mlflow.source.git.commit": code?.commit,
  };
  const startTime = created === undefined ? Date.now() : Date.parse(created.time);
  return {
    key,
    pipeline,
    run: { name: run, startTime, tags: tagsOf(tags) } satisfies NewRun,
    params: paramsOf(parameters),
  };
}

/** The run of one attempt, below `parent`. */
export function trackedAttempt(
  run: string,
  parent: string,
  { path, attempt }: { readonly path: Path; readonly attempt: number },
  time = Date.now(),
): NewRun {
  const step = displayPath(path);
  const tags = {
    [keyTag]: attemptKey(run, { path, attempt }),
    "mlflow.parentRunId": parent,
    "magnus.run": run,
    "magnus.step": step,
    "magnus.attempt": `${attempt}`,
  };
  return { name: attempt === 1 ? step : `${step} (attempt ${attempt})`, startTime: time, tags: tagsOf(tags) };
}

export function attemptKey(run: string, place: { readonly path: Path; readonly attempt: number }): string {
  return digest([run, pathKey(place.path), `${place.attempt}`]);
}

/** Parameters of a run; of an attempt's, the items and iterations around it. */
export function paramsOf(items: Parameters): readonly KeyedValue[] {
  return Object.entries(items).map(([name, value]) => keyed(name, value, longestParameter));
}

/**
 * What the run of the whole magnus run has of an attempt that succeeded, as `step/metric`: its points, or, where the step
 * stands in a map or a loop, the last value, with the number of the (innermost) item or iteration as its step.
 */
export function metricsOfRun(events: readonly MetricEvent[]): readonly Metric[] {
  const { metrics = [] } = trackedMetrics(events);
  const [first] = events;
  if (first === undefined) return [];
  const innermost = first.path.findLast(({ index }) => index !== undefined);
  const place = first.path
    .flatMap(({ node, branch, index }, i) =>
      // Outer items and iterations keep their points apart by name.
      [node, branch, first.path[i] === innermost ? undefined : index].filter((part) => part !== undefined),
    )
    .join("/");
  const named = metrics.map((metric) => ({ ...metric, key: cleanName(`${place}/${metric.key}`) }));
  if (innermost?.index === undefined) return named;
  const step = innermost.index;
  return [
    ...new Map(named.toSorted((a, b) => a.step - b.step).map((metric) => [metric.key, { ...metric, step }])).values(),
  ];
}

/** Numbers are metrics; all else that a task tracked is a tag, since a parameter could never change. */
export function trackedMetrics(events: readonly Event[]): Records {
  const metrics: Metric[] = [];
  const tags = new Map<string, KeyedValue>();
  const times = new Map<string, number>();
  for (const event of events) {
    if (event.kind !== "metric") continue;
    const { step = 0 } = event.data;
    for (const [name, value] of Object.entries(event.data.metrics)) {
      const key = cleanName(name);
      const number = numberOf(value);
      if (number === undefined) {
        tags.set(key, keyed(name, value, longestTag));
        continue;
      }
      // What was recorded together keeps its order: of points of one step and time, MLflow takes the greatest for the last.
      const point = JSON.stringify([key, step, event.time]);
      const again = times.get(point) ?? 0;
      times.set(point, again + 1);
      metrics.push({ key, value: number, timestamp: Date.parse(event.time) + again, step });
    }
  }
  return { metrics, tags: [...tags.values()] };
}

/** Undefined: no number, or one that is beyond all that a double can hold. */
function numberOf(value: Json): Metric["value"] | undefined {
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return value;
  const number = isNumber(value) ? Number(printJson(value)) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

export function statusOf(status: StepStatus | RunFinished["data"]["status"]): RunStatus {
  switch (status) {
    case "success":
      return "FINISHED";
    case "failed":
      return "FAILED";
    case "cancelled":
      return "KILLED";
  }
}

/** Characters: https://mlflow.org/docs/latest/api_reference/rest-api.html#log-batch, where versions differ the least. */
const longestName = 250;
const longestParameter = 500;
const longestTag = 5000;

function keyed(name: string, value: Json, most: number): KeyedValue {
  const text = typeof value === "string" ? value : printJson(value);
  return { key: cleanName(name), value: text.length <= most ? text : `${text.slice(0, most - 3)}...` };
}

/**
 * MLflow's names are of ASCII letters, digits, and `_-. /`, and must read as a relative path. A name that is changed for that,
 * or cut, gets the beginning of its digest: two names never become one.
 */
export function cleanName(name: string): string {
  const parts = name.replace(/[^\w\-. /]/g, "_").split("/");
  const clean = parts.filter((part) => !["", ".", ".."].includes(part)).join("/");
  if (clean === name && name !== "" && name.length <= longestName) return name;
  const end = `-${digest([name]).slice(0, 8)}`;
  return `${clean.slice(0, longestName - end.length).replace(/\/$/, "") || "_"}${end}`;
}

function tagsOf(tags: { readonly [key: string]: string | undefined }): readonly KeyedValue[] {
  return Object.entries(tags).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }]));
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 40);
}

/** Of attempts that ran a command, in the order of the log. */
export function attemptsOf(events: readonly Event[]) {
  const attempts = new Map<
    string,
    { readonly started: Extract<Event, { kind: "step.started" }>; readonly events: Event[] }
  >();
  for (const event of events) {
    if (!("attempt" in event) || event.gather !== undefined) continue;
    const key = attemptKey(event.run, event);
    if (event.kind === "step.started" && event.data.commandType !== undefined) {
      attempts.set(key, attempts.get(key) ?? { started: event, events: [] });
    }
  }
  for (const event of events) {
    if ("attempt" in event && event.gather === undefined)
      attempts.get(attemptKey(event.run, event))?.events.push(event);
  }
  return attempts;
}
