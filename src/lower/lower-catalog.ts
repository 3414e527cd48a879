import type { CatalogPattern, FieldValues } from "../protocol/task-fields.ts";
import type { Written } from "../schema/field-shapes.ts";
import { nearestSpan } from "../source/source-document.ts";
import type { FieldPlace } from "./lowering-scope.ts";

type CatalogFields = Written["catalog"];

export function lowerCatalog(fields: CatalogFields, { container, scope }: FieldPlace): FieldValues["catalog"] {
  const folder = fields.compute_data_folder?.replace(/\/+$/, "") ?? "";
  if (folder !== "") {
    scope.sink.report("old-spelling", {
      label: '"compute_data_folder"',
      meaning: "a folder before each pattern",
      instead: "the folder into the patterns, which are relative to the working directory",
      span: nearestSpan(scope.document, container, ["catalog", "compute_data_folder"]),
    });
  }
  const prefix = folder === "" || folder === "." ? "" : `${folder}/`;
  return {
    get: (fields.get ?? []).map((entry) => lowerPattern(entry, prefix, false)),
    put: (fields.put ?? []).map((entry) => lowerPattern(entry, prefix, fields.store_copy === false)),
  };
}

type PatternFields = NonNullable<CatalogFields["put"]>[number];

function lowerPattern(entry: PatternFields, prefix: string, digestOnly: boolean): CatalogPattern {
  if (typeof entry === "string") return { pattern: prefix + entry, ...(digestOnly ? { digestOnly } : {}) };
  const only = entry.store_copy === undefined || entry.store_copy === null ? digestOnly : !entry.store_copy;
  return {
    pattern: prefix + entry.pattern,
    ...(entry.optional === true ? { optional: true } : {}),
    ...(only ? { digestOnly: true } : {}),
  };
}
