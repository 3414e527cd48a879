import { argumentText } from "../../src/protocol/argument-text.ts";
import { type Json, setKey } from "../../src/protocol/json.ts";
import type { StepSpec } from "../../src/protocol/step-spec.ts";

/**
 * The spec of a step that may open the run, without long defaults that it is given as arguments anyway: a pod's
 * arguments and their template share a ConfigMap, which takes 1 MiB.
 */
export function withoutLong(step: StepSpec): StepSpec {
  if (step.run === undefined || !Object.values(step.run.parameters).some(isLong)) return step;
  const parameters: Record<string, Json> = {};
  // Their names are declared all the same.
  const names = [...(step.run.names ?? [])];
  for (const [name, value] of Object.entries(step.run.parameters)) {
    if (isLong(value)) names.push(name);
    else setKey(parameters, name, value);
  }
  return { ...step, run: { ...step.run, parameters, names } };
}

/** Longer than this (characters of its argument) is long. */
const long = 4096;

/** A text that is printed as JSON means its default only beside it. */
function isLong(value: Json): boolean {
  const text = argumentText(value);
  return text.length > long && (typeof value !== "string" || text === value);
}
