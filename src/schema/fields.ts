import * as z from "zod";
import {
  isArray,
  isNumber,
  isObject,
  type Json,
  type JsonArray,
  type JsonObject,
  type NumberText,
  printJson,
} from "../protocol/json.ts";

/** The kinds of values that documents have. The text of a custom check is what {@link readShape} says was expected. */

export const text = z.string();

/** A text that may be written as a number or boolean: names, and values that become text (`env`). */
export const scalarText = z
  .custom<string | number | boolean | NumberText>((value) => isScalar(value), "text")
  .transform((value) => (typeof value === "string" ? value : printJson(value)));

export const mapping = z.custom<JsonObject>((value) => isJson(value) && isObject(value), "a mapping");

/** A graph; what is in it is checked when it is lowered. */
export const graph = z.custom<Json>(
  (value) => value !== undefined && value !== null,
  "a graph, a mapping with start_at and steps",
);

export const steps = z.custom<JsonObject | JsonArray>(
  (value) => isJson(value) && (isObject(value) || isArray(value)),
  "a mapping of steps by name, or a list of steps",
);

/** Anything, also nothing: the value is not looked at. */
export const anything = z.custom<Json>().optional();

export function wholeNumber(least: 0 | 1): z.ZodType<number> {
  return z.custom<number>(
    (value) => Number.isSafeInteger(value) && Number(value) >= least,
    least === 0 ? "a whole number" : "a whole number above 0",
  );
}

export const factor = z.custom<number | NumberText>(
  (value) => isJson(value) && isNumber(value) && Number(printJson(value)) >= 1,
  "a number, at least 1",
);

export const empty = z
  .custom<Json>(
    (value) => value === undefined || value === null || value === "",
    "left out, since a terminal ends its graph",
  )
  .optional();

/** A key that may be left out, or be there without a value. */
export function optional<T extends z.ZodType>(type: T): z.ZodOptional<z.ZodNullable<T>> {
  return type.nullish();
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "boolean" || (isJson(value) && isNumber(value));
}

/** Values come from a front end, which makes nothing but JSON. */
function isJson(value: unknown): value is Json {
  return value !== undefined;
}
