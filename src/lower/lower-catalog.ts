import type { TaskNode } from "../ir/pipeline.ts";
import type { CatalogPattern } from "../protocol/step-spec.ts";
import type { ShapeOf } from "../schema/shape.ts";
import type { taskShape } from "../schema/steps.ts";
import { nearestSpan } from "../source/source-document.ts";
import type { Scope, StepSource } from "./scope.ts";

type CatalogFields = ShapeOf<typeof taskShape>["catalog"];

export function lowerCatalog(fields: CatalogFields, step: StepSource, { document, sink }: Scope): TaskNode["catalog"] {
  if (fields === null || fields === undefined) return { get: [], put: [] };
  const folder = fields.compute_data_folder?.replace(/\/+$/, "") ?? "";
  if (folder !== "") {
    sink.report("old-spelling", {
      label: '"compute_data_folder"',
      meaning: "a folder before each pattern",
      instead: "the folder into the patterns, which are relative to the working directory",
      span: nearestSpan(document, step.container, ["catalog", "compute_data_folder"]),
    });
  }
  const prefix = folder === "" || folder === "." ? "" : `${folder}/`;
  return {
    get: (fields.get ?? []).map((entry) => lowerPattern(entry, prefix, false)),
    put: (fields.put ?? []).map((entry) => lowerPattern(entry, prefix, fields.store_copy === false)),
  };
}

type PatternFields = NonNullable<NonNullable<NonNullable<CatalogFields>["put"]>[number]>;

function lowerPattern(entry: PatternFields, prefix: string, digestOnly: boolean): CatalogPattern {
  if (typeof entry === "string") return { pattern: prefix + entry, ...(digestOnly ? { digestOnly } : {}) };
  const only = entry.store_copy === undefined || entry.store_copy === null ? digestOnly : !entry.store_copy;
  return {
    pattern: prefix + entry.pattern,
    ...(entry.optional === true ? { optional: true } : {}),
    ...(only ? { digestOnly: true } : {}),
  };
}
