import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import type { Expr } from "@actions/expressions/ast";
import type { FunctionDefinition } from "@actions/expressions/funcs/info";
import { isBasicExpression, isMapping, isScalar, isSequence } from "@actions/workflow-parser";
import { splitAllowedContext } from "@actions/workflow-parser/templates/allowed-context";
import type { BasicExpressionToken, TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import { shorten } from "../../../system/shorten.ts";
import { fromData, toData, type Value } from "./expression-data.ts";

/** What an expression can see. Names of contexts that are missing read as null. */
export interface Scope {
  readonly contexts: data.Dictionary;
  readonly functions: Map<string, FunctionDefinition>;
}

/** The status functions of a job's or a step's condition. Names are direct needs that a job's condition may list. */
export interface Status {
  success(names: readonly string[]): boolean;
  failure(names: readonly string[]): boolean;
  cancelled(): boolean;
}

/** A value from a workflow that cannot be computed; GitHub fails the job or the step that needs it. */
export class EvaluationError extends Error {}

export function scopeOf(
  contexts: { readonly [name: string]: Value | undefined },
  status?: Status,
  hashFiles?: (patterns: readonly string[]) => string,
): Scope {
  const functions = new Map<string, FunctionDefinition>([["fromjson", fromJson]]);
  if (status !== undefined) {
    define(functions, "always", () => new data.BooleanData(true));
    define(functions, "success", (...names) => new data.BooleanData(status.success(texts(names))));
    define(functions, "failure", (...names) => new data.BooleanData(status.failure(texts(names))));
    define(functions, "cancelled", () => new data.BooleanData(status.cancelled()));
  }
  if (hashFiles !== undefined)
    define(functions, "hashfiles", (...patterns) => new data.StringData(hashFiles(texts(patterns))));
  return { contexts: new Contexts(contexts), functions };
}

/** The value of a part of a workflow: scalars, lists and maps, each expression in it evaluated. */
export function evaluate(token: TemplateToken, scope: Scope): Value {
  if (isBasicExpression(token)) return fromData(evaluateExpression(token, scope));
  if (isSequence(token)) return [...token].map((item) => evaluate(item, scope));
  if (isMapping(token))
    return Object.fromEntries(
      [...token].map(({ key, value }) => [evaluateText(key, scope), evaluate(value, scope)] as const),
    );
  const literal = token.toJSON();
  return typeof literal === "object" || literal === undefined ? null : literal;
}

/** As a step's environment, names and outputs have it. A list or a map is an error. */
export function evaluateText(token: TemplateToken, scope: Scope): string {
  if (isBasicExpression(token)) {
    const value = evaluateExpression(token, scope);
    if (!value.primitive && value.kind !== data.Kind.Null)
      throw new EvaluationError("A sequence or a mapping was not expected: its text is of no use, see toJSON()");
    return value.coerceString();
  }
  if (!isScalar(token)) throw new EvaluationError("A sequence or a mapping was not expected");
  return toData(evaluate(token, scope)).coerceString();
}

/** A map of texts, such as `env`, `with` and `outputs`. */
export function evaluateTexts(token: TemplateToken | undefined, scope: Scope): { [name: string]: string } {
  if (token === undefined) return {};
  if (isMapping(token))
    return Object.fromEntries(
      [...token].map(({ key, value }) => [key.toString(), evaluateText(value, scope)] as const),
    );
  const value = evaluate(token, scope);
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new EvaluationError("A mapping was expected");
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toData(item).coerceString()] as const));
}

export function evaluateCondition(condition: BasicExpressionToken, scope: Scope): boolean {
  const value = evaluateExpression(condition, scope);
  // The rules of JavaScript for null, false, 0, NaN and the empty text; objects are true.
  return value.kind === data.Kind.Array || value.kind === data.Kind.Dictionary || Boolean(fromData(value));
}

/** `true`, or a text that is, as `continue-on-error` has it. */
export function evaluateBoolean(token: TemplateToken | undefined, scope: Scope): boolean {
  if (token === undefined) return false;
  const value = evaluate(token, scope);
  if (typeof value !== "boolean") throw new EvaluationError(`A boolean was expected, not ${JSON.stringify(value)}`);
  return value;
}

export function evaluateNumber(token: TemplateToken, scope: Scope): number {
  const value = evaluate(token, scope);
  if (typeof value !== "number") throw new EvaluationError(`A number was expected, not ${JSON.stringify(value)}`);
  return value;
}

const parsed = new WeakMap<BasicExpressionToken, Expr>();

function evaluateExpression(token: BasicExpressionToken, scope: Scope): data.ExpressionData {
  try {
    let tree = parsed.get(token);
    if (tree === undefined) {
      tree = parse(token);
      parsed.set(token, tree);
    }
    return new Evaluator(tree, scope.contexts, scope.functions).evaluate();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new EvaluationError(`The expression ${shorten(token.expression, 200)} cannot be evaluated: ${cause}`);
  }
}

function parse(token: BasicExpressionToken): Expr {
  const { namedContexts, functions } = splitAllowedContext(token.definitionInfo?.allowedContext ?? everything);
  const tokens = new Lexer(token.expression).lex().tokens.map(withAllQuotes);
  return new Parser(tokens, namedContexts, functions).parse();
}

/** The package's lexer makes one quote of the first two only, where the server does of all (0.3.61). */
function withAllQuotes(token: ReturnType<Lexer["lex"]>["tokens"][number]): typeof token {
  if (!token.lexeme.startsWith("'")) return token;
  return { ...token, value: token.lexeme.slice(1, -1).replaceAll("''", "'") };
}

/** For conditions that no schema describes: an absent `if`, and `post-if` of an action. */
const everything = [
  ...["github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "secrets", "inputs", "steps"],
  ...["always(0,0)", "cancelled(0,0)", "failure(0,MAX)", "success(0,MAX)", "hashFiles(1,255)"],
];

function texts(values: readonly data.ExpressionData[]): readonly string[] {
  return values.map((value) => value.coerceString());
}

function define(
  functions: Map<string, FunctionDefinition>,
  name: string,
  call: (...args: data.ExpressionData[]) => data.ExpressionData,
): void {
  functions.set(name, { name, minArgs: 0, maxArgs: Number.MAX_SAFE_INTEGER, call });
}

/** The package's own builds the dictionaries that lose keys. */
const fromJson: FunctionDefinition = {
  name: "fromJson",
  minArgs: 1,
  maxArgs: 1,
  call: (text) => {
    const json = text?.coerceString() ?? "";
    try {
      const value: Value = JSON.parse(json);
      return toData(value);
    } catch {
      throw new EvaluationError(`fromJSON was given no JSON: ${JSON.stringify(shorten(json, 200))}`);
    }
  },
};

/** Converted when first asked for: most expressions see one of ten contexts. */
class Contexts extends data.Dictionary {
  readonly #values: { readonly [name: string]: Value | undefined };
  readonly #converted = new Map<string, data.ExpressionData>();

  constructor(values: { readonly [name: string]: Value | undefined }) {
    super();
    this.#values = values;
  }

  override get(name: string): data.ExpressionData {
    const key = name.toLowerCase();
    let value = this.#converted.get(key);
    if (value === undefined) {
      value = toData(this.#values[key] ?? null, key === "env");
      this.#converted.set(key, value);
    }
    return value;
  }
}
