/** Types of fields, which the API server checks; a controller that reads what has another one gives up or crashes. */

import type { Problem } from "../workflow/finding.ts";
import { isObject, type Path } from "../workflow/read-manifest.ts";
import { type FieldType, fieldTypes } from "./field-types.ts";

/** Of a Workflow: what its `spec` holds. */
export function checkTypes(value: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  const waiting: { readonly value: unknown; readonly type: FieldType; readonly path: Path }[] = [
    { value: isObject(value) ? value.spec : undefined, type: fieldTypes, path: ["spec"] },
  ];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const { type, path, value: given } = at;
    // The API server reads null as a field that is not there.
    if (given === null || given === undefined) continue;
    const wanted = wantedInstead(given, type);
    if (wanted !== undefined) {
      const name = path.findLast((part) => typeof part === "string");
      problems.push({ path, message: `${name} is ${kindOf(given)}, where Argo takes ${wanted}` });
    } else if (isList(type)) {
      for (const [i, item] of Array.isArray(given) ? given.entries() : [])
        waiting.push({ value: item, type: type[0], path: [...path, i] });
    } else if (typeof type === "object" && isObject(given)) {
      for (const [key, item] of Object.entries(given)) {
        const own = Object.hasOwn(type, key) ? type[key] : type["*"];
        if (own === undefined) problems.push({ path: [...path, key], message: `unknown field ${key}` });
        else waiting.push({ value: item, type: own, path: [...path, key] });
      }
    }
  }
  return problems;
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
