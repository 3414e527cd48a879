import { readFileSync, rmSync } from "node:fs";
import { parameterName } from "../../protocol/environment-names.ts";
import type { Metrics } from "../../protocol/group-metrics.ts";
import {
  isArray,
  isNumber,
  isObject,
  type Json,
  type JsonObject,
  parseJson,
  sameJson,
  setKey,
} from "../../protocol/json.ts";
import { present } from "../../system/present.ts";

/** What a task wrote to MAGNUS_OUTPUT_FILE. */
export interface OutputFile {
  readonly parameters: JsonObject;
  readonly metrics: readonly Metrics[];
  /** Catalog patterns beside those of the step. */
  readonly put: readonly string[];
  /** Pickled objects (`magnus.put_object`), name to file. */
  readonly objects: { readonly [name: string]: string };
  /** What the run should say of the step: from a runner or a function of the packages for tasks. */
  readonly warnings: readonly string[];
  /** A line that cannot be read: which and why. The lines around it count. */
  readonly mistake?: string;
}

/** Reads and removes the file; a task that wrote none answered nothing. */
export function readOutputFile(file: string): OutputFile {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return nothing;
  }
  rmSync(file, { force: true });
  return parseOutput(text);
}

const nothing: OutputFile = { parameters: {}, metrics: [], put: [], objects: {}, warnings: [] };

/** Lines `{"parameters": {…}}`, `{"metrics": {…}, "step": 0}`, `{"catalog": {"put": […]}}`; one may have several. */
export function parseOutput(text: string): OutputFile {
  const parameters: Record<string, Json> = {};
  const metrics: Metrics[] = [];
  const put: string[] = [];
  const objects: Record<string, string> = {};
  const warnings: string[] = [];
  let mistake: string | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const answer = readAnswer(line);
    if (typeof answer === "string") {
      mistake ??= `line ${index + 1} of MAGNUS_OUTPUT_FILE ${answer}`;
      continue;
    }
    for (const [name, value] of Object.entries(answer.parameters)) setKey(parameters, name, value);
    metrics.push(...answer.metrics);
    put.push(...answer.put);
    Object.assign(objects, answer.objects);
    warnings.push(...answer.warnings);
  }
  return { parameters, metrics, put, objects, warnings, ...present({ mistake }) };
}

/** One line's answers, or what is wrong with it. */
export function readAnswer(line: string): OutputFile | string {
  const value = readLine(line);
  if (value === undefined) return "is not JSON";
  if (!isObject(value)) return 'is not an object; write {"parameters": {...}}';
  const { parameters = {}, metrics, step, catalog = {}, objects = {}, warnings = [], ...rest } = value;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) return `has the key "${unknown}"; known are parameters, metrics, step and catalog`;
  if (!isObject(parameters)) return "has parameters that are not an object";
  const name = Object.keys(parameters).find((one) => !parameterName.test(one));
  if (name !== undefined) return `sets the parameter "${name}", which is not a valid name ([A-Za-z_][A-Za-z0-9_]*)`;
  if (metrics !== undefined && !isObject(metrics)) return "has metrics that are not an object";
  if (step !== undefined && !(typeof step === "number" && Number.isSafeInteger(step))) {
    return `has a step that is not an integer${isNumber(step) ? "" : " but something else"}`;
  }
  const put = isObject(catalog) ? (catalog.put ?? []) : undefined;
  if (!isArray(put) || !put.every((pattern) => typeof pattern === "string")) {
    return 'has a catalog that is not of the form {"put": ["pattern"]}';
  }
  const files = readObjects(objects);
  if (files === undefined) return 'has objects that are not of the form {"name": "file"}';
  if (!isArray(warnings) || !warnings.every((text) => typeof text === "string")) {
    return "has warnings that are not a list of texts";
  }
  return {
    parameters,
    metrics: metrics === undefined ? [] : [{ metrics, ...present({ step }) }],
    put,
    objects: files,
    warnings,
  };
}

/** JSON, in whose metrics there may be NaN, Infinity and -Infinity, as Python prints them: they become text. */
function readLine(line: string): Json | undefined {
  try {
    return parseJson(line);
  } catch {
    const [value, other] = ['"$&"', "null"].map((instead) => readInstead(line, instead));
    const only =
      isObject(value ?? null) && isObject(other ?? null) && sameJson(withoutMetrics(value), withoutMetrics(other));
    return only ? value : undefined;
  }
}

/** With something else for each constant that is no JSON. */
function readInstead(line: string, instead: string): Json | undefined {
  try {
    return parseJson(
      line.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (token) =>
        token.startsWith('"') ? token : instead.replace("$&", token),
      ),
    );
  } catch {
    return undefined;
  }
}

function withoutMetrics(value: Json | undefined): JsonObject {
  return isObject(value ?? null) ? { ...(value as JsonObject), metrics: null } : {};
}

function readObjects(objects: Json): { readonly [name: string]: string } | undefined {
  if (!isObject(objects)) return undefined;
  const entries = Object.entries(objects).flatMap(([name, file]) =>
    typeof file === "string" && parameterName.test(name) ? [[name, file] as const] : [],
  );
  return entries.length === Object.keys(objects).length ? Object.fromEntries(entries) : undefined;
}
