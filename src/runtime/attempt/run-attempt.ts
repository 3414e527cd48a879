import type { CatalogFile, EventBody, StepFinished } from "../../protocol/event.ts";
import { isGuardedName } from "../../protocol/guarded-names.ts";
import type { Parameters } from "../../protocol/path.ts";
import type { TaskSpec } from "../../protocol/step-spec.ts";
import { removeIfThere } from "../../system/atomic-file.ts";
import { monotonicMs } from "../../system/monotonic-clock.ts";
import { present } from "../../system/present.ts";
import { notWritten } from "../files/left-over.ts";
import type { Redactor } from "../masking/redactor.ts";
import { findLeak } from "../taken/find-leak.ts";
import { readOutputFile } from "../taken/output-file.ts";
import { collectOutputs } from "../taken/outputs.ts";
import { putObjects } from "../taken/put-objects.ts";
import type { Failure } from "../task-types/task-type.ts";
import { type AttemptLog, openAttemptLog } from "./attempt-log.ts";
import { startOf, warning } from "./attempt-start.ts";
import { commandFailure, outOfMemory } from "./command-failure.ts";
import { putExecuted } from "./put-executed.ts";
import { type Ended, supervise } from "./spawn.ts";
import { type Staged, stageAttempt } from "./stage-attempt.ts";
import type { Head, StepResult, StepRun, StepServices } from "./step-run.ts";

export interface ComputedControl {
  /** What is recorded of it; empty where there is none to compute. */
  readonly events: readonly EventBody[];
  readonly control?: string;
}

export interface AttemptPlan {
  readonly head: Head;
  /** If it fails, another attempt follows. */
  readonly mayRepeat: boolean;
  controlOf(delta: Parameters): ComputedControl;
}

/** One attempt of a task, from what it gets to its last record. */
export async function runAttempt(step: StepRun, plan: AttemptPlan, services: StepServices): Promise<StepResult> {
  const startedAt = monotonicMs();
  const task = step.spec.task;
  if (task === undefined) throw new Error("a step without a task has no attempt to run");
  const staged = await stageAttempt(step, task, plan.head.attempt, services);
  let log: AttemptLog | undefined;
  try {
    const started = startOf(plan.head, task, staged, services);
    const attempt: Attempt = { ...plan, task, step, staged, services, startedAt, since: Date.now() };
    if (services.stop.aborted) return await finishEarly(attempt, started, stopFailure(services.stop));
    if (staged.failure !== undefined) return await finishEarly(attempt, started, staged.failure);
    await services.writer.write(...started);

    log = openAttemptLog(plan.head, services);
    let stopped = false;
    let early: Promise<void> | undefined;
    const onStop = (): void => {
      stopped = true;
      if (!services.recordsStopAtOnce) return;
      early = services.writer.write(finished(attempt, stoppedOutcome(services.stop)));
      early.catch(() => {});
    };
    const { command, redactor } = staged;
    const follower = command && services.tracker?.follow(command.outputFile, plan.head, services.writer, redactor);
    const ended = await runCommand(staged, log, onStop, attempt);
    const recorded = await follower?.stop();
    await early;
    if (stopped) return await finishStopped(attempt, log, ended.exitCode, early !== undefined);
    return await finish(attempt, log, ended, recorded);
  } finally {
    log?.abandon();
    staged.remove();
  }
}

interface Attempt extends AttemptPlan {
  readonly task: TaskSpec;
  readonly step: StepRun;
  readonly staged: Staged;
  readonly services: StepServices;
  /** By the monotonic clock. */
  readonly startedAt: number;
  /** When its command is started, by the clock that dates files. */
  readonly since: number;
}

function stopFailure(stop: AbortSignal): Failure {
  const signal = typeof stop.reason === "string" ? stop.reason : "SIGTERM";
  return { reason: "cancelled", message: `stopped by ${signal}` };
}

/** 128 + the signal's number. */
function stopCode(stop: AbortSignal): number {
  return stop.reason === "SIGINT" ? 130 : stop.reason === "SIGHUP" ? 129 : 143;
}

async function runCommand(staged: Staged, log: AttemptLog, onStop: () => void, attempt: Attempt): Promise<Ended> {
  const { command } = staged;
  if (command === undefined) throw new Error("an attempt that cannot start was started");
  const { services, task } = attempt;
  // Before the command, so that what happens to it counts as new.
  outOfMemory();
  const streams = { stdout: staged.redactor.stream(), stderr: staged.redactor.stream() };
  const handOn = (stream: "stdout" | "stderr", chunk: Uint8Array): Promise<void> | void => {
    if (chunk.length === 0) return;
    log.add(stream, chunk);
    staged.workspace.missing.hear(chunk);
    return services.output(stream, chunk);
  };
  const ended = await supervise(
    { file: command.file, args: command.args, env: staged.env, cwd: staged.workspace.cwd },
    {
      ...present({ timeoutMs: task.timeoutMs, kill: services.kill }),
      graceMs: services.graceMs,
      stop: services.stop,
      onStop,
      output: (stream, chunk) => handOn(stream, streams[stream].push(chunk)),
    },
  );
  for (const stream of ["stdout", "stderr"] as const) await handOn(stream, streams[stream].end());
  return ended;
}

/** How an attempt went, all things considered. */
type Outcome =
  | { readonly kind: "success"; readonly exitCode: number; readonly delta: Parameters; readonly control?: string }
  | {
      readonly kind: "failed" | "cancelled";
      readonly failure: Failure;
      readonly exitCode?: number;
      readonly signal?: string;
    };

async function finishEarly(attempt: Attempt, started: readonly EventBody[], failure: Failure): Promise<StepResult> {
  const outcome: Outcome =
    failure.reason === "cancelled"
      ? { kind: "cancelled", failure, exitCode: stopCode(attempt.services.stop) }
      : { kind: "failed", failure };
  await attempt.services.writer.write(...started, finished(attempt, outcome));
  return resultOf(attempt, outcome, []);
}

/** `recorded`: its finish is already; the log follows. */
async function finishStopped(
  attempt: Attempt,
  log: AttemptLog,
  exitCode: number,
  recorded: boolean,
): Promise<StepResult> {
  const { services, staged } = attempt;
  const { stop, writer } = services;
  const outcome = stoppedOutcome(stop);
  const { files } = await putExecuted([], staged, services.catalog, staged.command?.answers() ?? {});
  const events = [
    ...putEvent(attempt, files),
    ...(await log.close()),
    ...(recorded ? [] : [finished(attempt, outcome)]),
  ];
  if (events.length > 0) await writer.write(...events);
  await log.removeEarlier();
  // A task may end a stop with 0; nothing may take that for a success.
  return resultOf(attempt, { ...outcome, exitCode: exitCode || stopCode(stop) }, files);
}

function stoppedOutcome(stop: AbortSignal): Extract<Outcome, { kind: "failed" | "cancelled" }> {
  return { kind: "cancelled", failure: stopFailure(stop) };
}

async function finish(attempt: Attempt, log: AttemptLog, ended: Ended, recorded = 0): Promise<StepResult> {
  const { staged, services, head } = attempt;
  const { command } = staged;
  if (command === undefined) throw new Error("an attempt ended that was not started");
  const answers = command.answers();
  const file = readOutputFile(command.outputFile);
  const failed = commandFailure(attempt.task, ended, answers, staged.redactor);
  const outputs = collectOutputs({
    task: attempt.task,
    visible: attempt.step.visible,
    given: staged.env,
    file,
    recorded,
    answers,
  });
  const pickles = new Map([...(answers.objects ?? []), ...Object.entries(file.objects)]);
  const objects = failed === undefined ? await putObjects(pickles, services.catalog) : { delta: {} };
  for (const pickle of pickles.values()) removeIfThere(pickle);
  const patterns = [...(attempt.task.catalog?.put ?? []), ...file.put.map((pattern) => ({ pattern }))];
  const { put, files } = await putExecuted(patterns, staged, services.catalog, answers, attempt.step.files);
  const old = notWritten(put.files, staged.got, staged.workspace, attempt.since, services.projectDir);
  const delta = { ...outputs.delta, ...objects.delta };
  const leak = findLeak({ delta, metrics: outputs.metrics, files: put.files }, staged.redactor);
  const failure = failed ?? outputs.failure ?? objects.failure ?? put.failure ?? leak;
  const losses = failure === undefined ? staged.workspace.losses(put.files) : staged.workspace.missing.explain(failure);
  const computed = failure === undefined ? attempt.controlOf(delta) : { events: [] };
  const outcome = outcomeOf(failure, ended, delta, computed.control);
  await services.writer.write(
    ...[...file.warnings, ...guardedNames(delta), ...put.warnings, ...old, ...losses].map((message) =>
      warning(head, staged.redactor.redact(message)),
    ),
    ...putEvent(attempt, files),
    ...(leak === undefined ? outputs.metrics : []).map((data): EventBody => ({ kind: "metric", ...head, data })),
    ...(await log.close()),
    ...computed.events.map((event) => redactedControl(event, staged.redactor)),
    finished(attempt, outcome),
  );
  await log.removeEarlier();
  return resultOf(attempt, outcome, files);
}

/** What a task publishes could otherwise steer the next one's shell or interpreter. */
function guardedNames(delta: Parameters): readonly string[] {
  return Object.keys(delta)
    .filter(isGuardedName)
    .map(
      (name) =>
        `the parameter "${name}" has the name of a variable that changes how programs run: tasks get it as $MAGNUS_PRM_${name} only`,
    );
}

/** A fault's message quotes parameters, which a secret may have reached from outside. */
function redactedControl(event: EventBody, redactor: Redactor): EventBody {
  if (event.kind !== "control" || event.data.message === undefined) return event;
  return { ...event, data: { ...event.data, message: redactor.redact(event.data.message) } };
}

function putEvent({ head }: Attempt, files: readonly CatalogFile[]): readonly EventBody[] {
  return files.length === 0 ? [] : [{ kind: "catalog.put", ...head, data: { files } }];
}

function outcomeOf(failure: Failure | undefined, ended: Ended, delta: Parameters, control?: string): Outcome {
  const { exitCode } = ended;
  if (failure === undefined) return { kind: "success", exitCode, delta, ...present({ control }) };
  const signal = ended.kind === "exit" && ended.signal !== undefined ? { signal: ended.signal } : {};
  return { kind: "failed", failure, exitCode, ...signal };
}

function finished(attempt: Attempt, outcome: Outcome): EventBody {
  const durationMs = Math.round(monotonicMs() - attempt.startedAt);
  return { kind: "step.finished", ...attempt.head, data: { ...finishData(attempt, outcome), durationMs } };
}

function finishData({ mayRepeat, staged }: Attempt, outcome: Outcome): Omit<StepFinished["data"], "durationMs"> {
  if (outcome.kind === "success") {
    const { exitCode, delta, control } = outcome;
    return { status: "success", exitCode, delta, ...present({ control }) };
  }
  const { kind, failure, exitCode, signal } = outcome;
  return {
    status: kind,
    ...present({ exitCode, signal }),
    reason: failure.reason,
    message: staged.redactor.redact(failure.message),
    ...present({ traceback: failure.traceback && shortened(staged.redactor.redact(failure.traceback)) }),
    ...(kind === "failed" && mayRepeat ? { retry: true } : {}),
  };
}

/** A traceback in a record: its beginning and its end, which tell most. Characters. */
const maxTraceback = 16_384;

function shortened(text: string): string {
  if (text.length <= maxTraceback) return text;
  const half = maxTraceback / 2;
  return `${text.slice(0, half)}\n...\n${text.slice(-half)}`;
}

function resultOf({ head, staged }: Attempt, outcome: Outcome, files: readonly CatalogFile[]): StepResult {
  const base = { attempt: head.attempt, files };
  if (outcome.kind === "success") {
    const { exitCode, delta, control } = outcome;
    return { ...base, status: "success", exitCode, delta, ...present({ control }) };
  }
  const { failure, exitCode } = outcome;
  return {
    ...base,
    status: outcome.kind,
    ...present({ exitCode }),
    reason: failure.reason,
    message: staged.redactor.redact(failure.message),
    delta: {},
  };
}
