import type * as z from "zod";
import { readShape } from "../schema/read-shape.ts";
import type { FieldsOf, Shape } from "../schema/shape.ts";
import { stepShapes } from "../schema/steps.ts";
import { type Scope, type StepSource, stepLabel } from "./scope.ts";

/** The fields of a step; what is wrong is reported and missing. */
export function readStep<Fields extends z.ZodRawShape>(
  shape: Shape<Fields>,
  step: StepSource,
  { document, sink }: Scope,
): FieldsOf<Fields> {
  return readShape(shape, step.container, {
    document,
    sink,
    what: stepLabel(step),
    span: step.nameSpan,
    remark: whereElse,
  });
}

/** For a key that is none of this step's: the types of steps that have it. */
function whereElse(key: string): string | undefined {
  const types = Object.entries(stepShapes).filter(([type, { keys }]) => type !== "stub" && keys.includes(key));
  if (types.length === 0) return undefined;
  return `that is a key of steps of type ${types.map(([type]) => type).join(" and ")}`;
}
