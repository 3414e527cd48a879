/**
 * Argo's substitution (util/template): textual, over the JSON of an object. In: the text, what the tags mean, and what
 * happens to tags without a meaning. Out: the text, or a {@link SubstitutionError}.
 */
import { type Environment, evaluate, namesIn, visit } from "./evaluate-expression.ts";
import { isFunctionName } from "./expression-functions.ts";
import { compareBytes, isMap, jsonOfValue, type Value } from "./expression-value.ts";
import { goQuote } from "./go-quote.ts";
import { type Expression, parseExpression, pathOf } from "./parse-expression.ts";
import { isJson } from "./raw-json.ts";
import { ExpressionError, UnsupportedError } from "./tokenize-expression.ts";

/** Dotted names and their texts; null: the output of a step that did not run and has no default. */
export type Scope = ReadonlyMap<string, string | null>;

/** Which tags must have a meaning: none, those of other tasks, or all. */
export type Strictness = "none" | "tasks" | "all";

export class SubstitutionError extends Error {
  /** The name without a meaning: the controller waits for it where it substitutes a task. */
  readonly missing: string | undefined;

  constructor(message: string, missing?: string) {
    super(message);
    this.missing = missing;
  }
}

export function substitute(json: string, scope: Scope, strictness: Strictness): string {
  if (!json.includes("{{")) return json;
  const replaced = replaceTags(json, (tag) =>
    tag.startsWith("=") ? expressionTag(tag.slice(1), scope, strictness) : simpleTag(tag, scope, strictness),
  );
  if (isJson(replaced)) return replaced;
  throw new SubstitutionError("cannot finish template replacement because the result was invalid JSON");
}

/** The first `}}` ends a tag, wherever it stands. */
export function replaceTags(text: string, replacement: (tag: string) => string): string {
  const parts: string[] = [];
  let at = 0;
  for (let open = text.indexOf("{{"); open >= 0; open = text.indexOf("{{", at)) {
    const close = text.indexOf("}}", open + 2);
    if (close < 0) throw new SubstitutionError(`Cannot find end tag="}}" after ${text.slice(open, open + 40)}`);
    parts.push(text.slice(at, open), replacement(text.slice(open + 2, close)));
    at = close + 2;
  }
  return parts.join("") + text.slice(at);
}

function mustHave(name: string, strictness: Strictness): boolean {
  if (strictness === "all") return true;
  return strictness === "tasks" && /^(tasks|steps)(\.|$)/.test(name);
}

function simpleTag(tag: string, scope: Scope, strictness: Strictness): string {
  const name = tag.trim();
  const value = scope.get(name);
  if (value !== undefined) {
    if (value !== null) return goQuote(value);
    throw new SubstitutionError(
      `unable to substitute {{${tag}}}: output is an absent optional (skipped/omitted node with no default)`,
    );
  }
  const nested = tag.lastIndexOf("{{");
  const inner = nested > 0 ? scope.get(tag.slice(nested + 2)) : undefined;
  if (inner === null)
    throw new SubstitutionError(`unable to substitute nested tag {{${tag}}}: it is an absent optional`);
  if (inner !== undefined) return `{{${tag.slice(0, nested)}${goQuote(inner)}`;
  if (mustHave(name, strictness)) throw new SubstitutionError(`failed to resolve {{${tag}}}`, name);
  return `{{${tag}}}`;
}

/** These come later in the controller's passes: an expression that names one waits for it. */
const late = new Set([
  "item",
  "retries",
  "lastRetry.exitCode",
  "lastRetry.status",
  "lastRetry.duration",
  "lastRetry.message",
  "workflow.status",
  "workflow.failures",
]);

function expressionTag(escaped: string, scope: Scope, strictness: Strictness): string {
  const unchanged = `{{=${escaped}}}`;
  const environment = environmentOf(scope);
  const text = textOf(escaped);
  const parsed = text === undefined ? undefined : tryParse(text);
  const missing = parsed === undefined ? [] : requiredNames(parsed).filter((name) => !isKnown(environment, name));
  const strict = missing.find((name) => mustHave(name, strictness));
  if (strict !== undefined) throw new SubstitutionError(`failed to evaluate expression: ${strict} is missing`, strict);
  // Text that cannot be read is an error in every pass but the tolerant one.
  const tolerant = strictness === "none" ? parsed !== undefined : missing.length > 0;
  if (text === undefined) throw new SubstitutionError("failed to unmarshall JSON expression");
  if (tolerant && missing.some((name) => late.has(name))) return unchanged;
  try {
    const value = evaluate(text, environment);
    if (value === null && tolerant) return unchanged;
    if (value === null) throw new SubstitutionError(`failed to evaluate expression "${text}"`);
    return jsonText(value);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    if (tolerant) return unchanged;
    throw new SubstitutionError(`failed to evaluate expression: ${error.message}`);
  }
}

/** The expression as it was before it was put into JSON. */
function textOf(escaped: string): string | undefined {
  const fixed = escaped.replaceAll("\\u003c", "<").replaceAll("\\u003e", ">").replaceAll("\\u0026", "&");
  try {
    const text: unknown = JSON.parse(`"${fixed}"`);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}

function tryParse(text: string): Expression | undefined {
  try {
    return parseExpression(text);
  } catch (error) {
    if (error instanceof UnsupportedError) throw error;
    return undefined;
  }
}

/** A value that goes into a JSON string. */
function jsonText(value: Value): string {
  const json = jsonOfValue(value);
  return json.length > 1 && json.startsWith('"') ? json.slice(1, -1) : goQuote(json);
}

/**
 * The names and paths without which the controller does not evaluate: members left of `??` and before `?.` are not among
 * them (expression_template.go, guardVisitor).
 */
function requiredNames(expression: Expression): readonly string[] {
  const guarded = new Set<Expression>();
  visit(expression, (part) => {
    if (part.kind === "binary" && part.operator === "??")
      visit(part.left, (inner) => {
        if (inner.kind === "member") guarded.add(inner);
      });
    if (part.kind === "member" && part.optional && part.of.kind === "member") guarded.add(part.of);
  });
  const names = new Set(namesIn(expression));
  visit(expression, (part) => {
    const path = part.kind === "member" && !guarded.has(part) ? pathOf(part) : undefined;
    if (path !== undefined) names.add(path);
  });
  return [...names];
}

function isKnown(environment: Environment, name: string): boolean {
  if (environment.has(name) || isFunctionName(name)) return true;
  let at: Value | undefined = environment;
  for (const part of name.split(".")) {
    if (at === undefined || at === null || !isMap(at)) return false;
    at = at.get(part);
  }
  return at !== undefined;
}

/**
 * The nested values of dotted names. Where one name is the beginning of another, the shorter one is dropped: `a.b` and
 * `a.b.c` leave `a.b.c` (expand.go, which compares neighbours of the sorted list only).
 */
export function environmentOf(scope: Scope): Environment {
  const names = [...scope.keys()].sort(compareBytes);
  const root = new Map<string, Value>();
  names.forEach((name, i) => {
    if (names[i + 1]?.startsWith(`${name}.`)) return;
    const parts = name.split(".");
    const last = parts.pop() ?? "";
    let at: Map<string, Value> = root;
    for (const part of parts) {
      const below = at.get(part);
      const next = below instanceof Map ? below : new Map<string, Value>();
      at.set(part, next);
      at = next;
    }
    at.set(last, scope.get(name) ?? null);
  });
  return root;
}
