/**
 * What a node task may publish: JSON, and what JavaScript has beside it and JSON can say. Everything else is refused;
 * JSON.stringify makes `{}` or `null` of much of it.
 */
export function isMapping(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** An object's entries; none of anything else. */
export function entriesOf(value) {
  if (value instanceof Map) return entriesOfMap(value);
  if (!isMapping(value)) return {};
  return typeof value.toJSON === "function" ? Object(value.toJSON()) : value;
}

/** JSON's keys are texts: what is none must not become one, and two must not become the same. */
function entriesOfMap(map) {
  const keys = new Map();
  for (const key of map.keys()) {
    if (!["string", "number", "bigint", "boolean"].includes(typeof key) || Number.isNaN(key)) {
      throw new Error(`a key of a Map is ${shown(key)}, and JSON's are texts`);
    }
    const text = String(key);
    if (keys.has(text))
      throw new Error(`the keys ${shown(keys.get(text))} and ${shown(key)} of a Map become the same key`);
    keys.set(text, key);
  }
  return Object.fromEntries(map);
}

function shown(key) {
  if (typeof key === "string") return JSON.stringify(key);
  return Object(key) === key ? `an ${tagOf(key)}` : String(key);
}

/** Stands around the text of a number that JSON.stringify would print otherwise. */
const mark = `\u0001${Math.random()}`;
const marked = new RegExp(`"${JSON.stringify(mark).slice(1, -1).replaceAll("\\", "\\\\")} ([^"]+)"`, "g");

/** The value as JSON text; throws an Error that says where and why it is none. A bigint is a number: the runtime reads any. */
export function json(value, asMetric, name) {
  // The objects and arrays around what is printed, from the outermost: what JSON.stringify holds, and its key.
  const around = [];
  const replace = function (key, part) {
    while (around.length > 0 && around.at(-1).held !== this) around.pop();
    try {
      const held = plain(part, this[key], asMetric);
      if (typeof held === "object" && held !== null) around.push({ held, key });
      return held;
    } catch (error) {
      const place = [...around.map((one) => one.key), key]
        .slice(1)
        .map((one) => (/^\d+$/.test(one) ? `[${one}]` : `[${JSON.stringify(one)}]`));
      throw place.length === 0 ? error : new Error(`${name}${place.join("")}: ${error.message}`);
    }
  };
  return (JSON.stringify(value, replace) ?? refuse(value)).replace(marked, "$1");
}

/** What JSON does not know, as something that it does. `part` is what a toJSON has made of `original`. */
function plain(part, original, asMetric) {
  if (typeof part === "bigint") return `${mark} ${part}`;
  if (typeof part === "function" || typeof part === "symbol") return refuse(part);
  if (typeof part === "number") return plainNumber(part, asMetric);
  if (original instanceof Date && part === null) throw new Error("an invalid Date cannot be written as JSON");
  if (original instanceof Uint8Array && part !== original) return refuse(original);
  if (part instanceof Map) return entriesOfMap(part);
  if (part instanceof Set) return [...part];
  if (ArrayBuffer.isView(part) && !(part instanceof DataView)) return Array.from(part);
  if (typeof part === "object" && part !== null && !isPlain(part)) return refuse(part);
  return part;
}

function plainNumber(number, asMetric) {
  if (!Number.isFinite(number)) return asMetric ? String(number) : refuse(number);
  // An integer that may be another one: an exponent says so, and the runtime looks for it among the given ones.
  const rounded = Number.isInteger(number) && !Number.isSafeInteger(number) && Math.abs(number) < 1e21;
  return rounded && !asMetric ? `${mark} ${number.toExponential()}` : number;
}

/** Whether JSON.stringify prints what a value holds: not of a Promise, a RegExp, an Error, or private fields alone. */
function isPlain(value) {
  if (Array.isArray(value) || typeof value.toJSON === "function") return true;
  if (["Number", "String", "Boolean", "BigInt"].includes(tagOf(value))) return true;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype || tagOf(value) === "Module") return true;
  return tagOf(value) !== "Error" && Object.keys(value).length > 0;
}

/** `Object`, `Array`, `Promise`: what kind of object JavaScript says it is. */
export function tagOf(value) {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function refuse(value) {
  if (typeof value === "number") throw new Error(`${value} cannot be written as JSON`);
  const name = typeof value === "object" ? (value.constructor?.name ?? tagOf(value)) : typeof value;
  throw new Error(`${/^[AEIOU]/.test(name) ? "an" : "a"} ${name} cannot be written as JSON`);
}
