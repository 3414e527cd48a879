import { goJson } from "../expressions/go-json.ts";
import { SubstitutionError, substitute } from "../expressions/substitute.ts";
import type { Simulation } from "./simulation.ts";

/**
 * Before anything else the controller reads tags in the whole spec but its templates, submitted values included
 * (operator.go, substituteGlobalVariables). Where it cannot, it tries again for ever, and the workflow has no phase.
 */
export function problemOfSpec({ spec, globals }: Pick<Simulation, "spec" | "globals">): string | undefined {
  try {
    substitute(goJson({ ...spec, templates: [] }), globals, "none");
    return undefined;
  } catch (error) {
    if (error instanceof SubstitutionError) return `the workflow never starts: ${error.message}`;
    throw error;
  }
}
