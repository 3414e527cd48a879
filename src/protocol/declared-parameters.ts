/** What a pipeline says of its parameters, and what follows of a value that somebody gives: the same for compiler and shim. */
import { describeJson } from "./describe-json.ts";
import { isArray, isNumber, type Json, printJson } from "./json.ts";
import type { Parameters } from "./path.ts";

export interface DeclaredParameters {
  readonly defaults: Parameters;
  /** Parameters that have a schema, with the types that it names; none: it names none. */
  readonly types: { readonly [name: string]: readonly string[] };
  /** Names beside these that the pipeline knows: those that its steps use or return. */
  readonly names: readonly string[];
}

export type ParameterFinding =
  /** Nothing of that name is declared, but something that is spelt nearly so. */
  | { readonly kind: "misspelt"; readonly near: string }
  /** Nothing of that name is declared, while other parameters are. */
  | { readonly kind: "undeclared" }
  /** `must be true or false, as its default is; it is …`. */
  | { readonly kind: "type"; readonly problem: string; readonly expected?: ValueKind };

export type ValueKind = "boolean" | "number" | "array" | "object" | "string" | "null";

/** What is to be said of a name that somebody gives; `more`: names that another source has given, which count as known. */
export function nameFinding(
  { defaults, types, names }: DeclaredParameters,
  name: string,
  more: readonly string[] = [],
): ParameterFinding | undefined {
  const known = [...Object.keys(defaults), ...Object.keys(types), ...names, ...more];
  if (known.includes(name)) return undefined;
  const near = nearName(name, known);
  if (near !== undefined) return { kind: "misspelt", near };
  // A pipeline that declares nothing takes whatever its tasks know.
  return Object.keys(defaults).length + Object.keys(types).length === 0 ? undefined : { kind: "undeclared" };
}

/** What is to be said of a value that somebody gives to a parameter. */
export function valueFinding(
  { defaults, types }: DeclaredParameters,
  name: string,
  value: Json,
): ParameterFinding | undefined {
  const kind = kindOf(value);
  const declared = Object.hasOwn(types, name) ? types[name] : undefined;
  return declared === undefined || declared.length === 0
    ? defaultFinding(Object.hasOwn(defaults, name) ? defaults[name] : undefined, value, kind)
    : schemaFinding(declared, value, kind);
}

function schemaFinding(types: readonly string[], value: Json, kind: ValueKind): ParameterFinding | undefined {
  const fits = types.some((type) => type === kind || (type === "integer" && isWhole(value)));
  if (fits) return undefined;
  const words = types.map((type) => wordOf.get(type) ?? type).join(" or ");
  return { kind: "type", problem: `must be ${words}; it is ${describeJson(value)}` };
}

/** Null says nothing of a type, neither as the default nor as the value. */
function defaultFinding(fallback: Json | undefined, value: Json, kind: ValueKind): ParameterFinding | undefined {
  if (fallback === undefined || fallback === null || value === null) return undefined;
  const expected = kindOf(fallback);
  if (expected === kind) return undefined;
  // Flags and variables give text there; of a file, only the compiler warns.
  if (expected === "string") return undefined;
  const problem = `must be ${wordOf.get(expected)}, like its default; it is ${describeJson(value)}`;
  return { kind: "type", problem, expected };
}

/** Types of JSON Schema in plain words. */
export const wordOf: ReadonlyMap<string, string> = new Map([
  ["string", "text"],
  ["number", "a number"],
  ["integer", "a whole number"],
  ["boolean", "true or false"],
  ["array", "a list"],
  ["object", "a mapping"],
  ["null", "null"],
]);

function kindOf(value: Json): ValueKind {
  if (value === null) return "null";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "string";
  if (isNumber(value)) return "number";
  return isArray(value) ? "array" : "object";
}

function isWhole(value: Json): boolean {
  return isNumber(value) && Number.isInteger(Number(printJson(value)));
}

/** What to write instead, for the flag `--param`. */
export function typeHint(name: string, expected: ValueKind): string {
  switch (expected) {
    case "boolean":
      return `write ${name}=true or ${name}=false`;
    case "number":
      return `write a number such as 3 or 0.1`;
    case "array":
      return `write JSON in shell quotes: '${name}=[1, 2]', '${name}=["a", "b"]'`;
    case "object":
      return `write JSON in shell quotes: '${name}={"key": 1}'`;
    case "string":
    case "null":
      return `write ${name}=…`;
  }
}

/**
 * A known name that was certainly meant: the same but for case and underscores, or, of four letters or more, with one
 * wrong, missing, too many, or two swapped. Names that differ in digits only are two names.
 */
export function nearName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  const same = known.find((candidate) => plain(candidate) === wanted);
  if (same !== undefined || wanted.length < 4) return same;
  return known.find((candidate) => {
    const other = plain(candidate);
    return other.length >= 4 && withoutDigits(other) !== withoutDigits(wanted) && isOneEdit(wanted, other);
  });
}

/** `files` and `file`, either way. */
export function isPluralOf(one: string, other: string): boolean {
  return one === `${other}s` || other === `${one}s`;
}

function isOneEdit(a: string, b: string): boolean {
  let from = 0;
  while (from < a.length && a[from] === b[from]) from++;
  let to = 0;
  while (to < Math.min(a.length, b.length) - from && a.at(-1 - to) === b.at(-1 - to)) to++;
  const [x, y] = [a.slice(from, a.length - to), b.slice(from, b.length - to)];
  return (x.length < 2 && y.length < 2) || (x.length === 2 && y === `${x[1]}${x[0]}`);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll("_", "");
}

function withoutDigits(name: string): string {
  return name.replace(/\d+/g, "");
}
