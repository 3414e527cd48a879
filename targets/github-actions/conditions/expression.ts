import { present } from "../../../src/system/present.ts";
import { remembered } from "./remembered.ts";

/**
 * Conditions as data, so that the jobs that they name are known and the text has no parenthesis too many. In GitHub's
 * language comparisons ignore case and coerce; all tests compare text with text.
 */
export type Expression =
  | { readonly kind: "always" }
  | { readonly kind: "test"; readonly text: string; readonly job?: string }
  | { readonly kind: "all" | "any"; readonly parts: readonly Expression[] }
  | { readonly kind: "not"; readonly part: Expression };

export const always: Expression = { kind: "always" };

/** A test of one job. */
export function test(text: string, job?: string): Expression {
  return { kind: "test", text, ...present({ job }) };
}

export function all(...parts: readonly Expression[]): Expression {
  return joined("all", parts);
}

/** At least one; false where there is none. */
export function any(...parts: readonly Expression[]): Expression {
  if (parts.some(({ kind }) => kind === "always")) return always;
  return joined("any", parts);
}

export function not(part: Expression): Expression {
  return bounded({ kind: "not", part });
}

function joined(kind: "all" | "any", parts: readonly Expression[]): Expression {
  const flat = parts.flatMap((part) => (part.kind === kind ? part.parts : part.kind === "always" ? [] : [part]));
  const texts = new Map(flat.map((part) => [printExpression(part), part]));
  const [only, ...others] = texts.values();
  if (only === undefined) return kind === "all" ? always : test("false");
  return others.length === 0 ? only : bounded({ kind, parts: [only, ...others] });
}

/** A text with `${{ }}` that is longer makes a file invalid. Characters. */
export const longestExpression = 21_000;

/** What is too long is refused by its length: only so much of it is kept that this can be seen. */
function bounded(expression: Expression): Expression {
  const text = printExpression(expression);
  return text.length <= longestExpression ? expression : test(text.slice(0, longestExpression + 1));
}

export const printExpression = remembered((expression: Expression): string => {
  switch (expression.kind) {
    case "always":
      return "true";
    case "test":
      return expression.text;
    case "not":
      return `!(${printExpression(expression.part)})`;
    case "all":
      return expression.parts
        .map((part) => (part.kind === "any" ? `(${printExpression(part)})` : printExpression(part)))
        .join(" && ");
    case "any":
      return expression.parts.map(printExpression).join(" || ");
  }
});

/** The jobs that a condition names. */
export const jobsOf = remembered((expression: Expression): readonly string[] => {
  switch (expression.kind) {
    case "always":
      return [];
    case "test":
      return expression.job === undefined ? [] : [expression.job];
    case "not":
      return jobsOf(expression.part);
    case "all":
    case "any":
      return [...new Set(expression.parts.flatMap(jobsOf))];
  }
});
