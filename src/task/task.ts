/**
 * Phase: inside a node task. In: the files and environment variables that magnus gives to every task. Out: the lines of
 * MAGNUS_OUTPUT_FILE. What the task's own code imports as `magnus-pipelines/task`; it also works outside a run, in a
 * debugger or a test, and each function says what it does there.
 */

import { execFileSync } from "node:child_process";
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import type { Environment } from "../system/environment.ts";
import { globOf } from "../system/glob.ts";
import { present } from "../system/present.ts";

/** What was asked for is not there, or cannot be given to magnus. The message is for people. */
export class MagnusError extends Error {
  override readonly name = "MagnusError";
}

/** Anything that JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * The parameter of that name as this step sees it; what this process has set itself counts.
 *
 * Outside a run the parameters are the environment variables MAGNUS_PRM_<name>, read as JSON or else as text, and the
 * JSON file that MAGNUS_PARAMETERS_FILE names, if it is set.
 *
 * Throws MagnusError where there is no such parameter.
 */
export function getParameter(name: string): JsonValue {
  const parameters = getParameters();
  const value = parameters[name];
  if (value !== undefined) return value;
  const names = Object.keys(parameters).sort().join(", ") || "none";
  throw new MagnusError(`there is no parameter "${name}"; this step sees: ${names}`);
}

/** All parameters that this step sees; see {@link getParameter}. Throws MagnusError where their file cannot be read. */
export function getParameters(): { readonly [name: string]: JsonValue } {
  const parameters = new Map<string, JsonValue>(Object.entries(givenParameters()));
  for (const [variable, text = ""] of Object.entries(process.env)) {
    if (variable.startsWith(prefix)) parameters.set(variable.slice(prefix.length), readText(text));
  }
  for (const [name, value] of setHere) parameters.set(name, value);
  return Object.fromEntries(parameters);
}

/**
 * Publishes parameters: steps that come after this one see them, unless this one fails. What is set here comes before
 * what the function returns. Outside a run later calls of {@link getParameter} see the values, and nothing else does.
 *
 * Throws MagnusError where a value cannot be JSON, or a name is none of a parameter.
 */
export function setParameter(parameters: { readonly [name: string]: JsonValue }): void {
  const wrong = Object.keys(parameters).find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (wrong !== undefined) throw new MagnusError(`"${wrong}" cannot be the name of a parameter`);
  const texts = Object.entries(parameters).map(([name, value]) => [name, jsonOf(value, name)] as const);
  answer(`{"parameters":{${texts.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}}`);
  for (const [name, text] of texts) {
    setHere.set(name, JSON.parse(text) as JsonValue);
    // For the processes that the task starts; Linux starts none with a variable of 128 KiB.
    if (Buffer.byteLength(text) <= 100 * 1024) process.env[prefix + name] = text;
    else delete process.env[prefix + name];
  }
}

/**
 * Records metrics with this step of the pipeline, also if it fails afterwards. `step` counts what the values belong to,
 * such as epochs. Outside a run nothing is recorded. Throws MagnusError where a value cannot be JSON.
 */
export function trackThis(
  metrics: { readonly [name: string]: JsonValue },
  { step }: { readonly step?: number } = {},
): void {
  const values = Object.entries(metrics).map(
    ([name, value]) => [name, JSON.parse(jsonOf(value, name, "metric")) as JsonValue] as const,
  );
  answer(JSON.stringify({ metrics: Object.fromEntries(values), ...present({ step }) }));
}

/**
 * The value of a secret that the step names under `secrets`. Outside a run, and where the environment has no variable of
 * that name, it is looked up in the file `.env` of the working directory. Throws MagnusError where it is in neither.
 */
export function getSecret(name: string): string {
  const value = process.env[name] ?? (isInRun() ? undefined : dotenv()[name]);
  if (value !== undefined) return value;
  const remedy = isInRun() ? "name it under `secrets` of the step" : "set the variable, or write it into .env";
  throw new MagnusError(`the secret "${name}" was not found in the environment: ${remedy}`);
}

/**
 * The files that a pattern matches, copied into `folder` if one is named; their paths. Files come out of the catalog
 * before a task starts, those that the step names under `catalog: {get: […]}`; this finds them, relative to the working
 * directory. So it does outside a run. Throws MagnusError where nothing matches.
 */
export function getFromCatalog(pattern: string, folder?: string): readonly string[] {
  const found = filesOf(pattern);
  if (found.length === 0) {
    throw new MagnusError(`no file matches "${pattern}": name it under \`catalog: {get: […]}\` of the step`);
  }
  if (folder === undefined) return found;
  return found.map((file) => {
    const copy = path.join(folder, file);
    mkdirSync(path.dirname(copy), { recursive: true });
    if (path.resolve(copy) !== path.resolve(file)) copyFileSync(file, copy);
    return copy;
  });
}

/**
 * Has the files that a pattern matches stored in the catalog when the task ends, like `catalog: {put: […]}`. The pattern
 * is relative to the working directory; a folder means all that is in it. The files must still be there when the task
 * ends, and a pattern that matches nothing then fails it. Outside a run nothing is stored. Throws MagnusError where it
 * leaves the working directory.
 */
export function putInCatalog(pattern: string): void {
  const relative = path.isAbsolute(pattern) ? path.relative(process.cwd(), pattern) : pattern;
  if (globOf(relative) === null) {
    throw new MagnusError(`"${pattern}" is outside the working directory; only files inside it can be catalogued`);
  }
  answer(JSON.stringify({ catalog: { put: [relative] } }));
}

/** The run's id; empty outside a run. */
export function getRunId(): string {
  return process.env.MAGNUS_RUN_ID ?? "";
}

/** The run's label; empty where it has none, and outside a run. */
export function getTag(): string {
  return process.env.MAGNUS_RUN_TAG ?? "";
}

/**
 * The run's log so far, as `magnus runs show --json` prints it; undefined outside a run. Throws MagnusError where it
 * cannot be read from within a task: with the run log store `buffered`.
 */
export function getRunLog(): JsonValue | undefined {
  if (!isInRun()) return undefined;
  const reader = readText(process.env.MAGNUS_RUN_LOG ?? "null") as { command: [string, ...string[]]; services: string };
  if (reader === null) throw new MagnusError("the run's log cannot be read from within a task: it is kept in memory");
  const [program, ...args] = reader.command;
  try {
    const env = { ...process.env, MAGNUS_SERVICES: reader.services };
    const text = execFileSync(program, args, { env, encoding: "utf8", stdio: "pipe", maxBuffer: 1024 ** 3 });
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new MagnusError(`the run's log cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const prefix = "MAGNUS_PRM_";

/** What this process has set; the files that it was given do not change. */
const setHere = new Map<string, JsonValue>();

function givenParameters(): { readonly [name: string]: JsonValue } {
  const file = process.env.MAGNUS_PARAMETERS_FILE;
  if (!file) return {};
  try {
    return JSON.parse(readFileSync(file, "utf8"), finite) as { [name: string]: JsonValue };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new MagnusError(`cannot read MAGNUS_PARAMETERS_FILE: ${cause}`);
  }
}

/** JSON.parse makes Infinity of what is beyond JavaScript's numbers. */
function finite(key: string, value: unknown): unknown {
  if (value !== Infinity && value !== -Infinity) return value;
  throw new Error(`the number in the parameter "${key}" is too large for JavaScript`);
}

function readText(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

function refuse(part: number): never {
  throw new MagnusError(`${part} cannot be written as JSON`);
}

/** Stands around a number that JSON.stringify would print otherwise. */
const mark = `\u0001${Math.random()} `;
const marked = new RegExp(`"${JSON.stringify(mark).slice(1, -1).replaceAll("\\", "\\\\")}([^"]+)"`, "g");

/**
 * An integer beyond 2^53 may be another one, rounded: it is printed with an exponent, by which the runtime knows to look
 * for it among the given ones (src/runtime/taken/number-texts.ts). NaN and Infinity are common as metrics, and no JSON: as part of
 * one they become text.
 */
function jsonOf(value: JsonValue, name: string, as: "parameter" | "metric" = "parameter"): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, (_, part: unknown) => {
      if (typeof part !== "number") return part;
      if (!Number.isFinite(part)) return as === "metric" ? `${part}` : refuse(part);
      const rounded = Number.isInteger(part) && !Number.isSafeInteger(part) && Math.abs(part) < 1e21;
      return rounded ? mark + part.toExponential() : part;
    })?.replace(marked, "$1");
  } catch (error) {
    throw new MagnusError(`"${name}": ${error instanceof Error ? error.message : String(error)}`);
  }
  if (text === undefined) throw new MagnusError(`"${name}" cannot be written as JSON: it is a ${typeof value}`);
  return text;
}

function isInRun(): boolean {
  return getRunId() !== "";
}

function dotenv(): Environment {
  try {
    return parseEnv(readFileSync(".env", "utf8"));
  } catch {
    return {};
  }
}

function filesOf(pattern: string): readonly string[] {
  const glob = globOf(pattern);
  if (glob === null) return [];
  try {
    // A single file has no entries of its own.
    const names = readdirSync(glob.base === "" ? "." : glob.base, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => path.relative("", path.join(entry.parentPath, entry.name)));
    return names.filter((name) => glob.matches(name)).sort();
  } catch {
    return glob.literal ? readable(glob.base) : [];
  }
}

function readable(file: string): readonly string[] {
  try {
    readFileSync(file);
    return [file];
  } catch {
    return [];
  }
}

/** One line of the file in which a task answers, appended whole. */
function answer(line: string): void {
  const file = process.env.MAGNUS_OUTPUT_FILE;
  if (!file) return;
  try {
    appendFileSync(file, `${line}\n`);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new MagnusError(`cannot write to MAGNUS_OUTPUT_FILE: ${cause}`);
  }
}
