import { createHash } from "node:crypto";
import { StoreError } from "./store-error.ts";

/** Whether a run id can be a folder's name and be printed: no `/`, no leading `.`, no control characters, ≤ 200 bytes. */
export function isRunId(run: string): boolean {
  return run !== "" && !/^\.|[/\\\u0000-\u001f\u007f]|\p{Surrogate}/u.test(run) && Buffer.byteLength(run) <= 200;
}

/** The run id, where it can be one; `place` is the store, for the message. Throws a StoreError. */
export function checkedRunId(run: string, place: string): string {
  if (!isRunId(run)) throw new StoreError("cannot use a run id that is no file name below", place, JSON.stringify(run));
  return run;
}

/** A claim's or writer's file name: the name itself where it is one, else its digest. */
export function claimFile(name: string): string {
  return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,150}$/.test(name) ? name : createHash("sha256").update(name).digest("hex");
}

/** A blob's key, checked: relative, posix, apart from what the log keeps itself. */
export function blobKey(key: string): string {
  const parts = key.split("/");
  const safe = parts.every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(part));
  if (!safe || parts.length < 2 || parts[0] === "events" || parts[0] === "claims") {
    throw new StoreError("cannot use as a key of the run log:", key, "it is not of the form folder/name");
  }
  return key;
}
