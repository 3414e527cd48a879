import type { KubernetesObject } from "./object-store.ts";

export type Selector = (object: KubernetesObject) => boolean;

/**
 * Label and field selectors of a query, as kubectl writes them: `a=b,c!=d,e in (f,g),h notin (i),j,!k` and
 * `metadata.name=a,status.phase!=b`. An absent or empty one selects everything.
 */
export function selectorOf(labels: string | null, fields: string | null): Selector {
  const tests = [...split(labels).map(labelTest), ...split(fields).map(fieldTest)];
  return (object) => tests.every((test) => test(object));
}

/** Parts between commas that are not in parentheses. */
function split(text: string | null): readonly string[] {
  return (text ?? "")
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function labelTest(text: string): Selector {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text);
  if (set) {
    const [, name = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    return (object) => values.includes(labelOf(object, name) ?? "\0absent") === (operator === "in");
  }
  const equation = /^([^!=\s]+)\s*(!=|==?)\s*(.*)$/.exec(text);
  if (equation) {
    const [, name = "", operator, value = ""] = equation;
    return (object) => (labelOf(object, name) === value) === (operator !== "!=");
  }
  const absent = text.startsWith("!");
  const name = absent ? text.slice(1) : text;
  return (object) => (labelOf(object, name) === undefined) === absent;
}

function labelOf(object: KubernetesObject, name: string): string | undefined {
  return object.metadata.labels?.[name];
}

function fieldTest(text: string): Selector {
  const equation = /^([^!=\s]+)\s*(!=|==?)\s*(.*)$/.exec(text);
  if (!equation) throw new Error(`the field selector ${text} is not known`);
  const [, path = "", operator, value = ""] = equation;
  return (object) => {
    let at: unknown = object;
    for (const key of path.split(".")) at = typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined;
    return (String(at ?? "") === value) === (operator !== "!=");
  };
}
