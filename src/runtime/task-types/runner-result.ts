import { readFileSync, rmSync } from "node:fs";
import { isObject, type Json, type JsonObject, parseJson, printJson } from "../../protocol/json.ts";
import type { Answers, Failure } from "./task-type.ts";

/**
 * Reads and removes what a runner left: JSON `{returned, metrics, objects, environment, failure: {reason, message,
 * traceback}}`. Undefined: there is none, the process was killed or left without one.
 */
export function readRunnerResult(file: string): JsonObject | undefined {
  try {
    const result: Json = parseJson(readFileSync(file, "utf8"));
    return isObject(result) ? result : undefined;
  } catch {
    return undefined;
  } finally {
    rmSync(file, { force: true });
  }
}

export function answersOf({ returned, metrics, objects, environment, failure }: JsonObject): Answers {
  return {
    ...(isObject(returned) ? { returned } : {}),
    ...(isObject(metrics) ? { metrics } : {}),
    ...(isObject(objects) ? { objects: texts(objects) } : {}),
    ...(isObject(environment) ? { environment: texts(environment) } : {}),
    ...(isObject(failure) ? { failure: readFailure(failure) } : {}),
  };
}

function texts(value: JsonObject): Map<string, string> {
  return new Map(
    Object.entries(value).map(([name, text]) => [name, typeof text === "string" ? text : printJson(text)]),
  );
}

/** Reasons that a runner may give. */
const known = ["missing-output", "cannot-start", "catalog-get", "exit"] as const;

function readFailure({ reason, message, traceback }: JsonObject): Failure {
  const text = typeof message === "string" ? message : "the function failed";
  return {
    reason: known.find((one) => one === reason) ?? "exception",
    message: text,
    ...(typeof traceback === "string" ? { traceback } : {}),
  };
}
