import type { Json } from "./json.ts";
import { printAscii } from "./spec-text.ts";

/**
 * A parameter's default as the argument of a platform that shows it to people and hands it back: text as it is where no
 * platform's templating can touch it, anything else as ASCII JSON. An argument that comes back as this text stands for
 * the default itself.
 */
export function argumentText(value: Json): string {
  if (typeof value === "string" && plain.test(value) && !/\{\{|\$[({]/.test(value)) return value;
  return printAscii(value).replaceAll("$(", "\\u0024(");
}

/** Printable ASCII that does not begin like a JSON string. */
const plain = /^[ !#-~][ -~]*$/;
