import type { CatalogFile } from "../../protocol/event.ts";
import { isArray, isObject, type Json, type JsonObject, setKey } from "../../protocol/json.ts";
import { objectDigest, objectValue } from "../../protocol/object-value.ts";
import { type Path, selectorOf } from "../../protocol/path.ts";
import type { AttemptView, RunView, StepView } from "./view.ts";

/**
 * What a run did, without anything that depends on where and when it ran: two runs of one pipeline with the same inputs
 * have equal normal forms, whatever executed them.
 *
 * `{status, parameters, steps}`; steps in the order of the token, nested ones after their composite, each with its
 * path (names, branches, item and iteration indices), kind, status, attempts and what it published. Keys are sorted,
 * what is empty is left out, and so are executed notebooks, which hold times and what cells printed. Objects have no digest:
 * a pickle names versions, and sets in it are in the order of hashes.
 */
export function normalise(view: RunView): Json {
  return sortKeys({
    status: view.status,
    parameters: view.parameters,
    steps: view.steps.flatMap(normaliseStep),
  });
}

function normaliseStep(step: StepView): readonly JsonObject[] {
  const last = step.attempts.at(-1);
  const own = compact({
    path: namesOf(step.path),
    kind: step.kind,
    status: step.status,
    reason: step.control?.reason,
    attempts: step.attempts.map(normaliseAttempt),
    delta: step.delta,
    metrics: last?.metrics.map(({ metrics, step: at }) => compact({ metrics, step: at })),
    get: last === undefined ? undefined : normaliseFiles(last.got),
    put: last === undefined ? undefined : normaliseFiles(last.put),
  });
  return [own, ...step.graphs.flatMap((graph) => graph.steps.flatMap(normaliseStep))];
}

function namesOf(path: Path): Json {
  return path.flatMap((element) => {
    const selector = selectorOf(element);
    return selector === null ? [element.node] : [element.node, selector];
  });
}

function normaliseAttempt({ status, exitCode, reason }: AttemptView): JsonObject {
  return compact({ status, exitCode, reason });
}

function normaliseFiles(files: readonly CatalogFile[]): JsonObject {
  const digests: Record<string, Json> = {};
  for (const { name, digest, executed } of files) if (executed === undefined) setKey(digests, name, digest);
  return digests;
}

/** Leaves out what is absent or empty. */
function compact(object: { readonly [key: string]: Json | undefined }): JsonObject {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(object)) if (value !== undefined && !isEmpty(value)) kept[key] = value;
  return kept;
}

function isEmpty(value: Json): boolean {
  if (isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

function sortKeys(value: Json): Json {
  if (isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  if (objectDigest(value) !== undefined) return objectValue("pickle");
  const sorted: Record<string, Json> = {};
  for (const key of Object.keys(value).sort()) setKey(sorted, key, sortKeys(value[key] ?? null));
  return sorted;
}
