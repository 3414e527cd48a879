import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readConfiguration } from "../../configuration/read-configuration.ts";
import { servicesOf } from "../../configuration/services-of.ts";
import { DiagnosticSink } from "../../diagnostics/sink.ts";
import type { Event } from "../../protocol/event.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import type { ServicesSpec } from "../../protocol/services.ts";
import { ServiceError } from "../../protocol/services.ts";
import { contentsOf } from "../../run-log/record/event-contents.ts";
import { copyRun } from "../../services/copy-run.ts";
import { openServices } from "../../services/open-services.ts";
import type { Services } from "../../services/services.ts";
import { CatalogError } from "../../stores/contract/catalog-error.ts";
import type { CatalogStore } from "../../stores/contract/catalog-store.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { inParallel } from "../../system/limit.ts";
import { findRun } from "../input/find-run.ts";
import { loadConfiguration } from "../input/load-pipeline.ts";
import { targetNames } from "../input/load-target.ts";
import type { ConfigurationOptions, DiagnosticOptions } from "../input/options.ts";
import { readSource } from "../input/source-files.ts";
import { reportBeside } from "../output/report.ts";

export interface CopyOptions extends ConfigurationOptions, DiagnosticOptions {
  /** Where to or from: a configuration file, or a folder like `.magnus`. */
  readonly store: string;
  /** Whether catalogued files go along. */
  readonly files: boolean;
  readonly json?: boolean;
}

interface Copied {
  readonly run: string;
  /** Events that the other store did not have. */
  readonly added: number;
  readonly files: number;
}

/** `magnus runs push`: from the configured stores to others. */
export function pushRuns(named: readonly string[], options: CopyOptions): Promise<number> {
  return copyRuns(named, options, (here, there) => [here, there]);
}

/** `magnus runs pull`: from other stores to the configured ones. */
export function pullRuns(named: readonly string[], options: CopyOptions): Promise<number> {
  return copyRuns(named, options, (here, there) => [there, here]);
}

async function copyRuns(
  named: readonly string[],
  options: CopyOptions,
  direct: (here: Services, there: Services) => readonly [Services, Services],
): Promise<number> {
  const sink = new DiagnosticSink();
  const done: Copied[] = [];
  try {
    const [here, there] = [openHere(options, sink), openThere(options.store, sink)];
    if (here !== undefined && there !== undefined && !sink.hasErrors) {
      const [from, into] = direct(here, there);
      for (const name of named) done.push(...(await copyOne(name, from, into, options.files, sink)));
    }
  } catch (error) {
    const known = [ServiceError, StoreError, CatalogError].some((kind) => error instanceof kind);
    if (!known || !(error instanceof Error)) throw error;
    sink.report("service-unusable", { cause: error.message });
  }
  const failure = reportBeside(sink, options);
  if (options.json && failure === undefined) process.stdout.write(`${JSON.stringify({ runs: done })}\n`);
  else if (options.json !== true && options.quiet !== true) process.stdout.write(done.map(printed).join(""));
  return failure ?? exitCode.success;
}

function printed({ run, added, files }: Copied): string {
  return `${run}  ${added} ${added === 1 ? "event" : "events"}, ${files} ${files === 1 ? "file" : "files"}\n`;
}

function openHere(options: CopyOptions, sink: DiagnosticSink): Services | undefined {
  const configuration = loadConfiguration(options, sink);
  return sink.hasErrors ? undefined : open(servicesOf(configuration));
}

/** A folder has run logs and files as `.magnus` has them; a file is a configuration of its own, nothing is laid under it. */
function openThere(store: string, sink: DiagnosticSink): Services | undefined {
  // A folder may be made by what is copied into it; a configuration has to be there.
  const isFile = statSync(store, { throwIfNoEntry: false })?.isFile() ?? /\.ya?ml$|\.json$/.test(store);
  if (!isFile) {
    return open({
      run_log_store: { type: "file-system", log_folder: path.join(store, "runs") },
      catalog: { type: "file-system", catalog_location: path.join(store, "catalog") },
    });
  }
  const file = readSource(store, sink);
  if (file === undefined) return undefined;
  const configuration = readConfiguration({ files: [file], set: [], targetNames: targetNames(), sink });
  return sink.hasErrors ? undefined : open(servicesOf(configuration));
}

function open(services: ServicesSpec): Services {
  return openServices(services, process.env, process.cwd(), { mayMigrate: true });
}

async function copyOne(
  name: string,
  from: Services,
  into: Services,
  withFiles: boolean,
  sink: DiagnosticSink,
): Promise<readonly Copied[]> {
  const log = await findRun(name, from.runLogStore, sink);
  if (log === undefined) return [];
  // Files before events, which name them.
  const files = withFiles ? await copyFiles(await log.read(), from.catalog, into.catalog) : 0;
  const { added } = await copyRun(log, into.runLogStore);
  return [{ run: log.run, added, files }];
}

/** Gives how many files the run has whose content is kept. */
async function copyFiles(events: readonly Event[], from: CatalogStore, into: CatalogStore): Promise<number> {
  if (!from.keeps || !into.keeps) return 0;
  const digests = new Set<string>();
  for (const event of events) {
    for (const [digest] of contentsOf(event)) digests.add(digest);
  }
  const folder = mkdtempSync(path.join(tmpdir(), "magnus-copy-"));
  try {
    await inParallel(4, [...digests], async (digest) => {
      const file = path.join(folder, digest.replace(":", "-"));
      await from.getFile(digest, file, { executable: false });
      await into.putFile(file);
      rmSync(file);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
  return digests.size;
}
