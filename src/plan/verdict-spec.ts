import type { StepSpec } from "../protocol/step-spec.ts";
import type { Plan } from "./plan-node.ts";

/** What the shim is given to close a run and to say how it ended. */
export function verdictSpec({ mayBeLost }: Plan): StepSpec {
  return { path: [], ...(mayBeLost.length === 0 ? {} : { mayBeLost }) };
}

/** The same where it may also have to create the run: the step that opens it was lost, and nothing followed. */
export function creatingVerdictSpec({ root, run, mayBeLost }: Plan): StepSpec {
  const { start } = root;
  const opening = { path: start.path, ...(start.kind === "leaf" ? {} : ({ gather: "open" } as const)) };
  const known = mayBeLost.some(({ path, gather }) => path === opening.path && gather === opening.gather);
  return { path: [], mayBeLost: known ? mayBeLost : [opening, ...mayBeLost], run };
}
