import type { JsonObject } from "../protocol/json.ts";
import type { TaskValues } from "../protocol/task-fields.ts";
import { defaultsShape } from "../schema/document.ts";
import { asMapping, readShape } from "../schema/read-shape.ts";
import type { Span } from "../source/source-file.ts";
import { lowerFields } from "./lower-fields.ts";
import type { LoweringScope } from "./lowering-scope.ts";

/** A document's `defaults`, over those of the document that includes it. */
export function lowerDefaults(value: JsonObject, span: Span | undefined, scope: LoweringScope): Partial<TaskValues> {
  const { document, sink } = scope;
  const container = asMapping(value, '"defaults"', span, sink);
  if (container === undefined) return scope.defaults;
  const fields = readShape(defaultsShape, container, { document, sink, what: "defaults", span });
  return lowerFields(fields, container, scope);
}
