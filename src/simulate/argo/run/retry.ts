import { parseDuration } from "../expressions/duration.ts";
import { evaluateCondition } from "../expressions/evaluate-expression.ts";
import { environmentOf } from "../expressions/substitute.ts";
import { ExpressionError } from "../expressions/tokenize-expression.ts";
import type { Template } from "../workflow/workflow.ts";
import { hasFailed, type Node } from "./node.ts";
import { markDirty, type Simulation, setPhase } from "./simulation.ts";

/** What comes after an attempt that ended (operator.go, processNodeRetries); `ended`: the Retry node has its phase. */
export function decideRetry(simulation: Simulation, retry: Node, template: Template): "again" | "wait" | "ended" {
  const last = retry.attempts.at(-1);
  if (last === undefined) return "again";
  if (!hasFailed(last)) return end(simulation, retry, "Succeeded", "");
  const { limit, retryPolicy, expression = "", backoff } = template.retryStrategy ?? {};
  const attempts = retry.attempts.length;
  if (backoff !== undefined && limit !== undefined && attempts <= limit && waited.get(retry) !== attempts) {
    const wait = backoffOf(backoff, attempts);
    if (wait === undefined) return end(simulation, retry, "Error", "no base duration specified for retryStrategy");
    if (wait > 0) return backOff(simulation, retry, attempts, wait);
  }
  const policy = retryPolicy ?? (expression === "" ? "OnFailure" : "Always");
  const repeated = policy === "Always" || (policy === "OnFailure") === (last.phase === "Failed");
  if (!repeated) return end(simulation, retry, last.phase, last.message);
  if (limit !== undefined && attempts > limit) return end(simulation, retry, last.phase, "No more retries left");
  const wanted = expression === "" ? true : isWanted(expression, last, attempts);
  if (typeof wanted === "string") return end(simulation, retry, "Error", wanted);
  return wanted ? "again" : end(simulation, retry, last.phase, "retryStrategy.expression evaluated to false");
}

/** For how many attempts a Retry node has waited. */
const waited = new WeakMap<Node, number>();

function end(simulation: Simulation, retry: Node, phase: Node["phase"], message: string): "ended" {
  setPhase(simulation, retry, phase, message);
  return "ended";
}

type Backoff = NonNullable<NonNullable<Template["retryStrategy"]>["backoff"]>;

/** Milliseconds. */
function backoffOf({ duration = "", factor = 0, cap = "" }: Backoff, attempts: number): number | undefined {
  const base = parseDuration(duration);
  if (base === undefined) return undefined;
  const wait = factor > 0 ? base * factor ** (attempts - 1) : base;
  return Math.min(wait, parseDuration(cap) ?? Number.POSITIVE_INFINITY);
}

function backOff(simulation: Simulation, retry: Node, attempts: number, milliseconds: number): "wait" {
  const message = `Backoff for ${milliseconds / 1000} seconds`;
  if (retry.message === message && waiting.get(retry) === attempts) return "wait";
  waiting.set(retry, attempts);
  setPhase(simulation, retry, "Running", message);
  simulation.later(milliseconds, () => {
    waited.set(retry, attempts);
    markDirty(retry);
  });
  return "wait";
}

const waiting = new WeakMap<Node, number>();

/** A text: why the expression has no answer. */
function isWanted(expression: string, last: Node, attempts: number): boolean | string {
  const scope = new Map<string, string>([
    ["retries", String(attempts - 1)],
    ["lastRetry.exitCode", last.outputs?.exitCode ?? "-1"],
    ["lastRetry.status", last.phase],
    ["lastRetry.duration", "0"],
    ["lastRetry.message", last.message],
  ]);
  try {
    return evaluateCondition(expression, environmentOf(scope));
  } catch (error) {
    if (error instanceof ExpressionError) return error.message;
    throw error;
  }
}
