/**
 * Phase: the runtime core, the same in the local runner and in the shim. In: one leaf or gather that is to run now, with
 * what it sees, and the services of the run. Out: its events, its delta, its control. An attempt is claimed, prepared,
 * recorded as started, run, and recorded as finished, always last: that record is the commit point.
 */

import type { StepFinished } from "../../protocol/event.ts";
import type { Json } from "../../protocol/json.ts";
import type { Parameters, Path } from "../../protocol/path.ts";
import type { ControlDuty } from "../../protocol/step-spec.ts";
import { computeControl } from "../../run-log/replay/control.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { present } from "../../system/present.ts";
import { type ComputedControl, runAttempt } from "./run-attempt.ts";
import type { Head, StepResult, StepRun, StepServices } from "./step-run.ts";

/**
 * Runs a leaf with all its attempts, or a gather. Resolves with how it ended, failures included. Rejects with a
 * StoreError where the run log cannot be written.
 */
export async function runStep(step: StepRun, services: StepServices): Promise<StepResult> {
  const { spec } = step;
  if (spec.task === undefined) return runWithoutCommand(step, services);
  const most = spec.task.maxAttempts ?? 1;
  for (let tries = 1 + (step.triesBefore ?? 0); ; tries++) {
    const mayRepeat = tries < most;
    const result = await runRecorded(step, await services.claimAttempt(step.path), mayRepeat, services);
    if (result.status !== "failed" || !mayRepeat || spec.platformRetries) return result;
    const backoff = spec.task.backoff ?? noBackoff;
    await pause(Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** (tries - 1)), services.stop);
    // A stop while waiting: the record so far promises another attempt, so there must be one, which is cancelled.
  }
}

const noBackoff = { initialMs: 0, factor: 1, maxMs: 0 };

/** A stub or a gather: succeeds at once; a control that cannot be computed is the composite's failure, not its. */
async function runWithoutCommand(step: StepRun, services: StepServices): Promise<StepResult> {
  const attempt = await services.claimAttempt(step.path, step.spec.gather);
  const head = headOf(step, attempt);
  const { events, control } = controlOf(step, attempt, {});
  const data = { status: "success", durationMs: 0, ...present({ control }) } as const;
  await services.writer.write({ kind: "step.started", ...head, data: {} }, ...events, {
    kind: "step.finished",
    ...head,
    data,
  });
  const result = { status: "success", attempt, delta: {}, files: [] } as const;
  return control === undefined ? result : { ...result, control };
}

async function runRecorded(
  step: StepRun,
  attempt: number,
  mayRepeat: boolean,
  services: StepServices,
): Promise<StepResult> {
  const head = headOf(step, attempt);
  try {
    return await runAttempt(step, { head, mayRepeat, controlOf: (delta) => controlOf(step, attempt, delta) }, services);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const data: StepFinished["data"] = {
      status: "failed",
      reason: "internal",
      message,
      durationMs: 0,
      ...(mayRepeat ? { retry: true } : {}),
    };
    await services.writer.write({ kind: "step.finished", ...head, data });
    return { status: "failed", attempt, reason: "internal", message, delta: {}, files: [] };
  }
}

function headOf({ path, round, spec }: StepRun, attempt: number): Head {
  return { path, attempt, round, ...present({ gather: spec.gather }) };
}

function controlOf(step: StepRun, attempt: number, delta: Parameters): ComputedControl {
  const duty = step.spec.control;
  if (duty === undefined) return { events: [] };
  const path = compositePath(step, duty);
  const iteration = duty.kind === "loop" ? path.at(-1)?.index : undefined;
  const { value, reason, message } = computeControl(duty, seenAfter(step, delta), iteration);
  const data = { value, ...present({ reason, message }) };
  return { events: [{ kind: "control", ...headOf(step, attempt), path, data }], control: value };
}

/** A gather stands at its composite's own path. A leaf is beside the composite, or inside the loop that it closes. */
function compositePath({ path, spec }: StepRun, duty: ControlDuty): Path {
  if (spec.gather !== undefined) return path;
  const outside = path.slice(0, -1);
  return duty.kind === "loop" ? outside : [...outside, duty.element];
}

/** What the step saw, overlaid by what it publishes; the enclosing items and indices hide a delta of their name. */
function seenAfter({ visible, items, path }: StepRun, delta: Parameters): Parameters {
  const seen: Record<string, Json> = { ...visible, ...delta, ...items };
  for (const { as, index } of path) {
    const value = as === undefined || index === undefined ? undefined : visible[as];
    if (as !== undefined && value !== undefined) seen[as] = value;
  }
  return seen;
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  if (ms <= 0 || stop.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, 2 ** 31 - 1));
    stop.addEventListener("abort", end, { once: true });
  });
}
