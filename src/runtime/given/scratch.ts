import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { StoreError } from "../../stores/contract/store-error.ts";
import { isAlive, processPlace } from "./process-place.ts";

/** The files of one attempt outside its working directory. They need not exist. */
export interface AttemptFiles {
  /** JSON of all visible parameters, for the task. */
  readonly parameters: string;
  /** What the task answers (MAGNUS_OUTPUT_FILE). */
  readonly output: string;
  /** What the runner of a task type hands back: a function's result. */
  readonly result: string;
  /** A command that is too long for an argument. */
  readonly script: string;
}

/** One folder a process, numbered names in it: fewer system calls than a folder an attempt. */
export function newAttemptFiles(): AttemptFiles {
  const prefix = join(scratchFolder(), `${++attempts}`);
  return {
    parameters: `${prefix}.parameters.json`,
    output: `${prefix}.output.ndjson`,
    result: `${prefix}.result`,
    script: `${prefix}.script`,
  };
}

/** This process's folder for temporary files; removed at its end. Throws a StoreError where none can be made. */
export function scratchFolder(): string {
  if (folder === undefined) {
    const made = makeScratchFolder(process.pid);
    process.once("exit", () => removeFolder(made));
    folder = made;
  }
  return folder;
}

/**
 * Makes a folder for the temporary files of a process, which its name tells, so that a later run finds what a killed one
 * left (sweepScratchFolders). Throws a StoreError where none can be made.
 */
export function makeScratchFolder(owner: number): string {
  const parents = placesForFiles();
  let refused: unknown;
  for (const parent of parents) {
    try {
      mkdirSync(parent, { recursive: true });
      return mkdtempSync(join(parent, `magnus-${processPlace()}-${owner}-`));
    } catch (error) {
      refused ??= error;
    }
  }
  throw new StoreError("cannot make a folder for temporary files (set TMPDIR) in", parents[0] ?? "", refused);
}

/** Removes the folders of processes of this place that are gone: they were killed. What cannot be removed, stays. */
export function sweepScratchFolders(): void {
  for (const parent of [tmpdir(), shared]) {
    for (const name of namesIn(parent)) {
      const owner = scratchOwner(name);
      if (owner === undefined || isAlive(owner)) continue;
      try {
        rmSync(join(parent, name), { recursive: true, force: true });
      } catch {
        // Another user's, or another run sweeps, too.
      }
    }
  }
}

/** The process to which such a folder belongs; undefined: it is not of this place, or no such folder. */
export function scratchOwner(folder: string): number | undefined {
  const [, place, owner] = /^magnus-([a-z0-9]+-[a-z0-9]*)-(\d+)-/.exec(basename(folder)) ?? [];
  return place === processPlace() ? Number(owner) : undefined;
}

function namesIn(parent: string): readonly string[] {
  try {
    return readdirSync(parent);
  } catch {
    return [];
  }
}

/** Most often it is empty by now, and to remove a tree loads a module of Node's. */
function removeFolder(made: string): void {
  try {
    rmdirSync(made);
  } catch {
    rmSync(made, { recursive: true, force: true });
  }
}

/** A container may have a read-only root without TMPDIR; the folder of the control is writable, or no step could run. */
function placesForFiles(): readonly string[] {
  const { MAGNUS_CONTROL_FILE: control } = process.env;
  return [tmpdir(), ...(control ? [dirname(control)] : []), shared];
}

/** Any user may write there, on Linux. */
const shared = "/dev/shm";

let folder: string | undefined;
let attempts = 0;
