import { servicesOf } from "../../configuration/services-of.ts";
import { DiagnosticSink } from "../../diagnostics/sink.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import { type Json, printJson } from "../../protocol/json.ts";
import { ServiceError } from "../../protocol/services.ts";
import { type LogLine, printedText, readLogLines } from "../../run-log/record/log-lines.ts";
import { readStoredLog } from "../../run-log/record/stored-log.ts";
import { DamagedLogError } from "../../run-log/replay/damaged-log.ts";
import { exportMagnus } from "../../run-log/views/magnus-export.ts";
import { normalise } from "../../run-log/views/normalise.ts";
import { printTree } from "../../run-log/views/print-tree.ts";
import type { AttemptView, RunView } from "../../run-log/views/view.ts";
import { openServices } from "../../services/open-services.ts";
import type { Services } from "../../services/services.ts";
import type { RunLog, RunLogStore } from "../../stores/contract/run-log-store.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { measuredTime } from "../../system/duration.ts";
import { present } from "../../system/present.ts";
import { findRun } from "../input/find-run.ts";
import { findSteps, namesOfSteps } from "../input/find-steps.ts";
import { loadConfiguration } from "../input/load-pipeline.ts";
import type { ConfigurationOptions, DiagnosticOptions } from "../input/options.ts";
import { isUnreadable, readView } from "../input/read-view.ts";
import { leftRunning } from "../output/left-running.ts";
import { reportBeside } from "../output/report.ts";
import { painter } from "../output/terminal.ts";

export type RunsOptions = ConfigurationOptions & DiagnosticOptions;

/** `magnus runs list`. */
export function listRuns(options: RunsOptions & { readonly json?: boolean }): Promise<number> {
  return withStore(options, async (store, sink) => {
    const rows: RunRow[] = [];
    for (const run of await store.list("any")) rows.push(await rowOf(store.open(run), sink));
    // By their own times: a store tells only about when it got them.
    const key = ({ startedAt = "", run }: RunRow): string => `${startedAt} ${run}`;
    rows.sort((a, b) => (key(a) < key(b) ? 1 : -1));
    process.stdout.write(options.json ? `${JSON.stringify({ runs: rows })}\n` : printRows(rows));
    if (rows.length === 0 && !options.json && !options.quiet) {
      process.stderr.write(`no runs in ${store.name}; start one with \`magnus run PIPELINE\`\n`);
    }
  });
}

interface RunRow {
  readonly run: string;
  readonly pipeline: string;
  /** `damaged`: nothing can be told from what is left of its log. */
  readonly status: RunView["status"] | "damaged";
  readonly target: string;
  readonly tag?: string;
  readonly startedAt?: string;
  readonly durationMs?: number;
  /** Something of its log is missing or damaged. */
  readonly damaged?: true;
}

/** One run that is damaged, or cannot be read, does not hide the others. */
async function rowOf(log: RunLog, sink: DiagnosticSink): Promise<RunRow> {
  try {
    const view = await readView(log);
    const { run, status, created, startedAt, finishedAt, damage } = view;
    tellLeft(view);
    if (damage !== undefined) sink.report("damaged-run", { run, damage });
    return {
      run,
      pipeline: created?.pipeline ?? "",
      status,
      target: created?.target ?? "",
      ...present({ tag: created?.tag, startedAt }),
      ...(startedAt === undefined || finishedAt === undefined
        ? {}
        : { durationMs: Date.parse(finishedAt) - Date.parse(startedAt) }),
      ...(damage === undefined ? {} : { damaged: true }),
    };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    sink.report("damaged-run", { run: log.run, damage: [error.message] });
    return { run: log.run, pipeline: "", status: "damaged", target: "", damaged: true };
  }
}

function printRows(rows: readonly RunRow[]): string {
  const width = (key: "run" | "pipeline" | "target"): number => Math.max(0, ...rows.map((row) => row[key].length));
  const paint = painter(process.stdout);
  return rows
    .map(({ run, pipeline, status, target, startedAt = "", durationMs }) => {
      const time = durationMs === undefined ? "" : measuredTime(durationMs);
      const when = startedAt.slice(0, 19).replace("T", " ");
      const cells = [
        run.padEnd(width("run")),
        pipeline.padEnd(width("pipeline")),
        paint(status === "damaged" ? "failed" : status, status.padEnd(9)),
        target.padEnd(width("target")),
        when,
        time,
      ];
      return `${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}

/** A run whose process was killed stays as it was: beside the result it is said how to close it. */
function tellLeft(view: RunView): void {
  const left = leftRunning(view);
  if (left !== undefined) process.stderr.write(`magnus: ${left}\n`);
}

/** `magnus runs show`. */
export function showRun(
  named: string,
  options: RunsOptions & { readonly json?: boolean; readonly normalised?: boolean },
): Promise<number> {
  return withRun(named, options, async (log, sink) => {
    const view = await readView(log);
    tellLeft(view);
    // The tree says so itself.
    const isTree = options.normalised !== true && options.json !== true;
    if (view.damage !== undefined && !isTree) sink.report("damaged-run", { run: view.run, damage: view.damage });
    if (options.normalised) process.stdout.write(`${printJson(normalise(view), { sorted: true })}\n`);
    else if (options.json) process.stdout.write(`${printJson(view as unknown as Json)}\n`);
    else process.stdout.write(`${printTree(view, { paint: painter(process.stdout), most: 50 })}\n`);
  });
}

/** `magnus runs log`: what the last attempt of a step printed so far, or an earlier one; nothing where it printed nothing. */
export function showLog(
  named: string,
  step: string | undefined,
  options: RunsOptions & { readonly attempt?: number; readonly timestamps?: boolean },
): Promise<number> {
  return withRun(named, options, async (log, sink) => {
    const view = await readView(log);
    if (step === undefined) return sink.report("no-step-named", { run: log.run, names: namesOfSteps(view) });
    const found = findSteps(step, view, sink);
    for (const {
      name,
      step: { attempts },
    } of found) {
      const attempt = options.attempt === undefined ? attempts.at(-1) : attempts[options.attempt - 1];
      const content = await logOf(attempt, log);
      const cause = lossOf(attempt, content);
      if (cause !== undefined) sink.report("lost-log", { step: name, cause });
      else if (content === null && found.length === 1) sink.report("no-log", { step });
      if (content === null) continue;
      if (found.length > 1) process.stdout.write(`== ${name}\n`);
      process.stdout.write(shownLog(content, options));
    }
  });
}

/** Empty where an attempt ended without a word; null where nothing is known. */
async function logOf(attempt: AttemptView | undefined, log: RunLog): Promise<Uint8Array | null> {
  if (attempt?.log !== undefined) return readStoredLog(log, attempt.log.key);
  return attempt?.durationMs === undefined ? null : new Uint8Array();
}

/** Why a log is not there, or not all of it; undefined: nothing was lost. */
function lossOf(attempt: AttemptView | undefined, content: Uint8Array | null): string | undefined {
  if (attempt?.logProblem !== undefined) return attempt.logProblem;
  return content === null && attempt?.log !== undefined ? `${attempt.log.key} is missing in the run log` : undefined;
}

function shownLog(content: Uint8Array, { timestamps }: { readonly timestamps?: boolean }): Uint8Array {
  const lines = readLogLines(content);
  return timestamps ? withTimes(lines) : printedText(lines);
}

function withTimes(lines: Iterable<LogLine>): Uint8Array {
  const printed = [...lines].flatMap(({ time, stream, text }) => [
    Buffer.from(`${time} ${stream.padEnd(6)} `),
    text,
    Buffer.from("\n"),
  ]);
  return Buffer.concat(printed);
}

/** `magnus runs export`. */
export function exportRun(named: string, { config, set = [] }: ConfigurationOptions): Promise<number> {
  const options: RunsOptions = { format: "pretty", set, ...present({ config }) };
  return withRun(named, options, async (log) => {
    process.stdout.write(`${printJson(exportMagnus(await readView(log)))}\n`);
  });
}

/** Works with a run that is named as `magnus runs` names one. */
export async function withRun(
  named: string,
  options: RunsOptions,
  work: (log: RunLog, sink: DiagnosticSink, services: Services) => Promise<void>,
): Promise<number> {
  return withStore(options, async (store, sink, services) => {
    const log = await findRun(named, store, sink);
    if (log !== undefined) await work(log, sink, services);
  });
}

/** Opens the configured store; what cannot be used is reported like any other wrong input. */
export async function withStore(
  options: RunsOptions,
  work: (store: RunLogStore, sink: DiagnosticSink, services: Services) => Promise<void>,
): Promise<number> {
  const sink = new DiagnosticSink();
  const configuration = loadConfiguration(options, sink);
  try {
    if (!sink.hasErrors) {
      const services = openServices(servicesOf(configuration), process.env, process.cwd(), {
        patience: { patienceMs: 5_000, firstPauseMs: 100 },
      });
      await work(services.runLogStore, sink, services);
    }
  } catch (error) {
    if (error instanceof DamagedLogError) sink.report("unreadable-log", { cause: error.message });
    else if (error instanceof ServiceError || error instanceof StoreError) {
      sink.report("service-unusable", { cause: error.message });
    } else throw error;
  }
  return reportBeside(sink, options) ?? exitCode.success;
}
