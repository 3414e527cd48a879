import { compareBytes, isList, isMap, textOfValue, type Value } from "./expression-value.ts";
import { ExpressionError } from "./tokenize-expression.ts";

/** The operators of expr-lang on values. Each throws an {@link ExpressionError} where the kinds do not fit. */
export function unary(operator: "not" | "-" | "+", value: Value): Value {
  if (operator === "not") return !truth(value);
  if (typeof value === "bigint") return operator === "-" ? BigInt.asIntN(64, -value) : value;
  if (typeof value === "number") return operator === "-" ? -value : value;
  throw new ExpressionError(`invalid operation: ${operator} ${typeName(value)}`);
}

export function binary(operator: string, left: Value, right: Value): Value {
  switch (operator) {
    case "==":
      return sameValue(left, right);
    case "!=":
      return !sameValue(left, right);
    case "in":
      return contains(right, left);
    case "matches":
      return matches(texts(operator, left, right));
    case "contains":
    case "startsWith":
    case "endsWith": {
      const [text, part] = texts(operator, left, right);
      if (operator === "contains") return text.includes(part);
      return operator === "startsWith" ? text.startsWith(part) : text.endsWith(part);
    }
    case "<":
      return compare(operator, left, right) < 0;
    case "<=":
      return compare(operator, left, right) <= 0;
    case ">":
      return compare(operator, left, right) > 0;
    case ">=":
      return compare(operator, left, right) >= 0;
    case "..":
      return range(left, right);
    default:
      return arithmetic(operator, left, right);
  }
}

/** Equality over ints and floats alike; values of different kinds are unequal. */
export function sameValue(left: Value, right: Value): boolean {
  if (isNumber(left) && isNumber(right)) return Number(left) === Number(right);
  if (isList(left) && isList(right))
    return left.length === right.length && left.every((item, i) => sameValue(item, right[i] ?? null));
  if (isMap(left) && isMap(right))
    return left.size === right.size && [...left].every(([key, item]) => sameValue(item, right.get(key) ?? null));
  return left === right;
}

function isNumber(value: Value): value is bigint | number {
  return typeof value === "bigint" || typeof value === "number";
}

function contains(all: Value, one: Value): boolean {
  if (all === null) return false;
  if (isList(all)) return all.some((item) => sameValue(item, one));
  if (isMap(all)) return typeof one === "string" && all.has(one);
  throw new ExpressionError(`operator "in" not defined on ${typeName(all)}`);
}

function matches([text, pattern]: readonly [string, string]): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    throw new ExpressionError(`error parsing regexp: ${pattern}`);
  }
}

function texts(operator: string, left: Value, right: Value): readonly [string, string] {
  if (typeof left === "string" && typeof right === "string") return [left, right];
  throw mismatch(operator, left, right);
}

function compare(operator: string, left: Value, right: Value): number {
  if (isNumber(left) && isNumber(right)) return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === "string" && typeof right === "string") return compareBytes(left, right);
  throw mismatch(operator, left, right);
}

function range(from: Value, to: Value): Value {
  if (typeof from !== "bigint" || typeof to !== "bigint") throw mismatch("..", from, to);
  if (to - from >= 1_000_000n) throw new ExpressionError("memory budget exceeded");
  return Array.from({ length: Math.max(0, Number(to - from) + 1) }, (_, i) => from + BigInt(i));
}

function arithmetic(operator: string, left: Value, right: Value): Value {
  if (operator === "+" && typeof left === "string" && typeof right === "string") return left + right;
  if (!isNumber(left) || !isNumber(right)) throw mismatch(operator, left, right);
  if (operator === "/") return Number(left) / Number(right);
  if (operator === "**" || operator === "^") return Number(left) ** Number(right);
  if (typeof left === "bigint" && typeof right === "bigint") return integerArithmetic(operator, left, right);
  const [a, b] = [Number(left), Number(right)];
  if (operator === "+") return a + b;
  if (operator === "-") return a - b;
  if (operator === "*") return a * b;
  throw mismatch(operator, left, right);
}

function integerArithmetic(operator: string, left: bigint, right: bigint): bigint {
  if (operator === "+") return BigInt.asIntN(64, left + right);
  if (operator === "-") return BigInt.asIntN(64, left - right);
  if (operator === "*") return BigInt.asIntN(64, left * right);
  if (right === 0n) throw new ExpressionError("runtime error: integer divide by zero");
  return left % right;
}

function mismatch(operator: string, left: Value, right: Value): ExpressionError {
  return new ExpressionError(`invalid operation: ${typeName(left)} ${operator} ${typeName(right)}`);
}

/** expr-lang's Fetch: a text is indexed by numbers only, a missing key of a map is nil. */
export function memberOf(of: Value, key: Value): Value {
  if (isMap(of)) return typeof key === "string" ? (of.get(key) ?? null) : null;
  if (isList(of) || typeof of === "string") {
    const index = indexOf(key);
    const length = of.length;
    const item = of[index < 0 ? length + index : index];
    if (item === undefined) throw new ExpressionError(`index out of range: ${index} (array length is ${length})`);
    return item;
  }
  throw new ExpressionError(`cannot fetch ${textOfValue(key)} from ${of === null ? "<nil>" : typeName(of)}`);
}

function indexOf(key: Value): number {
  if (typeof key === "bigint" || typeof key === "number") return Math.trunc(Number(key));
  throw new ExpressionError(`invalid operation: int(${typeName(key)})`);
}

export function truth(value: Value): boolean {
  if (typeof value === "boolean") return value;
  throw new ExpressionError(`interface conversion: interface {} is ${typeName(value)}, not bool`);
}

export function typeName(value: Value): string {
  if (value === null) return "<nil>";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return "float64";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  return isList(value) ? "[]interface {}" : "map[string]interface {}";
}
