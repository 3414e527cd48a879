import { printJson } from "../protocol/json.ts";
import type { Parameters } from "../protocol/path.ts";
import type { Metrics } from "./output-file.ts";
import type { Redactor } from "./redactor.ts";
import type { Failure } from "./task-types/task-type.ts";

/** Answers are published and shown everywhere: one with a secret fails the step. Names neither value. */
export function findLeak(delta: Parameters, metrics: readonly Metrics[], redactor: Redactor): Failure | undefined {
  if (redactor.idle) return undefined;
  const values = [
    ...Object.entries(delta).map(([name, value]) => ({ what: "parameter", name, value })),
    ...metrics.flatMap((one) => Object.entries(one.metrics).map(([name, value]) => ({ what: "metric", name, value }))),
  ];
  const leak = values.find(({ name, value }) => redactor.finds(name) || redactor.finds(printJson(value)));
  if (leak === undefined) return undefined;
  return { reason: "secret-in-output", message: `the ${leak.what} "${redactor.redact(leak.name)}" contains a secret` };
}
