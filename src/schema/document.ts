/**
 * Phase: schema. In: the mappings of a document, one at a time, as lowering meets them. Out: their fields with types,
 * and diagnostics for what is not as it should be. One shape per mapping, so that every finding has the very place.
 */
import { sharedShapes } from "./field-shapes.ts";
import { anything, graph, mapping, optional, scalarText, steps } from "./fields.ts";
import { shape } from "./shape.ts";

export const defaultsShape = shape(sharedShapes);

export const documentShape = shape({
  name: optional(scalarText),
  description: optional(scalarText),
  parameters: optional(mapping),
  parameter_schema: optional(mapping),
  defaults: optional(mapping),
  dag: graph,
});

export const graphShape = shape({
  name: anything,
  description: optional(scalarText),
  start_at: optional(scalarText),
  steps,
});
