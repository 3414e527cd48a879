import { type Json, type JsonObject, setKey } from "./json.ts";

/** Metrics that were given together. */
export interface Metrics {
  readonly metrics: JsonObject;
  /** An epoch, a fold; absent: the values belong to none. */
  readonly step?: number;
}

/**
 * One entry for each step, in their order, those without one first. A metric that is given again stands in a further entry:
 * nothing is merged. How the values came in batches makes no difference, only their order by name.
 */
export function groupMetrics(all: readonly Metrics[]): readonly Metrics[] {
  const bySteps = new Map<number | undefined, Step>();
  for (const { metrics, step } of all) {
    const { times, entries } = bySteps.get(step) ?? { times: new Map(), entries: [] };
    bySteps.set(step, { times, entries });
    for (const [name, value] of Object.entries(metrics)) {
      const time = times.get(name) ?? 0;
      times.set(name, time + 1);
      const entry = entries[time] ?? {};
      entries[time] = entry;
      setKey(entry, name, value);
    }
  }
  return [...bySteps]
    .sort(([a = Number.NEGATIVE_INFINITY], [b = Number.NEGATIVE_INFINITY]) => (a < b ? -1 : a > b ? 1 : 0))
    .flatMap(([step, { entries }]) => entries.map((metrics) => (step === undefined ? { metrics } : { metrics, step })));
}

interface Step {
  /** How often each name was given. */
  readonly times: Map<string, number>;
  readonly entries: Record<string, Json>[];
}

/**
 * A metric as it is recorded. NaN and the infinities are numbers that JSON lacks: they stand as the texts `NaN`, `Infinity`
 * and `-Infinity`, however Python, JavaScript, C or YAML spelled them.
 */
export function metricValue(value: Json): Json {
  if (typeof value !== "string" || value.length > 9) return value;
  const spelled = /^([+-]?)\.?(?:(nan)|inf|infinity)$/i.exec(value);
  if (spelled === null) return value;
  return spelled[2] === undefined ? `${spelled[1] === "-" ? "-" : ""}Infinity` : "NaN";
}
