import type { ErrorObject } from "ajv";
import { wordOf } from "../protocol/declared-parameters.ts";
import { describeJson } from "../protocol/describe-json.ts";
import { isArray, isObject, type Json } from "../protocol/json.ts";

export interface Violation {
  /** Follows the name of the value: `must be a number; it is …`. */
  readonly problem: string;
  /** The key within the value that is meant. */
  readonly key?: string;
}

/** An error of ajv in plain words; `value` is the part of the parameter that it is about. */
export function violationOf({ keyword, params, message }: ErrorObject, value: Json | undefined): Violation {
  const must = (what: string): Violation => ({ problem: `must be ${what}; it is ${describeJson(value)}` });
  switch (keyword) {
    case "type":
      return must([params.type].flat().map(typeWord).join(" or "));
    case "enum":
      return must(oneOf(params.allowedValues));
    case "const":
      return must(JSON.stringify(params.allowedValue));
    case "minimum":
      return must(`at least ${params.limit}`);
    case "maximum":
      return must(`at most ${params.limit}`);
    case "exclusiveMinimum":
      return must(`more than ${params.limit}`);
    case "exclusiveMaximum":
      return must(`less than ${params.limit}`);
    case "multipleOf":
      return must(`a multiple of ${params.multipleOf}`);
    case "format":
      return must(`in the format ${JSON.stringify(params.format)}`);
    case "pattern":
      return must(`text that matches ${params.pattern}`);
    case "minLength":
    case "minItems":
    case "minProperties":
      return { problem: `must have at least ${counted(params.limit, value)}; it has ${sizeOf(value)}` };
    case "maxLength":
    case "maxItems":
    case "maxProperties":
      return { problem: `must have at most ${counted(params.limit, value)}; it has ${sizeOf(value)}` };
    case "uniqueItems":
      return { problem: `must not contain duplicates; items ${params.j} and ${params.i} (from 0) are the same` };
    case "required":
      return { problem: `needs the key ${JSON.stringify(params.missingProperty)}` };
    case "additionalProperties":
      return unexpected(params.additionalProperty);
    case "unevaluatedProperties":
      return unexpected(params.unevaluatedProperty);
    case "anyOf":
      return { problem: `matches none of the alternatives in its schema; it is ${describeJson(value)}` };
    case "oneOf":
      return { problem: `must match exactly one of the alternatives in its schema; it is ${describeJson(value)}` };
    case "false schema":
      return { problem: "may not be given" };
    default:
      return { problem: `${message ?? `breaks "${keyword}"`}; it is ${describeJson(value)}` };
  }
}

function unexpected(key: string): Violation {
  return { problem: `must not have the key ${JSON.stringify(key)}`, key };
}

function typeWord(type: string): string {
  return wordOf.get(type) ?? type;
}

function oneOf(values: readonly unknown[]): string {
  const shown = values.slice(0, 8).map((value) => JSON.stringify(value));
  const more = values.length > shown.length ? `, or ${values.length - shown.length} more` : "";
  return `${shown.length === 1 ? "" : "one of "}${shown.join(", ")}${more}`;
}

function counted(limit: number, value: Json | undefined): string {
  const [one, many] = isArray(value)
    ? ["item", "items"]
    : isObject(value)
      ? ["key", "keys"]
      : ["character", "characters"];
  return `${limit} ${limit === 1 ? one : many}`;
}

function sizeOf(value: Json | undefined): number {
  if (typeof value === "string") return [...value].length;
  return isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 0;
}
