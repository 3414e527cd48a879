import { isArray, isObject, type Json, NumberText } from "./json.ts";

/** The part of a value that keys and indices lead to; undefined where they lead nowhere. */
export function partAt(value: Json, way: readonly (string | number)[]): Json | undefined {
  let part: Json | undefined = value;
  for (const key of way) {
    if (isArray(part)) part = part[Number(key)];
    else if (isObject(part)) part = Object.hasOwn(part, key) ? part[key] : undefined;
    else return undefined;
  }
  return part;
}

/** A value for libraries that know JavaScript's numbers only: theirs instead of the exact text. */
export function plainJson(value: Json): unknown {
  if (value instanceof NumberText) return Number(value.text);
  if (isArray(value)) return value.map(plainJson);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plainJson(part)]));
}
