import * as z from "zod";
import type { StepKind } from "../protocol/kinds.ts";
import { commandTypes } from "../protocol/step-spec.ts";
import { ownShapes, sharedShapes } from "./field-shapes.ts";
import { anything, empty, graph, mapping, optional, scalarText, text, wholeNumber } from "./fields.ts";
import { openShape, shape } from "./shape.ts";

const commonFields = {
  type: scalarText,
  /** In a list of steps; elsewhere the step's key says it. */
  name: anything,
  /** Written by magnus-core's SDK. */
  node_name: anything,
  next: optional(scalarText),
  on_failure: optional(scalarText),
  description: optional(scalarText),
  overrides: optional(z.record(z.string(), text)),
};

const reduceWord = z.enum(["list", "last", "sum", "min", "max", "concat", "object", "none"]);

export const taskShape = shape({
  ...commonFields,
  ...sharedShapes,
  command: z.custom<string | readonly string[]>(isCommand, "text"),
  /** `async-python` is runnable's name for a python function that is `async`. */
  command_type: optional(z.enum([...commandTypes, "async-python"])),
  ...ownShapes,
  notebook_output_path: optional(text),
  output_cell_tag: optional(text),
  optional_ploomber_args: anything,
  /** magnus-core 0.4: the notebook's keys, one level deeper. */
  command_config: optional(mapping),
});

/** A text, or the arguments of a container; which of both a step needs is known once its type is. */
function isCommand(value: unknown): boolean {
  return typeof value === "string" || (Array.isArray(value) && value.every((item) => typeof item === "string"));
}

/** A step can be stubbed by changing its type alone, so a stub may have the keys of any step. */
export const stubShape = openShape(commonFields);

export const parallelShape = shape({
  ...commonFields,
  branches: mapping,
  on_conflict: optional(z.enum(["last", "list"])),
});

export const mapShape = shape({
  ...commonFields,
  branch: graph,
  iterate_on: text,
  iterate_as: text,
  reduce: optional(z.union([reduceWord, z.record(z.string(), reduceWord)])),
  /** runnable's spelling of `reduce`. */
  reducer: optional(text),
  max_parallel: optional(wholeNumber(1)),
});

export const dagShape = shape({
  ...commonFields,
  dag_definition: optional(text),
  dag: optional(graph),
});

export const conditionalShape = shape({
  ...commonFields,
  parameter: text,
  branches: mapping,
  default: optional(scalarText),
});

export const loopShape = shape({
  ...commonFields,
  branch: graph,
  max_iterations: wholeNumber(1),
  break_on: text,
  index_as: optional(text),
});

export const terminalShape = shape({
  type: text,
  name: anything,
  node_name: anything,
  description: optional(scalarText),
  next: empty,
  on_failure: empty,
});

/** Steps by the word in `type`. */
export const stepShapes = {
  task: taskShape,
  stub: stubShape,
  parallel: parallelShape,
  map: mapShape,
  dag: dagShape,
  conditional: conditionalShape,
  loop: loopShape,
  success: terminalShape,
  fail: terminalShape,
} as const satisfies { readonly [word in StepKind | "success" | "fail"]: object };

export type StepType = keyof typeof stepShapes;

export function isStepType(word: string): word is StepType {
  return Object.hasOwn(stepShapes, word);
}
