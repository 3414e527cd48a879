import type { CatalogFile } from "../../protocol/event.ts";
import type { Metrics } from "../../protocol/group-metrics.ts";
import { printJson } from "../../protocol/json.ts";
import type { Parameters } from "../../protocol/path.ts";
import type { Redactor } from "../masking/redactor.ts";
import type { Failure } from "../task-types/task-type.ts";

/** What a task answered that is recorded and shown everywhere. */
export interface Published {
  readonly delta: Parameters;
  readonly metrics: readonly Metrics[];
  /** Only their names are shown. */
  readonly files: readonly CatalogFile[];
}

/** A step that publishes a secret fails. The message names neither value. */
export function findLeak({ delta, metrics, files }: Published, redactor: Redactor): Failure | undefined {
  if (redactor.idle) return undefined;
  const values = [
    ...Object.entries(delta).map(([name, value]) => ({ what: "parameter", name, value })),
    ...metrics.flatMap((one) => Object.entries(one.metrics).map(([name, value]) => ({ what: "metric", name, value }))),
    ...files.map(({ name }) => ({ what: "name of the file", name, value: null })),
  ];
  const leak = values.find(({ name, value }) => redactor.finds(name) || redactor.finds(printJson(value)));
  if (leak === undefined) return undefined;
  return { reason: "secret-in-output", message: `the ${leak.what} "${redactor.redact(leak.name)}" contains a secret` };
}
