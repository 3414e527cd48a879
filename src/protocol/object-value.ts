import { isObject, type Json } from "./json.ts";
import type { Parameters } from "./path.ts";

/**
 * A value that only its language can read: a pickle in the catalog. In deltas it is `{"$object": "sha256:<hex>"}`;
 * tasks of its language get the value itself, also in the lists and mappings of a map or a parallel; everything else does
 * not see such a parameter at all.
 */
export function objectValue(digest: string): Json {
  return { $object: digest };
}

/** What it looks like, in words of messages. */
export const objectInWords = '{"$object": "sha256:…"}, which magnus uses to refer to an object';

/** The digest where a value is such an object. */
export function objectDigest(value: Json | undefined): string | undefined {
  if (!isObject(value)) return undefined;
  const digest = value.$object;
  const only = typeof digest === "string" && /^sha256:[0-9a-f]{64}$/.test(digest) && Object.keys(value).length === 1;
  return only ? digest : undefined;
}

/** Whether a value is such an object, or a list or mapping with one in it, as a map makes of its items' values. */
export function hasObject(value: Json): boolean {
  if (typeof value !== "object" || value === null) return false;
  let found = holders.get(value);
  if (found === undefined) {
    found = objectDigest(value) !== undefined || Object.values(value).some(hasObject);
    holders.set(value, found);
  }
  return found;
}

/** Steps often see the very same values. */
const holders = new WeakMap<object, boolean>();

/** The digests of all objects in a value. */
export function digestsIn(value: Json): readonly string[] {
  if (!hasObject(value) || typeof value !== "object" || value === null) return [];
  const digest = objectDigest(value);
  return digest === undefined ? Object.values(value).flatMap(digestsIn) : [digest];
}

/** The parameters that are plain JSON; the same object where all are. */
export function withoutObjects(parameters: Parameters): Parameters {
  const entries = Object.entries(parameters);
  const plain = entries.filter(([, value]) => !hasObject(value));
  return plain.length === entries.length ? parameters : Object.fromEntries(plain);
}
