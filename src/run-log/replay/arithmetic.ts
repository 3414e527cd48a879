import type { NumberText } from "../../protocol/json.ts";
import { numberOf } from "../../protocol/json.ts";

type JsonNumber = number | NumberText;

/**
 * The sum as Python would have it: exact over integers of any size; with a float among the operands a float (`3.0`).
 * Null where it is beyond what a float can hold.
 */
export function sumOf(numbers: readonly JsonNumber[]): JsonNumber | null {
  const integers = numbers.map(textOf).filter(isInteger);
  const whole = integers.reduce((sum, text) => sum + BigInt(text), 0n);
  if (integers.length === numbers.length) return numberOf(`${whole}`);
  const sum = numbers.reduce<number>((total, n) => total + Number(textOf(n)), 0);
  return Number.isFinite(sum) ? numberOf(floatText(sum)) : null;
}

/** The smallest or largest number with its own text, the first of equal ones; null of none. */
export function extremeOf(numbers: readonly JsonNumber[], word: "min" | "max"): JsonNumber | null {
  const [first, ...rest] = numbers;
  if (first === undefined) return null;
  const sign = word === "max" ? 1 : -1;
  return rest.reduce((best, n) => (sign * compare(n, best) > 0 ? n : best), first);
}

function compare(a: JsonNumber, b: JsonNumber): number {
  const [x, y] = [textOf(a), textOf(b)];
  if (!isInteger(x) || !isInteger(y)) return Math.sign(Number(x) - Number(y));
  const [i, j] = [BigInt(x), BigInt(y)];
  return i < j ? -1 : i > j ? 1 : 0;
}

function textOf(n: JsonNumber): string {
  return typeof n === "number" ? String(n) : n.text;
}

/** Python's rule: a number is an integer by its text, whatever its value. */
function isInteger(text: string): boolean {
  return /^-?\d+$/.test(text);
}

function floatText(value: number): string {
  const text = Object.is(value, -0) ? "-0" : String(value);
  return isInteger(text) ? `${text}.0` : text;
}
