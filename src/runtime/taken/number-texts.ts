import { isArray, isNumber, isObject, type Json, NumberText, setKey } from "../../protocol/json.ts";
import type { Parameters } from "../../protocol/path.ts";
import { present } from "../../system/present.ts";

/**
 * How a task's language reads numbers and prints them anew. `node`: its runner prints what JavaScript may have rounded
 * with an exponent, so that digits are exact (a BigInt); `stringify`: JSON.stringify, whose digits may be rounded.
 */
export type NumberReader = "python" | "node" | "stringify";

/** A number that no given value explains: it was beyond what the language can hold. */
export interface LostNumber {
  readonly name: string;
  readonly text: string;
}

/**
 * What a task answered, with the texts of numbers as they were given: one that comes back equal, under the same name and
 * in the same place, was 3.10 and is 3.10. JavaScript rounds integers beyond 2^53; one that equals a rounded given value
 * is that value, wherever it stands, and one that equals none, or several, is lost.
 */
export function withGivenNumbers(
  answered: Parameters,
  given: Parameters,
  reader: NumberReader,
): { readonly values: Parameters; readonly lost?: LostNumber } {
  const values: Record<string, Json> = {};
  let large: ReadonlyMap<number, string | null> | undefined;
  let lost: LostNumber | undefined;
  for (const [name, value] of Object.entries(answered)) {
    const exact = (number: number | NumberText): Json => {
      large ??= largeIntegers(given);
      const text = large.get(Number(textOf(number)));
      if (typeof text === "string") return new NumberText(text);
      if (text === null || number instanceof NumberText) lost ??= { name, text: decimalOf(number) };
      return number;
    };
    const same = Object.hasOwn(given, name) ? given[name] : undefined;
    setKey(
      values,
      name,
      restored(value, same, reader === "python" ? undefined : { plain: reader === "stringify", find: exact }),
    );
  }
  return { values, ...present({ lost }) };
}

/** What an integer is that JavaScript may have rounded. */
interface Exact {
  /** Digits alone may be rounded. */
  readonly plain: boolean;
  find(number: number | NumberText): Json;
}

/** The same value where nothing in it changes. */
function restored(value: Json, given: Json | undefined, exact: Exact | undefined): Json {
  if (isNumber(value)) return restoredNumber(value, given, exact);
  if (isArray(value)) {
    const from = isArray(given ?? null) ? (given as readonly Json[]) : [];
    const items = value.map((item, at) => restored(item, from[at], exact));
    return items.some((item, at) => item !== value[at]) ? items : value;
  }
  if (!isObject(value)) return value;
  const from = isObject(given) ? given : {};
  const entries: Record<string, Json> = {};
  let changed = false;
  for (const [key, entry] of Object.entries(value)) {
    const now = restored(entry, Object.hasOwn(from, key) ? from[key] : undefined, exact);
    changed ||= now !== entry;
    setKey(entries, key, now);
  }
  return changed ? entries : value;
}

function restoredNumber(value: number | NumberText, given: Json | undefined, exact: Exact | undefined): Json {
  if (exact !== undefined && isRounded(value, exact)) return exact.find(value);
  if (!(given instanceof NumberText) || Number(textOf(value)) !== Number(given.text)) return value;
  // Python tells 1 from 1.0: it was made an integer on purpose; and its integers are exact. JavaScript's numbers are all
  // of one kind, and what is large and came here was a BigInt.
  const same = exact === undefined ? isFraction(textOf(value)) && isFraction(given.text) : !isLarge(Number(given.text));
  return same ? given : value;
}

function isRounded(value: number | NumberText, { plain }: Exact): boolean {
  if (typeof value === "number") return plain && isLarge(value);
  return /e/.test(value.text) && isLarge(Number(value.text));
}

/** Above 1e21 JavaScript prints an exponent itself: no one takes that for an exact integer. */
function isLarge(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21;
}

/** The given integers beyond 2^53 by what JavaScript makes of them; null: of several. */
function largeIntegers(given: Parameters): ReadonlyMap<number, string | null> {
  const found = new Map<number, string | null>();
  const waiting: Json[] = Object.values(given);
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (isNumber(value)) {
      const text = textOf(value);
      const rounded = Number(text);
      if (isFraction(text) || !isLarge(rounded)) continue;
      const before = found.get(rounded);
      found.set(rounded, before === undefined || before === text ? text : null);
    } else if (typeof value === "object" && value !== null) {
      for (const entry of Object.values(value)) waiting.push(entry);
    }
  }
  return found;
}

function textOf(value: number | NumberText): string {
  return value instanceof NumberText ? value.text : String(value);
}

function isFraction(text: string): boolean {
  return /[.eE]/.test(text);
}

function decimalOf(value: number | NumberText): string {
  return BigInt(Number(textOf(value))).toString();
}
