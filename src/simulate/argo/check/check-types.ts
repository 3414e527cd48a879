/** Types of fields, which the API server checks; a controller that reads what has another one gives up or crashes. */

import type { Problem } from "../workflow/finding.ts";
import { isObject, type Path } from "../workflow/read-manifest.ts";
import { type FieldType, fieldTypes } from "./field-types.ts";

/** Of a Workflow: what its `spec` holds. */
export function checkTypes(value: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  const waiting: Typed[] = [{ value: isObject(value) ? value.spec : undefined, type: fieldTypes, path: ["spec"] }];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const { type, path, value: given } = at;
    // The API server reads null as a field that is not there.
    if (given === null || given === undefined) continue;
    const wanted = wantedInstead(given, type);
    if (wanted !== undefined) {
      const name = path.findLast((part) => typeof part === "string");
      problems.push({ path, message: `${name} is ${kindOf(given)}, where Argo takes ${wanted}` });
      continue;
    }
    for (const [key, part] of partsOf(given, type)) {
      const own = typeOfPart(type, key);
      if (own === undefined) problems.push({ path: [...path, key], message: `unknown field ${key}` });
      else waiting.push({ value: part, type: own, path: [...path, key] });
    }
  }
  return problems;
}

/** A value, the type that it should have, and where it stands. */
interface Typed {
  readonly value: unknown;
  readonly type: FieldType;
  readonly path: Path;
}

function partsOf(value: unknown, type: FieldType): Iterable<readonly [string | number, unknown]> {
  if (isList(type)) return Array.isArray(value) ? value.entries() : [];
  return typeof type === "object" && isObject(value) ? Object.entries(value) : [];
}

/** Undefined: there is no such field. */
function typeOfPart(type: FieldType, key: string | number): FieldType | undefined {
  if (isList(type)) return type[0];
  if (typeof type !== "object") return undefined;
  return Object.hasOwn(type, key) ? type[key] : type["*"];
}

function isList(type: FieldType): type is readonly [FieldType] {
  return Array.isArray(type);
}

/** Undefined where the value is of its type. */
function wantedInstead(value: unknown, type: FieldType): string | undefined {
  if (isList(type)) return Array.isArray(value) ? undefined : "a list";
  if (typeof type === "object" || type === "object") {
    return isObject(value) && !Array.isArray(value) ? undefined : "an object";
  }
  switch (type) {
    case "any":
      return undefined;
    case "boolean":
    case "string":
      return typeof value === type ? undefined : `a ${type}`;
    case "integer":
      return Number.isInteger(value) ? undefined : "an integer";
    case "int-or-string":
      return typeof value === "string" || Number.isInteger(value) ? undefined : "an integer or a string";
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return `the string ${JSON.stringify(value.slice(0, 40))}`;
  return isObject(value) ? "an object" : `the ${typeof value} ${String(value)}`;
}
