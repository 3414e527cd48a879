import { existsSync } from "node:fs";
import path from "node:path";
import { checkServicesHere } from "../../configuration/check-services-here.ts";
import type { Configuration } from "../../configuration/configuration.ts";
import { servicesOf, servicesText } from "../../configuration/services-of.ts";
import { DiagnosticSink } from "../../diagnostics/sink.ts";
import { digestPipeline } from "../../ir/digest.ts";
import type { Pipeline } from "../../ir/pipeline.ts";
import { type Executor, openExecutor } from "../../local/executors/open-executor.ts";
import { localCapabilities } from "../../local/local-capabilities.ts";
import { type LocalOutcome, runPipeline } from "../../local/run-pipeline.ts";
import { collectParameters } from "../../parameters/collect-parameters.ts";
import { planPipeline } from "../../plan/plan.ts";
import type { Event, EventBody } from "../../protocol/event.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import { type Json, printJson } from "../../protocol/json.ts";
import { type Parameters, type Path, pathKey } from "../../protocol/path.ts";
import { ServiceError } from "../../protocol/services.ts";
import { version } from "../../protocol/version.ts";
import { openEventWriter } from "../../run-log/record/event-writer.ts";
import { newRunId } from "../../run-log/record/run-id.ts";
import type { Head, StepServices } from "../../runtime/attempt/step-run.ts";
import { openRunPlace, type RunPlace } from "../../runtime/directory/run-directory.ts";
import { codeIdentity } from "../../runtime/given/code-identity.ts";
import { ownerOf } from "../../runtime/given/process-place.ts";
import { sweepScratchFolders } from "../../runtime/given/scratch.ts";
import { openServices } from "../../services/open-services.ts";
import type { Services } from "../../services/services.ts";
import { isRunId } from "../../stores/contract/run-log-names.ts";
import type { RunLog } from "../../stores/contract/run-log-store.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { packageRoot } from "../../system/package-root.ts";
import { stopSignals } from "../../system/stop-signals.ts";
import { openTracker } from "../../tracking/open-tracker.ts";
import { loadConfiguration, loadPipeline } from "../input/load-pipeline.ts";
import type { CommonOptions } from "../input/options.ts";
import { readSource } from "../input/source-files.ts";
import { printEnd } from "../output/print-end.ts";
import { openProgress } from "../output/progress.ts";
import { reportBeside, reportDiagnostics } from "../output/report.ts";

export interface RunOptions extends CommonOptions {
  readonly parametersFile?: string;
  readonly param?: readonly string[];
  readonly runId?: string;
  readonly tag?: string;
  readonly jobs?: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `magnus run`: runs a pipeline in this process and shows how it goes. */
export async function run(name: string, options: RunOptions): Promise<number> {
  const sink = new DiagnosticSink();
  const prepared = await prepare(name, options, sink);
  const failure = options.json ? reportBeside(sink, options) : reportDiagnostics(sink, options);
  if (failure !== undefined || prepared === undefined) return failure ?? exitCode.badInput;
  return execute(prepared, options);
}

interface Prepared {
  readonly pipeline: Pipeline;
  readonly parameters: Parameters;
  readonly services: Services;
  readonly log: RunLog;
  readonly executor: Executor;
  readonly runLogReader?: NonNullable<StepServices["runLogReader"]>;
}

/** Everything that can be wrong with the input is found here; the run is created last. */
async function prepare(name: string, options: RunOptions, sink: DiagnosticSink): Promise<Prepared | undefined> {
  const configuration = loadConfiguration(options, sink);
  checkServicesHere(configuration, process.env, sink);
  const run = options.runId ?? newRunId(new Date());
  if (!isRunId(run)) sink.report("bad-run-id", { run });
  const pipeline = loadPipeline(name, sink);
  const file = options.parametersFile === undefined ? undefined : readSource(options.parametersFile, sink);
  if (pipeline === undefined) return undefined;
  localCapabilities(pipeline, sink);
  const executor = openExecutor(configuration, pipeline, sink);
  const parameters = await collectParameters({
    pipeline,
    ...(file === undefined ? {} : { file }),
    environment: process.env,
    flags: options.param ?? [],
    sink,
  });
  if (sink.hasErrors || executor === undefined) return undefined;
  try {
    const services = openServices(servicesOf(configuration) as unknown as Json, process.env, process.cwd(), {
      mayMigrate: true,
    });
    if (!(await checkTracker(services, sink))) return undefined;
    const log = await services.runLogStore.create(run);
    const unproven = log === null || options.quiet ? undefined : await services.runLogStore.unproven?.();
    if (unproven !== undefined && options.format === "pretty") process.stderr.write(`magnus: warning: ${unproven}\n`);
    if (log === null) sink.report("run-exists", { run });
    else
      return {
        pipeline,
        parameters,
        services,
        log,
        executor,
        ...readerPart(configuration),
      };
  } catch (error) {
    if (!(error instanceof ServiceError || error instanceof StoreError)) throw error;
    sink.report("service-unusable", { cause: error.message });
  }
  return undefined;
}

/** How a step's own code reads the run's log; it cannot where that is the memory of this process. */
function readerPart(configuration: Configuration): Pick<Prepared, "runLogReader"> {
  const shim = path.join(packageRoot, "dist/start.cjs");
  if (configuration.runLogStore.type === "buffered" || !existsSync(shim)) return {};
  const command = [process.execPath, shim, "show", process.cwd()];
  return { runLogReader: { command, services: servicesText(configuration) ?? "{}" } };
}

/** A server that is not named is bad input; one that does not answer is a warning of the run. */
async function checkTracker({ tracker }: Services, sink: DiagnosticSink): Promise<boolean> {
  if (tracker === undefined) return true;
  const { readMlflowSettings } = await import("../../tracking/mlflow-settings.ts");
  const settings = readMlflowSettings(tracker.server, process.env);
  if (typeof settings === "string") sink.report("service-unusable", { cause: `experiment_tracker: ${settings}` });
  return typeof settings !== "string";
}

async function execute(prepared: Prepared, options: RunOptions): Promise<number> {
  const { pipeline, parameters, services, log, executor } = prepared;
  sweepScratchFolders();
  const signals = stopSignals();
  const broken = new AbortController();
  const progress = openProgress(process.stderr, options);
  signals.stop.addEventListener("abort", () => progress.say(stopping(signals.stop, services.graceMs)), { once: true });
  let recorded = 0;
  const seen = (batch: readonly Event[]): void => {
    recorded += batch.length;
    if (options.json) for (const event of batch) process.stdout.write(`${printJson(event as unknown as Json)}\n`);
    progress.update(batch);
    tracker?.see(batch);
  };
  const observed = observe(log, seen);
  const writer = openEventWriter(observed);
  const untracked: string[] = [];
  const tracker =
    services.tracker === undefined
      ? undefined
      : await openTracker({
          ...services.tracker,
          environment: process.env,
          log: observed,
          warn: (message, attempt) => {
            untracked.push(message);
            if (attempt !== undefined) writer.write(warningOf(message, attempt)).catch(() => {});
          },
        });
  const plan = planPipeline(executor.pipeline, digestPipeline(pipeline));
  const runLeaf = executor.openLeafRunner?.(seen);
  const tagged = tagOf(options);
  const place = placeFor(log.run, services);
  if (place === undefined) return exitCode.badInput;
  if (place.notice !== undefined) process.stderr.write(`magnus: ${place.notice}\n`);
  try {
    await writer.write({
      kind: "run.created",
      data: {
        pipeline: pipeline.name,
        digest: plan.run.digest,
        parameters,
        target: "local",
        ...tagged,
        owner: ownerOf(process.pid),
        code: codeIdentity(process.cwd()),
        version,
      },
    });
    const outcome = await runPipeline({
      plan,
      parameters,
      jobs: options.jobs ?? executor.jobs,
      executor: executor.name,
      oneAtATime: executor.oneAtATime,
      ...(runLeaf === undefined ? {} : { runLeaf }),
      output: progress.output,
      services: {
        run: { id: log.run, ...tagged },
        log: observed,
        writer,
        catalog: services.catalog,
        secrets: services.secrets,
        credentials: services.credentials(),
        isolate: services.isolate,
        projectDir: process.cwd(),
        ...(place.directory === undefined ? {} : { runDirectory: place.directory }),
        claimAttempt: countAttempts(),
        stop: AbortSignal.any([signals.stop, broken.signal]),
        kill: signals.kill,
        graceMs: services.graceMs,
        ...(prepared.runLogReader === undefined ? {} : { runLogReader: prepared.runLogReader }),
        ...(tracker === undefined ? {} : { tracker }),
      },
    });
    await writer.write({ kind: "run.finished", data: { status: outcome, events: recorded + 1 } });
    await tracker?.close();
    progress.close();
    await printEnd(log, outcome, options);
    const kept = place.close();
    if (kept !== undefined) process.stderr.write(`magnus: ${kept}\n`);
    for (const message of untracked) process.stderr.write(`magnus: ${message}\n`);
    return codeOf(outcome, signals.stop);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // What still runs is told to end: none of it could be recorded.
    broken.abort("SIGTERM");
    progress.close();
    place.close();
    process.stderr.write(`magnus: the run ${log.run} stopped, since its log cannot be written: ${error.message}\n`);
    if (recorded && (await isThere(log, services)))
      process.stderr.write(`what is left of it can be closed: magnus runs close ${log.run}\n`);
    return recorded > 0 ? exitCode.failed : exitCode.badInput;
  }
}

/** Undefined: the reason is told. */
function placeFor(run: string, { isolate }: Services): RunPlace | undefined {
  try {
    return openRunPlace(process.cwd(), run, isolate, { pid: process.pid, within: process.env.MAGNUS_RUN_ID });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    process.stderr.write(`magnus: ${error.message}\n`);
    return undefined;
  }
}

async function isThere({ run }: RunLog, { runLogStore }: Services): Promise<boolean> {
  try {
    return await runLogStore.exists(run);
  } catch {
    return false;
  }
}

function stopping({ reason }: AbortSignal, graceMs: number): string {
  const again = reason === "SIGINT" ? "interrupt again (^C) to kill it" : "a second signal kills it";
  return `magnus: stopping (${reason}): waits up to ${graceMs / 1000} s for what runs; ${again}`;
}

function warningOf(message: string, { path, attempt, round }: Head): EventBody {
  return { kind: "warning", path, attempt, round, data: { message } };
}

/** A step that starts magnus hands its own run's tag on. */
function tagOf({ tag = process.env.MAGNUS_RUN_TAG }: RunOptions): { readonly tag?: string } {
  return tag ? { tag } : {};
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
function countAttempts(): (path: Path) => Promise<number> {
  const taken = new Map<string, number>();
  return async (path) => {
    const key = pathKey(path);
    const attempt = (taken.get(key) ?? 0) + 1;
    taken.set(key, attempt);
    return attempt;
  };
}

function codeOf(outcome: LocalOutcome, stop: AbortSignal): number {
  if (outcome === "cancelled") return stop.reason === "SIGINT" ? exitCode.interrupted : exitCode.terminated;
  return outcome === "success" ? exitCode.success : exitCode.failed;
}
