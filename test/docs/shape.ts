/**
 * The form of JSON as documentation writes it: `{"files": [{"path", "state"}], "left": [path]}`. A key without a value, and a
 * bare word, may be anything.
 */
export type Shape = "any" | { readonly list: Shape } | { readonly keys: ReadonlyMap<string, Shape> };

/** Reads such a form. Throws where it is not one. */
export function readShape(text: string): Shape {
  const tokens = [...text.matchAll(/"([^"]*)"|[{}[\],:]|[^\s{}[\],:"]+/g)];
  let at = 0;
  const next = (): string => tokens[at]?.[0] ?? "";
  const take = (token: string): void => {
    if (next() !== token) throw new Error(`"${token}" expected before "${next()}" in ${text}`);
    at++;
  };
  const value = (): Shape => {
    if (next() === "[") {
      take("[");
      const list = value();
      take("]");
      return { list };
    }
    if (next() === "{") return object();
    at++;
    return "any";
  };
  const object = (): Shape => {
    const keys = new Map<string, Shape>();
    take("{");
    while (next() !== "}") {
      const name = tokens[at]?.[1];
      if (name === undefined) throw new Error(`a key expected before "${next()}" in ${text}`);
      at++;
      if (next() === ":") {
        take(":");
        keys.set(name, value());
      } else keys.set(name, "any");
      if (next() === ",") take(",");
    }
    take("}");
    return { keys };
  };
  const shape = value();
  if (at < tokens.length) throw new Error(`"${next()}" is too much in ${text}`);
  return shape;
}

/** Where a value and a form differ: keys that only one of them has. `optional`: keys that a value need not have. */
export function differences(
  shape: Shape,
  value: unknown,
  optional: ReadonlySet<string> = new Set(),
  place = "",
): readonly string[] {
  if (shape === "any") return [];
  if ("list" in shape) {
    if (!Array.isArray(value)) return [`${place} is not a list`];
    return value.flatMap((item) => differences(shape.list, item, optional, `${place}[]`));
  }
  if (typeof value !== "object" || value === null) return [`${place} is not an object`];
  const actual = new Map(Object.entries(value));
  const undocumented = [...actual.keys()].filter((key) => !shape.keys.has(key));
  const missing = [...shape.keys.keys()].filter((key) => !actual.has(key) && !optional.has(key));
  return [
    ...undocumented.map((key) => `${place}.${key} is not documented`),
    ...missing.map((key) => `${place}.${key} is documented and missing`),
    ...[...shape.keys].flatMap(([key, below]) =>
      actual.has(key) ? differences(below, actual.get(key), optional, `${place}.${key}`) : [],
    ),
  ];
}
