/**
 * Expressions of expr-lang, as Argo's controller evaluates them. In: a text and what its names mean. Out: a value, or an
 * {@link ExpressionError} where the controller would have an error.
 */
import { callFunction, isFunctionName } from "./expression-functions.ts";
import { compareBytes, isList, isMap, textOfValue, type Value } from "./expression-value.ts";
import { type Expression, ExpressionError, parseExpression, predicateFunctions } from "./parse-expression.ts";

export type Environment = ReadonlyMap<string, Value>;

export function evaluate(text: string, environment: Environment): Value {
  const expression = parseExpression(text);
  // The controller compiles against its variables first: an unknown name is an error even where it is not reached.
  for (const name of namesIn(expression)) if (!environment.has(name)) throw new ExpressionError(`unknown name ${name}`);
  return valueOfExpression(expression, { environment });
}

/** Conditions of `depends`, hooks and retries: anything but true and false is an error. */
export function evaluateCondition(text: string, environment: Environment): boolean {
  const value = evaluate(text, environment);
  if (typeof value !== "boolean")
    throw new ExpressionError(`unable to cast expression result '${textOfValue(value)}' to bool`);
  return value;
}

/** The names that stand for variables. */
export function namesIn(expression: Expression): ReadonlySet<string> {
  const names = new Set<string>();
  visit(expression, (part) => {
    if (part.kind === "name") names.add(part.name);
    if (part.kind === "call" && !isFunctionName(part.name)) names.add(part.name);
  });
  return names;
}

/** Every part of an expression, the outer ones first. */
export function visit(expression: Expression, see: (part: Expression) => void): void {
  const waiting: Expression[] = [expression];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    see(part);
    waiting.push(...partsOf(part));
  }
}

function partsOf(part: Expression): readonly Expression[] {
  switch (part.kind) {
    case "literal":
    case "name":
    case "pointer":
      return [];
    case "member":
      return [part.of, part.key];
    case "chain":
    case "unary":
      return [part.of];
    case "logic":
      return part.operands;
    case "binary":
      return [part.left, part.right];
    case "condition":
      return [part.if, part.then, part.else];
    case "call":
      return part.args;
    case "array":
      return part.items;
    case "map":
      return part.pairs.flat();
  }
}

interface Frame {
  readonly environment: Environment;
  /** The element that a predicate is asked about. */
  readonly element?: { readonly value: Value; readonly index: number };
}

/** Ends a chain whose `?.` met nil. */
class ChainEnd extends Error {}

function valueOfExpression(expression: Expression, frame: Frame): Value {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "name":
      return frame.environment.get(expression.name) ?? null;
    case "pointer":
      return pointed(expression.name, frame);
    case "member": {
      const of = valueOfExpression(expression.of, frame);
      if (expression.optional && of === null) throw new ChainEnd();
      return memberOf(of, valueOfExpression(expression.key, frame));
    }
    case "chain":
      try {
        return valueOfExpression(expression.of, frame);
      } catch (error) {
        if (error instanceof ChainEnd) return null;
        throw error;
      }
    case "unary":
      return unary(expression.operator, valueOfExpression(expression.of, frame));
    case "logic": {
      const stop = expression.operator === "or";
      for (const operand of expression.operands) if (truth(valueOfExpression(operand, frame)) === stop) return stop;
      return !stop;
    }
    case "binary": {
      const left = valueOfExpression(expression.left, frame);
      if (expression.operator === "??") return left ?? valueOfExpression(expression.right, frame);
      const value = binary(expression.operator, left, valueOfExpression(expression.right, frame));
      return expression.negated ? !truth(value) : value;
    }
    case "condition":
      return valueOfExpression(
        truth(valueOfExpression(expression.if, frame)) ? expression.then : expression.else,
        frame,
      );
    case "call":
      return call(expression.name, expression.args, frame);
    case "array":
      return expression.items.map((item) => valueOfExpression(item, frame));
    case "map":
      return new Map(
        expression.pairs.map(([key, value]) => [
          textOfValue(valueOfExpression(key, frame)),
          valueOfExpression(value, frame),
        ]),
      );
  }
}

function pointed(name: string, { element }: Frame): Value {
  if (name === "index") return BigInt(element?.index ?? 0);
  if (name === "") return element?.value ?? null;
  throw new ExpressionError(`unknown pointer #${name}`);
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

export function typeName(value: Value): string {
  if (value === null) return "<nil>";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return "float64";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  return isList(value) ? "[]interface {}" : "map[string]interface {}";
}

function truth(value: Value): boolean {
  if (typeof value === "boolean") return value;
  throw new ExpressionError(`interface conversion: interface {} is ${typeName(value)}, not bool`);
}

function unary(operator: "not" | "-" | "+", value: Value): Value {
  if (operator === "not") return !truth(value);
  if (typeof value === "bigint") return operator === "-" ? BigInt.asIntN(64, -value) : value;
  if (typeof value === "number") return operator === "-" ? -value : value;
  throw new ExpressionError(`invalid operation: ${operator} ${typeName(value)}`);
}

function binary(operator: string, left: Value, right: Value): Value {
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

function call(name: string, args: readonly Expression[], frame: Frame): Value {
  if (!predicateFunctions.has(name)) {
    const values = args.map((arg) => valueOfExpression(arg, frame));
    return callFunction(name, values);
  }
  const [over, predicate] = args;
  const list = over === undefined ? null : valueOfExpression(over, frame);
  if (!isList(list)) throw new ExpressionError(`builtin ${name} takes only array (got ${typeName(list)})`);
  const ask = (value: Value, index: number): Value =>
    predicate === undefined ? value : valueOfExpression(predicate, { ...frame, element: { value, index } });
  return overList(name, list, ask);
}

function overList(name: string, list: readonly Value[], ask: (value: Value, index: number) => Value): Value {
  switch (name) {
    case "all":
      return list.every((value, i) => truth(ask(value, i)));
    case "any":
      return list.some((value, i) => truth(ask(value, i)));
    case "none":
      return !list.some((value, i) => truth(ask(value, i)));
    case "one":
      return list.filter((value, i) => truth(ask(value, i))).length === 1;
    case "filter":
      return list.filter((value, i) => truth(ask(value, i)));
    case "count":
      return BigInt(list.filter((value, i) => truth(ask(value, i))).length);
    default:
      return list.map((value, i) => ask(value, i));
  }
}
