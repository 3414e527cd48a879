import type { Json } from "../../../src/protocol/json.ts";
import { printAscii, printSpec, type ReferToNames } from "../../../src/protocol/spec-text.ts";
import type { StepSpec } from "../../../src/protocol/step-spec.ts";

/**
 * JSON that arrives as it is: ASCII without `{{` passes Argo's templating, and without `$(` and `$$` passes Kubernetes,
 * which replaces `$(NAME)` in arguments and environment values by variables of the container, and `$$` by `$`.
 */
export function specText(spec: StepSpec, refer?: ReferToNames): string {
  return keepDollars(printSpec(spec, refer));
}

export function jsonText(value: Json): string {
  return keepDollars(printAscii(value));
}

function keepDollars(json: string): string {
  return json.replace(/\$(?=[$(])/g, "\\u0024");
}
