import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { crc32 } from "../../protocol/crc32.ts";
import type { Event } from "../../protocol/event.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import { contentsOf } from "../../run-log/record/event-contents.ts";
import { readRun } from "../../run-log/record/read-run.ts";
import { foldRun } from "../../run-log/views/fold.ts";
import type { Services } from "../../services/services.ts";
import { CatalogError } from "../../stores/contract/catalog-error.ts";
import type { CatalogStore } from "../../stores/contract/catalog-store.ts";
import type { RunLog } from "../../stores/contract/run-log-store.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { inParallel } from "../../system/limit.ts";
import { findRun } from "../input/find-run.ts";
import { isUnreadable } from "../input/read-view.ts";
import { painter } from "../output/terminal.ts";
import { type RunsOptions, withStore } from "./runs.ts";

export interface VerifyOptions extends RunsOptions {
  /** Whether the content of catalogued files is looked at, too. */
  readonly files: boolean;
  readonly json?: boolean;
}

interface Verified {
  readonly run: string;
  /** None: all that was written is there, as it was written. */
  readonly damage: readonly string[];
  /** False: it runs, was killed, or the end of its log was cut off, which cannot be told apart. */
  readonly closed: boolean;
  readonly events: number;
  readonly logs: number;
  /** Whose content was looked at. */
  readonly files: number;
}

/** `magnus runs verify`: reads all that belongs to the runs and says what is missing or damaged; exit 1 where anything is. */
export async function verifyRuns(named: readonly string[], options: VerifyOptions): Promise<number> {
  const verified: Verified[] = [];
  const code = await withStore(options, async (store, sink, services) => {
    const names = named.length === 0 ? await store.list() : named;
    for (const name of names) {
      const log = named.length === 0 ? store.open(name) : await findRun(name, store, sink);
      if (log !== undefined) verified.push(await verifyRun(log, services, options.files));
    }
    if (options.json) process.stdout.write(`${JSON.stringify({ runs: verified })}\n`);
    else {
      const width = verified.reduce((most, { run }) => Math.max(most, run.length), 0);
      process.stdout.write(verified.map((one) => printed(one, width)).join(""));
    }
  });
  if (code !== exitCode.success) return code;
  return verified.every(({ damage }) => damage.length === 0) ? exitCode.success : exitCode.failed;
}

/** Reads all that belongs to a run. Throws nothing that a damaged log is a reason for. */
export async function verifyRun(log: RunLog, { catalog }: Services, withFiles: boolean): Promise<Verified> {
  try {
    const { events, damage } = await readRun(log);
    const logs = await verifyLogs(log, events);
    const files = withFiles ? await verifyFiles(events, catalog) : { count: 0, damage: [] };
    const all = [...damage, ...shapeDamage(events), ...logs.damage, ...files.damage];
    const closed = events.some(({ kind }) => kind === "run.finished");
    return { run: log.run, damage: all, closed, events: events.length, logs: logs.count, files: files.count };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return { run: log.run, damage: [error.message], closed: false, events: 0, logs: 0, files: 0 };
  }
}

/** Whether the events make a run at all. */
function shapeDamage(events: readonly Event[]): readonly string[] {
  if (events.length === 0) return ["it has no events"];
  try {
    foldRun(events);
    return [];
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return [error.message];
  }
}

interface Contents {
  readonly count: number;
  readonly damage: readonly string[];
}

/** What attempts printed. Only the last log of an attempt is kept, so only of that something can be missing. */
async function verifyLogs(log: RunLog, events: readonly Event[]): Promise<Contents> {
  const stored = new Map<string, Extract<Event, { kind: "log.stored" }>>();
  for (const event of events) {
    if (event.kind !== "log.stored") continue;
    const attempt = `${event.writer} ${event.attempt} ${event.round} ${JSON.stringify(event.path)}`;
    const known = stored.get(attempt);
    if (known === undefined || known.seq < event.seq) stored.set(attempt, event);
  }
  const damage: string[] = [];
  await inParallel(8, [...stored.values()], async ({ data: { key, bytes, crc } }) => {
    const content = await log.get(key);
    if (content === null) damage.push(`${key} is missing: the output of a step`);
    else if (content.length !== bytes) damage.push(`${key} has ${content.length} bytes instead of ${bytes}`);
    else if (crc !== undefined && crc !== crc32(content))
      damage.push(`${key} is not what was stored: its checksum differs`);
  });
  return { count: stored.size, damage: damage.sort() };
}

/** The content of files that steps put, and of objects that they returned. */
async function verifyFiles(events: readonly Event[], catalog: CatalogStore): Promise<Contents> {
  if (!catalog.keeps) return { count: 0, damage: [] };
  const names = new Map<string, string>();
  for (const event of events) for (const [digest, name] of contentsOf(event)) names.set(digest, name);
  const damage: string[] = [];
  const folder = mkdtempSync(path.join(tmpdir(), "magnus-verify-"));
  try {
    await inParallel(4, [...names], async ([digest, name]) => {
      const file = path.join(folder, digest.replace(":", "-"));
      const problem = await problemOf(catalog, digest, file);
      if (problem !== undefined) damage.push(`${name}: ${problem}`);
      rmSync(file, { force: true });
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { count: names.size, damage: damage.sort() };
}

async function problemOf(catalog: CatalogStore, digest: string, file: string): Promise<string | undefined> {
  try {
    await catalog.getFile(digest, file, { executable: false });
    return undefined;
  } catch (error) {
    if (!(error instanceof CatalogError || error instanceof StoreError)) throw error;
    return error.message;
  }
}

function printed({ run, damage, closed, events, logs, files }: Verified, width: number): string {
  const name = run.padEnd(width);
  const paint = painter(process.stdout);
  const counts = [counted(events, "event"), counted(logs, "log"), counted(files, "file")].join(", ");
  if (damage.length === 0 && closed) return `${name}  ${paint("success", "whole")}    ${counts}\n`;
  if (damage.length === 0) {
    const open = "not closed: it is still running, was killed, or the end of its log is missing";
    return `${name}  ${paint("running", "open")}     ${counts}\n  ${open}\n`;
  }
  return `${name}  ${paint("failed", "damaged")}  ${counts}\n${damage.map((line) => `  ${line}\n`).join("")}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
