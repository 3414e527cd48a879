import { isArray, isNumber, isObject, type Json, parseJson } from "../protocol/json.ts";
import type { Path, PathElement } from "../protocol/path.ts";
import type { At, StepSpec } from "../protocol/step-spec.ts";
import { UsageError } from "./usage-error.ts";

/** Reads `--at`: a list of `{"i": 0, "k": "oslo"}` or of plain indices, outermost first. */
export function readAt(text: string): At {
  let list: Json;
  try {
    list = parseJson(text);
  } catch {
    throw new UsageError(`--at is not JSON: ${text}`);
  }
  if (!isArray(list)) throw new UsageError(`--at is not a list: ${text}`);
  return list.map((item) => {
    const index = isObject(item) ? item.i : item;
    if (!isNumber(index ?? null)) throw new UsageError(`--at holds no index: ${text}`);
    const key = isObject(item) ? item.k : undefined;
    return { i: Number(index), ...(typeof key === "string" ? { k: key } : {}) };
  });
}

/** The spec's path with the items and iterations of this run of it. */
export function stepPlace(spec: StepSpec, at: At): Path {
  const rest = [...at];
  const last = spec.path.length - (spec.gather === "close" ? 0 : 1);
  const path = spec.path.map((element, i) =>
    i < last && isRepeated(element) ? select(element, rest.shift()) : element,
  );
  if (rest.length > 0) throw new UsageError(`--at has ${rest.length} more than the step has maps and loops around it`);
  return path;
}

function isRepeated(element: PathElement): boolean {
  return element.kind === "map" || element.kind === "loop";
}

function select(element: PathElement, at: At[number] | undefined): PathElement {
  if (at === undefined) throw new UsageError(`--at has no index for ${element.node}`);
  const key = element.kind === "map" && at.k !== undefined ? { key: at.k } : {};
  return { ...element, index: at.i, ...key };
}
