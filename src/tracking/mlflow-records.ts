/** What of a run log MLflow is told, in its words. Pure: the same events give the same records, so telling twice is telling once. */
import { createHash } from "node:crypto";
import type { Event, RunFinished, StepStatus } from "../protocol/event.ts";
import { isNumber, type Json, printJson } from "../protocol/json.ts";
import { displayPath, type Path, pathKey } from "../protocol/path.ts";

/** https://mlflow.org/docs/latest/api_reference/rest-api.html#runstatus */
export type RunStatus = "FINISHED" | "FAILED" | "KILLED";

export interface KeyedValue {
  readonly key: string;
  readonly value: string;
}

export interface Metric {
  readonly key: string;
  readonly value: number;
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
  const params = Object.entries(parameters).map(([name, value]) => keyed(name, value, longestParameter));
  return { key, pipeline, run: { name: run, startTime, tags: tagsOf(tags) } satisfies NewRun, params };
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

/** Numbers are metrics; all else that a task tracked is a tag, since a parameter could never change. */
export function trackedMetrics(events: readonly Event[]): Records {
  const metrics: Metric[] = [];
  const tags = new Map<string, KeyedValue>();
  for (const event of events) {
    if (event.kind !== "metric") continue;
    const timestamp = Date.parse(event.time);
    for (const [name, value] of Object.entries(event.data.metrics)) {
      const number = isNumber(value) ? Number(printJson(value)) : Number.NaN;
      if (Number.isFinite(number)) {
        metrics.push({ key: cleanName(name), value: number, timestamp, step: event.data.step ?? 0 });
      } else tags.set(cleanName(name), keyed(name, value, longestTag));
    }
  }
  return { metrics, tags: [...tags.values()] };
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

/** MLflow's names are of ASCII letters, digits, and `_-. /`, and must read as a relative path. */
export function cleanName(name: string): string {
  const parts = name.replace(/[^\w\-. /]/g, "_").split("/");
  const clean = parts.filter((part) => !["", ".", ".."].includes(part)).join("/");
  return clean.slice(0, longestName).replace(/\/$/, "") || "_";
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
