import { Refusal } from "./object-store.ts";

/**
 * Applies a patch as the API's content types say: `application/json-patch+json` (RFC 6902: add, replace, remove, test) and
 * `application/merge-patch+json` (RFC 7386); a strategic merge patch is taken as a merge patch, which is the same for the
 * maps of strings that Argo patches. Throws Refusal 415 or 422.
 */
export function patch(object: unknown, contentType: string, changes: unknown): unknown {
  if (contentType.startsWith("application/json-patch+json")) return jsonPatch(object, changes);
  if (/^application\/(strategic-)?merge-patch\+json/.test(contentType)) return mergePatch(object, changes);
  throw new Refusal(415, "UnsupportedMediaType", `patches of type ${contentType} are not known`);
}

type Fields = { [name: string]: unknown };

function mergePatch(object: unknown, changes: unknown): unknown {
  if (!isFields(changes)) return changes;
  const merged: Fields = isFields(object) ? { ...object } : {};
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

function jsonPatch(object: unknown, changes: unknown): unknown {
  if (!Array.isArray(changes)) throw new Refusal(422, "Invalid", "a JSON patch is a list");
  const copy: unknown = structuredClone(object);
  for (const change of changes) applyOperation(copy, change);
  return copy;
}

function applyOperation(root: unknown, change: unknown): void {
  if (!isFields(change) || typeof change.path !== "string")
    throw new Refusal(422, "Invalid", "an operation has a path");
  const keys = change.path
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = keys.pop();
  let parent: unknown = root;
  for (const key of keys) parent = isFields(parent) || Array.isArray(parent) ? Reflect.get(parent, key) : undefined;
  if (last === undefined || !(isFields(parent) || Array.isArray(parent))) {
    throw new Refusal(422, "Invalid", `${change.path} does not exist`);
  }
  applyAt(parent, last, change);
}

function applyAt(parent: Fields | unknown[], key: string, { op, path, value }: Fields): void {
  const exists = Reflect.has(parent, key);
  if (op === "add" && Array.isArray(parent)) {
    parent.splice(key === "-" ? parent.length : Number(key), 0, value);
    return;
  }
  if (op === "add" || (op === "replace" && exists)) {
    Reflect.set(parent, key, value);
    return;
  }
  if (op === "remove" && exists) {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else Reflect.deleteProperty(parent, key);
    return;
  }
  if (op === "test" && JSON.stringify(Reflect.get(parent, key)) === JSON.stringify(value)) return;
  throw new Refusal(422, "Invalid", `cannot ${String(op)} ${String(path)}`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
