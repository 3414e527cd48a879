import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Event } from "../protocol/event.ts";
import { exitCode } from "../protocol/exit-codes.ts";
import { displayPath, type Path, pathKey } from "../protocol/path.ts";
import { readSpec } from "../protocol/spec-text.ts";
import type { StepSpec } from "../protocol/step-spec.ts";
import { readEvents } from "../run-log/record/read-events.ts";
import { type EventWriter, openEventWriter } from "../run-log/record/write-events.ts";
import { lossesBefore } from "../run-log/replay/lost.ts";
import { type Reach, reachStep } from "../run-log/replay/reach.ts";
import { claimAttempt } from "../runtime/attempt/claim-attempt.ts";
import { runStep } from "../runtime/attempt/run-step.ts";
import type { StepResult } from "../runtime/attempt/step-run.ts";
import { findRunDirectory } from "../runtime/directory/run-directory.ts";
import { isAlive } from "../runtime/given/process-place.ts";
import { scratchOwner } from "../runtime/given/scratch.ts";
import type { RunLog } from "../stores/contract/run-log-store.ts";
import { StoreError } from "../stores/contract/store-error.ts";
import { monotonicMs } from "../system/monotonic-clock.ts";
import { present } from "../system/present.ts";
import { stopSignals } from "../system/stop-signals.ts";
import { writeToStream } from "../system/write-to-stream.ts";
import { createRunWhereNobodyDid, readParameters } from "./create-where-missing.ts";
import { followerGone } from "./follower-gone.ts";
import { openSession, readArguments, readNames, readText } from "./session.ts";
import { readAt, stepPlace } from "./step-place.ts";
import { trackedLog } from "./tracked-log.ts";
import { UsageError } from "./usage-error.ts";

/**
 * `run`: runs one leaf or gather if the token is there; hands on its control; exits with the step's own code. `reader`: a
 * command that prints the run's log so far, for the step's own code; absent: there is none.
 */
export async function runLeaf(argv: readonly string[], reader?: readonly string[]): Promise<number> {
  // Before anything else: as PID 1 Node would ignore TERM, and a stop that arrives early must not be lost.
  const signals = stopSignals();
  const gone = followerGone();
  const { values } = readArguments(argv, {
    spec: { type: "string" },
    names: { type: "string" },
    at: { type: "string" },
    "param-base64": { type: "string", multiple: true },
  });
  const spec = readSpec(readText(String(values.spec ?? "")), readNames(values.names));
  const path = stepPlace(spec, readAt(readText(String(values.at ?? "[]"))));
  const { run, services } = openSession();
  writeControl("fault");
  const stored = services.runLogStore.open(run.id);
  // The local runner starts this in a container, follows what it writes, and tells how steps end.
  const { MAGNUS_WRITER: chosen } = process.env;
  const { log, tracker } = await trackedLog(stored, services, (warning) => writer.write(warning).catch(() => {}));
  const writer = openEventWriter(log, chosen || undefined);
  const given = readParameters(values["param-base64"]);
  await createRunWhereNobodyDid(spec.run, given, log, writer, run.tag);
  const reach = await reachOrThrow(path, spec, log, writer);
  if (reach.finished?.status === "success") {
    writeControl(reach.finished.control);
    return exitCode.success;
  }
  const { visible, items, files, round } = reach;
  const runDirectory = findRunDirectory(process.cwd(), run.id);
  const triesBefore = spec.platformRetries ? attemptsBefore(path, await readEvents(log)) : 0;
  const result = await runStep(
    { spec, path, visible, items, files, round, triesBefore },
    {
      run,
      log,
      writer,
      catalog: services.catalog,
      secrets: services.secrets,
      credentials: services.credentials(),
      isolate: services.isolate,
      projectDir: process.cwd(),
      ...present({ runDirectory }),
      claimAttempt: (at, gather) => claimAttempt(log, at, gather),
      output: (stream, chunk) => writeToStream(process[stream], chunk),
      stop: gone === undefined ? signals.stop : AbortSignal.any([signals.stop, gone.stop]),
      kill: gone === undefined ? signals.kill : AbortSignal.any([signals.kill, gone.kill]),
      recordsStopAtOnce: gone === undefined,
      ...(isOfScript() ? { pid: process.pid } : {}),
      graceMs: services.graceMs,
      ...(reader && { runLogReader: { command: reader, services: process.env.MAGNUS_SERVICES ?? "{}" } }),
      ...present({ tracker }),
    },
  );
  if (gone?.stop.aborted && gone.isLast() && result.status === "cancelled") {
    await writer.write({ kind: "run.finished", data: { status: "cancelled" } });
  }
  await tracker?.close();
  writeControl(result.control);
  if (!chosen) report(path, result, spec);
  return codeOf(result);
}

/** Replays the log up to this step; declares lost what certainly was. Throws (exit 74) where the token is elsewhere. */
async function reachOrThrow(
  path: Path,
  spec: StepSpec,
  log: RunLog,
  writer: EventWriter,
): Promise<Extract<Reach, { state: "here" }>> {
  for (;;) {
    const events = await readEvents(log);
    const reach = reachStep(events, path, spec.gather);
    if (reach.state === "here") return reach;
    // What is compiled names itself; without that name, nobody saw how the step before this one ended.
    const losses = lossesBefore(events, path, spec, process.env.MAGNUS_TARGET ? "platform" : "log");
    if (await endOfSupervisors(losses, events)) continue;
    if (losses.length === 0) {
      const where =
        reach.state === "blocked"
          ? `it stops at ${reach.stuck.map((step) => displayPath(step.path)).join(", ")}`
          : "its token went another way";
      throw new UsageError(`the run log does not lead to ${displayPath(path)}: ${where}`, exitCode.store);
    }
    await writer.write(...losses);
  }
}

/** Whether the processes of one script meet here, whose numbers mean the same to all. */
function isOfScript(): boolean {
  return scratchOwner(process.env.MAGNUS_SCRIPT ?? "") !== undefined;
}

/** What a supervisor that was cut off from its script does not end in this time, is not waited for. Milliseconds. */
const mostPatience = 10_000;

/**
 * Waits until those that supervise what seems lost have ended, too: a part of a script was killed, and they are about to
 * end their commands. Gives whether there was one, which may have left a record.
 */
async function endOfSupervisors(
  losses: readonly { readonly path: Path }[],
  events: readonly Event[],
): Promise<boolean> {
  if (!isOfScript()) return false;
  const keys = new Set(losses.map((loss) => pathKey(loss.path)));
  const pids = events.flatMap((event) =>
    event.kind === "step.started" && event.data.pid !== undefined && keys.has(pathKey(event.path))
      ? [event.data.pid]
      : [],
  );
  const living = pids.filter((pid) => pid !== process.pid && isAlive(pid));
  const until = monotonicMs() + mostPatience;
  while (living.some(isAlive) && monotonicMs() < until) await new Promise((resolve) => setTimeout(resolve, 20));
  return living.length > 0 && !living.some(isAlive);
}

/**
 * How often the platform tried this step before, each time in a new process: the attempts since the last one that was
 * not to be repeated (after it the platform was asked to begin anew).
 */
function attemptsBefore(path: Path, events: readonly Event[]): number {
  const key = pathKey(path);
  const own = events.filter((event) => "attempt" in event && "path" in event && pathKey(event.path) === key);
  const started = own.filter(({ kind }) => kind === "step.started");
  const finals = own.flatMap((event) => (event.kind === "step.finished" && !event.data.retry ? [event.attempt] : []));
  const lastFinal = Math.max(0, ...finals);
  return started.filter((event) => event.kind === "step.started" && event.attempt > lastFinal).length;
}

/** What the platform branches on: one line of ASCII in the file that it named. */
function writeControl(control: string | undefined): void {
  const file = process.env.MAGNUS_CONTROL_FILE;
  if (file === undefined || control === undefined) return;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${control}\n`);
  } catch (error) {
    throw new StoreError("cannot write the control to", file, error);
  }
}

function report(path: Path, result: StepResult, spec: StepSpec): void {
  const name = `${displayPath(path)}${spec.gather === undefined ? "" : ` (${spec.gather})`}`;
  const why = result.message === undefined ? "" : `: ${result.message}`;
  process.stderr.write(`magnus: ${name} ${result.status}${why}\n`);
}

function codeOf(result: StepResult): number {
  if (result.status === "success") return exitCode.success;
  if (result.status === "cancelled") return result.exitCode ?? exitCode.terminated;
  if (result.reason === "catalog-get") return exitCode.badInputs;
  return result.exitCode === undefined || result.exitCode === 0 ? exitCode.failed : result.exitCode;
}
