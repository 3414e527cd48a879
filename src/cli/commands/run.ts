import { existsSync } from "node:fs";
import path from "node:path";
import { checkServicesHere } from "../../configuration/check-services-here.ts";
import type { Configuration } from "../../configuration/configuration.ts";
import { servicesOf, servicesText } from "../../configuration/services-of.ts";
import { DiagnosticSink } from "../../diagnostics/sink.ts";
import { digestPipeline } from "../../ir/digest.ts";
import type { Pipeline } from "../../ir/pipeline.ts";
import type { Executor } from "../../local/executor.ts";
import { openExecutor } from "../../local/executors/open-executor.ts";
import { localCapabilities } from "../../local/local-capabilities.ts";
import { runHere } from "../../local/run-here.ts";
import type { LocalOutcome } from "../../local/run-pipeline.ts";
import { collectParameters } from "../../parameters/collect-parameters.ts";
import { planPipeline } from "../../plan/plan.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import { type Json, printJson } from "../../protocol/json.ts";
import type { Parameters } from "../../protocol/path.ts";
import { ServiceError } from "../../protocol/services.ts";
import { newRunId } from "../../run-log/record/run-id.ts";
import type { StepServices } from "../../runtime/attempt/step-run.ts";
import { openRunPlace, type RunPlace } from "../../runtime/directory/run-directory.ts";
import { sweepScratchFolders } from "../../runtime/given/scratch.ts";
import { openServices } from "../../services/open-services.ts";
import type { Services } from "../../services/services.ts";
import { isInProcess } from "../../services/services-elsewhere.ts";
import { isRunId } from "../../stores/contract/run-log-names.ts";
import type { RunLog } from "../../stores/contract/run-log-store.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { packageRoot } from "../../system/package-root.ts";
import { present } from "../../system/present.ts";
import { stopSignals } from "../../system/stop-signals.ts";
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
  const checked = await loadPipeline(name, sink);
  const file = options.parametersFile === undefined ? undefined : readSource(options.parametersFile, sink);
  if (checked === undefined) return undefined;
  const { pipeline } = checked;
  localCapabilities(checked, sink);
  const executor = openExecutor(configuration, checked, sink);
  const parameters = await collectParameters({
    ...checked,
    ...present({ file }),
    environment: process.env,
    flags: options.param ?? [],
    sink,
  });
  if (sink.hasErrors || executor === undefined) return undefined;
  try {
    const services = openServices(servicesOf(configuration), process.env, process.cwd(), {
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
  if (isInProcess(configuration.runLogStore) || !existsSync(shim)) return {};
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
  const progress = openProgress(process.stderr, options);
  signals.stop.addEventListener("abort", () => progress.say(stopping(signals.stop, services.graceMs)), { once: true });
  const place = placeFor(log.run, services);
  if (place === undefined) return notBegun(log, services);
  if (place.notice !== undefined) process.stderr.write(`magnus: ${place.notice}\n`);
  const untracked: string[] = [];
  let began = false;
  try {
    const outcome = await runHere({
      plan: planPipeline(executor.pipeline, digestPipeline(pipeline)),
      parameters,
      log,
      services,
      executor,
      ...signals,
      ...present({ jobs: options.jobs, tag: tagOf(options), directory: place.directory }),
      ...present({ runLogReader: prepared.runLogReader }),
      seen: (batch) => {
        began = true;
        if (options.json) for (const event of batch) process.stdout.write(`${printJson(event as unknown as Json)}\n`);
        progress.update(batch);
      },
      output: progress.output,
      untracked: (message) => untracked.push(message),
      unrecorded: (message) => progress.say(`magnus: ${message}`),
    });
    progress.close();
    await printEnd(log, outcome, options);
    for (const message of [place.close() ?? [], untracked].flat()) process.stderr.write(`magnus: ${message}\n`);
    return codeOf(outcome, signals.stop);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    progress.close();
    place.close();
    process.stderr.write(`magnus: the run ${log.run} stopped, since its log cannot be written: ${error.message}\n`);
    if (!began) return notBegun(log, services);
    if (await isThere(log, services)) process.stderr.write(`close what is left of it: magnus runs close ${log.run}\n`);
    return exitCode.failed;
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

/** Nothing has run, and nothing of the run stays, where that can be removed. */
async function notBegun({ run }: RunLog, { runLogStore }: Services): Promise<number> {
  await runLogStore.remove(run).catch(() => {});
  return exitCode.badInput;
}

function isThere({ run }: RunLog, { runLogStore }: Services): Promise<boolean> {
  return runLogStore.exists(run).catch(() => false);
}

function stopping({ reason }: AbortSignal, graceMs: number): string {
  const again = reason === "SIGINT" ? "interrupt again (^C) to kill it" : "a second signal kills it";
  return `magnus: stopping (${reason}): waits up to ${graceMs / 1000} s for what runs; ${again}`;
}

/** A step that starts magnus hands its own run's tag on. */
function tagOf({ tag = process.env.MAGNUS_RUN_TAG }: RunOptions): string | undefined {
  return tag || undefined;
}

function codeOf(outcome: LocalOutcome, stop: AbortSignal): number {
  if (outcome === "cancelled") return stop.reason === "SIGINT" ? exitCode.interrupted : exitCode.terminated;
  return outcome === "success" ? exitCode.success : exitCode.failed;
}
