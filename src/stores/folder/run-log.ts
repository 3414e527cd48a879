import {
  appendFileSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Event } from "../../protocol/event.ts";
import { timeOfUuidV7 } from "../../protocol/uuid-time.ts";
import { createFile, withFolder } from "../../system/atomic-file.ts";
import { errorCode } from "../../system/error-code.ts";
import { byWriter, parseEvents, printEvents, type TellDamage } from "../contract/event-lines.ts";
import { blobKey, checkedRunId, claimFile, isRunId } from "../contract/run-log-names.ts";
import type { RunLog, RunLogStore } from "../contract/run-log-store.ts";
import { StoreError } from "../contract/store-error.ts";

/**
 * Run logs in a folder, one folder a run: `<root>/<run>/events/<writer>.ndjson`, `claims/`, and blobs by their keys.
 * Works on local disks, NFS, volumes and downloaded artifacts; folders are made on demand. `readRoots` are further
 * folders of the same layout that are read but never written. All operations throw a StoreError where a folder cannot
 * be read or written.
 */
export function fileSystemRunLogStore(root: string, readRoots: readonly string[] = []): RunLogStore {
  const roots = [root, ...readRoots];
  return {
    name: `file-system (${root})`,
    create: async (run) => (createRunFolder(root, checkedRunId(run, root)) ? openRun(run, roots, true) : null),
    open: (run) => openRun(checkedRunId(run, root), roots),
    exists: async (run) => isRunId(run) && roots.some((folder) => folderExists(join(folder, run))),
    list: async (order) => (order === "any" ? [...new Set(roots.flatMap(runsIn))] : listRuns(roots)),
    remove: async (run) => {
      const folder = join(root, checkedRunId(run, root));
      guarded("cannot delete", folder, () => rmSync(folder, { recursive: true, force: true }));
    },
  };
}

function createRunFolder(root: string, run: string): boolean {
  const folder = join(root, run);
  return guarded("cannot write", folder, () => {
    try {
      withFolder(folder, () => mkdirSync(folder));
      return true;
    } catch (error) {
      if (errorCode(error) === "EEXIST") return false;
      throw error;
    }
  });
}

function listRuns(roots: readonly string[]): readonly string[] {
  const times = new Map<string, number>();
  for (const root of roots) {
    for (const run of runsIn(root)) {
      const time = beginOf(join(root, run, "events")) ?? birthOf(join(root, run));
      times.set(run, Math.min(times.get(run) ?? Number.POSITIVE_INFINITY, time));
    }
  }
  return [...times].sort(([a, at], [b, bt]) => bt - at || (a < b ? 1 : -1)).map(([run]) => run);
}

/** Milliseconds since the epoch; a run that was removed in between is of now. */
function birthOf(folder: string): number {
  const state = statSync(folder, { throwIfNoEntry: false });
  return state === undefined ? Date.now() : state.birthtimeMs || state.mtimeMs;
}

function runsIn(root: string): readonly string[] {
  if (existsSync(root) && !folderExists(root)) throw new StoreError("cannot read", root, "it is a file, not a folder");
  return namesIn(root).filter((run) => isRunId(run) && folderExists(join(root, run)));
}

/**
 * When the run's first writer began, which its name tells: a copy of the folder has a birth of its own. Milliseconds since
 * the epoch; undefined where no name tells a time.
 */
function beginOf(events: string): number | undefined {
  const times = namesIn(events).flatMap((name) => timeOfUuidV7(name) ?? []);
  return times.reduce<number | undefined>((first, time) => Math.min(first ?? time, time), undefined);
}

/** `made`: this process made its folder. */
function openRun(run: string, roots: readonly string[], made = false): RunLog {
  const folders = roots.map((root) => join(root, run));
  const folder = folders[0] ?? "";
  const claim = claimer(join(folder, "claims"));
  const written: Written = { torn: new Set(), writers: new Set() };
  /** A folder that was there and is gone was removed: to make it anew would hide that what it held is lost. */
  const checkThere = (file: string): void => {
    if (!made && written.writers.size === 0) return;
    if (!existsSync(folder)) throw new StoreError("cannot write", file, removed);
  };
  return {
    run,
    append: async (events) => appendEvents(folder, events, written),
    read: async (tell) => readEvents(folders, tell),
    claim: async (name) => claim(claimFile(name)),
    putIfAbsent: async (key, content) => {
      const file = join(folder, blobKey(key));
      checkThere(file);
      return guarded("cannot write", file, () => createFile(file, content));
    },
    get: async (key) => getBlob(folders, blobKey(key)),
    list: async (prefix) => listBlobs(folders, prefix),
    delete: async (key) => {
      const file = join(folder, blobKey(key));
      guarded("cannot delete", file, () => rmSync(file, { force: true }));
    },
  };
}

const removed = "the run's log was removed while it ran";

interface Written {
  /** Writers whose last append failed: what they left may be a torn line, which the next append must not continue. */
  readonly torn: Set<string>;
  /** Writers that have a file. */
  readonly writers: Set<string>;
}

function appendEvents(folder: string, events: readonly Event[], { torn, writers }: Written): void {
  for (const [writer, batch] of byWriter(events)) {
    const file = join(folder, "events", `${claimFile(writer)}.ndjson`);
    const text = printEvents(batch);
    guarded("cannot write", file, () => {
      const wasTorn = torn.delete(writer);
      torn.add(writer);
      appendText(file, wasTorn ? `\n${text}` : text, writers.has(writer));
      torn.delete(writer);
      writers.add(writer);
    });
  }
}

/** `known`: the file was there; a new one in its place would begin in the middle of what happened. */
function appendText(file: string, text: string, known: boolean): void {
  if (!known) {
    withFolder(file, () => appendFileSync(file, text));
    return;
  }
  const descriptor = openThere(file);
  try {
    writeFileSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}

function openThere(file: string): number {
  try {
    return openSync(file, constants.O_WRONLY | constants.O_APPEND);
  } catch (error) {
    throw errorCode(error) === "ENOENT" ? new StoreError("cannot write", file, removed) : error;
  }
}

function readEvents(folders: readonly string[], tell: TellDamage = () => {}): readonly Event[] {
  const events = new Map<string, Event>();
  for (const folder of folders) {
    const written = join(folder, "events");
    for (const name of namesIn(written)) {
      if (!name.endsWith(".ndjson") || name.startsWith(".")) continue;
      const file = join(written, name);
      const bytes = guarded("cannot read", file, () => readFileSync(file));
      for (const event of parseEvents(bytes, (damage) => tell(`events/${name}`, damage))) events.set(event.id, event);
    }
  }
  return [...events.values()];
}

/**
 * A claim is a hard link to the first one of this process: one system call, exclusive on every file system that has links.
 * A file takes as many links as the file system allows (65,000 on ext4), then a new one is made; where there are no links at
 * all, each claim is a file of its own.
 */
function claimer(folder: string): (name: string) => boolean {
  let first: string | undefined;
  return (name) => {
    const file = join(folder, name);
    return guarded("cannot write", file, () => {
      try {
        if (first !== undefined) {
          linkSync(first, file);
          return true;
        }
      } catch (error) {
        if (errorCode(error) === "EEXIST") return false;
      }
      const isMine = createFile(file, `${process.pid}\n`);
      if (isMine) first = file;
      return isMine;
    });
  };
}

function getBlob(folders: readonly string[], key: string): Uint8Array | null {
  for (const folder of folders) {
    const file = join(folder, key);
    try {
      return readFileSync(file);
    } catch (error) {
      if (!isAbsent(error)) throw new StoreError("cannot read", file, error);
    }
  }
  return null;
}

/** Keys that begin with `prefix`; only its folder is walked. */
function listBlobs(folders: readonly string[], prefix: string): readonly string[] {
  const keys = new Set(folders.flatMap((folder) => blobsBelow(folder, prefix)));
  return [...keys].sort();
}

function blobsBelow(folder: string, prefix: string): readonly string[] {
  const keys: string[] = [];
  const pending = [prefix.includes("/") ? prefix.slice(0, prefix.lastIndexOf("/")) : ""];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const name of namesIn(join(folder, at))) {
      const key = at === "" ? name : `${at}/${name}`;
      if (name.startsWith(".") || key === "events" || key === "claims") continue;
      if (folderExists(join(folder, key))) pending.push(key);
      else if (key.startsWith(prefix)) keys.push(key);
    }
  }
  return keys;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw new StoreError("cannot read", folder, error);
  }
}

function folderExists(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "");
}

function guarded<T>(what: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof StoreError ? error : new StoreError(what, path, error);
  }
}
