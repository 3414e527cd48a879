import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { StoreError } from "../stores/store-error.ts";

/** The files of one attempt outside its working directory. They need not exist. */
export interface AttemptFiles {
  /** JSON of all visible parameters, for the task. */
  readonly parameters: string;
  /** What the task answers (MAGNUS_OUTPUT_FILE). */
  readonly output: string;
  /** What the runner of a task type hands back: a shell's environment, a function's result. */
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
  if (folder !== undefined) return folder;
  const parents = placesForFiles();
  let refused: unknown;
  for (const parent of parents) {
    try {
      mkdirSync(parent, { recursive: true });
      folder = mkdtempSync(join(parent, "magnus-"));
      const made = folder;
      process.once("exit", () => removeFolder(made));
      return made;
    } catch (error) {
      refused ??= error;
    }
  }
  throw new StoreError("cannot make a folder for temporary files (set TMPDIR) in", parents[0] ?? "", refused);
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
  return [tmpdir(), ...(control ? [dirname(control)] : []), "/dev/shm"];
}

let folder: string | undefined;
let attempts = 0;
