import type { Resources } from "../ir/pipeline.ts";
import type { JsonObject } from "../protocol/json.ts";
import { defaultsShape } from "../schema/document.ts";
import { asMapping, readShape } from "../schema/read-shape.ts";
import type { ShapeOf } from "../schema/shape.ts";
import type { Span } from "../source/source-file.ts";
import { lowerDuration } from "./duration.ts";
import type { Scope, TaskDefaults } from "./scope.ts";

export const noDefaults: TaskDefaults = { env: {}, resources: {} };

/** A document's `defaults`, over those of the document that includes it. */
export function lowerDefaults(value: JsonObject, span: Span | undefined, scope: Scope): TaskDefaults {
  const { document, sink } = scope;
  const container = asMapping(value, '"defaults"', span, sink);
  if (container === undefined) return scope.defaults;
  const fields = readShape(defaultsShape, container, { document, sink, what: "defaults", span });
  return lowerTaskDefaults(fields, container, scope);
}

/** The keys that steps and `defaults` share; what is not said here comes from the scope's defaults. */
export function lowerTaskDefaults(
  fields: ShapeOf<typeof defaultsShape>,
  container: JsonObject,
  scope: Scope,
): TaskDefaults {
  const { defaults } = scope;
  const image = fields.image ?? defaults.image;
  const shell = fields.shell ?? defaults.shell;
  const timeoutMs = timeoutOf(fields.timeout, container, scope) ?? defaults.timeoutMs;
  const maxAttempts = fields.max_attempts ?? defaults.maxAttempts;
  const backoff = backoffOf(fields.backoff, container, scope) ?? defaults.backoff;
  return {
    env: fields.env ? { ...defaults.env, ...fields.env } : defaults.env,
    resources: fields.resources ? resourcesOf(fields.resources, container, scope) : defaults.resources,
    ...(image === undefined ? {} : { image }),
    ...(shell === undefined ? {} : { shell }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(backoff === undefined ? {} : { backoff }),
  };
}

function timeoutOf(
  text: string | null | undefined,
  container: JsonObject,
  { document, sink }: Scope,
): number | undefined {
  if (text === null || text === undefined) return undefined;
  return lowerDuration(text, { label: "timeout", span: document.valueSpan(container, "timeout"), least: 1 }, sink);
}

type Backoff = NonNullable<TaskDefaults["backoff"]>;

/** What is left out: a second, doubled, at most five minutes. */
function backoffOf(
  fields: ShapeOf<typeof defaultsShape>["backoff"],
  container: JsonObject,
  { document, sink }: Scope,
): Backoff | undefined {
  const inner = container.backoff;
  if (fields === null || fields === undefined || typeof inner !== "object" || inner === null) return undefined;
  const read = (key: "initial" | "max", fallback: number): number => {
    const text = fields[key];
    if (text === null || text === undefined) return fallback;
    return (
      lowerDuration(text, { label: `backoff.${key}`, span: document.valueSpan(inner, key), least: 0 }, sink) ?? fallback
    );
  };
  return {
    initialMs: read("initial", 1000),
    factor: Number(fields.factor?.toString() ?? 2),
    maxMs: read("max", 300_000),
  };
}

const quantity = /^\d+(?:\.\d+)?(?:m|[kMGTPE]|[KMGTPE]i|e\d+)?$/;
const kinds = {
  cpu: { pattern: quantity, kind: "processors", example: "2, 0.5 or 500m" },
  memory: { pattern: quantity, kind: "memory", example: "512Mi or 2Gi" },
  gpu: { pattern: /^\d+$/, kind: "GPUs", example: "1" },
} as const;

/** No program starts in less; what was meant has a unit. Bytes. */
const leastMemory = 1024 * 1024;

/** `1024`, `512m` (thousandths) and `1k` are amounts of bytes that nobody means. */
function bytesOf(text: string): number {
  const unit = text.replace(/^[\d.]+/, "");
  const index = "kMGTPE".indexOf(unit.charAt(0).replace("K", "k"));
  if (unit === "m") return Number.parseFloat(text) / 1000;
  if (unit === "" || unit.startsWith("e")) return Number(text);
  return Number.parseFloat(text) * (unit.endsWith("i") ? 1024 : 1000) ** (index + 1);
}

/** Kubernetes: resource quantities (apimachinery, `resource.ParseQuantity`). */
function resourcesOf(
  fields: NonNullable<ShapeOf<typeof defaultsShape>["resources"]>,
  container: JsonObject,
  { defaults, document, sink }: Scope,
): Resources {
  const inner = container.resources;
  const read = (key: keyof typeof kinds): string | undefined => {
    const text = fields[key];
    if (text === null || text === undefined) return defaults.resources[key];
    const { pattern, kind, example } = kinds[key];
    const isTooLittle = key === "memory" && pattern.test(text) && bytesOf(text) < leastMemory;
    if (pattern.test(text) && !isTooLittle) return text;
    const span = typeof inner === "object" && inner !== null ? document.valueSpan(inner, key) : undefined;
    const meant = isTooLittle
      ? { kind: `memory: it is ${bytesOf(text)} bytes`, example: `${Number.parseFloat(text)}Mi` }
      : {};
    sink.report("bad-quantity", { label: `resources.${key}`, text, kind, example, ...meant, span });
    return undefined;
  };
  const [cpu, memory, gpu] = [read("cpu"), read("memory"), read("gpu")];
  return {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(gpu === undefined ? {} : { gpu }),
  };
}
