import { isBasicExpression, isMapping, isScalar, isSequence } from "@actions/workflow-parser";
import { convertToIfCondition } from "@actions/workflow-parser/model/converter/if-condition";
import type { TemplateContext } from "@actions/workflow-parser/templates/template-context";
import { BasicExpressionToken, type TemplateToken } from "@actions/workflow-parser/templates/tokens/index";

/** The value of a key; undefined where the token is no map or has none. */
export function field(token: TemplateToken | undefined, key: string): TemplateToken | undefined {
  return token !== undefined && isMapping(token) ? token.find(key) : undefined;
}

export function fields(token: TemplateToken | undefined): readonly (readonly [string, TemplateToken])[] {
  if (token === undefined || !isMapping(token)) return [];
  return [...token].map(({ key, value }) => [key.toString(), value] as const);
}

/** The text of a literal; undefined for expressions, lists and maps. */
export function textOf(token: TemplateToken | undefined): string | undefined {
  return token !== undefined && isScalar(token) && !isBasicExpression(token) ? token.toString() : undefined;
}

/** The texts of a list, or the one text. */
export function listOf(token: TemplateToken | undefined): readonly string[] {
  if (token === undefined) return [];
  if (!isSequence(token)) return [token.toString()];
  return [...token].map((item) => item.toString());
}

/** The condition as it is evaluated: `success() && (…)` around one that has no status function. */
export function readCondition(context: TemplateContext, token: TemplateToken | undefined): BasicExpressionToken {
  return (token && convertToIfCondition(context, token)) ?? succeeded;
}

const succeeded = new BasicExpressionToken(undefined, undefined, "success()", undefined, undefined, undefined);
