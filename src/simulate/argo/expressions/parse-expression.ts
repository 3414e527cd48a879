import { ExpressionError, type Token, tokenize, UnsupportedError, wordOperators } from "./tokenize-expression.ts";

/** An expression of expr-lang, the part of it that is understood here. */
export type Expression =
  | { readonly kind: "literal"; readonly value: null | boolean | bigint | number | string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "pointer"; readonly name: string }
  | { readonly kind: "member"; readonly of: Expression; readonly key: Expression; readonly optional: boolean }
  /** Where a `?.` within gives up, the whole is nil. */
  | { readonly kind: "chain"; readonly of: Expression }
  | { readonly kind: "unary"; readonly operator: "not" | "-" | "+"; readonly of: Expression }
  | { readonly kind: "logic"; readonly operator: "and" | "or"; readonly operands: Expression[] }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
      readonly negated: boolean;
    }
  | { readonly kind: "condition"; readonly if: Expression; readonly then: Expression; readonly else: Expression }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: "array"; readonly items: readonly Expression[] }
  | { readonly kind: "map"; readonly pairs: readonly (readonly [Expression, Expression])[] };

/** Parses a whole expression. Throws an {@link ExpressionError} or {@link UnsupportedError}. */
export function parseExpression(text: string): Expression {
  const parser: Parser = { tokens: tokenize(text), at: 0, predicates: 0 };
  const expression = parseFrom(parser, 0);
  if (peek(parser).kind !== "end") throw unexpected(peek(parser));
  return expression;
}

/** Functions whose last argument is evaluated for each element, with `#` the element. */
export const predicateFunctions: ReadonlySet<string> = new Set(["all", "any", "none", "one", "filter", "map", "count"]);

interface Parser {
  readonly tokens: readonly Token[];
  at: number;
  /** How many predicates are open: `#` means something only within one. */
  predicates: number;
}

const precedences: { readonly [operator: string]: number } = {
  or: 10,
  "||": 10,
  and: 15,
  "&&": 15,
  "==": 20,
  "!=": 20,
  "<": 20,
  ">": 20,
  ">=": 20,
  "<=": 20,
  in: 20,
  matches: 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  "..": 25,
  "+": 30,
  "-": 30,
  "*": 60,
  "/": 60,
  "%": 60,
  "**": 100,
  "^": 100,
  "??": 500,
};
const negatable = new Set(["contains", "matches", "startsWith", "endsWith", "in"]);

// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: the loop of precedences, in the order of the library's own parser
function parseFrom(parser: Parser, precedence: number): Expression {
  let left = parsePrimary(parser);
  let before = "";
  for (;;) {
    const token = peek(parser);
    if (token.kind !== "operator") break;
    refuse(token);
    const negated = token.text === "not";
    const operator = negated ? (parser.tokens[parser.at + 1]?.text ?? "") : token.text;
    if (negated && !negatable.has(operator)) throw unexpected(token);
    const own = precedences[operator];
    if (own === undefined || own < precedence) break;
    parser.at += negated ? 2 : 1;
    if (before === "??" && operator !== "??")
      throw new ExpressionError(
        `Operator (${operator}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses.`,
      );
    const rightAssociative = operator === "**" || operator === "^";
    left = joined(operator, left, parseFrom(parser, rightAssociative ? own : own + 1), negated);
    before = operator;
  }
  return precedence === 0 ? parseConditions(parser, left) : left;
}

/** `a || b || c` is one list, however long it is. */
function joined(operator: string, left: Expression, right: Expression, negated: boolean): Expression {
  const logic = operator === "&&" ? "and" : operator === "||" ? "or" : operator;
  if (logic !== "and" && logic !== "or") return { kind: "binary", operator, left, right, negated };
  if (left.kind === "logic" && left.operator === logic) {
    left.operands.push(right);
    return left;
  }
  return { kind: "logic", operator: logic, operands: [left, right] };
}

function parseConditions(parser: Parser, of: Expression): Expression {
  let condition = of;
  while (take(parser, "operator", "?")) {
    const then = isNext(parser, "operator", ":") ? condition : parseFrom(parser, 0);
    expect(parser, "operator", ":");
    condition = { kind: "condition", if: condition, then, else: parseFrom(parser, 0) };
  }
  return condition;
}

function parsePrimary(parser: Parser): Expression {
  const token = next(parser);
  if (token.kind === "operator") return parseOperand(parser, token);
  if (token.kind === "bracket" && token.text === "(") {
    const inner = parseFrom(parser, 0);
    refuse(peek(parser));
    expect(parser, "bracket", ")");
    return parsePostfix(parser, inner);
  }
  switch (token.kind) {
    case "name":
      if (token.text === "true" || token.text === "false") return { kind: "literal", value: token.text === "true" };
      if (token.text === "nil") return { kind: "literal", value: null };
      return parsePostfix(
        parser,
        isNext(parser, "bracket", "(") ? parseCall(parser, token.text) : { kind: "name", name: token.text },
      );
    case "number":
      return { kind: "literal", value: /[.eE]/.test(token.text) ? Number(token.text) : BigInt(token.text) };
    case "string":
      return parsePostfix(parser, { kind: "literal", value: token.text });
    case "bracket":
      if (token.text === "[") return parsePostfix(parser, { kind: "array", items: parseList(parser, "]") });
      if (token.text === "{") return parsePostfix(parser, parseMap(parser));
      throw unexpected(token);
    case "end":
      throw unexpected(token);
  }
}

function parseOperand(parser: Parser, token: Token): Expression {
  refuse(token);
  if (token.text === "not" || token.text === "!")
    return parsePostfix(parser, { kind: "unary", operator: "not", of: parseFrom(parser, 50) });
  if (token.text === "-" || token.text === "+")
    return parsePostfix(parser, { kind: "unary", operator: token.text, of: parseFrom(parser, 90) });
  if (parser.predicates > 0 && token.text === "#") {
    const name = peek(parser).kind === "name" ? next(parser).text : "";
    return parsePostfix(parser, { kind: "pointer", name });
  }
  if (parser.predicates > 0 && token.text === ".") {
    parser.at--;
    return parsePostfix(parser, { kind: "pointer", name: "" });
  }
  throw unexpected(token);
}

function parseCall(parser: Parser, name: string): Expression {
  expect(parser, "bracket", "(");
  if (!predicateFunctions.has(name)) return { kind: "call", name, args: parseList(parser, ")") };
  const over = parseFrom(parser, 0);
  if (take(parser, "bracket", ")")) return { kind: "call", name, args: [over] };
  expect(parser, "operator", ",");
  const braces = take(parser, "bracket", "{");
  parser.predicates++;
  const predicate = parseFrom(parser, 0);
  parser.predicates--;
  if (braces) expect(parser, "bracket", "}");
  take(parser, "operator", ",");
  expect(parser, "bracket", ")");
  return { kind: "call", name, args: [over, predicate] };
}

function parseList(parser: Parser, close: string): readonly Expression[] {
  const items: Expression[] = [];
  while (!take(parser, "bracket", close)) {
    if (items.length > 0) {
      expect(parser, "operator", ",");
      if (take(parser, "bracket", close)) break;
    }
    items.push(parseFrom(parser, 0));
  }
  return items;
}

function parseMap(parser: Parser): Expression {
  const pairs: [Expression, Expression][] = [];
  while (!take(parser, "bracket", "}")) {
    if (pairs.length > 0) {
      expect(parser, "operator", ",");
      if (take(parser, "bracket", "}")) break;
    }
    const token = peek(parser);
    const plain = token.kind === "name" || token.kind === "string" || token.kind === "number";
    if (!plain && token.text !== "(") throw unexpected(token);
    const key: Expression = plain ? { kind: "literal", value: next(parser).text } : parseFrom(parser, 0);
    expect(parser, "operator", ":");
    pairs.push([key, parseFrom(parser, 0)]);
  }
  return { kind: "map", pairs };
}

function parsePostfix(parser: Parser, start: Expression): Expression {
  let of = start;
  for (;;) {
    const dot = isNext(parser, "operator", ".");
    const optional = isNext(parser, "operator", "?.");
    if (!dot && !optional && !isNext(parser, "bracket", "[")) return of;
    parser.at++;
    const bracket = !dot && (!optional || take(parser, "bracket", "["));
    const key = bracket ? parseIndex(parser) : parseProperty(parser);
    const inner = of.kind === "chain" ? of.of : of;
    const member: Expression = { kind: "member", of: inner, key, optional };
    if (isNext(parser, "bracket", "(")) throw new UnsupportedError(`the function ${pathOf(member) ?? "of a value"}`);
    of = optional || of.kind === "chain" ? { kind: "chain", of: member } : member;
  }
}

function parseIndex(parser: Parser): Expression {
  if (isNext(parser, "operator", ":")) throw new UnsupportedError("a slice");
  const key = parseFrom(parser, 0);
  if (isNext(parser, "operator", ":")) throw new UnsupportedError("a slice");
  expect(parser, "bracket", "]");
  return key;
}

function parseProperty(parser: Parser): Expression {
  const token = next(parser);
  if (token.kind !== "name" && !wordOperators.has(token.text)) throw new ExpressionError("expected name");
  return { kind: "literal", value: token.text };
}

/** The dotted path of plain names, as `tasks.a.status`; undefined where a part is optional or computed. */
export function pathOf(expression: Expression): string | undefined {
  const parts: string[] = [];
  let at = expression;
  while (at.kind === "member") {
    if (at.optional || at.key.kind !== "literal" || typeof at.key.value !== "string") return undefined;
    parts.push(at.key.value);
    at = at.of;
  }
  return at.kind === "name" ? [at.name, ...parts.reverse()].join(".") : undefined;
}

const unknownHere = new Set(["|", ";", "::", "let", "if"]);

function refuse({ kind, text }: Token): void {
  if (kind === "operator" && unknownHere.has(text)) throw new UnsupportedError(`the operator ${text}`);
}

function peek({ tokens, at }: Parser): Token {
  return tokens[at] ?? { kind: "end", text: "the end" };
}

function next(parser: Parser): Token {
  const token = peek(parser);
  parser.at++;
  return token;
}

function isNext(parser: Parser, kind: Token["kind"], text: string): boolean {
  const token = peek(parser);
  return token.kind === kind && token.text === text;
}

function take(parser: Parser, kind: Token["kind"], text: string): boolean {
  if (!isNext(parser, kind, text)) return false;
  parser.at++;
  return true;
}

function expect(parser: Parser, kind: Token["kind"], text: string): void {
  if (!take(parser, kind, text)) throw unexpected(peek(parser));
}

function unexpected({ text }: Token): ExpressionError {
  return new ExpressionError(`unexpected token ${text}`);
}
