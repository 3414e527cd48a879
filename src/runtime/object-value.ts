import { isObject, type Json } from "../protocol/json.ts";
import type { Parameters } from "../protocol/path.ts";

/**
 * A value that only its language can read: a pickle in the catalog. In deltas it is `{"$object": "sha256:<hex>"}`;
 * tasks of its language get the value itself, everything else does not see the parameter at all.
 */
export function objectValue(digest: string): Json {
  return { $object: digest };
}

/** The digest where a value is such an object. */
export function objectDigest(value: Json | undefined): string | undefined {
  if (!isObject(value)) return undefined;
  const digest = value.$object;
  const only = typeof digest === "string" && /^sha256:[0-9a-f]{64}$/.test(digest) && Object.keys(value).length === 1;
  return only ? digest : undefined;
}

/** The parameters that are plain JSON; the same object where all are. */
export function withoutObjects(parameters: Parameters): Parameters {
  const entries = Object.entries(parameters);
  const plain = entries.filter(([, value]) => objectDigest(value) === undefined);
  return plain.length === entries.length ? parameters : Object.fromEntries(plain);
}
