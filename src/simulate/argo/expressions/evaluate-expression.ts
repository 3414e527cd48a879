/**
 * Expressions of expr-lang, as Argo's controller evaluates them. In: a text and what its names mean. Out: a value, or an
 * {@link ExpressionError} where the controller would have an error.
 */
import { callFunction, isFunctionName } from "./expression-functions.ts";
import { binary, memberOf, truth, typeName, unary } from "./expression-operators.ts";
import { isList, textOfValue, type Value } from "./expression-value.ts";
import { type Expression, parseExpression, predicateFunctions } from "./parse-expression.ts";
import { ExpressionError } from "./tokenize-expression.ts";

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

// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one case for each kind of expression
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

function call(name: string, args: readonly Expression[], frame: Frame): Value {
  if (!predicateFunctions.has(name)) {
    const values = args.map((arg) => valueOfExpression(arg, frame));
    return callFunction(name, values);
  }
  const [over, predicate] = args;
  const list = elementsOf(over === undefined ? null : valueOfExpression(over, frame));
  if (!isList(list)) throw new ExpressionError(`builtin ${name} takes only array (got ${typeName(list)})`);
  const ask = (value: Value, index: number): Value =>
    predicate === undefined ? value : valueOfExpression(predicate, { ...frame, element: { value, index } });
  return overList(name, list, ask);
}

/** Of a text its bytes, as Go indexes one. */
function elementsOf(value: Value): Value {
  return typeof value === "string" ? [...Buffer.from(value)].map(BigInt) : value;
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
