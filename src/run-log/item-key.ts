import { type Json, printJson } from "../protocol/json.ts";

/** How a map's item is called on screens and in a platform's names: `[A-Za-z0-9._-]{0,32}`; no meaning hangs on it. */
export function itemKey(item: Json): string {
  return scalarText(item)
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .slice(0, 32)
    .replace(/^-+|-+$/g, "");
}

/** A value as text: strings as they are, everything else as its JSON text. */
export function scalarText(value: Json): string {
  return typeof value === "string" ? value : printJson(value);
}
