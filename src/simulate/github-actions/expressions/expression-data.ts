import { data } from "@actions/expressions";

/** A value of an expression as plain JSON. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };
export type ValueObject = { readonly [key: string]: Value };

/** A value as the expression evaluator takes it; `env` is the one object whose keys differ by case. */
export function toData(value: Value, caseSensitive = false): data.ExpressionData {
  if (value === null) return new data.Null();
  if (typeof value === "string") return new data.StringData(value);
  if (typeof value === "number") return new data.NumberData(value);
  if (typeof value === "boolean") return new data.BooleanData(value);
  if (isList(value)) return new data.Array(...value.map((item) => toData(item)));
  const object = new ObjectData(caseSensitive);
  for (const [key, item] of Object.entries(value)) object.add(key, toData(item));
  return object;
}

export function fromData(value: data.ExpressionData): Value {
  switch (value.kind) {
    case data.Kind.Null:
      return null;
    case data.Kind.String:
    case data.Kind.Number:
    case data.Kind.Boolean:
      return value.value;
    case data.Kind.Array:
      return value.values().map(fromData);
    case data.Kind.Dictionary:
      return Object.fromEntries(value.pairs().map((pair) => [pair.key, fromData(pair.value)]));
  }
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isObject(value: Value | undefined): value is ValueObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The package's own dictionary looks keys up in a plain object, so that it loses `constructor` and its like. */
export class ObjectData extends data.Dictionary {
  readonly #entries = new Map<string, { readonly key: string; readonly value: data.ExpressionData }>();
  readonly #caseSensitive: boolean;

  constructor(caseSensitive = false) {
    super();
    this.#caseSensitive = caseSensitive;
  }

  /** The first of two keys that are the same stays. */
  override add(key: string, value: data.ExpressionData): void {
    const known = this.#key(key);
    if (!this.#entries.has(known)) this.#entries.set(known, { key, value });
  }

  override get(key: string): data.ExpressionData | undefined {
    return this.#entries.get(this.#key(key))?.value;
  }

  override values(): data.ExpressionData[] {
    return [...this.#entries.values()].map((entry) => entry.value);
  }

  override pairs(): { key: string; value: data.ExpressionData }[] {
    return [...this.#entries.values()];
  }

  #key(key: string): string {
    return this.#caseSensitive ? key : key.toLowerCase();
  }
}
