import type { Edge } from "../protocol/path.ts";
import type { StepSource } from "./lowering-scope.ts";

/** What every node has; `ok` and `failed` were resolved by its graph. */
export interface Base {
  readonly name: string;
  readonly description?: string;
  readonly ok: Edge;
  readonly failed: Edge;
  readonly overrides: { readonly [target: string]: string };
}

export interface Edges {
  readonly ok: Edge;
  readonly failed: Edge;
}

interface CommonFields {
  readonly description?: string | null | undefined;
  readonly overrides?: { readonly [target: string]: string } | null | undefined;
}

export function lowerBase(step: StepSource, fields: CommonFields, { ok, failed }: Edges): Base {
  return {
    name: step.name,
    ...(fields.description ? { description: fields.description } : {}),
    ok,
    failed,
    overrides: fields.overrides ?? {},
  };
}
