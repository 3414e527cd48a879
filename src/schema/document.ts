/**
 * Phase: schema. In: the mappings of a document, one at a time, as lowering meets them. Out: their fields with types,
 * and diagnostics for what is not as it should be. One shape per mapping, so that every finding has the very place.
 */
import * as z from "zod";
import { anything, factor, graph, mapping, optional, scalarText, steps, text, wholeNumber } from "./fields.ts";
import { shape } from "./shape.ts";

const resources = z.strictObject({
  cpu: optional(scalarText),
  memory: optional(scalarText),
  gpu: optional(scalarText),
});

const backoff = z.strictObject({
  initial: optional(scalarText),
  factor: optional(factor),
  max: optional(scalarText),
});

/** Keys that a task may have and `defaults` may give to all tasks. */
export const defaultFields = {
  image: optional(text),
  shell: optional(text),
  env: optional(z.record(z.string(), scalarText)),
  resources: optional(resources),
  timeout: optional(scalarText),
  max_attempts: optional(wholeNumber(1)),
  backoff: optional(backoff),
};

export const defaultsShape = shape(defaultFields);

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
