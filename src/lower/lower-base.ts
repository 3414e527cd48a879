import type { NodeSpans } from "../ir/pipeline.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { Edge } from "../protocol/path.ts";
import type { SourceDocument } from "../source/source-document.ts";
import type { Span } from "../source/source-file.ts";
import type { StepSource } from "./scope.ts";

/** What every node has; `ok` and `failed` were resolved by its graph. */
export interface Base {
  readonly name: string;
  readonly description?: string;
  readonly ok: Edge;
  readonly failed: Edge;
  readonly overrides: { readonly [target: string]: string };
  readonly spans: NodeSpans;
}

export interface Edges {
  readonly ok: Edge;
  readonly failed: Edge;
}

interface CommonFields {
  readonly description?: string | null | undefined;
  readonly overrides?: { readonly [target: string]: string } | null | undefined;
}

/** `spans` are those of the step's own keys; kinds of steps add the places of parts inside of them. */
export function lowerBase(
  step: StepSource,
  fields: CommonFields,
  edges: Edges,
  spans: ReadonlyMap<string, Span>,
): Base {
  const ok = spans.get("next");
  const failed = spans.get("on_failure");
  return {
    name: step.name,
    ...(fields.description ? { description: fields.description } : {}),
    ok: edges.ok,
    failed: edges.failed,
    overrides: fields.overrides ?? {},
    spans: {
      name: step.nameSpan,
      ...(ok === undefined ? {} : { ok }),
      ...(failed === undefined ? {} : { failed }),
      keys: spans,
    },
  };
}

/** Where the value under each of the step's keys stands. */
export function keySpans(container: JsonObject, document: SourceDocument): Map<string, Span> {
  const spans = new Map<string, Span>();
  for (const key of document.keysOf(container)) {
    const span = document.valueSpan(container, key);
    if (span !== undefined) spans.set(key, span);
  }
  return spans;
}

/**
 * Adds the places of the parts of `container[key]`, at any depth, under dotted names: `catalog.put.0`, `env.HOME`; those
 * of keys with a colon after them: `env.HOME:`.
 */
export function addInnerSpans(
  key: string,
  container: JsonObject,
  document: SourceDocument,
  spans: Map<string, Span>,
): void {
  const add = (prefix: string, value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const keys = Array.isArray(value) ? value.keys() : document.keysOf(value);
    for (const inner of keys) {
      const span = document.valueSpan(value, inner);
      const name = `${prefix}.${inner}`;
      if (span !== undefined) spans.set(name, span);
      const keySpan = Array.isArray(value) ? undefined : document.keySpan(value, inner);
      if (keySpan !== undefined) spans.set(`${name}:`, keySpan);
      add(name, Array.isArray(value) ? value[Number(inner)] : Reflect.get(value, inner));
    }
  };
  add(key, container[key]);
}
