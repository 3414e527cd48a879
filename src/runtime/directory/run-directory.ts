import { existsSync, lstatSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "../../stores/contract/store-error.ts";
import { createFile, removeIfThere } from "../../system/atomic-file.ts";
import { errorCode } from "../../system/error-code.ts";
import type { Glob } from "../../system/glob.ts";
import { listed } from "../files/catalog-step.ts";
import { claimFolder, type Holder, releaseFolder } from "./folder-claim.ts";
import { type Budget, fillDirectory, type OwnDirectory, writtenSince } from "./own-directory.ts";
import { removeDirectory } from "./remove-directory.ts";
import { isSame, type Signature } from "./signature.ts";

/** The directory in which a run works that is not alone in the project's folder. */
export interface RunDirectory {
  /** Absolute. */
  readonly cwd: string;
  /** Files that the other run may be writing, by name, and that are withheld from a step, with the reason. */
  readonly missing: ReadonlyMap<string, string>;
  /** Files that changed since the other run began; it may have been their owner. */
  readonly recent: readonly string[];
  /** Takes away copies of what the other run may have written that a step of this run is to put itself. */
  withhold(put: readonly Glob[]): void;
}

export interface RunPlace {
  /** Absent: the run works in the project's folder. */
  readonly directory?: RunDirectory;
  /** A line for people. */
  readonly notice?: string;
  /** Gives the folder back; removes the run's directory where nothing new is in it, else tells where that is. */
  close(): string | undefined;
}

/**
 * Finds a place for a run that starts: the project's folder; or, where another run is working there, a directory of its own
 * with copies of the project's files, `.magnus/work/<run>`. A run that a step of another one starts belongs to that one.
 * `pid`: of the process with which the run ends. Throws a StoreError where such a directory cannot be made.
 */
export function openRunPlace(
  project: string,
  run: string,
  isolate: "auto" | "always" | "never",
  { pid, within }: { readonly pid: number; readonly within: string | undefined },
): RunPlace {
  const claim = claimFolder(project, run, within, pid);
  for (const ended of claim?.ended ?? []) {
    if (ended.apart) closeDirectory(project, ended.run);
  }
  const close = (): string | undefined => closeRunPlace(project, run);
  // Each of its steps has a directory of its own.
  if (isolate === "always") claim?.stayApart();
  const [other] = claim?.others ?? [];
  if (claim === undefined || other === undefined) return { close };
  if (isolate === "never") {
    return { close, notice: `warning: ${going(other)}, and isolate: never lets both write the same files` };
  }
  makeDirectory(project, run, claim.since);
  if (isolate === "auto") claim.stayApart();
  const directory = findRunDirectory(project, run);
  if (directory === undefined) return { close };
  const { recent } = directory;
  const seen = recent.length === 0 ? "" : `, and sees as they are now, changed meanwhile: ${listed(recent)}`;
  return { close, directory, notice: `${going(other)}; this one works in .magnus/work/${run}${seen}` };
}

/** What another process of the same run left off with: the script has ended, or the local runner. */
export function closeRunPlace(project: string, run: string): string | undefined {
  const kept = closeDirectory(project, run);
  releaseFolder(project, run);
  return kept;
}

function going({ run, pid, host }: Holder): string {
  return `the run ${run} is still running in this folder (process ${pid} on ${host})`;
}

/** A run has one such directory, so it is filled more generously than one of each step. */
const budget: Budget = { entries: 4096, copies: 4096, bytes: 64 * 1024 * 1024 };

function directoryOf(project: string, run: string): { readonly cwd: string; readonly record: string } {
  const cwd = join(project, ".magnus", "work", run);
  return { cwd, record: `${cwd}.json` };
}

function makeDirectory(project: string, run: string, since: number): void {
  const { cwd, record } = directoryOf(project, run);
  try {
    fillAndRecord(cwd, record, project, since);
  } catch (error) {
    if (errorCode(error) === undefined && !(error instanceof StoreError)) throw error;
    removeDirectory(cwd);
    throw new StoreError("another run is still running here, and this one cannot get its own directory,", cwd, error);
  }
}

function fillAndRecord(cwd: string, record: string, project: string, since: number): void {
  mkdirSync(cwd, { recursive: true });
  const own = fillDirectory(cwd, project, { put: [], get: [], hidden: new Map(), budget });
  // By the folder's own clock. A file that was touched by its owner, too: it cannot be told apart.
  const recent = [...own.copies.keys()].filter((name) => {
    const state = statSync(join(project, name), { throwIfNoEntry: false });
    return state === undefined || state.ctimeMs >= since;
  });
  createFile(record, printRecord({ own, recent }));
}

/** The run's directory, where it has one. */
export function findRunDirectory(project: string, run: string): RunDirectory | undefined {
  const { cwd, record } = directoryOf(project, run);
  if (!existsSync(record)) return undefined;
  const { own, recent } = readRecord(record);
  const missing = new Map<string, string>();
  return {
    cwd,
    missing,
    recent,
    withhold: (put) => {
      for (const name of recent) {
        if (!put.some((glob) => glob.matches(name))) continue;
        const copied = own.copies.get(name);
        const file = join(cwd, name);
        if (copied === undefined || !isSame(lstatSync(file, { throwIfNoEntry: false }), copied)) continue;
        missing.set(name, "another run may be writing it; this one has to make its own");
        removeIfThere(file);
      }
    },
  };
}

function closeDirectory(project: string, run: string): string | undefined {
  const { cwd, record } = directoryOf(project, run);
  if (!existsSync(record)) return undefined;
  const { own } = readRecord(record);
  const { here } = writtenSince(cwd, project, own);
  removeIfThere(record);
  removeUnchanged(cwd, own, new Set(here));
  return here.length === 0 ? undefined : `new files of the run are in .magnus/work/${run}: ${listed(here)}`;
}

function removeUnchanged(cwd: string, own: OwnDirectory, changed: ReadonlySet<string>): void {
  for (const name of [...own.copies.keys(), ...own.links.keys(), ...own.linkedFolders.keys()]) {
    if (!changed.has(name)) rmSync(join(cwd, name), { force: true });
  }
  for (const folder of [...own.folders.keys()].reverse()) {
    try {
      rmdirSync(join(cwd, folder));
    } catch {
      // Something new is in it.
    }
  }
}

/** What the processes of a run have to know of its directory. */
interface DirectoryRecord {
  readonly own: OwnDirectory;
  /** Copies of files that the other run may have written. */
  readonly recent: readonly string[];
}

type Entries = [string, Signature | null][];

function printRecord({ own, recent }: DirectoryRecord): string {
  const { folders, copies, links, linkedFolders } = own;
  return JSON.stringify({
    folders: [...folders],
    copies: [...copies],
    links: [...links],
    linkedFolders: [...linkedFolders],
    recent,
  });
}

function readRecord(file: string): DirectoryRecord {
  const record = JSON.parse(readFileSync(file, "utf8")) as {
    folders: [string, Signature][];
    copies: [string, Signature][];
    links: Entries;
    linkedFolders: [string, Signature][];
    recent: string[];
  };
  const own = {
    folders: new Map(record.folders),
    copies: new Map(record.copies),
    links: new Map(record.links),
    linkedFolders: new Map(record.linkedFolders),
    got: new Set<string>(),
    filledAt: 0,
    missing: new Map(),
  };
  return { own, recent: record.recent };
}
