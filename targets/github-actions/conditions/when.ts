import { needsOf } from "./conditions.ts";
import { type Expression, printExpression } from "./expression.ts";
import type { File, Site } from "./sites.ts";

/** When a job runs, and the jobs that it waits for. */
export interface Condition {
  readonly expression: Expression;
  readonly needs: readonly string[];
}

export function condition(expression: Expression, site: Site): Condition {
  return { expression, needs: needsOf(expression, site) };
}

/**
 * The first job of the pipeline has no condition. All others say that the run is not cancelled: without a function that
 * asks for the state, GitHub would put `success()` before it, which a skipped job anywhere above makes false.
 */
export function whenOf({ expression, needs }: Condition, { owner }: File): object {
  const first = expression.kind === "always";
  const text = first ? "!cancelled()" : `!cancelled() && ${inParentheses(expression)}`;
  return {
    ...(needs.length === 0 ? {} : { needs }),
    ...(first && owner === undefined ? {} : { if: `\${{ ${text} }}` }),
  };
}

function inParentheses(expression: Expression): string {
  return expression.kind === "any" ? `(${printExpression(expression)})` : printExpression(expression);
}
