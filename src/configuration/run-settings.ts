import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { isNumber } from "../protocol/json.ts";
import { parseDuration } from "../system/duration.ts";
import { present } from "../system/present.ts";
import type { Configuration } from "./configuration.ts";
import { reportShape } from "./diagnose.ts";
import type { Layer, Scalar } from "./layer.ts";

/** The settings of `isolate` and `grace`, where written; what is wrong is reported and left out. */
export function readRunSettings(
  layer: Layer,
  sink: DiagnosticSink,
): Partial<Pick<Configuration, "isolate" | "graceMs">> {
  const isolate = layer.isolate && readIsolate(layer.isolate, sink);
  const graceMs = layer.grace && readGrace(layer.grace, sink);
  return { ...present({ isolate, graceMs }) };
}

function readIsolate({ value, place }: Scalar, sink: DiagnosticSink): Configuration["isolate"] | undefined {
  if (value === "auto" || value === "always" || value === "never") return value;
  reportShape(sink, "`isolate`", '"auto", "always" or "never"', value, place);
  return undefined;
}

/** `30s`, `1m30s`; a number without a unit is refused: seconds and milliseconds are too easily taken for each other. */
function readGrace({ value, place }: Scalar, sink: DiagnosticSink): number | undefined {
  const ms = typeof value === "string" ? parseDuration(value) : undefined;
  if (ms !== undefined) return ms;
  reportShape(
    sink,
    "`grace`",
    `a duration such as 30s or 1m30s${isNumber(value) ? ", with its unit" : ""}`,
    value,
    place,
  );
  return undefined;
}
