/**
 * Phase: a run on this machine. In: a plan, what the run starts with, the services, and an empty log. Out: the log, with the
 * run from its creation to its end. Whoever asks for a run (`magnus run`, and what begins from an earlier one) comes here.
 */

import type { Plan } from "../plan/plan-node.ts";
import type { Event, EventBody } from "../protocol/event.ts";
import { type Parameters, type Path, pathKey } from "../protocol/path.ts";
import { recordEnd } from "../run-log/close-run.ts";
import { createRun, type Seed } from "../run-log/record/create-run.ts";
import { openEventWriter } from "../run-log/record/write-events.ts";
import type { Head, StepServices } from "../runtime/attempt/step-run.ts";
import type { RunDirectory } from "../runtime/directory/run-directory.ts";
import { codeIdentity } from "../runtime/given/code-identity.ts";
import { ownerOf } from "../runtime/given/process-place.ts";
import type { Services } from "../services/services.ts";
import type { RunLog } from "../stores/contract/run-log-store.ts";
import { present } from "../system/present.ts";
import { openTracker } from "../tracking/open-tracker.ts";
import type { Tracker } from "../tracking/tracker.ts";
import type { Executor } from "./executor.ts";
import { nothingRecorded, type RecordedSteps, recordedSteps } from "./recorded-steps.ts";
import { type LocalOutcome, runPipeline } from "./run-pipeline.ts";

export interface RunHere {
  readonly plan: Plan;
  readonly parameters: Parameters;
  /** The run that this one goes on from, and what it keeps of it; absent: it begins from nothing. */
  readonly from?: { readonly run: string; readonly seed: Seed };
  readonly tag?: string;
  readonly log: RunLog;
  readonly services: Services;
  readonly executor: Executor;
  /** Steps at a time; absent: the executor's. */
  readonly jobs?: number;
  /** The run's own directory, where another run works in the project's folder. */
  readonly directory?: RunDirectory;
  readonly runLogReader?: NonNullable<StepServices["runLogReader"]>;
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
  /** What was appended, once it is in the log. */
  seen(batch: readonly Event[]): void;
  output(path: Path, stream: "stdout" | "stderr", chunk: Uint8Array): Promise<void> | void;
  /** About tracking that did not work; the run goes on. */
  untracked(message: string): void;
  /** About an end that could not be recorded, of a run of which all else is. */
  unrecorded(message: string): void;
}

/**
 * Creates the run and runs it to its end. Rejects with a StoreError where the log cannot be written; what still runs has been
 * told to end then, since none of it could be recorded.
 */
export async function runHere(here: RunHere): Promise<LocalOutcome> {
  const broken = new AbortController();
  try {
    return await runToEnd(here, AbortSignal.any([here.stop, broken.signal]));
  } catch (error) {
    broken.abort("SIGTERM");
    throw error;
  }
}

async function runToEnd(here: RunHere, stop: AbortSignal): Promise<LocalOutcome> {
  const { plan, parameters, services, executor, from } = here;
  let events = 0;
  let tracker: Tracker | undefined;
  const seen = (batch: readonly Event[]): void => {
    events += batch.length;
    here.seen(batch);
    tracker?.see(batch);
  };
  const log = observe(here.log, seen);
  const writer = openEventWriter(log);
  tracker = await trackerOf(here, log, (warning) => writer.write(warning).catch(() => {}));
  const runLeaf = executor.openLeafRunner?.(seen);
  const tagged = present({ tag: here.tag });
  const recorded = from === undefined ? nothingRecorded : recordedSteps(from.seed);
  await createRun(
    writer,
    {
      pipeline: plan.pipeline.name,
      digest: plan.run.digest,
      parameters,
      target: "local",
      ...tagged,
      owner: ownerOf(process.pid),
      code: codeIdentity(process.cwd()),
      ...present({ retryOf: from?.run }),
    },
    from?.seed,
  );
  const status = await runPipeline({
    plan,
    parameters,
    recorded,
    jobs: here.jobs ?? executor.jobs,
    executor: executor.name,
    oneAtATime: executor.oneAtATime,
    ...present({ runLeaf }),
    output: here.output,
    services: {
      run: { id: log.run, ...tagged },
      log,
      writer,
      catalog: services.catalog,
      secrets: services.secrets,
      credentials: services.credentials(),
      isolate: services.isolate,
      projectDir: process.cwd(),
      ...present({ runDirectory: here.directory }),
      claimAttempt: countAttempts(recorded),
      stop,
      kill: here.kill,
      graceMs: services.graceMs,
      ...present({ runLogReader: here.runLogReader, tracker }),
    },
  });
  await recordEnd(log, writer, { status, events: events + 1 }, here.unrecorded);
  await tracker?.close();
  return status;
}

async function trackerOf(
  { services, untracked }: RunHere,
  log: RunLog,
  record: (warning: EventBody) => void,
): Promise<Tracker | undefined> {
  if (services.tracker === undefined) return undefined;
  return openTracker({
    ...services.tracker,
    environment: process.env,
    log,
    warn: (message, attempt) => {
      untracked(message);
      if (attempt !== undefined) record(warningOf(message, attempt));
    },
  });
}

function warningOf(message: string, { path, attempt, round }: Head): EventBody {
  return { kind: "warning", path, attempt, round, data: { message } };
}

/** A run log that shows what was appended, once it is in the log. */
function observe(log: RunLog, seen: (batch: readonly Event[]) => void): RunLog {
  return {
    run: log.run,
    putIfAbsent: (key, content) => log.putIfAbsent(key, content),
    get: (key) => log.get(key),
    list: (prefix) => log.list(prefix),
    delete: (key) => log.delete(key),
    read: (tell) => log.read(tell),
    claim: (name) => log.claim(name),
    append: async (batch) => {
      await log.append(batch);
      seen(batch);
    },
  };
}

/** The run is this process' alone, so attempts are counted, not claimed. */
function countAttempts(recorded: RecordedSteps): (path: Path) => Promise<number> {
  const taken = new Map<string, number>();
  return async (path) => {
    const key = pathKey(path);
    const attempt = (taken.get(key) ?? recorded.attempts(path)) + 1;
    taken.set(key, attempt);
    return attempt;
  };
}
