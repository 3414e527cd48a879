/** A value of expr-lang: ints are bigint, floats number. */
export type Value = null | boolean | bigint | number | string | readonly Value[] | ReadonlyMap<string, Value>;

/** JSON as Go's decoder gives it to an expression: every number is a float64. Throws a SyntaxError. */
export function valueOfJson(text: string): Value {
  return fromParsed(JSON.parse(text));
}

function fromParsed(parsed: unknown): Value {
  if (parsed === null || typeof parsed === "boolean" || typeof parsed === "number") return parsed;
  if (typeof parsed === "string") return wellFormed(parsed);
  if (Array.isArray(parsed)) return parsed.map(fromParsed);
  return new Map(Object.entries(parsed ?? {}).map(([key, value]) => [wellFormed(key), fromParsed(value)]));
}

/** Go's strings are UTF-8: half of a surrogate pair becomes U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** Go's json.Marshal: keys sorted, and `<`, `>`, `&` escaped. */
export function jsonOfValue(value: Value): string {
  if (value === null || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return formatFloat(value, 21);
  if (typeof value === "string") return jsonOfString(value);
  if (isList(value)) return `[${value.map(jsonOfValue).join(",")}]`;
  const entries = [...value].sort(([a], [b]) => compareBytes(a, b));
  return `{${entries.map(([key, item]) => `${jsonOfString(key)}:${jsonOfValue(item)}`).join(",")}}`;
}

export function jsonOfString(text: string): string {
  return escapeHtml(JSON.stringify(wellFormed(text)));
}

const htmlEscapes: { readonly [character: string]: string } = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** In JSON text: what Go's encoder escapes and others do not. */
export function escapeHtml(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (character) => htmlEscapes[character] ?? character);
}

/** The order of Go's strings: that of their UTF-8 bytes, which is that of code points. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Go's `%v` of a value, as far as node names and `string()` show one. */
export function textOfValue(value: Value): string {
  if (value === null) return "<nil>";
  if (typeof value === "number") return formatFloat(value, 21, 2);
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (isList(value)) return `[${value.map(textOfValue).join(" ")}]`;
  const entries = [...value].sort(([a], [b]) => compareBytes(a, b));
  return `map[${entries.map(([key, item]) => `${key}:${textOfValue(item)}`).join(" ")}]`;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMap(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}

/** Exponents from 21 on, or below 1e-6, with at least so many digits as Go prints in the place. */
function formatFloat(value: number, from: number, digits = 1): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-6 || size >= 10 ** from)) {
    const [mantissa = "", exponent = ""] = value.toExponential().split("e");
    return `${mantissa}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(digits, "0")}`;
  }
  return Object.is(value, -0) ? "-0" : String(value);
}
