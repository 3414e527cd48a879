import { createHash } from "node:crypto";
import { StoreError } from "./store-error.ts";

/** Whether a run id can be a folder's name and be printed: no `/`, no leading `.`, no control characters, ≤ 200 bytes. */
export function isRunId(run: string): boolean {
  // Most are plain; the classes of Unicode take V8 half a millisecond, which every start would pay.
  if (/^[\w-][\w.-]{0,199}$/.test(run)) return true;
  return run !== "" && !/^\.|[/\\\u0000-\u001f\u007f]|\p{Surrogate}/u.test(run) && Buffer.byteLength(run) <= 200;
}

/** The run id, where it can be one; `place` is the store, for the message. Throws a StoreError. */
export function checkedRunId(run: string, place: string): string {
  if (!isRunId(run))
    throw new StoreError("cannot use a run id that cannot be a file name below", place, JSON.stringify(run));
  return run;
}

/** Characters of a file's name; a path's part has 255 bytes, temporary names and endings need some. */
const longest = 200;

/**
 * A claim's or writer's file name: the name itself where it is one; else with other signs, and capitals, which some file
 * systems take for small letters, as `=` and their bytes; its digest where that is too long.
 */
export function claimFile(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,150}$/.test(name)) return name;
  const escaped = name.length > longest ? name : name.replace(/[^a-z0-9._-]|^[.-]/gu, escapedSign);
  return escaped.length > longest ? createHash("sha256").update(name).digest("hex") : escaped;
}

/** `=` and two digits a byte. A name that was escaped has at least one, so it is no other's plain name. */
export function escapedSign(sign: string): string {
  return [...Buffer.from(sign)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
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
