/**
 * `when`, which another engine evaluates (govaluate): loosely typed, and bare words are texts. In: the text after
 * substitution. Out: whether the task runs, or a {@link WhenError} with the controller's message.
 */
export class WhenError extends Error {}

export function evaluateWhen(when: string): boolean {
  if (when === "") return true;
  const tokens = tokenize(when);
  const parser: Parser = { when, tokens, at: 0 };
  const value = parseTernary(parser);
  const rest = parser.tokens[parser.at];
  if (rest !== undefined) throw invalid(when, `Cannot transition token types from ${rest.kind}`);
  if (typeof value !== "boolean")
    throw new WhenError(`Expected boolean evaluation for '${when}'. Got ${String(value)}`);
  return value;
}

type Value = boolean | number | string | null;

interface Token {
  readonly kind: "value" | "operator";
  readonly value: Value;
}

interface Parser {
  readonly when: string;
  readonly tokens: readonly Token[];
  at: number;
}

const lexeme =
  /\s+|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(0x[\da-fA-F]+|\d[\d.]*(?:[eE][+-]?\d+)?)|(\[[^\]]*\])|([\p{L}_][\p{L}\p{N}_.]*)|(==|!=|=~|!~|>=|<=|&&|\|\||\?\?|\*\*|<<|>>|[<>!+\-*/%&|^~?:(),])/uy;

function tokenize(when: string): readonly Token[] {
  const tokens: Token[] = [];
  lexeme.lastIndex = 0;
  while (lexeme.lastIndex < when.length) {
    const start = lexeme.lastIndex;
    const found = lexeme.exec(when);
    if (found === null) throw invalid(when, `Invalid token: '${when.slice(start, start + 1)}'`);
    const [, string, number, bracketed, word, operator] = found;
    if (string !== undefined) tokens.push({ kind: "value", value: string.slice(1, -1).replace(/\\(.)/g, "$1") });
    else if (number !== undefined) tokens.push({ kind: "value", value: numberIn(when, number) });
    else if (bracketed !== undefined) tokens.push({ kind: "value", value: bracketed.slice(1, -1) });
    else if (word !== undefined) tokens.push(wordToken(word));
    else if (operator !== undefined) tokens.push({ kind: "operator", value: operator });
  }
  return tokens;
}

function wordToken(word: string): Token {
  if (word === "true" || word === "false") return { kind: "value", value: word === "true" };
  return word === "in" || word === "IN" ? { kind: "operator", value: "in" } : { kind: "value", value: word };
}

function numberIn(when: string, text: string): number {
  const number = Number(text);
  if (Number.isNaN(number)) throw invalid(when, `Unable to parse numeric value '${text}' to float64`);
  return number;
}

function invalid(when: string, why: string): WhenError {
  const hint = why.startsWith("Invalid token") ? ' (hint: try wrapping the affected expression in quotes ("))' : "";
  return new WhenError(`Invalid 'when' expression '${when}': ${why}${hint}`);
}

function failed({ when }: Parser, why: string): WhenError {
  return new WhenError(`Failed to evaluate 'when' expresion '${when}': ${why}`);
}

function parseTernary(parser: Parser): Value {
  let value = parseBinary(parser, 0);
  for (;;) {
    if (take(parser, "??")) {
      const other = parseBinary(parser, 0);
      value = value ?? other;
    } else if (take(parser, "?")) {
      const then = parseBinary(parser, 0);
      const otherwise = take(parser, ":") ? parseTernary(parser) : null;
      if (typeof value !== "boolean") throw failed(parser, `Value '${value}' cannot be used with the ternary operator`);
      value = value ? then : otherwise;
    } else return value;
  }
}

const levels: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["==", "!=", ">", "<", ">=", "<=", "=~", "!~", "in"],
  ["+", "-"],
  ["*", "/", "%"],
  ["**"],
];

function parseBinary(parser: Parser, level: number): Value {
  const operators = levels[level];
  if (operators === undefined) return parseUnary(parser);
  let left = parseBinary(parser, level + 1);
  for (let operator = takeAny(parser, operators); operator !== undefined; operator = takeAny(parser, operators)) {
    if (operator === "in") return contains(parser, left);
    left = apply(parser, operator, left, parseBinary(parser, level + 1));
  }
  return left;
}

function contains(parser: Parser, value: Value): Value {
  if (!take(parser, "(")) throw invalid(parser.when, "Cannot transition token types from COMPARATOR");
  const all: Value[] = [];
  while (!take(parser, ")")) {
    all.push(parseTernary(parser));
    take(parser, ",");
  }
  return all.includes(value);
}

function parseUnary(parser: Parser): Value {
  if (take(parser, "!")) {
    const value = parseUnary(parser);
    if (typeof value !== "boolean")
      throw failed(parser, `Value '${value}' cannot be used with the prefix '!', it is not a bool`);
    return !value;
  }
  if (take(parser, "-")) {
    const value = parseUnary(parser);
    if (typeof value !== "number")
      throw failed(parser, `Value '${value}' cannot be used with the prefix '-', it is not a number`);
    return -value;
  }
  if (take(parser, "(")) {
    const value = parseTernary(parser);
    if (!take(parser, ")")) throw invalid(parser.when, "Unbalanced parenthesis");
    return value;
  }
  const token = parser.tokens[parser.at++];
  if (token === undefined) throw invalid(parser.when, "Unexpected end of expression");
  if (token.kind === "operator") throw invalid(parser.when, `Cannot transition token types to ${token.value}`);
  return token.value;
}

function apply(parser: Parser, operator: string, left: Value, right: Value): Value {
  switch (operator) {
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case "||":
    case "&&":
      return logic(parser, operator, left, right);
    case "=~":
    case "!~":
      return new RegExp(String(right)).test(String(left)) === (operator === "=~");
    case "<":
    case "<=":
    case ">":
    case ">=":
      return ordered(parser, operator, left, right);
    default:
      return arithmetic(parser, operator, left, right);
  }
}

function logic(parser: Parser, operator: string, left: Value, right: Value): boolean {
  const stop = operator === "||";
  for (const value of [left, right]) {
    if (typeof value !== "boolean")
      throw failed(parser, `Value '${value}' cannot be used with the logical operator '${operator}', it is not a bool`);
    if (value === stop) return stop;
  }
  return !stop;
}

function ordered(parser: Parser, operator: string, left: Value, right: Value): boolean {
  const numbers = typeof left === "number" && typeof right === "number";
  const texts = typeof left === "string" && typeof right === "string";
  if (!numbers && !texts) {
    const wrong = typeof left === "number" ? right : left;
    throw failed(parser, `Value '${wrong}' cannot be used with the comparator '${operator}', it is not a number`);
  }
  if (operator === "<") return left < right;
  if (operator === "<=") return left <= right;
  return operator === ">" ? left > right : left >= right;
}

function arithmetic(parser: Parser, operator: string, left: Value, right: Value): Value {
  if (operator === "+" && (typeof left === "string" || typeof right === "string")) return `${left}${right}`;
  for (const value of [left, right])
    if (typeof value !== "number")
      throw failed(parser, `Value '${value}' cannot be used with the modifier '${operator}', it is not a number`);
  const [a, b] = [Number(left), Number(right)];
  if (operator === "+") return a + b;
  if (operator === "-") return a - b;
  if (operator === "*") return a * b;
  if (operator === "/") return a / b;
  return operator === "%" ? a % b : a ** b;
}

function take(parser: Parser, operator: string): boolean {
  return takeAny(parser, [operator]) !== undefined;
}

function takeAny(parser: Parser, operators: readonly string[]): string | undefined {
  const token = parser.tokens[parser.at];
  if (token?.kind !== "operator") return undefined;
  const found = operators.find((operator) => operator === token.value);
  if (found !== undefined) parser.at++;
  return found;
}
