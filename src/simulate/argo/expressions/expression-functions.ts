import { compareBytes, isList, isMap, jsonOfValue, textOfValue, type Value, valueOfJson } from "./expression-value.ts";
import { predicateFunctions } from "./parse-expression.ts";
import { ExpressionError, UnsupportedError } from "./tokenize-expression.ts";

/** Calls one of expr-lang's functions, or of those that Argo adds (`toJson`, `asInt`, `asFloat`). */
export function callFunction(name: string, args: readonly Value[]): Value {
  const known = table[name];
  if (known === undefined) throw new UnsupportedError(`the function ${name}`);
  const { least, most = least, apply } = known;
  if (args.length < least) throw new ExpressionError(`not enough arguments to call ${name}`);
  if (args.length > most) throw new ExpressionError(`too many arguments to call ${name}`);
  return apply(args[0] ?? null, args[1] ?? null, args);
}

/** Whether a call of this name is one of a function, known here or not, and not of a variable. */
export function isFunctionName(name: string): boolean {
  return Object.hasOwn(table, name) || predicateFunctions.has(name) || elsewhere.has(name);
}

/** Of expr-lang or Argo, and refused by name. */
const elsewhere = new Set(
  `abs ceil floor round mean median min max sum trimPrefix trimSuffix repeat indexOf lastIndexOf splitAfter
  hasPrefix hasSuffix find findIndex findLast findLastIndex groupBy sortBy sort reduce first last take reverse concat
  flatten uniq toPairs fromPairs now duration date timezone bitand bitor bitxor bitnand bitshl bitshr
  bitushr bitnot jsonpath sprig`.split(/\s+/),
);

interface Function {
  readonly least: number;
  readonly most?: number;
  readonly apply: (first: Value, second: Value, all: readonly Value[]) => Value;
}

const integer: Function = { least: 1, apply: toInteger };
const float: Function = { least: 1, apply: toFloat };

const table: { readonly [name: string]: Function | undefined } = {
  int: integer,
  asInt: integer,
  float,
  asFloat: float,
  string: { least: 1, apply: textOfValue },
  type: { least: 1, apply: typeOf },
  len: { least: 1, apply: lengthOf },
  get: { least: 2, apply: get },
  keys: { least: 1, apply: (of) => [...mapped("keys", of).keys()].sort(compareBytes) },
  values: {
    least: 1,
    apply: (of) => [...mapped("values", of)].sort(([a], [b]) => compareBytes(a, b)).map(([, value]) => value),
  },
  fromJSON: { least: 1, apply: fromJson },
  toJSON: { least: 1, apply: (value) => indented(jsonOfValue(value)) },
  toJson: { least: 1, apply: jsonOfValue },
  upper: { least: 1, apply: (value) => text("upper", value).toUpperCase() },
  lower: { least: 1, apply: (value) => text("lower", value).toLowerCase() },
  trim: { least: 1, most: 2, apply: trim },
  split: { least: 2, apply: (value, by) => text("split", value).split(text("split", by)) },
  join: { least: 1, most: 2, apply: join },
  replace: { least: 3, most: 4, apply: replace },
  toBase64: { least: 1, apply: (value) => Buffer.from(text("toBase64", value)).toString("base64") },
  fromBase64: { least: 1, apply: fromBase64 },
};

/** Functions that are understood. */
export const knownFunctions: readonly string[] = Object.keys(table);

function toInteger(value: Value): Value {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return BigInt(Math.trunc(value));
  if (typeof value !== "string" || !/^[+-]?\d+$/.test(value))
    throw new ExpressionError(`invalid operation: int(${textOfValue(value)})`);
  const read = BigInt(value.replace(/^\+/, ""));
  if (BigInt.asIntN(64, read) !== read) throw new ExpressionError(`invalid operation: int(${value})`);
  return read;
}

function toFloat(value: Value): Value {
  if (typeof value === "bigint" || typeof value === "number") return Number(value);
  if (typeof value !== "string" || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value))
    throw new ExpressionError(`invalid operation: float(${textOfValue(value)})`);
  return Number(value);
}

function typeOf(value: Value): Value {
  if (value === null) return "nil";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return "float";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  return isList(value) ? "array" : "map";
}

function lengthOf(value: Value): Value {
  if (typeof value === "string") return BigInt([...value].length);
  if (isList(value)) return BigInt(value.length);
  if (isMap(value)) return BigInt(value.size);
  throw new ExpressionError(`invalid argument for len (type ${textOfValue(typeOf(value))})`);
}

/** Unlike an index, out of range is nil; a text is indexed by numbers only. */
function get(of: Value, key: Value): Value {
  if (isMap(of)) return typeof key === "string" ? (of.get(key) ?? null) : null;
  if (!isList(of) && typeof of !== "string") return null;
  if (typeof key !== "bigint" && typeof key !== "number")
    throw new ExpressionError(`invalid operation: int(${textOfValue(typeOf(key))})`);
  const index = Math.trunc(Number(key));
  return of[index < 0 ? of.length + index : index] ?? null;
}

function mapped(name: string, value: Value): ReadonlyMap<string, Value> {
  if (isMap(value)) return value;
  throw new ExpressionError(`cannot get ${name} from ${textOfValue(typeOf(value))}`);
}

function text(name: string, value: Value): string {
  if (typeof value === "string") return value;
  throw new ExpressionError(`invalid argument for ${name} (type ${textOfValue(typeOf(value))})`);
}

function fromJson(value: Value): Value {
  try {
    return valueOfJson(text("fromJSON", value));
  } catch (error) {
    if (error instanceof ExpressionError) throw error;
    throw new ExpressionError(`invalid JSON: ${textOfValue(value)}`);
  }
}

/** expr-lang's own toJSON prints over several lines. */
function indented(json: string): string {
  let depth = 0;
  return json.replace(/"(?:[^"\\]|\\.)*"|\[\]|\{\}|[{}[\],:]/g, (token) => {
    if (token === "{" || token === "[") return `${token}\n${"  ".repeat(++depth)}`;
    if (token === "}" || token === "]") return `\n${"  ".repeat(--depth)}${token}`;
    if (token === ",") return `,\n${"  ".repeat(depth)}`;
    return token === ":" ? ": " : token;
  });
}

function trim(value: Value, cut: Value): Value {
  if (cut === null) return text("trim", value).trim();
  const characters = [...text("trim", cut)];
  let kept = [...text("trim", value)];
  while (kept[0] !== undefined && characters.includes(kept[0])) kept = kept.slice(1);
  for (let last = kept.at(-1); last !== undefined && characters.includes(last); last = kept.at(-1)) kept.pop();
  return kept.join("");
}

function join(list: Value, by: Value): Value {
  if (!isList(list)) throw new ExpressionError("invalid argument for join");
  return list.map((item) => text("join", item)).join(by === null ? "" : text("join", by));
}

/** The first so many, from the left; a negative number is all. */
function replace(value: Value, old: Value, [, , by, most = -1n]: readonly Value[]): Value {
  if (typeof most !== "bigint") throw new ExpressionError("invalid argument for replace");
  const [from, to] = [text("replace", old), text("replace", by ?? null)];
  if (from === "") throw new UnsupportedError("replace of an empty text");
  const parts = text("replace", value).split(from);
  const joints = most < 0n ? parts.length - 1 : Math.min(parts.length - 1, Number(most));
  return (
    parts.slice(0, joints + 1).join(to) +
    parts
      .slice(joints + 1)
      .map((part) => from + part)
      .join("")
  );
}

/** Go's standard encoding, padded and strict. */
function fromBase64(value: Value): Value {
  const bytes = Buffer.from(text("fromBase64", value), "base64");
  if (bytes.toString("base64") !== value) throw new ExpressionError("illegal base64 data");
  return bytes.toString("utf8");
}
