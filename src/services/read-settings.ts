import { type Json, type JsonObject, printJson } from "../protocol/json.ts";
import { ServiceError, substituteVariables, type VariableLookup, variablesOf } from "../protocol/services.ts";
import type { Keys, SettingKey } from "../stores/contract/service-kind.ts";

/** The values under a service's keys: flags, and texts with their variables replaced; undefined where there is none. */
export interface Settings {
  readonly [key: string]: string | boolean | undefined;
}

/**
 * Reads what compiled files say of a service. Throws a ServiceError where a key is not known, missing or not of its kind.
 * `name`: of the service, for messages.
 */
export function readSettings(
  name: string,
  settings: JsonObject = {},
  keys: Keys = {},
  lookup: VariableLookup,
): Settings {
  refuseUnknown(settings, name, ["type", ...Object.keys(keys)]);
  const values: Record<string, string | boolean | undefined> = {};
  for (const [key, described] of Object.entries(keys)) {
    values[key] = readValue(`${name}: ${key}`, settings[key], described, lookup);
  }
  return values;
}

/** A key that this version does not know could change what the others mean. */
export function refuseUnknown(settings: JsonObject, name: string, known: readonly string[]): void {
  for (const key of Object.keys(settings)) {
    if (!known.includes(key)) throw new ServiceError(`${name} has no key "${key}"; its keys are ${known.join(", ")}`);
  }
}

function readValue(
  where: string,
  value: Json | undefined,
  { kind, required, default: usual }: SettingKey,
  lookup: VariableLookup,
): string | boolean | undefined {
  if (kind === "flag") return readFlag(where, value);
  const text = readText(where, value, lookup) ?? usual;
  if (required && !text) throw new ServiceError(`${where} is missing or empty`);
  // It would be the working directory itself.
  if (text === "" && (kind === "folder" || kind === "file")) throw new ServiceError(`${where} is empty`);
  return text;
}

function readFlag(where: string, value: Json = false): boolean {
  if (typeof value === "boolean") return value;
  throw new ServiceError(`${where} must be true or false; it is ${printJson(value)}`);
}

function readText(where: string, text: Json | undefined, lookup: VariableLookup): string | undefined {
  if (text === undefined || text === null) return undefined;
  if (typeof text !== "string") throw new ServiceError(`${where} must be text; it is ${printJson(text)}`);
  for (const { kind, name } of variablesOf(text)) {
    if (kind === "malformed") throw new ServiceError(`${where} has ${name}, which is not a variable`);
    if (lookup(name) === undefined) {
      throw new ServiceError(`${where} needs the variable ${name}; set MAGNUS_VAR_${name} or ${name}`);
    }
  }
  return substituteVariables(text, lookup);
}
